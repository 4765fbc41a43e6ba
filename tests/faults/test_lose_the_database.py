"""A read store that hangs, or has lost a part: searches fail on the record, and cameras keep their reads."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from gatehouse.model import SearchState
from gatehouse.model.batch import SignedBatch
from gatehouse.node.errors import Busy
from gatehouse.node.intake import IngestResult
from gatehouse.node.node import Node
from gatehouse.reads import StoreUnavailable
from gatehouse.reads.postgres import PostgresReads
from tests.faults.node_load import (
    CAMERAS,
    EACH,
    FIRST,
    KEYS,
    OFFICERS,
    Running,
    ask,
    batch_of,
    make,
    open_node,
    plate_of,
)
from tests.faults.node_outcomes import NodeOutcomes
from tests.postgres import Postgres, postgres
from tests.unit.node.running import read, signed

__all__ = ["postgres"]

CAMERA, PERSON = CAMERAS[0].id, OFFICERS[0].id
SECONDS = 2.0
UNANSWERED = "A part of the network did not answer, and an answer without it would not be whole."


@pytest.fixture
def place(folder: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, str]:
    """A node whose store gives up after two seconds, and that lets 1,000 reads wait."""
    url = postgres.new_database()
    make(folder / "node", reads=url, more="[intake]\nmost_waiting = 1000\n")
    monkeypatch.setattr(
        "gatehouse.node.node.open_reads", lambda dsn: PostgresReads(dsn, statement_seconds=SECONDS)
    )
    return folder / "node", url


@contextmanager
def hanging(url: str) -> Iterator[None]:
    """Have whatever touches the reads wait."""
    with psycopg.connect(url) as connection:
        connection.execute("LOCK TABLE reads IN ACCESS EXCLUSIVE MODE")
        yield


def large(number: int, camera: str) -> SignedBatch:
    """Return a batch of 600 reads, as many as a camera has in some minutes."""
    reads = [read("TESTABC", FIRST + timedelta(seconds=number + place / 2)) for place in range(600)]
    return signed(number, reads, key=KEYS[camera], camera=camera)


def failed(node: Node) -> None:
    """Ask, and be told that there is no answer."""
    answer = ask(node, PERSON, plate_of(CAMERA, 1))
    assert answer.failure is not None
    assert (answer.state, answer.reads) == (SearchState.FAILED, ())
    assert answer.failure.sentence == UNANSWERED


def test_database_that_hangs_fails_searches_and_has_cameras_come_again(place: tuple[Path, str]) -> None:
    path, url = place
    outcomes = NodeOutcomes()
    with open_node(path, Running(time.time())) as node:
        assert node.ingest(batch_of(CAMERA, 1)) == IngestResult(EACH, {})
        outcomes.take_line(f"taken {CAMERA} 1")
        told: list[type[Exception]] = []

        def hand_in() -> None:
            try:
                node.ingest(large(1, CAMERAS[1].id))
            except StoreUnavailable as error:
                told.append(type(error))

        with hanging(url):
            thread = threading.Thread(target=hand_in)
            thread.start()
            while not node.intake.waiting:
                time.sleep(0.01)
            for number in range(1, 10):
                # What waits is bounded: nothing of these is kept.
                with pytest.raises(Busy) as raised:
                    node.ingest(large(number, CAMERAS[2].id))
                assert raised.value.retry_after == node.config.intake.retry_after
            assert node.intake.waiting == 600
            failed(node)
            thread.join()
        assert told == [StoreUnavailable]
        assert node.intake.waiting == 0
        assert node.ingest(batch_of(CAMERA, 2)) == IngestResult(EACH, {})
        outcomes.take_line(f"taken {CAMERA} 2")
        assert outcomes.check(node) == {"failed": 1}


def test_part_of_the_store_that_is_lost_makes_no_answer_look_whole(place: tuple[Path, str]) -> None:
    path, url = place
    outcomes = NodeOutcomes()
    with open_node(path, Running(time.time())) as node:
        assert node.ingest(batch_of(CAMERA, 1)) == IngestResult(EACH, {})
        outcomes.take_line(f"taken {CAMERA} 1")
        assert len(ask(node, PERSON, plate_of(CAMERA, 1)).reads) == EACH
        with psycopg.connect(url, autocommit=True) as connection:
            for (part,) in _parts(connection):
                (bound,) = connection.execute(
                    "SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = %s", (part,)
                ).fetchone() or ("",)
                connection.execute(f"ALTER TABLE reads DETACH PARTITION {part}".encode())
                connection.execute(f"ALTER TABLE {part} RENAME TO lost".encode())
                failed(node)
                connection.execute(f"ALTER TABLE lost RENAME TO {part}".encode())
                connection.execute(f"ALTER TABLE reads ATTACH PARTITION {part} {bound}".encode())
        assert len(ask(node, PERSON, plate_of(CAMERA, 1)).reads) == EACH
        assert outcomes.check(node) == {"released": 2, "failed": 1}


def _parts(connection: psycopg.Connection) -> list[tuple[str]]:
    """Return the partition that holds reads."""
    found = connection.execute("SELECT DISTINCT tableoid::regclass::text FROM reads").fetchall()
    assert len(found) == 1
    return found
