"""A run cut short, by a key or by a reader who leaves: its code says so, and no part looks like the whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatehouse.cli import main
from tests.attack.exports import record, write

COMMAND = [sys.executable, "-c", "import sys; from gatehouse.cli import main; sys.exit(main())"]


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """Return an export of which there is something to find."""
    return write(tmp_path / "audit.csv", [record(number, {"Reason": "immigration"}) for number in range(40)])


@pytest.fixture(autouse=True)
def at_a_terminal() -> Iterator[None]:
    """Take an interrupt as a terminal's key gives it: a shell has what it runs beside it ignore them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt(*_: object, **__: object) -> None:
    signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize(
    ("step", "earlier"),
    [
        ("gatehouse.records.import_files", True),
        ("gatehouse.audit.run.measure", False),
        ("gatehouse.audit.outputs.write_records", True),
        ("gatehouse.audit.outputs.render", False),
        ("gatehouse.audit.outputs._manifest_document", False),
    ],
)
def test_interrupted_audit_says_so_and_leaves_no_manifest(
    export: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    earlier: bool,
) -> None:
    out = tmp_path / "out"
    command = ["audit", str(export), "-o", str(out), "--json"]
    writing = ".outputs." in step
    if earlier:
        assert main(command) == 0
        capsys.readouterr()
    monkeypatch.setattr(step, interrupt)
    assert main(command) == 130
    assert capsys.readouterr() == ("", "Stopped.\n")
    # What an earlier run left stays whole until the new one starts to write.
    assert (out / "manifest.json").exists() == (earlier and not writing)


def test_interrupted_while_loading_is_stopped_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gatehouse.cli.app._run", interrupt)
    assert main(["--version"]) == 130
    assert capsys.readouterr() == ("", "Stopped.\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["audit", "{}", "--json", "--fail-on", "high"],
        ["reasons", "immigration"],
        ["audit", "{}.absent", "--json"],
        ["audit", "--nope", "--json"],
        ["audit", "--help"],
    ],
)
def test_output_that_nobody_reads_is_no_finding(export: Path, arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [*COMMAND, *(each.format(export) for each in arguments)],
            stdout=writing,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")
