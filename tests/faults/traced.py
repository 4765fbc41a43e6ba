"""A process that works on a book under `strace`, which shows its calls on the files or makes them fail."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Literal

from gatehouse.ledger.settings import DAY_KEYS, LOG
from tests.faults.appender import DRAFT, when_told
from tests.faults.books import Kind
from tests.faults.outcomes import Outcomes
from tests.unit.ledger.logs import AT

Phase = Literal["opening", "appending", "closing"]
# Each phase, and what the process tells at its end.
PHASES: tuple[tuple[Phase, bytes], ...] = (
    ("opening", b"opened"),
    ("appending", b"appended"),
    ("closing", b"closed"),
)
DAY_KEY = f"{AT:%Y-%m-%d}.key"


def run(
    strace: str,
    processes: ForkServerContext,
    kind: Kind,
    folder: Path,
    phase: Phase,
    *options: str,
    appends: int,
    everything: bool = False,
) -> tuple[list[str], Outcomes]:
    """Let a process open a book, append entries of one agency and close it, with one phase under strace.

    Return the trace of its calls on the files (with `everything`, of all its calls), and what it told.
    """
    ours, theirs = processes.Pipe()
    child = processes.Process(target=when_told, args=(kind, str(folder), theirs, "traced", appends))
    child.start()
    theirs.close()
    told = _until(ours.fileno(), b"ready")
    trace = folder.with_name("trace")
    watched = [] if everything else [item for path in _files(kind, folder) for item in ("-P", str(path))]
    command = [strace, "-f", "-y", "-o", str(trace), *watched, *options, "-p", str(child.pid)]
    for each, end in PHASES:
        if each != phase:
            ours.send("go")
            told += _until(ours.fileno(), end)
        else:
            with _attached(command) as tracer:
                ours.send("go")
                told += _until(ours.fileno(), end)
                # A process that ends is not let go: strace could wait for one of its threads for ever.
                if b"closed" not in told:
                    _detach(tracer)
        if b"closed" in told:
            break
    child.join()
    ours.close()
    assert child.exitcode == 0
    outcomes = Outcomes()
    outcomes.take(told)
    return trace.read_text("utf-8", "replace").splitlines(), outcomes


def _attached(command: Sequence[str]) -> subprocess.Popen[bytes]:
    tracer = subprocess.Popen(command, stderr=subprocess.PIPE)
    assert tracer.stderr is not None
    assert b"attached" in tracer.stderr.readline()
    return tracer


def _detach(tracer: subprocess.Popen[bytes]) -> None:
    """End strace, which lets its process go on."""
    while True:
        tracer.terminate()
        # A signal that comes just before strace begins to wait is not seen until there is another.
        with suppress(subprocess.TimeoutExpired):
            tracer.wait(0.2)
            return


def _until(source: int, word: bytes) -> bytes:
    """Return what is told up to a word, or up to the end of a process that could not open its book."""
    told = b""
    while not told.endswith((word + b"\n", b"closed\n")):
        part = os.read(source, 65_536)
        assert part, told
        told += part
    return told


def _files(kind: Kind, folder: Path) -> list[Path]:
    found = [folder, *(folder / f"{LOG}{end}" for end in ("", "-wal", "-shm", ".lease"))]
    if kind == "ledger":
        keys = folder / DAY_KEYS / "traced"
        found += [keys.parent, keys, keys / DAY_KEY, (keys / DAY_KEY).with_suffix(".destroyed")]
        found.append(keys / f".{DAY_KEY}.{DRAFT}")
    return found


def call_of(line: str) -> str | None:
    """Return the name of the call that a line of a trace begins."""
    found = re.match(r"\d+ +(\w+)\(", line)
    return found and found[1]
