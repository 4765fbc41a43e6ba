"""A node or database that dies under load loses nothing acknowledged and releases nothing off the record.

`GATEHOUSE_KILLS=25` kills each of them so often; `--log-cli-level=info` shows what was acknowledged.
"""

from __future__ import annotations

import logging
import os
import random
import signal
import time
from collections import Counter
from contextlib import suppress
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

import psycopg
import pytest

from tests.conftest import missing_part
from tests.faults.node_load import Load, Running, make, open_node, until_killed
from tests.faults.node_outcomes import NodeOutcomes
from tests.faults.rounds import ROUNDS, await_answers
from tests.postgres import Postgres, postgres, programs, running

__all__ = ["postgres"]

_BACKENDS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'gatehouse reads'"
_logger = logging.getLogger(__name__)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_kill_a_node_at_random_points_under_load(
    folder: Path, processes: ForkServerContext, request: pytest.FixtureRequest, kind: str
) -> None:
    url = None
    if kind == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        url = server.new_database()
    made, since = folder / "node", time.time()
    make(made, reads=url)
    chance, outcomes = random.Random(5), NodeOutcomes()
    for round_ in range(ROUNDS):
        reading, writing = processes.Pipe(duplex=False)
        child = processes.Process(target=until_killed, args=(str(made), writing, since))
        child.start()
        writing.close()
        # One round in eight is ended while it opens the node, the others at some point of their work.
        word = (b"answered", b"taken")[round_ % 2] if round_ % 8 else b""
        outcomes.take(_killed(child, reading.fileno(), word, chance.random() * 0.1))
        reading.close()
    with open_node(made, Running(since)) as node:
        outcomes.left_open += len(node.searches.open_searches())
        ends = outcomes.check(node)
    assert outcomes.unavailable == 0
    assert outcomes.opened > ROUNDS / 2
    _tell(outcomes, ends)


def test_kill_the_database_under_a_node(folder: Path) -> None:
    if programs() is None:
        missing_part("PostgreSQL", "no /usr/lib/postgresql/*/bin/initdb; Debian's package is `postgresql`")
    chance, outcomes = random.Random(6), NodeOutcomes()
    with running() as server:
        url = server.new_database()
        make(folder / "node", reads=url)
        with open_node(folder / "node", Running(time.time())) as node:
            load = Load(node, outcomes.take_line)
            load.start()
            for _ in range(ROUNDS):
                await_answers(outcomes)
                time.sleep(chance.random() * 0.1)
                for pid in _pids(url):
                    # The server ends every other process of its own and recovers from its journal.
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            await_answers(outcomes)
            load.end()
            ends = outcomes.check(node)
    _tell(outcomes, ends)


def _killed(child: BaseProcess, source: int, word: bytes, seconds: float) -> bytes:
    """Return what a process tells until it is killed, some seconds after it has told a word."""
    told = b""
    while word not in told:
        part = os.read(source, 65_536)
        assert part, told
        told += part
    time.sleep(seconds)
    child.kill()
    child.join()
    while part := os.read(source, 65_536):
        told += part
    return told


def _pids(url: str) -> list[int]:
    """Return the server's processes that serve the node; none while it takes no connections."""
    with suppress(psycopg.OperationalError), psycopg.connect(url, connect_timeout=5) as connection:
        return [pid for (pid,) in connection.execute(_BACKENDS).fetchall()]
    return []


def _tell(outcomes: NodeOutcomes, ends: Counter[str]) -> None:
    _logger.info(
        "%d kills: %d batches and %d answers acknowledged, all there; %d calls refused, %d failed; on the "
        "record: %s",
        ROUNDS,
        outcomes.batches,
        len(outcomes.answered),
        outcomes.unavailable,
        len(outcomes.closed),
        dict(ends),
    )
