"""Whatever system call fails, what was acknowledged stays, and what was refused is not on the record.

Each call on a book's files fails once, in every place where opening, appending or closing makes it; and from
that place on, as on a disk that is gone. Each time the book is as it was before.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Callable
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from gatehouse.ledger.settings import LOG
from tests.faults.appender import DRAFT
from tests.faults.books import Kind, make, open_book
from tests.faults.outcomes import Outcomes
from tests.faults.traced import DAY_KEY, Phase, call_of, run

APPENDS = 2
KINDS: dict[Phase, Kind] = {"opening": "log", "appending": "ledger", "closing": "log"}

# The calls that fail. In opening and appending each MUST be noticed in every place, but for those on the
# files that are named here, one for each place: there the book goes on, and every append is recorded.
FAILING: dict[Phase, dict[str, list[str]]] = {
    "opening": {
        # SQLite brings the name of the write-ahead log to the disk without telling of a failure; the log does
        # it again itself. The reader, which comes last, can do with a file opened for reading alone.
        "openat": ["book", f"{LOG}-wal"],
        "fdatasync": ["book"],
        "flock": [],
        "fsync": [],
        "ftruncate": [],
        "mmap": [],
        "pread64": [],
        "pwrite64": [],
    },
    "appending": {
        "fchmod": [],
        "fdatasync": [],
        "fsync": [],
        "link": [],
        "mkdir": [],
        # Python asks how large the blocks of a day key's file are, and can do without. After a commit the log
        # asks whether its files are still its own: it opens them anew, and finds the entry.
        "newfstatat": [
            f".{DAY_KEY}.{DRAFT}",
            *(LOG, f"{LOG}-wal", f"{LOG}-shm"),
            DAY_KEY,
            *(LOG, f"{LOG}-wal", f"{LOG}-shm"),
        ],
        "openat": [],
        "pread64": [],
        "pwrite64": [],
        "read": [],
        "unlink": [],
        "write": [],
    },
    # What was acknowledged is in the write-ahead log: nothing that closing does can lose it.
    "closing": {"fdatasync": [], "ftruncate": [], "pread64": [], "pwrite64": [], "unlink": []},
}
_LET_GO = "a close that is made to fail is not made at all; what was written was synced before"
_LOCK = "a lock that another holds: SQLite tries again, for seconds"
_STAT = "SQLite asks whether a file is there, and takes a failure for a no, or fails in the call that follows"
# The calls that are left alone, and why.
LEFT_ALONE: dict[Phase, dict[str, str]] = {
    "opening": {
        "close": _LET_GO,
        "fchown": "made by root only, to give its new files to the owner of the database; SQLite goes on",
        "fcntl": _LOCK,
        "newfstatat": _STAT,
    },
    "appending": {
        "close": _LET_GO,
        "fcntl": _LOCK,
        "ioctl": "Python asks of a file whether it is a terminal, and takes a failure for a no",
        "lseek": "Python asks of a file where it stands, and takes a failure for a pipe",
    },
    "closing": {"close": _LET_GO, "fcntl": _LOCK, "newfstatat": _STAT},
}

Attempt = Callable[..., tuple[list[str], Outcomes, Path]]


@pytest.fixture
def attempt(strace: str, processes: ForkServerContext, folder: Path) -> Attempt:
    """Return what runs a phase on a fresh book, and gives the trace, what was told, and the book."""

    def attempted(phase: Phase, *options: str) -> tuple[list[str], Outcomes, Path]:
        kind, book = KINDS[phase], folder / "book"
        if not (folder / "new").exists():
            make(kind, folder / "new")
        shutil.rmtree(book, ignore_errors=True)
        shutil.copytree(folder / "new", book)
        return *run(strace, processes, kind, book, phase, *options, appends=APPENDS), book

    return attempted


def cases() -> list[tuple[Phase, str, str, bool]]:
    """Return each phase, its calls, the error they fail with, and whether they fail from then on."""
    found: list[tuple[Phase, str, str, bool]] = []
    for phase, calls in FAILING.items():
        for call in calls:
            error = "ENOMEM" if call == "mmap" else "EIO"
            found.append((phase, call, error, False))
            if phase != "opening":
                found.append((phase, call, error, True))
            if call == "pwrite64":
                found.append((phase, call, "ENOSPC", True))
    return found


@pytest.mark.parametrize("phase", FAILING)
def test_calls_that_fail_are_all_that_are_made(attempt: Attempt, phase: Phase) -> None:
    trace, outcomes, _ = attempt(phase)
    made = {call for line in trace if (call := call_of(line))}
    assert made - LEFT_ALONE[phase].keys() == FAILING[phase].keys()
    assert len(outcomes.recorded) == APPENDS


@pytest.mark.parametrize(("phase", "call", "error", "from_then_on"), cases())
def test_call_that_fails_loses_nothing_acknowledged(
    attempt: Attempt, phase: Phase, call: str, error: str, from_then_on: bool
) -> None:
    kind = KINDS[phase]
    clean, *_ = attempt(phase, "-e", f"trace={call}")
    # strace counts for each thread.
    places = max(Counter(line.split()[0] for line in clean if call_of(line) == call).values())
    survived = []
    for place in range(1, places + 1):
        when = f"{place}+" if from_then_on else str(place)
        trace, outcomes, book = attempt(
            phase, "-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={when}"
        )
        failed = next(at for at, line in enumerate(trace) if "(INJECTED)" in line)
        outcomes.check(kind, book)
        told = len(outcomes.recorded), len(outcomes.refused), len(outcomes.unknown)
        if told == (APPENDS, 0, 0):
            survived.append(file_of(trace, failed))
        elif phase == "opening":
            assert (outcomes.opened, told) == (0, (0, 0, 0))
        elif not from_then_on:
            assert told == (APPENDS - 1, 1, 0), "more than one append failed, or nobody knows how it ended"
        again = open_book(kind, book)
        assert again.append("after.all").index >= len(outcomes.recorded)
        again.close()
    if phase == "closing":
        assert len(survived) == places
    elif from_then_on and phase == "appending":
        assert survived == []
    elif not from_then_on:
        assert survived == FAILING[phase][call]


def file_of(trace: list[str], at: int) -> str:
    """Return the name of the file that a call was made on, given the line of the trace that ends the call."""
    line = trace[at]
    if " resumed>" in line:
        # strace has shown another thread's call between the two ends of this one.
        thread = line.split()[0]
        line = next(each for each in reversed(trace[:at]) if each.split()[0] == thread)
    found = re.search(r'"(/[^"]*)"', line) or re.search(r"<(/[^>]*)>", line)
    assert found, line
    return Path(found[1]).name
