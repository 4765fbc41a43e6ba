"""`gatehouse ledger init | append | show | proof | disclose | publish | rotate-key | shred | renew-kek`."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from gatehouse.cli.ledger_events import LARGEST
from gatehouse.law.pack import Pack
from gatehouse.ledger import Policy, Receipt, leaf_hash
from gatehouse.ledger.commitment import FIELDS
from gatehouse.ledger.entry import read_entry
from gatehouse.ledger.folder import Ledger
from gatehouse.ledger.log import now
from gatehouse.ledger.note import VerifierKey
from gatehouse.ledger.settings import Folder
from tests.unit.cli.ledgers import GATEHOUSE, ORIGIN, PACK, Shell, event, events, size


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "ledger"
    Ledger.create(path, origin=ORIGIN)
    return path


class TestInit:
    def test_init_json_gives_the_key_that_the_policy_trusts(self, shell: Shell, tmp_path: Path) -> None:
        made = shell.json("init", tmp_path / "new", "--origin", ORIGIN)
        assert made == {"origin": ORIGIN, "vkey": made["vkey"], "public": str(tmp_path / "new/public")}
        assert VerifierKey.parse(made["vkey"]).name == ORIGIN
        assert Folder(tmp_path / "new").policy() == Policy.parse(f"log {made['vkey']}\nquorum none\n")

    def test_init_words_end_with_the_key(self, shell: Shell, tmp_path: Path) -> None:
        said = shell.words("init", tmp_path / "new", "--origin", ORIGIN).splitlines()
        assert said[0] == f"Ledger {ORIGIN} in {tmp_path / 'new'}. Its key, for everybody who checks it:"
        assert VerifierKey.parse(said[1]).name == ORIGIN and len(said) == 2

    def test_init_keeps_keys_for_their_owner_alone(self, ledger: Path) -> None:
        private = [ledger, *(ledger / name for name in ("kek", "log.pem", "policy", "ledger.toml"))]
        assert [oct(each.stat().st_mode & 0o077) for each in private] == ["0o0"] * 5

    def test_init_over_a_ledger_is_bad_use_and_leaves_it(self, shell: Shell, ledger: Path) -> None:
        before = (ledger / "log.pem").read_bytes()
        found = shell.json("init", ledger, "--origin", "another.example", code=2)
        assert (found["error"], found["what"]) == ("BadUse", "there is something already")
        assert (ledger / "log.pem").read_bytes() == before

    def test_init_over_a_file_is_bad_use(self, shell: Shell, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("mine")
        shell.json("init", tmp_path / "file", "--origin", ORIGIN, code=2)
        assert (tmp_path / "file").read_text() == "mine"

    @pytest.mark.parametrize(
        ("origin", "signer"),
        [
            ("two words", "file:log.pem"),
            ("plus+sign", "file:log.pem"),
            ("", "file:log.pem"),
            ('quo"te', "file:log.pem"),
            (ORIGIN, "log.pem"),
            (ORIGIN, "file:log.pem?query"),
            (ORIGIN, "nowhere:key"),
            (ORIGIN, 'file:quo"te'),
            (ORIGIN, "pkcs11:token=town"),
        ],
    )
    def test_init_with_a_bad_name_or_signer_leaves_nothing(
        self, shell: Shell, tmp_path: Path, origin: str, signer: str
    ) -> None:
        found = shell.json("init", tmp_path / "new", "--origin", origin, "--signer", signer, code=2)
        assert found["error"] == "BadUse"
        assert list(tmp_path.iterdir()) == []

    def test_init_takes_a_key_that_exists(self, shell: Shell, ledger: Path, tmp_path: Path) -> None:
        uri = f"file:{ledger / 'log.pem'}"
        made = shell.json("init", tmp_path / "second", "--origin", "other.example", "--signer", uri)
        first = VerifierKey.parse(Folder(ledger).policy().log_keys[0])
        assert VerifierKey.parse(made["vkey"]).public == first.public

    def test_init_in_a_folder_whose_name_needs_quoting_works(self, shell: Shell, tmp_path: Path) -> None:
        folder = tmp_path / "100% #1 [log]?"
        shell.json("init", folder, "--origin", ORIGIN)
        shell.json("append", folder, events(event(), folder=tmp_path))
        assert shell.json("verify", folder)["size"] == 1


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


class TestShow:
    def test_show_json_holds_the_entry_as_it_is(self, shell: Shell, ledger: Path, tmp_path: Path) -> None:
        shell.json("append", ledger, events(event(plate="QX7193"), folder=tmp_path))
        found = shell.json("show", ledger, 0)
        text = json.dumps(found["entry"], separators=(",", ":"), sort_keys=True).encode()
        assert found["leaf_hash"] == sha256(b"\0" + text).hexdigest()
        assert (found["index"], found["entry"]["pack"], found["entry"]["sequence"]) == (0, PACK, 0)

    def test_show_words_tell_the_clear_part_and_no_value(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        shell.json("append", ledger, events(event(plate="QX7193"), event(), folder=tmp_path))
        said = shell.words("show", ledger, 1)
        rows = dict(line.split(maxsplit=1) for line in said.splitlines() if line[:1].strip())
        assert (rows["event"], rows["agency"]) == ("search:plate:requested", "alder-pd, entry 1 of its own")
        assert " ".join(said.split()).endswith(", ".join(FIELDS))
        assert "QX7193" not in said and max(map(len, said.splitlines())) <= 100

    def test_show_beyond_the_log_is_bad_use(self, shell: Shell, ledger: Path) -> None:
        assert shell.json("show", ledger, 0, code=2)["what"] == "no such entry is published"
        assert "not in the range" in shell.json("show", ledger, 2**63, code=2)["what"]

    def test_show_of_an_entry_of_another_program_is_refused(self, shell: Shell, ledger: Path) -> None:
        with Ledger.open(ledger) as opened:
            opened.log.append(b"anything")
        assert shell.json("show", ledger, 0, code=4)["error"] == "InvalidEntry"


class TestProofAndDisclose:
    def test_proof_words_are_the_receipt_itself(self, shell: Shell, ledger: Path, tmp_path: Path) -> None:
        receipt = shell.json("append", ledger, events(event(), folder=tmp_path))["appended"][0]["receipt"]
        assert shell.words("proof", ledger, 0) == receipt
        assert shell.json("proof", ledger, 0, "-o", tmp_path / "p") == {"index": 0, "receipt": receipt}
        assert (tmp_path / "p").read_text("utf-8") == receipt
        assert shell.words("proof", ledger, 0, "-o", tmp_path / "p") == (
            f"The receipt of entry 0 is in {tmp_path / 'p'}.\n"
        )

    @pytest.mark.parametrize("name", ["proof", "disclose"])
    def test_output_into_a_folder_is_bad_use(
        self, shell: Shell, ledger: Path, tmp_path: Path, name: str
    ) -> None:
        shell.json("append", ledger, events(event(), folder=tmp_path))
        field = ["plate"] if name == "disclose" else []
        found = shell.json(name, ledger, 0, *field, "-o", tmp_path, code=2)
        assert found["what"] == "a folder stands there"

    def test_disclose_json_opens_one_field_and_is_the_file(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        given = event(plate="QX7193", purpose="stolen_vehicle_or_plate")
        shell.json("append", ledger, events(given, folder=tmp_path))
        found = shell.json("disclose", ledger, 0, "purpose", "-o", tmp_path / "d.json")
        assert found == {
            "field": "purpose",
            "index": 0,
            "key": found["key"],
            "schema": "gatehouse-disclosure/1",
            "value": "stolen_vehicle_or_plate",
        }
        canonical = json.dumps(found, separators=(",", ":"), sort_keys=True) + "\n"
        assert (tmp_path / "d.json").read_text("utf-8") == canonical
        assert shell.words("disclose", ledger, 0, "purpose") == canonical

    def test_disclose_of_an_unknown_field_is_bad_use(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        shell.json("append", ledger, events(event(), folder=tmp_path))
        found = shell.json("disclose", ledger, 0, "colour", code=2)
        assert found["expected"] == ", ".join(FIELDS)

    def test_disclose_without_the_key_encryption_key_is_unavailable(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        shell.json("append", ledger, events(event(), folder=tmp_path))
        (ledger / "kek").unlink()
        assert shell.json("disclose", ledger, 0, "plate", code=5)["where"] == str(ledger / "kek")


class TestPublish:
    def test_publish_says_what_the_world_sees(self, shell: Shell, ledger: Path, tmp_path: Path) -> None:
        shell.json("append", ledger, events(event(), folder=tmp_path))
        (ledger / "public/checkpoint").unlink()
        assert shell.words("publish", ledger) == f"public/ has 1 entry. Signed by {ORIGIN}.\n"
        found = shell.json("publish", ledger)
        assert (ledger / "public/checkpoint").read_text("utf-8") == found.pop("checkpoint")
        assert found == {"origin": ORIGIN, "size": 1}


class TestRotateKey:
    def test_rotate_key_json_names_all_keys_and_both_sign(self, shell: Shell, ledger: Path) -> None:
        (old,) = Folder(ledger).policy().log_keys
        found = shell.json("rotate-key", ledger, "--signer", "file:two.pem", "--by", "alder-pd")
        assert found == {"index": 0, "vkeys": [old, found["vkeys"][1]]}
        assert shell.json("disclose", ledger, 0, "detail")["value"] == {"vkey": found["vkeys"][1]}
        for key in found["vkeys"]:
            assert shell.json("verify", ledger / "public", "--key", key)["signers"] == [ORIGIN]

    def test_rotate_key_words_end_with_the_new_key(self, shell: Shell, ledger: Path) -> None:
        said = shell.words("rotate-key", ledger, "--signer", "file:two.pem", "--by", "alder-pd")
        assert said.splitlines()[1] == Folder(ledger).policy().log_keys[0]
        assert said.startswith("Entry 0 announces the new key, which signs beside the old one from now on:\n")

    def test_rotate_key_to_a_key_of_this_log_leaves_nothing(self, shell: Shell, ledger: Path) -> None:
        before = (ledger / "ledger.toml").read_text("utf-8")
        shell.json("rotate-key", ledger, "--signer", "file:log.pem", "--by", "alder-pd", code=2)
        assert size(ledger) == 0 and (ledger / "ledger.toml").read_text("utf-8") == before

    def test_rotate_key_by_no_agency_leaves_nothing(self, shell: Shell, ledger: Path) -> None:
        shell.json("rotate-key", ledger, "--signer", "file:two.pem", "--by", "Alder PD", code=2)
        assert size(ledger) == 0 and not (ledger / "two.pem").exists()


class TestShred:
    @pytest.mark.parametrize("day", ["today", "2026-13-01", "20261101", "2026-W48-1", ""])
    def test_shred_of_no_day_is_bad_use(self, shell: Shell, ledger: Path, day: str) -> None:
        assert shell.json("shred", ledger, "alder-pd", day, "--by", "alder-pd", code=2)["where"] == "DAY"

    def test_shred_of_a_day_that_is_not_over_is_bad_use(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        shell.json("append", ledger, events(event(), folder=tmp_path))
        today = now().date().isoformat()
        said = shell.words("shred", ledger, "alder-pd", today, "--by", "alder-pd", code=2)
        assert said.startswith("error: the day is not over: entries are still sealed under its key\n")
        assert size(ledger) == 1

    def test_shred_of_a_day_without_a_key_leaves_no_entry(self, shell: Shell, ledger: Path) -> None:
        found = shell.json("shred", ledger, "alder-pd", "2026-01-01", "--by", "alder-pd", code=5)
        assert found["error"] == "DayKeyMissing" and size(ledger) == 0


class TestRenewKek:
    def test_renew_kek_keeps_what_opens_and_ends_older_copies(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        shell.json("append", ledger, events(event(plate="QX7193"), folder=tmp_path))
        before = (ledger / "kek").read_bytes()
        copy = shutil.copytree(ledger / "day-keys", tmp_path / "copy")
        assert shell.json("renew-kek", ledger) == {"day_keys": 1}
        assert (ledger / "kek").read_bytes() != before
        assert shell.json("disclose", ledger, 0, "plate")["value"] == "QX7193"
        said = shell.words("renew-kek", ledger)
        assert said == "kek is new, the old one is destroyed, and 1 day key stands under it.\n"
        shutil.rmtree(ledger / "day-keys")
        copy.rename(ledger / "day-keys")
        found = shell.json("disclose", ledger, 0, "plate", code=5)
        assert found["what"] == "a day key is wrapped under another key-encryption key"

    def test_renew_kek_while_another_process_appends_is_unavailable(self, shell: Shell, ledger: Path) -> None:
        before = (ledger / "kek").read_bytes()
        with Ledger.open(ledger):
            assert shell.json("renew-kek", ledger, code=5)["error"] == "LeaseNotHeld"
        assert (ledger / "kek").read_bytes() == before


@pytest.fixture
def readable() -> Iterator[Path]:
    """A folder that every user may enter and read, for a user who may write nothing."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        path.chmod(0o755)
        Ledger.create(path / "ledger", origin=ORIGIN)
        (path / "event.json").write_text(json.dumps(event()), "utf-8")
        (path / "closed").mkdir(mode=0o500)
        yield path
        (path / "closed").chmod(0o700)


@pytest.mark.parametrize(
    ("arguments", "mode"),
    [
        (["init", "closed/new", "--origin", ORIGIN], 0o700),
        (["append", "ledger", "event.json"], 0o000),
        (["append", "ledger", "event.json"], 0o500),
        (["show", "ledger", "0"], 0o000),
        (["verify", "ledger"], 0o000),
        (["fsck", "ledger"], 0o000),
        (["witness", "closed/w", "--name", "witness.example"], 0o700),
    ],
)
def test_command_without_permission_is_unavailable(readable: Path, arguments: list[str], mode: int) -> None:
    (readable / "ledger").chmod(mode)
    # Root may do anything unless it gives that up for good.
    gives_up = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--"] if os.geteuid() == 0 else []
    command = [*gives_up, str(GATEHOUSE), "ledger", *arguments, "--json"]
    done = subprocess.run(command, cwd=readable, capture_output=True, text=True, check=False)
    (readable / "ledger").chmod(0o700)
    assert (done.returncode, done.stderr) == (5, "")
    assert "denied" in json.loads(done.stdout)["got"] or "READONLY" in json.loads(done.stdout)["got"]
    assert list((readable / "closed").iterdir()) == []
