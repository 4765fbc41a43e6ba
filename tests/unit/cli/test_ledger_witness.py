"""`gatehouse ledger witness` as a process of its own, and a ledger that needs it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from gatehouse.ledger import Receipt
from gatehouse.ledger.day_keys import DayKeys, read_kek
from gatehouse.ledger.folder import Ledger
from gatehouse.ledger.note import VerifierKey
from gatehouse.ledger.settings import Folder
from tests.unit.cli.ledgers import GATEHOUSE, ORIGIN, Shell, event, events

NAME = "witness.example.org"


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


@contextmanager
def running(
    folder: Path, logs: Path, listen: str = "127.0.0.1:0"
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run a witness as a process, and give its address."""
    command = [str(GATEHOUSE), "ledger", "witness", str(folder), "--logs", str(logs), "--listen", listen]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said.startswith(f"Witness {NAME} answers at http://127.0.0.1:"), said
        assert said.endswith(" for 1 log.\n")
        try:
            yield said.split()[4], process
        finally:
            process.terminate()
            process.wait()


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    Ledger.create(tmp_path / "ledger", origin=ORIGIN)
    return tmp_path / "ledger"


def rely_on(ledger: Path, vkey: str, url: str) -> None:
    """Have a ledger's policy ask for a witness."""
    (key,) = Folder(ledger).policy().log_keys
    (ledger / "policy").write_text(f"log {key}\nwitness w {vkey} {url}\nquorum w\n", "utf-8")


class TestMake:
    def test_witness_json_gives_its_key(self, shell: Shell, tmp_path: Path) -> None:
        made = shell.json("witness", tmp_path / "w", "--name", NAME)
        key = VerifierKey.parse(made["vkey"])
        assert (made["name"], key.name, key.kind) == (NAME, NAME, 4)
        assert (tmp_path / "w/witness.vkey").read_text("utf-8") == made["vkey"] + "\n"
        assert oct((tmp_path / "w/witness.pem").stat().st_mode & 0o777) == "0o600"

    def test_witness_over_a_witness_is_bad_use_and_leaves_it(self, shell: Shell, tmp_path: Path) -> None:
        shell.json("witness", tmp_path / "w", "--name", NAME)
        before = (tmp_path / "w/witness.pem").read_bytes()
        found = shell.json("witness", tmp_path / "w", "--name", "second.example", code=2)
        assert found["got"] == "witness.sqlite, witness.pem, witness.vkey"
        assert (tmp_path / "w/witness.pem").read_bytes() == before

    @pytest.mark.parametrize("name", ["two words", "plus+sign", ""])
    def test_witness_of_a_bad_name_leaves_nothing(self, shell: Shell, tmp_path: Path, name: str) -> None:
        shell.json("witness", tmp_path / "w", "--name", name, code=2)
        assert list(tmp_path.iterdir()) == []

    def test_witness_over_a_file_is_bad_use(self, shell: Shell, tmp_path: Path) -> None:
        (tmp_path / "w").write_text("mine")
        shell.json("witness", tmp_path / "w", "--name", NAME, code=2)


