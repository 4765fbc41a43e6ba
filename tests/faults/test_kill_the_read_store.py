"""A process or database that dies under load loses no acknowledged batch and keeps no half one."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from gatehouse.reads import ReadStore, init_reads, open_reads
from tests.conftest import ROOT
from tests.faults.read_writer import CAMERA, EACH, OWNER, lookups_of
from tests.faults.rounds import ROUNDS
from tests.postgres import Postgres, postgres

__all__ = ["postgres"]


def started(url: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.read_writer", url], cwd=ROOT, stdout=subprocess.PIPE
    )


def acknowledged(child: subprocess.Popen[bytes]) -> int:
    """Return the newest number that the process has told, once it has ended."""
    assert child.stdout is not None
    lines = child.stdout.read().split()
    child.stdout.close()
    child.wait()
    return int(lines[-1]) if lines else 0


def whole_batches(store: ReadStore) -> int:
    """Return how many batches are there, all of them whole and none beyond the newest."""
    newest = store.last_batch(CAMERA)
    for number in range(1, newest + 1):
        assert len(store.lookup(lookups_of(number), owners=[OWNER])) == EACH
    assert store.lookup(lookups_of(newest + 1), owners=[OWNER]) == []
    return newest


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_kill_the_process_that_stores(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    if kind == "sqlite":
        url = f"sqlite:///{tmp_path}/reads.sqlite"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        url = server.new_database()
    init_reads(url)
    chance, told = random.Random(5), 0
    for _ in range(ROUNDS):
        child = started(url)
        assert child.stdout is not None
        first = child.stdout.readline()
        time.sleep(chance.random() * 0.2)
        child.kill()
        told = max(told, int(first), acknowledged(child))
    store = open_reads(url)
    assert whole_batches(store) >= told >= ROUNDS
    store.close()


def test_kill_the_database_under_a_process_that_stores(postgres: Postgres) -> None:
    url = postgres.new_database()
    init_reads(url)
    chance = random.Random(6)
    child = started(url)
    assert child.stdout is not None
    child.stdout.readline()
    backends = "SELECT pid FROM pg_stat_activity WHERE application_name = 'gatehouse reads'"
    for _ in range(ROUNDS):
        time.sleep(chance.random() * 0.2)
        for pid in pids(url, backends):
            # The server ends every other process of its own and recovers from its journal.
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    time.sleep(0.5)
    child.kill()
    told = acknowledged(child)
    pids(url, backends)
    store = open_reads(url)
    assert whole_batches(store) >= told > ROUNDS
    store.close()


def pids(url: str, query: str) -> list[int]:
    """Return what a query finds, once the server takes connections again."""
    until = time.monotonic() + 60
    while True:
        try:
            with psycopg.connect(url, connect_timeout=5) as connection:
                return [pid for (pid,) in connection.execute(query.encode()).fetchall()]
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
