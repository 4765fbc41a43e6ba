"""Nobody is told of an entry before it is on the disk."""

from __future__ import annotations

import re
from multiprocessing.context import ForkServerContext
from pathlib import Path

from tests.faults.traced import Traced

APPENDS = 5


def test_acknowledge_comes_after_the_disk_has_everything(
    strace: str, processes: ForkServerContext, folder: Path
) -> None:
    traced = Traced(strace, processes, folder)
    trace = traced.run("appending", "-e", "trace=pwrite64,fdatasync,write", appends=APPENDS, everything=True)
    wal = f"<{traced.path}-wal>"
    waiting: set[str] = set()  # data that was written and not yet brought to the disk
    syncing: dict[str, set[str]] = {}  # by thread: what its call under way brings there
    synced = acknowledged = 0
    for line in trace:
        thread, _, call = line.partition(" ")
        call = call.strip()
        if call.startswith("pwrite64(") and wal in call:
            waiting.add(line)
        elif call.startswith("fdatasync(") and wal in call:
            syncing[thread] = set(waiting)
        if re.search(r"fdatasync(\(| resumed>).*= 0$", call):
            waiting -= syncing.pop(thread, set())
            synced += 1
        if call.startswith("write(") and '"recorded ' in call:
            assert not waiting, f"acknowledged before the disk had {len(waiting)} writes"
            acknowledged += 1
            assert synced >= acknowledged
    assert acknowledged == len(traced.outcomes.recorded) == APPENDS
