"""Every group of commands when standard output is closed, full or no longer read: a sentence and a code."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from gatehouse.ledger.folder import Ledger
from tests.unit.cli.ledgers import GATEHOUSE, ORIGIN, event, events, size

CLOSED = "error: standard output is closed\n  next     send it to a file, or to /dev/null\n"
COMMANDS = [
    "--version",
    "audit --help",
    "ledger fsck LEDGER",
    "ledger monitor LEDGER --state STATE",
    "law list --json",
    "reasons REASONS",
    "records synth --rows 40 -o TOWN",
]


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "ledger"
    Ledger.create(path, origin=ORIGIN)
    with Ledger.open(path) as opened:
        opened.append("search:plate:requested", agency="alder-pd", fields={}, pack=b"\x11" * 32)
    return path


def shell(
    ledger: Path, command: str, redirected: str = "", *, stdout: int = subprocess.PIPE
) -> tuple[int, str]:
    """Run a command under a shell's redirection; return its code and what it says on stderr."""
    folder = ledger.parent
    (folder / "reasons").write_text("stolen vehicle\n", "utf-8")
    for name in ("LEDGER", "STATE", "REASONS", "TOWN"):
        command = command.replace(name, str(folder / name.lower()))
    done = subprocess.run(
        ["bash", "-c", f"{GATEHOUSE} {command} {redirected}"],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_command_with_standard_output_closed_does_nothing_and_says_so(ledger: Path, command: str) -> None:
    assert shell(ledger, command, ">&-") == (5, CLOSED)
    assert {each.name for each in ledger.parent.iterdir()} == {"ledger", "reasons"}


@pytest.mark.parametrize("command", COMMANDS)
def test_command_whose_output_finds_no_room_says_so(ledger: Path, command: str) -> None:
    code, said = shell(ledger, command, ">/dev/full")
    assert (code, said.splitlines()[:2]) == (
        5,
        ["error: there is no space left to write to", "  got      No space left on device"],
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_command_that_nobody_reads_ends_quietly(ledger: Path, command: str) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        assert shell(ledger, command, stdout=write) == (141, "")
    finally:
        os.close(write)


@pytest.mark.parametrize("command", ["ledger show LEDGER 7", "ledger nosuch", "law"])
@pytest.mark.parametrize(
    ("redirected", "said"),
    [("--json >/dev/full", True), ("2>&-", False), ("2>/dev/full", False)],
)
def test_error_that_cannot_be_told_as_asked_keeps_its_code(
    ledger: Path, command: str, redirected: str, said: bool
) -> None:
    code, err = shell(ledger, command, redirected)
    assert (code, bool(err), "Traceback" in err) == (2, said, False)


def test_command_with_every_stream_closed_ends_with_its_code(ledger: Path) -> None:
    assert shell(ledger, "ledger fsck LEDGER", "<&- >&- 2>&-") == (5, "")


@pytest.mark.parametrize("as_json", ["", "--json"])
def test_append_whose_output_finds_no_room_says_that_it_is_on_the_record(ledger: Path, as_json: str) -> None:
    given = events(event(), event(), folder=ledger.parent)
    code, said = shell(ledger, f"ledger append LEDGER {given} {as_json}", ">/dev/full")
    assert (code, said) == (
        5,
        "error: 2 entries from 1 on are on the record, but standard output cannot be written to\n"
        "  got      No space left on device\n"
        "  next     do not append again; `gatehouse ledger proof` gives the receipts\n",
    )
    assert size(ledger) == 3


def test_append_with_standard_output_closed_records_nothing(ledger: Path) -> None:
    given = events(event(), folder=ledger.parent)
    assert shell(ledger, f"ledger append LEDGER {given}", ">&-") == (5, CLOSED)
    assert size(ledger) == 1
