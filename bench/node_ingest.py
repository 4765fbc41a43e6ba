"""Reads through HTTP against the bare database, in turns, with the processor time of every process.

A round hands in batches through a real socket to the node's own server process: gzip, the camera's signature,
tokens, sealing, hotlists, the store, and an answer once the rows are on the disk. Its peer puts as many rows
of the same lengths into one table that knows nothing else, in one binary COPY (PostgreSQL) or executemany
(SQLite) of 10,000 rows each, made before the clock starts. Both are durable.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

from bench.cameras import Fed, Feed, hand_in
from bench.network import camera_of
from bench.reads import CALL, OWNERS, READ, Bare, timed

from gatehouse.reads.rows import DAY_MINUTES
from gatehouse.reads.store import Values
from gatehouse.vault.sealing import Packer

CAMERAS = 16
# The national peak: 77,000 cameras, 20 billion reads a month, at its busiest.
PEAK = 30_000
TAG_BYTES = 16
_TICK = os.sysconf("SC_CLK_TCK")
_CONTEXT = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class Round:
    """One round: reads a second of either side, and microseconds of processor time a read."""

    http: float
    bare: float
    node_cpu: float
    database_cpu: float
    client_cpu: float
    bare_cpu: float
    bytes_a_read: float


def measure(node: int, database: int | None, bare: Bare, feeds: Sequence[Feed]) -> dict[str, object]:
    """Return the medians of some rounds; `node` and `database` are the processes to look at."""
    rounds = [_round(node, database, bare, feed, first=at % 2 == 0) for at, feed in enumerate(feeds)]
    found = {
        name: round(statistics.median(asdict(each)[name] for each in rounds), 1) for name in Round.__slots__
    }
    return {
        **found,
        "http/bare": round(statistics.median(each.http / each.bare for each in rounds), 2),
        "http/peak": round(found["http"] / PEAK, 2),
        "load": round(os.getloadavg()[0], 1),
    }


def _round(node: int, database: int | None, bare: Bare, feed: Feed, *, first: bool) -> Round:
    reads = feed.batches * feed.size * len(feed.owners)
    rows = _rows(reads, len(camera_of(feed.owners[0])), seed=feed.first)
    figures: dict[str, float] = {}

    def through_http() -> None:
        before = cpu_of(node), cpu_of(database)
        fed = fed_by(feed)
        after = cpu_of(node), cpu_of(database)
        assert fed.reads == reads and not fed.busy
        figures.update(
            http=reads / fed.seconds,
            node_cpu=(after[0] - before[0]) / reads * 1e6,
            database_cpu=(after[1] - before[1]) / reads * 1e6,
            client_cpu=fed.cpu / reads * 1e6,
            bytes_a_read=fed.bytes / reads,
        )

    def alone() -> None:
        def insert() -> None:
            for at in range(0, reads, CALL):
                bare.insert(rows[at : at + CALL])

        begun, before = time.process_time(), cpu_of(database)
        seconds = timed(insert)
        spent = time.process_time() - begun + cpu_of(database) - before
        figures.update(bare=reads / seconds, bare_cpu=spent / reads * 1e6)

    for side in (through_http, alone) if first else (alone, through_http):
        side()
    return Round(**figures)


def fed_by(feed: Feed) -> Fed:
    """Hand a feed in from a process of its own, as fast as it is answered."""
    with client(feed) as told:
        told.send("go")
        found = told.recv()
    assert isinstance(found, Fed)
    return found


@contextmanager
def client(feed: Feed) -> Iterator[Connection]:
    """Yield a client that is ready."""
    ours, theirs = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=hand_in, args=(theirs, feed))
    process.start()
    theirs.close()
    try:
        assert ours.recv() == "ready"
        yield ours
        process.join()
    finally:
        process.kill()


def cpu_of(process: int | None) -> float:
    """Return the processor seconds of a process and all below it, 0 without one."""
    if process is None:
        return 0.0
    total = 0.0
    for each in (process, *_below(process)):
        try:
            stat = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        except FileNotFoundError:
            continue
        # Ended children count with the parent that waited for them (proc(5), cutime and cstime).
        total += sum(map(int, stat[11:15])) / _TICK
    return total


def _below(process: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{process}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            found += [child, *_below(child)]
    return found


def _rows(number: int, camera: int, *, seed: int) -> list[Values]:
    """Return rows such as the vault makes of reads by a camera with an id of that length."""
    chance = random.Random(seed)
    now = datetime.now(UTC)
    sealed = TAG_BYTES + len(Packer("c" * camera, received=0).pack(READ))
    bucket = int(now.timestamp()) // 60 // DAY_MINUTES * DAY_MINUTES
    owners = chance.choices(OWNERS, k=number // CALL + 1)
    return [
        (chance.randbytes(16), bucket, owners[at // CALL], chance.randbytes(16), chance.randbytes(sealed))
        for at in range(number)
    ]