class TestRun:
    @pytest.mark.parametrize("more", [[], ["--name", NAME, "--logs", "policy"]])
    def test_witness_with_neither_or_both_is_bad_use(
        self, shell: Shell, tmp_path: Path, more: list[str]
    ) -> None:
        shell.json("witness", tmp_path / "w", *more, code=2)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("listen", ["8460", ":8460", "host:", "host:x", "host:65536", "host:²"])
    def test_witness_that_can_listen_nowhere_is_bad_use(
        self, shell: Shell, ledger: Path, tmp_path: Path, listen: str
    ) -> None:
        shell.json("witness", tmp_path / "w", "--name", NAME)
        given = ["witness", tmp_path / "w", "--logs", ledger / "policy", "--listen", listen]
        assert shell.json(*given, code=2)["where"] == "--listen"

    def test_witness_whose_port_is_taken_says_so_and_nothing_else(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        shell.json("witness", tmp_path / "w", "--name", NAME)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            listen = f"127.0.0.1:{taken.getsockname()[1]}"
            given = ["witness", tmp_path / "w", "--logs", ledger / "policy", "--listen", listen]
            assert shell.words(*given, code=2) == (
                "error: the witness cannot listen there\n"
                f"  where    {listen}\n"
                "  got      Address already in use\n"
            )

    @pytest.mark.parametrize(("text", "code"), [("", 3), ("name key", 3), (None, 3)])
    def test_witness_without_logs_is_bad_input(
        self, shell: Shell, tmp_path: Path, text: str | None, code: int
    ) -> None:
        shell.json("witness", tmp_path / "w", "--name", NAME)
        if text is not None:
            (tmp_path / "logs").write_text(text, "utf-8")
        shell.json("witness", tmp_path / "w", "--logs", tmp_path / "logs", code=code)

    def test_witness_of_a_folder_without_one_is_bad_use(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        found = shell.json("witness", tmp_path / "w", "--logs", ledger / "policy", code=2)
        assert found["next"] == "make a witness with --name"

    def test_witness_without_its_memory_does_not_start(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        shell.json("witness", tmp_path / "w", "--name", NAME)
        (tmp_path / "w/witness.sqlite").unlink()
        found = shell.json("witness", tmp_path / "w", "--logs", ledger / "policy", code=5)
        assert found["what"] == "the witness has lost its state"


class TestWitnessed:
    def test_append_returns_a_receipt_that_the_witness_has_cosigned(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        vkey = shell.json("witness", tmp_path / "w", "--name", NAME)["vkey"]
        with running(tmp_path / "w", ledger / "policy") as (url, _):
            rely_on(ledger, vkey, url)
            (entry,) = shell.json("append", ledger, events(event(), folder=tmp_path))["appended"]
            said = shell.words("publish", ledger)
        assert said == f"public/ has 1 entry. Signed by {ORIGIN}, {NAME}.\n"
        receipt = Receipt.parse(entry["receipt"])
        with Folder(ledger).view() as view:
            assert receipt.verify(view.entry(0), policy=Folder(ledger).policy()).size == 1
        assert shell.json("verify", ledger)["signers"] == [ORIGIN, NAME]
        # Whoever trusts the policy does not take what the log alone has signed.
        alone = "".join(line for line in entry["receipt"].splitlines(True) if NAME not in line)
        (tmp_path / "alone").write_text(alone, "utf-8")
        with Folder(ledger).view() as view:
            (tmp_path / "0.entry").write_bytes(view.entry(0))
        given = ["verify", tmp_path / "alone", "--entry", tmp_path / "0.entry"]
        assert shell.json(*given, "--policy", ledger / "policy", code=4)["error"] == "PolicyNotMet"

    def test_entries_of_a_dead_witness_stay_without_receipt_until_it_is_back(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        vkey = shell.json("witness", tmp_path / "w", "--name", NAME)["vkey"]
        with running(tmp_path / "w", ledger / "policy") as (url, process):
            rely_on(ledger, vkey, url)
            shell.json("append", ledger, events(event(), folder=tmp_path))
            process.send_signal(signal.SIGKILL)
            process.wait()
        given = ["append", ledger, events(event(), event(), folder=tmp_path), "--wait", "0.2"]
        found = shell.json(*given, code=4)
        assert [(each["index"], each["receipt"]) for each in found["appended"]] == [(1, None), (2, None)]
        assert (found["error"], found["where"]) == ("NotWitnessed", "entry 2")

        said = shell.words("append", ledger, events(event(), folder=tmp_path), "--wait", "0.2", code=4)
        first, second = said.splitlines()[:2]
        assert first.startswith("entry 3  leaf ") and first.endswith("(on the record, no receipt yet)")
        assert second == "error: the entry is on the record, but too few witnesses have cosigned"

        said = shell.words("proof", ledger, 3, code=4)
        assert "  next     `gatehouse ledger publish` asks the witnesses again\n" in said
        assert shell.json("publish", ledger, "--wait", "0.2", code=4)["error"] == "NotWitnessed"
        assert shell.json("verify", ledger)["size"] == 1

        with running(tmp_path / "w", ledger / "policy", listen=url.removeprefix("http://")):
            assert shell.json("publish", ledger)["size"] == 4
        assert shell.json("proof", ledger, 3)["receipt"].startswith("c2sp.org/tlog-proof@v1\nindex 3\n")
        assert shell.json("verify", ledger)["size"] == 4

    def test_nothing_is_released_without_the_witness(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        vkey = shell.json("witness", tmp_path / "w", "--name", NAME)["vkey"]
        with running(tmp_path / "w", ledger / "policy") as (url, _):
            rely_on(ledger, vkey, url)
            shell.json("append", ledger, events(event(), folder=tmp_path))
        shell.json("append", ledger, events(event(), folder=tmp_path), "--wait", "0.2", code=4)
        released = events(event("search:plate:released", counts={"reads": 1}), folder=tmp_path)
        found = shell.json("append", ledger, released, "--wait", "0.2", code=4)
        assert (found["error"], found["appended"]) == ("ReleasesRefused", [])
        said = shell.words("append", ledger, released, "--wait", "0.2", code=4)
        assert said.startswith("error: nothing may be released: earlier entries wait for witnesses\n")
        assert "  next     nothing was appended; see to the witnesses, and then append it again\n" in said
        with Folder(ledger).view() as view:
            assert view.size == 2
        with running(tmp_path / "w", ledger / "policy", listen=url.removeprefix("http://")):
            assert shell.json("append", ledger, released)["appended"][0]["index"] == 2

    def test_nothing_is_published_or_released_when_a_witness_is_named_that_never_cosigned(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        shell.json("append", ledger, events(event(), folder=tmp_path))
        vkey = shell.json("witness", tmp_path / "w", "--name", NAME)["vkey"]
        with running(tmp_path / "w", ledger / "policy") as (url, _):
            pass
        rely_on(ledger, vkey, url)
        found = shell.json("publish", ledger, "--wait", "0.2", code=4)
        assert (found["error"], found["where"]) == ("NotWitnessed", "size 1")
        released = events(event("search:plate:released", counts={"reads": 1}), folder=tmp_path)
        found = shell.json("append", ledger, released, "--wait", "0.2", code=4)
        assert (found["error"], found["appended"]) == ("ReleasesRefused", [])
        with running(tmp_path / "w", ledger / "policy", listen=url.removeprefix("http://")):
            assert NAME in shell.words("publish", ledger)
            assert shell.json("append", ledger, released)["appended"][0]["index"] == 1

    def test_shred_and_rotate_key_wait_no_longer_than_they_are_told(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        shell.json("append", ledger, events(event(), folder=tmp_path))
        # A day that is not over keeps its key, so another has one too.
        DayKeys(ledger / "day-keys", kek=read_kek(ledger / "kek")).create("alder-pd", date(2026, 1, 1))
        vkey = shell.json("witness", tmp_path / "w", "--name", NAME)["vkey"]
        rely_on(ledger, vkey, "http://127.0.0.1:9")
        given = ["shred", ledger, "alder-pd", "2026-01-01", "--by", "alder-pd", "--wait", "0.1"]
        found = shell.json(*given, code=4)
        assert (found["error"], found["where"]) == ("NotWitnessed", "entry 1")
        assert found["what"].startswith("the day's openings have ended (0), and the entry is on the record")
        assert shell.json(*given)["index"] == 1
        given = ["rotate-key", ledger, "--signer", "file:two.pem", "--by", "alder-pd", "--wait", "0.1"]
        assert shell.json(*given, code=4)["where"] == "entry 2"
        assert len(Folder(ledger).signers) == 2

    def test_witness_json_is_one_document(self, shell: Shell, ledger: Path, tmp_path: Path) -> None:
        vkey = shell.json("witness", tmp_path / "w", "--name", NAME)["vkey"]
        given = ["--logs", str(ledger / "policy"), "--listen", "[::1]:0", "--json"]
        command = [str(GATEHOUSE), "ledger", "witness", str(tmp_path / "w"), *given]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None and process.stderr is not None
            text = ""
            while not text.endswith("}\n"):
                text += process.stdout.readline()
            process.send_signal(signal.SIGINT)
            assert process.wait() == 130
            assert (process.stdout.read(), process.stderr.read()) == ("", "Stopped.\n")
        found = json.loads(text)
        assert found["url"].startswith("http://[::1]:")
        assert found == {"name": NAME, "vkey": vkey, "url": found["url"], "logs": [ORIGIN]}
