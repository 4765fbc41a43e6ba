"""Nobody is told of an entry before it is on the disk."""

from __future__ import annotations

import re
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from gatehouse.ledger.settings import DAY_KEYS, LOG
from tests.faults.books import Kind, make
from tests.faults.traced import run

APPENDS = 5


@pytest.mark.parametrize("kind", ["log", "ledger"])
def test_acknowledge_comes_after_the_disk_has_everything(
    strace: str, processes: ForkServerContext, folder: Path, kind: Kind
) -> None:
    book = folder / "book"
    make(kind, book)
    calls = "trace=pwrite64,fdatasync,fsync,write"
    trace, outcomes = run(
        strace, processes, kind, book, "appending", "-e", calls, appends=APPENDS, everything=True
    )
    wal, keys = f"<{book / LOG}-wal>", f"<{book / DAY_KEYS}/"
    waiting: set[str] = set()  # data that was written and not yet brought to the disk
    syncing: dict[str, set[str]] = {}  # by thread: what its call under way brings there
    synced = acknowledged = 0
    for line in trace:
        thread, _, call = line.partition(" ")
        call = call.strip()
        kept = next((file for file in (wal, keys) if file in call), None)
        if kept and call.startswith(("pwrite64(", "write(")):
            waiting.add(f"{kept} {line}")
        elif kept and call.startswith(("fdatasync(", "fsync(")):
            syncing[thread] = {each for each in waiting if each.startswith(kept)}
        if re.search(r"f(data)?sync(\(| resumed>).*= 0$", call):
            waiting -= syncing.pop(thread, set())
            synced += 1
        if call.startswith("write(") and '"recorded ' in call:
            assert not waiting, f"acknowledged before the disk had {len(waiting)} writes"
            acknowledged += 1
            assert synced >= acknowledged
    assert acknowledged == len(outcomes.recorded) == APPENDS
    if kind == "ledger":
        assert any(keys in line for line in trace), "no day key was made"
