"""`gatehouse ledger verify | fsck | monitor`: what holds, what does not, and what a person is told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gatehouse.ledger.folder import Ledger
from gatehouse.ledger.note import COSIGNATURE, VerifierKey
from gatehouse.ledger.settings import Folder
from tests.unit.cli.ledgers import GATEHOUSE, ORIGIN, Shell, event, events
from tests.unit.ledger.folders import rely_on_a_dead_witness

# The public key of RFC 8032, section 7.1, test 1.
PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
WITNESS_KEY = str(VerifierKey("witness.example", COSIGNATURE, PUBLIC))


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


@pytest.fixture
def ledger(shell: Shell, tmp_path: Path) -> Path:
    """A ledger with two entries, and what `append` has written of them in `out`."""
    path = tmp_path / "ledger"
    Ledger.create(path, origin=ORIGIN)
    given = [event(plate="QX7193", purpose="missing_person"), event("search:plate:denied", decision="deny")]
    shell.json("append", path, events(*given, folder=tmp_path), "-o", tmp_path / "out")
    return path


def vkey(ledger: Path) -> str:
    return Folder(ledger).policy().log_keys[0]


def altered(path: Path, at: int = -1) -> None:
    """Change one bit of a file."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


class TestVerify:
    def test_verify_json_of_the_own_folder_and_of_a_copy(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "log.vkey").write_text(vkey(ledger) + "\n", "utf-8")
        own = shell.json("verify", ledger)
        assert own == {
            "origin": ORIGIN,
            "size": 2,
            "root": own["root"],
            "signers": [ORIGIN],
            "since": None,
            "agencies": {"alder-pd": 2},
            "leaves": 2,
            "foreign": 0,
            "parts": 2,
            "older": 0,
            "unknown": 0,
        }
        for key in (vkey(ledger), tmp_path / "log.vkey"):
            assert shell.json("verify", ledger / "public", "--key", key) == own
        assert shell.json("verify", ledger / "public", "--policy", ledger / "policy") == own

    def test_verify_words_say_what_was_checked(self, shell: Shell, ledger: Path) -> None:
        root = shell.json("verify", ledger)["root"]
        assert shell.words("verify", ledger) == (
            f"{ORIGIN}: 2 entries, root {root}\n"
            f"Signed by {ORIGIN}. Every entry, tile and signature fits, "
            "and the sequence of 1 agency has no gap.\n"
        )

    def test_verify_of_other_peoples_entries_counts_them(self, shell: Shell, ledger: Path) -> None:
        with Ledger.open(ledger) as opened:
            opened.log.append(b"anything")
        assert shell.json("verify", ledger)["foreign"] == 1
        assert shell.words("verify", ledger).splitlines()[-1] == (
            "Not written by Gatehouse, and not judged: 1 entry."
        )

    def test_verify_with_nobody_to_trust_is_bad_use(self, shell: Shell, ledger: Path) -> None:
        assert shell.words("verify", ledger / "public", code=2) == (
            "error: nobody is trusted yet\n"
            "  expected the log's key with --key, or --policy\n"
            "  next     get the key from the log's operator, not from the place where the log lies\n"
        )

    @pytest.mark.parametrize("key", ["name+key", "name+00000000+AAAA", "none.vkey", ""])
    def test_verify_with_what_is_no_key_is_bad_input(self, shell: Shell, ledger: Path, key: str) -> None:
        assert shell.json("verify", ledger / "public", "--key", key, code=3)["error"] == "BadInput"

    def test_verify_with_another_logs_key_is_refused(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        other = Ledger.create(tmp_path / "other", origin=ORIGIN)
        assert shell.json("verify", ledger / "public", "--key", other, code=4)["error"] == "UntrustedNote"

    def test_verify_since_an_older_checkpoint(self, shell: Shell, ledger: Path, tmp_path: Path) -> None:
        (tmp_path / "old").write_bytes((ledger / "public/checkpoint").read_bytes())
        shell.json("append", ledger, events(event(), folder=tmp_path))
        assert shell.json("verify", ledger, "--since", tmp_path / "old")["since"] == 2
        said = shell.words("verify", ledger, "--since", tmp_path / "old")
        assert said.endswith("It continues the checkpoint of 2 entries.\n")

    def test_verify_since_an_old_receipt_takes_its_checkpoint(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        shell.json("append", ledger, events(event(), folder=tmp_path))
        assert shell.json("verify", ledger, "--since", tmp_path / "out/1.tlog-proof")["since"] == 2

    def test_verify_since_a_receipt_of_another_history_is_refused(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        second = tmp_path / "second"
        Ledger.create(second, origin=ORIGIN, signer=f"file:{ledger / 'log.pem'}")
        shell.json("append", second, events(event(), event(), folder=tmp_path))
        found = shell.json("verify", second, "--since", tmp_path / "out/0.tlog-proof", code=4)
        assert found["what"] != "a signature does not fit the text"

    def test_verify_since_another_logs_checkpoint_is_refused(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        other = tmp_path / "other"
        uri = f"file:{ledger / 'log.pem'}"
        Ledger.create(other, origin="other.example", signer=uri)
        found = shell.json("verify", ledger, "--since", other / "public/checkpoint", code=4)
        assert found["error"] == "UntrustedNote"

    def test_verify_since_a_longer_log_is_a_rollback(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        shell.json("append", ledger, events(event(), folder=tmp_path))
        (tmp_path / "new").write_bytes((ledger / "public/checkpoint").read_bytes())
        kept = tmp_path / "kept"
        Ledger.create(kept, origin=ORIGIN, signer=f"file:{ledger / 'log.pem'}")
        found = shell.json("verify", kept, "--since", tmp_path / "new", code=4)
        assert (found["error"], found["what"]) == ("Rollback", "the log is shorter than it was")

    @pytest.mark.parametrize(
        "text",
        [
            b"no checkpoint",
            b"{}\n",
            b"a\n0\n\n",
            b"c2sp.org/tlog-proof@v1\nindex 0\n\nno checkpoint",
            b"c2sp.org/tlog-proof@v2\nindex 0\n\nno checkpoint",
            b"\xff",
            b"x" * 1_000_001,
            None,
        ],
    )
    @pytest.mark.parametrize("command", ["verify --since", "monitor --state STATE --checkpoint"])
    def test_file_that_is_no_checkpoint_is_bad_input(
        self, shell: Shell, ledger: Path, tmp_path: Path, command: str, text: bytes | None
    ) -> None:
        if text is not None:
            (tmp_path / "old").write_bytes(text)
        name, *options = command.replace("STATE", str(tmp_path / "state")).split(" ")
        found = shell.json(name, ledger, *options, tmp_path / "old", code=3)
        assert found["error"] == "BadInput"
        assert not (tmp_path / "state").exists()

    def test_verify_since_a_signed_checkpoint_that_was_changed_is_doubt(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        text = (tmp_path / "out/0.tlog-proof").read_text("utf-8")
        (tmp_path / "old").write_text(text.replace(f"{ORIGIN}\n2\n", f"{ORIGIN}\n1\n"), "utf-8")
        found = shell.json("verify", ledger, "--since", tmp_path / "old", code=4)
        assert found["error"] == "InvalidSignature"

    def test_verify_finds_one_changed_bit(self, shell: Shell, ledger: Path) -> None:
        altered(ledger / "public/tile/entries/000.p/2", 40)
        said = shell.words("verify", ledger, code=4)
        assert said.startswith("error: ")

    @pytest.mark.parametrize(
        ("target", "code"), [("nowhere", 5), ("http://127.0.0.1:1/", 5), ("http://", 2), ("ftp://x", 5)]
    )
    def test_verify_of_what_is_not_there(self, shell: Shell, ledger: Path, target: str, code: int) -> None:
        shell.json("verify", target, "--key", vkey(ledger), code=code)

    def test_verify_of_a_receipt_without_its_entry_says_what_to_do(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        found = shell.json("verify", tmp_path / "out/0.tlog-proof", "--key", vkey(ledger), code=2)
        assert "--entry" in found["next"]


class TestVerifyReceipt:
    def test_receipt_and_disclosure_hold_offline(self, shell: Shell, ledger: Path, tmp_path: Path) -> None:
        shell.json("disclose", ledger, 0, "purpose", "-o", tmp_path / "d.json")
        given = [tmp_path / "out/0.tlog-proof", "--entry", tmp_path / "out/0.entry"]
        trust = ["--key", vkey(ledger)]
        found = shell.json("verify", *given, *trust, "--disclosure", tmp_path / "d.json")
        root = shell.json("verify", ledger)["root"]
        held = {"origin": ORIGIN, "index": 0, "size": 2, "root": root}
        assert found == held | {"opened": {"purpose": "missing_person"}}
        assert shell.json("verify", *given, "--policy", ledger / "policy") == held
        assert shell.words("verify", *given, *trust, "--disclosure", tmp_path / "d.json") == (
            f"Entry 0 is in {ORIGIN}, which then had 2 entries, root {root}\n"
            'Its `purpose` is "missing_person".\n'
        )

    def test_receipt_of_another_entry_is_refused(self, shell: Shell, ledger: Path, tmp_path: Path) -> None:
        given = [tmp_path / "out/0.tlog-proof", "--entry", tmp_path / "out/1.entry", "--key", vkey(ledger)]
        assert shell.json("verify", *given, code=4)["error"] == "InvalidProof"

    def test_disclosure_of_another_entry_is_refused(self, shell: Shell, ledger: Path, tmp_path: Path) -> None:
        shell.json("disclose", ledger, 1, "decision", "-o", tmp_path / "d.json")
        given = [tmp_path / "out/0.tlog-proof", "--entry", tmp_path / "out/0.entry", "--key", vkey(ledger)]
        found = shell.json("verify", *given, "--disclosure", tmp_path / "d.json", code=4)
        assert (found["expected"], found["got"]) == ("entry 0", "entry 1")

    def test_disclosure_of_another_value_is_refused_and_not_quoted(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        shell.json("disclose", ledger, 0, "plate", "-o", tmp_path / "d.json")
        text = (tmp_path / "d.json").read_text("utf-8").replace("QX7193", "QX7194")
        (tmp_path / "d.json").write_text(text, "utf-8")
        given = [tmp_path / "out/0.tlog-proof", "--entry", tmp_path / "out/0.entry", "--key", vkey(ledger)]
        said = shell.words("verify", *given, "--disclosure", tmp_path / "d.json", code=4)
        assert said.startswith("error: the disclosure does not open `plate`\n") and "QX719" not in said

    @pytest.mark.parametrize(
        ("more", "code"),
        [
            ([], 2),
            (["--since", "old"], 2),
            (["--key", WITNESS_KEY], 2),
            (["--key", "KEY", "--policy", "POLICY"], 2),
            (["--key", "KEY", "--disclosure", "none"], 3),
        ],
    )
    def test_receipt_with_options_that_make_no_sense(
        self, shell: Shell, ledger: Path, tmp_path: Path, more: list[str], code: int
    ) -> None:
        named = {"KEY": vkey(ledger), "POLICY": str(ledger / "policy")}
        given = [tmp_path / "out/0.tlog-proof", "--entry", tmp_path / "out/0.entry"]
        shell.json("verify", *given, *(named.get(each, each) for each in more), code=code)

    def test_disclosure_without_an_entry_is_bad_use(self, shell: Shell, ledger: Path) -> None:
        shell.json("verify", ledger, "--disclosure", "d.json", code=2)

    @pytest.mark.parametrize(("name", "code"), [("0.entry", 3), ("0.tlog-proof", 3)])
    def test_huge_files_are_bad_input(
        self, shell: Shell, ledger: Path, tmp_path: Path, name: str, code: int
    ) -> None:
        with (tmp_path / "out" / name).open("ab") as file:
            file.truncate(2_000_000)
        given = [tmp_path / "out/0.tlog-proof", "--entry", tmp_path / "out/0.entry", "--key", vkey(ledger)]
        assert shell.json("verify", *given, code=code)["what"] == "the file is too long"


class TestFsck:
    def test_fsck_says_what_is_sound(self, shell: Shell, ledger: Path) -> None:
        found = shell.json("fsck", ledger)
        assert found == {
            "origin": ORIGIN,
            "size": 2,
            "root": shell.json("verify", ledger)["root"],
            "checkpoints": 2,
            "agencies": 1,
            "tiles": 0,
            "unpublished": 0,
        }
        assert shell.words("fsck", ledger) == (
            f"{ORIGIN} is sound: 2 entries of 1 agency, 2 checkpoints, 0 full tiles.\n"
        )

    def test_fsck_says_how_many_entries_wait_for_their_witnesses(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        rely_on_a_dead_witness(ledger)
        shell.json("append", ledger, events(event(), folder=tmp_path), "--wait", 0, code=4)
        # The policy of today would not have let the first two be published.
        (log,) = Folder(ledger).policy().log_keys
        (ledger / "policy").write_text(f"log {log}\nquorum none\n", "utf-8")
        assert shell.json("fsck", ledger)["unpublished"] == 1
        assert shell.words("fsck", ledger) == (
            f"{ORIGIN} is sound: 3 entries of 1 agency, 3 checkpoints, 0 full tiles.\n"
            "Of these, 1 entry is not published yet: `gatehouse ledger publish` asks the witnesses again.\n"
        )

    def test_fsck_finds_a_changed_export(self, shell: Shell, ledger: Path) -> None:
        altered(ledger / "public/tile/0/000.p/2")
        found = shell.json("fsck", ledger, code=4)
        assert (found["error"], found["what"]) == ("LogCorrupt", "an exported file has other bytes")

    def test_fsck_without_its_database_is_bad_input(self, shell: Shell, ledger: Path) -> None:
        (ledger / "log.sqlite").unlink()
        assert shell.json("fsck", ledger, code=3)["what"] == "there is no log"


class TestMonitor:
    def test_monitor_follows_and_finds_nothing(self, shell: Shell, ledger: Path, tmp_path: Path) -> None:
        assert shell.words("monitor", ledger, "--state", tmp_path / "state") == (
            f"{ORIGIN}: 2 entries of 1 agency, 2 of them new\nNothing was found.\n"
        )
        shell.json("append", ledger, events(event(), folder=tmp_path))
        found = shell.json("monitor", ledger / "public", "--state", tmp_path / "state", "--key", vkey(ledger))
        assert (found["size"], found["read"], found["findings"]) == (3, 1, [])

    def test_monitor_with_counters_that_differ_exits_4(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        counters = {
            "schema": "gatehouse-counters/1",
            "by": "vault",
            "name": "vault-1",
            "day": "2026-01-02",
            "events": ["search:plate:released"],
            "counts": [{"agency": "alder-pd", "event": "search:plate:released", "count": 3}],
        }
        (tmp_path / "counters.json").write_text(json.dumps(counters), "utf-8")
        given = ["monitor", ledger, "--state", tmp_path / "state", "--counters", tmp_path / "counters.json"]
        (found,) = shell.json(*given, code=4)["findings"]
        said = shell.words(*given, code=4)
        assert f"found: {found['what']} ({found['kind']})\n  where    " in said
        assert "Nothing was found" not in said

    @pytest.mark.parametrize("as_receipt", [False, True])
    def test_monitor_shown_two_histories_exits_4_for_good(
        self, shell: Shell, ledger: Path, tmp_path: Path, as_receipt: bool
    ) -> None:
        given = ["monitor", ledger, "--state", tmp_path / "state"]
        shell.json(*given)
        second = tmp_path / "second"
        Ledger.create(second, origin=ORIGIN, signer=f"file:{ledger / 'log.pem'}")
        shell.json("append", second, events(event(), event(), folder=tmp_path))
        seen = second / "public/checkpoint"
        if as_receipt:
            seen = tmp_path / "seen"
            shell.json("proof", second, 0, "-o", seen)
        found = shell.json(*given, "--checkpoint", seen, code=4)
        assert [each["kind"] for each in found["findings"]] == ["split_view"]
        assert "evidence 2 signed checkpoints; --json shows them" in shell.words(*given, code=4)

    @pytest.mark.parametrize(
        ("more", "code"),
        [
            (["--counters", "none.json"], 3),
            (["--checkpoint", "none"], 3),
            (["--counters", "EVENTS"], 3),
            (["--watch", "0"], 2),
            (["--key", "none"], 3),
        ],
    )
    def test_monitor_with_bad_options(
        self, shell: Shell, ledger: Path, tmp_path: Path, more: list[str], code: int
    ) -> None:
        named = {"EVENTS": str(tmp_path / "events.json")}
        more = [named.get(each, each) for each in more]
        shell.json("monitor", ledger, "--state", tmp_path / "state", *more, code=code)
        assert not (tmp_path / "state").exists()

    def test_monitor_with_another_files_state_is_bad_input(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        shell.json("monitor", ledger, "--state", tmp_path / "events.json", code=3)

    def test_monitor_watching_tells_each_look_and_goes_on_after_a_failure(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "gone").mkdir()
        arguments = ["ledger", "monitor", str(ledger / "public"), "--key", vkey(ledger), "--watch", "1"]
        with subprocess.Popen(
            [GATEHOUSE, *arguments, "--state", tmp_path / "state", "--json"],
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            looks: list[dict[str, Any]] = [json.loads(process.stdout.readline())]
            checkpoint = ledger / "public/checkpoint"
            held = checkpoint.read_bytes()
            checkpoint.write_bytes(b"nothing that was signed")
            looks += [_until(process, "error")]
            checkpoint.write_bytes(held)
            looks += [_until(process, "size")]
            os.kill(process.pid, signal.SIGINT)
            assert process.wait() == 4
        assert [(each.get("size"), each.get("error")) for each in looks] == [
            (2, None),
            (None, "InvalidNote"),
            (2, None),
        ]


def _until(process: subprocess.Popen[str], key: str) -> Any:
    """Return the first line that has a key."""
    assert process.stdout is not None
    while True:
        line = json.loads(process.stdout.readline())
        if key in line:
            return line
