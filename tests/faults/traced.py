"""A process that appends to a log under `strace`, which shows its calls on the files or makes them fail."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Literal

from tests.faults.appender import TABLE, when_told
from tests.faults.outcomes import Outcomes
from tests.unit.ledger.logs import database, made_log

Phase = Literal["opening", "appending"]


class Traced:
    """A log, what was told of it so far, and runs of a process that opens it, appends and closes it."""

    def __init__(self, strace: str, processes: ForkServerContext, folder: Path) -> None:
        self.path = made_log(folder)
        self.outcomes = Outcomes()
        self._strace = strace
        self._processes = processes
        self._trace = folder / "trace"
        self._runs = 0
        with database(self.path) as connection:
            connection.execute(TABLE)

    def run(self, phase: Phase, *options: str, appends: int, everything: bool = False) -> list[str]:
        """Let a process run, from a phase on under strace, and return the trace of its calls on the files.

        With `everything`, of all its calls.
        """
        ours, theirs = self._processes.Pipe()
        self._runs += 1
        child = self._processes.Process(
            target=when_told, args=(str(self.path), theirs, str(self._runs), appends)
        )
        child.start()
        theirs.close()
        told = os.read(ours.fileno(), 65_536)
        if phase == "appending":
            ours.send("go")
            told += os.read(ours.fileno(), 65_536)
        with self._attached(child.pid or 0, options, everything) as tracer:
            assert tracer.stderr is not None
            assert b"attached" in tracer.stderr.readline()
            ours.send("go")
            waits = phase == "opening"
            while part := os.read(ours.fileno(), 65_536):
                told += part
                if waits and b"opened" in told:
                    ours.send("go")
                    waits = False
            child.join()
            ours.close()
        assert child.exitcode == 0
        self.outcomes.take(told)
        return self._trace.read_text("utf-8", "replace").splitlines()

    def _attached(self, process: int, options: Sequence[str], everything: bool) -> subprocess.Popen[bytes]:
        files = [f"{self.path}{end}" for end in ("", "-wal", "-shm", ".lease")]
        watched = [item for each in (*files, str(self.path.parent)) for item in ("-P", each)]
        if everything:
            watched = []
        command = [self._strace, "-f", "-y", "-o", str(self._trace), *watched, *options, "-p", str(process)]
        return subprocess.Popen(command, stderr=subprocess.PIPE)


def call_of(line: str) -> str | None:
    """Return the name of the call that a line of a trace begins."""
    found = re.match(r"\d+ +(\w+)\(", line)
    return found and found[1]
