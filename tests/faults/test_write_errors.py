"""Whatever system call fails, what was acknowledged stays, and what was refused is not on the record.

Each call on the log's files fails once, in every place where opening the log or appending makes it; and from
that place on, as on a disk that is gone.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from tests.faults.traced import Phase, Traced, call_of
from tests.unit.ledger.logs import Clock, opened

APPENDS = 3
# The calls that each phase makes on the files, but for locks: of those SQLite waits for the next chance.
FAILURES: list[tuple[Phase, str, str]] = [
    ("opening", "openat", "EIO"),
    ("opening", "pread64", "EIO"),
    ("opening", "pwrite64", "EIO"),
    ("opening", "pwrite64", "ENOSPC"),
    ("opening", "ftruncate", "EIO"),
    ("opening", "mmap", "ENOMEM"),
    ("opening", "fdatasync", "EIO"),
    ("opening", "fsync", "EIO"),
    ("opening", "unlink", "EIO"),
    ("appending", "pread64", "EIO"),
    ("appending", "pwrite64", "EIO"),
    ("appending", "pwrite64", "ENOSPC"),
    ("appending", "ftruncate", "EIO"),
    ("appending", "fdatasync", "EIO"),
    ("appending", "unlink", "EIO"),
]


@pytest.fixture
def traced(strace: str, processes: ForkServerContext, folder: Path) -> Traced:
    return Traced(strace, processes, folder)


def places(traced: Traced, phase: Phase, call: str) -> int:
    """Return how often a thread makes a call; strace counts for each thread."""
    counts = Counter(
        line.split()[0]
        for line in traced.run(phase, "-e", f"trace={call}", appends=APPENDS)
        if call_of(line) == call
    )
    return max(counts.values(), default=0)


@pytest.mark.parametrize(("phase", "call", "error"), FAILURES)
def test_call_that_fails_loses_nothing_acknowledged(
    traced: Traced, phase: Phase, call: str, error: str
) -> None:
    # The first run finds other work to do than those after it.
    traced.run(phase, appends=APPENDS)
    failed = 0
    found = places(traced, phase, call)
    for number in range(1, found + 1):
        for when in [str(number), f"{number}+"][: 1 if phase == "opening" else 2]:
            inject = ("-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={when}")
            trace = traced.run(phase, *inject, appends=APPENDS)
            failed += any("(INJECTED)" in line for line in trace)
    # After a failure the next run can have less to do.
    assert 2 * failed > found > 0, "calls did not fail as they should have"
    traced.outcomes.check(traced.path)
    with opened(traced.path, clock=Clock(datetime.now(UTC))) as log:
        assert log.append(b"after all").index == log.size - 1
