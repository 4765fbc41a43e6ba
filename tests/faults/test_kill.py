"""A process that dies at any moment loses nothing that it has acknowledged."""

from __future__ import annotations

import os
import random
import threading
import time
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from gatehouse.ledger.settings import PUBLIC
from gatehouse.ledger.source import open_source
from gatehouse.ledger.verify import verify
from tests.faults.appender import under_load
from tests.faults.books import Kind, make, open_book, policy
from tests.faults.outcomes import Outcomes

ROUNDS = 100  # for each kind


@pytest.mark.parametrize("kind", ["log", "ledger"])
def test_kill_at_random_points_under_load_loses_nothing(
    folder: Path, processes: ForkServerContext, kind: Kind
) -> None:
    book = folder / "book"
    make(kind, book)
    chance = random.Random(4)
    outcomes = Outcomes()
    for round_ in range(ROUNDS):
        reading, writing = processes.Pipe(duplex=False)
        child = processes.Process(target=under_load, args=(kind, str(book), writing, round_))
        child.start()
        writing.close()
        told: list[bytes] = []
        first = threading.Event()
        reader = threading.Thread(target=_read, args=(reading.fileno(), told, first))
        reader.start()
        # One round in eight is ended while it opens the book.
        if round_ % 8:
            first.wait(30)
        time.sleep(chance.random() * 0.04)
        child.kill()
        child.join()
        reader.join()
        reading.close()
        outcomes.take(b"".join(told))
    last = open_book(kind, book)
    last.export()
    last.close()
    sound = outcomes.check(kind, book, exported=book / PUBLIC)
    assert (outcomes.refused, outcomes.unknown) == (set(), set())
    keys = list(policy(kind, book).log_keys)
    shown = verify(open_source(book / PUBLIC), keys=keys)
    assert (shown.checkpoint.size, shown.unknown) == (sound.size, 0)
    assert outcomes.opened > ROUNDS / 2
    # Few on a busy machine; none would show that nothing was under way.
    assert sound.size >= len(outcomes.recorded) > ROUNDS / 4


def _read(source: int, told: list[bytes], first: threading.Event) -> None:
    while part := os.read(source, 65_536):
        told.append(part)
        first.set()
    first.set()
