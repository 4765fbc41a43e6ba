"""`gatehouse ledger append`: what is on the record, and what a person is told of it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from gatehouse.cli.ledger_events import LARGEST
from gatehouse.law.pack import Pack
from gatehouse.ledger import Receipt, leaf_hash
from gatehouse.ledger.entry import read_entry
from gatehouse.ledger.folder import Ledger
from gatehouse.ledger.settings import Folder
from tests.unit.cli.ledgers import ORIGIN, Shell, event, events, size


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "ledger"
    Ledger.create(path, origin=ORIGIN)
    return path


class TestAppend:
    def test_append_json_gives_index_leaf_and_receipt(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        given = events(event(), event("search:plate:denied", decision="deny"), folder=tmp_path)
        first, second = shell.json("append", ledger, given)["appended"]
        assert (first["index"], second["index"]) == (0, 1)
        with Folder(ledger).view() as view:
            for each in (first, second):
                entry = view.entry(each["index"])
                assert each["leaf_hash"] == leaf_hash(entry).hex()
                receipt = Receipt.parse(each["receipt"])
                assert receipt.verify(entry, policy=Folder(ledger).policy()).size == 2

    def test_append_words_say_which_entries(self, shell: Shell, ledger: Path, tmp_path: Path) -> None:
        said = shell.words("append", ledger, events(event(), folder=tmp_path), "-o", tmp_path / "out")
        with Folder(ledger).view() as view:
            leaf = leaf_hash(view.entry(0)).hex()
            assert said == f"entry 0  leaf {leaf}\nEntries and receipts are in {tmp_path / 'out'}.\n"
            assert (tmp_path / "out/0.entry").read_bytes() == view.entry(0)
            assert (tmp_path / "out/0.tlog-proof").read_text("utf-8") == view.receipt(0).text

    def test_append_of_one_event_from_standard_input(
        self, shell: Shell, ledger: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(json.dumps(event()).encode())))
        assert shell.json("append", ledger, "-")["appended"][0]["index"] == 0

    def test_append_without_a_pack_names_the_packaged_rulebook(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        given = {"event": "search:plate:requested", "agency": "alder-pd"}
        shell.json("append", ledger, events(given, folder=tmp_path))
        with Folder(ledger).view() as view:
            leaf = read_entry(view.entry(0))
        assert leaf.pack == bytes.fromhex(Pack.load().id.sha256)

    @pytest.mark.parametrize(
        ("bad", "what"),
        [
            ({"event": "search:plate:requested"}, "lacks its name, its agency"),
            ([], "no event"),
            ("text", "no event"),
            (event("search:plate:found"), "has no such state"),
            (event("search:person:requested"), "no event has such a subject"),
            (event("SEARCH"), "no event has such a name"),
            (event(agency="Alder PD"), "no agency has such an id"),
            (event(at="2026-11-23T00:00:00Z"), "the log gives an entry its time"),
            (event(colour="red"), "has no such field"),
            (event(plate="\ud800"), "cannot be written as JSON"),
            (event(reason="x" * 70_000), "fields are too long"),
            (event() | {"pack": "11"}, "rulebook's hash cannot be read"),
            (event() | {"pack": 7}, "rulebook's hash cannot be read"),
            (event() | {"fields": []}, "lacks its name, its agency"),
            (event() | {"releases": True}, "unknown key"),
            (event("log:key:rotated"), "names no rulebook"),
        ],
    )
    def test_append_of_a_list_whose_second_event_is_bad_leaves_nothing(
        self, shell: Shell, ledger: Path, tmp_path: Path, bad: object, what: str
    ) -> None:
        given = events(event(), bad, folder=tmp_path)
        found = shell.json("append", ledger, given, "-o", tmp_path / "out", code=3)
        assert found["error"] == "BadInput" and what in found["what"]
        assert found["where"] == f"{given}, event 2"
        assert size(ledger) == 0 and not (tmp_path / "out").exists()

    @pytest.mark.parametrize(
        ("text", "got"),
        [
            (b"", "line 1, column 1"),
            (b"{", "line 1, column 2"),
            (b"\xff{}", None),
            (b'{"event": "a:b:c", "event": "a:b:c"}', "stands twice"),
            (b'{"fields": {"plate": "A", "plate": "B"}}', "stands twice"),
            (b'{"fields": {"counts": 1.5}}', "no integer"),
            (b'{"fields": {"counts": NaN}}', "no integer"),
            (b'{"fields": {"counts": ' + b"9" * 5000 + b"}}", "beyond 2^53"),
            (b"[" * 100_000, "too many brackets"),
            (b"[]", "0"),
            (b"[" + b"{}," * 10_000 + b"{}]", "10,001"),
        ],
        ids=lambda value: value[:20].decode(errors="replace") if isinstance(value, bytes) else None,
    )
    def test_append_of_what_is_no_event_is_bad_input(
        self, shell: Shell, ledger: Path, tmp_path: Path, text: bytes, got: str | None
    ) -> None:
        (tmp_path / "bad.json").write_bytes(text)
        found = shell.json("append", ledger, tmp_path / "bad.json", code=3)
        assert found["error"] == "BadInput" and (got or "") in (found["got"] or "")
        assert size(ledger) == 0

    def test_append_of_a_huge_file_is_bad_input(self, shell: Shell, ledger: Path, tmp_path: Path) -> None:
        with (tmp_path / "huge.json").open("wb") as file:
            file.truncate(LARGEST + 1)
        found = shell.json("append", ledger, tmp_path / "huge.json", code=3)
        assert (found["what"], found["expected"]) == ("the file is too long", "at most 16,000,000 bytes")

    def test_append_errors_quote_no_value(self, shell: Shell, ledger: Path, tmp_path: Path) -> None:
        bad = event(plate="QX7193", reason="because") | {"QX7193": 1}
        said = shell.words("append", ledger, events(bad, folder=tmp_path), code=3)
        assert "QX7193" not in said and "because" not in said
        assert said.startswith("error: an event has an unknown key\n  where    ")

    def test_append_of_a_missing_file_says_what_to_do(self, shell: Shell, ledger: Path) -> None:
        assert shell.words("append", ledger, "none.json", code=3) == (
            "error: the file cannot be read\n"
            "  where    none.json\n"
            "  got      No such file or directory\n"
            "  next     check the path and its permissions\n"
        )

    def test_append_from_a_closed_standard_input_is_bad_input(
        self, shell: Shell, ledger: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sys.stdin", None)
        assert shell.json("append", ledger, "-", code=3)["what"] == "standard input is closed"

    def test_append_does_not_quote_what_was_typed_for_an_event(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        """A plate in the wrong place must not reach a log of errors."""
        found = shell.json("append", ledger, events(event("SYN 4321"), folder=tmp_path), code=3)
        assert "4321" not in json.dumps(found)

    def test_append_into_a_file_is_refused_before_anything(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "file").write_text("mine")
        shell.json("append", ledger, events(event(), folder=tmp_path), "-o", tmp_path / "file", code=2)
        assert size(ledger) == 0 and (tmp_path / "file").read_text() == "mine"

    def test_append_whose_receipts_cannot_be_written_tells_what_is_recorded(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "out/0.tlog-proof").mkdir(parents=True)
        found = shell.json("append", ledger, events(event(), folder=tmp_path), "-o", tmp_path / "out", code=2)
        assert found["what"] == "a folder stands there"
        assert [each["index"] for each in found["appended"]] == [0]
        assert found["appended"][0]["receipt"].startswith("c2sp.org/tlog-proof@v1\nindex 0\n")

    def test_append_of_a_list_with_an_event_that_cannot_be_sealed_tells_of_all_others(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        (ledger / "day-keys").mkdir(exist_ok=True)
        (ledger / "day-keys/birch-so").write_text("in the way")
        given = events(event(), event(agency="birch-so"), event(agency="cedar-pd"), folder=tmp_path)
        found = shell.json("append", ledger, given, code=5)
        assert [(each["index"], bool(each["receipt"])) for each in found["appended"]] == [
            (0, True),
            (1, True),
        ]
        assert size(ledger) == 2

    def test_append_while_public_was_changed_tells_what_is_recorded(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        given = events(event(), folder=tmp_path)
        shell.json("append", ledger, given)
        bundle = ledger / "public/tile/entries/000.p/2"
        bundle.write_bytes(b"other")
        said = shell.words("append", ledger, given, code=4)
        assert said.startswith("entry 1  leaf ")
        assert "error: an exported file has other bytes\n" in said

    def test_append_while_another_process_appends_is_unavailable(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        with Ledger.open(ledger):
            found = shell.json("append", ledger, events(event(), folder=tmp_path), code=5)
        assert found["error"] == "LeaseNotHeld" and "appended" not in found

    def test_append_of_a_folder_without_a_ledger_is_bad_use(self, shell: Shell, tmp_path: Path) -> None:
        found = shell.json("append", tmp_path, "none.json", code=2)
        assert found["what"] == "this folder holds no ledger"
