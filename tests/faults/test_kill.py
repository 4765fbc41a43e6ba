"""A process that dies at any moment loses nothing that it has acknowledged."""

from __future__ import annotations

import os
import random
import threading
import time
from multiprocessing.context import ForkServerContext
from pathlib import Path

from gatehouse.ledger.source import open_source
from gatehouse.ledger.verify import verify
from tests.faults.appender import TABLE, under_load
from tests.faults.outcomes import Outcomes
from tests.unit.ledger.logs import VKEY, database, made_log, opened

ROUNDS = 200


def test_kill_at_random_points_under_load_loses_nothing(folder: Path, processes: ForkServerContext) -> None:
    path, exported = made_log(folder), folder / "public"
    with database(path) as connection:
        connection.execute(TABLE)
    chance = random.Random(4)
    outcomes = Outcomes()
    for round_ in range(ROUNDS):
        reading, writing = processes.Pipe(duplex=False)
        child = processes.Process(target=under_load, args=(str(path), writing, round_, str(exported)))
        child.start()
        writing.close()
        told: list[bytes] = []
        first = threading.Event()
        reader = threading.Thread(target=_read, args=(reading.fileno(), told, first))
        reader.start()
        # One round in eight is ended while it opens the log.
        if round_ % 8:
            first.wait(30)
        time.sleep(chance.random() * 0.04)
        child.kill()
        child.join()
        reader.join()
        reading.close()
        outcomes.take(b"".join(told))
    with opened(path) as log:
        log.export(exported)
    sound = outcomes.check(path, exported)
    assert (outcomes.refused, outcomes.unknown) == (set(), set())
    assert verify(open_source(exported), keys=[VKEY]).checkpoint.size == sound.size
    assert outcomes.opened > ROUNDS / 2
    assert sound.size >= len(outcomes.recorded) > ROUNDS


def _read(source: int, told: list[bytes], first: threading.Event) -> None:
    while part := os.read(source, 65_536):
        told.append(part)
        first.set()
    first.set()
