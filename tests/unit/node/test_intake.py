"""Reads coming in: durable before they are acknowledged, bounded while they wait, none lost at the end."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from gatehouse.model import BadInput, Camera, PartUnavailable, Read
from gatehouse.model.batch import SignedBatch
from gatehouse.node.errors import Busy
from gatehouse.node.intake import IngestResult, Intake
from gatehouse.reads.errors import StoreUnavailable
from gatehouse.reads.rows import Lookup, ReadBatch, SealedRead
from gatehouse.reads.sqlite import SqliteReads
from gatehouse.vault.batch import ReadRefusal
from gatehouse.vault.protocol import SealedBatch
from tests.unit.node.founded import ALDER, START, camera

BUCKET = 29_700_000 - 29_700_000 % 1440


class Cameras:
    def camera(self, camera_id: str) -> Camera:
        if not camera_id.startswith("cam"):
            raise BadInput("there is no such camera")
        found = camera(ALDER)
        return Camera(camera_id, found.agency, "A camera", 41.0, -88.0, None, found.key)


class FakeVault:
    """Makes a row of every line of a batch; a line `-` is refused."""

    def seal(self, batch: SignedBatch, *, received_at: datetime) -> SealedBatch:
        camera = batch.camera
        lines = batch.body.split()
        rows = [
            SealedRead(_bytes(line), BUCKET, ALDER.id, _bytes(line + camera.encode()), b"s")
            for line in lines
            if line != b"-"
        ]
        refused = Counter({ReadRefusal.NO_PLATE: len(lines) - len(rows)})
        reads = [Read(camera, received_at, "TEST1", "TEST1") for _ in rows]
        return SealedBatch(rows, +refused, reads)

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"nobody asks the vault for {name} at intake")


class Store:
    """A store that can be held up or broken, and remembers each call."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.open.set()
        self.calls: list[list[tuple[str, int]]] = []
        self.had: dict[str, int] = {}
        self.error: Exception | None = None

    def add(self, batches: Sequence[ReadBatch]) -> list[bool]:
        self.open.wait(20)
        if self.error is not None:
            raise self.error
        self.calls.append([(each.camera, each.number) for each in batches])
        new = []
        for each in batches:
            new.append(each.number > self.had.get(each.camera, 0))
            self.had[each.camera] = max(each.number, self.had.get(each.camera, 0))
        return new

    def last_batch(self, camera: str) -> int:
        return self.had.get(camera, 0)

    def lookup(self, lookups: Sequence[Lookup], *, owners: Collection[str]) -> list[SealedRead]:
        raise AssertionError

    def expire(self, *, owner: str, before: int) -> int:
        raise AssertionError

    def expire_owners(self, befores: Mapping[str, int]) -> int:
        raise AssertionError

    def drop_days(self, before: int) -> int:
        raise AssertionError

    def close(self) -> None: ...


def _bytes(text: bytes) -> bytes:
    return text.ljust(16, b".")[:16]


def batch(number: int, body: bytes = b"a\nb\n", camera: str = "cam1") -> SignedBatch:
    return SignedBatch(camera, number, body, b"")


@contextmanager
def intake(store: Any, *, most: int = 1_000, told: list[str] | None = None) -> Iterator[Intake]:
    made = Intake(
        vault=FakeVault(),
        reads=store,
        cameras=Cameras(),
        clock=lambda: START,
        on_reads=lambda reads, camera, at: told.append(camera.id) if told is not None else None,
        most_waiting=most,
        rows=100,
        retry_after=7,
    )
    try:
        yield made
    finally:
        store.open.set() if isinstance(store, Store) else None
        made.close()


def held(made: Intake, store: Store, pool: ThreadPoolExecutor, count: int) -> list[Any]:
    """Hold the store up, and hand batches of as many cameras in, which wait."""
    store.open.clear()
    waiting = [pool.submit(made.ingest, batch(1, camera=f"cam{number}")) for number in range(count)]
    while made.waiting < 2 * count:
        threading.Event().wait(0.001)
    return waiting


def test_ingest_returns_what_was_taken_and_refused_and_tells_who_matches() -> None:
    told: list[str] = []
    with intake(Store(), told=told) as made:
        assert made.ingest(batch(1, b"a\n-\nb\n")) == IngestResult(2, {ReadRefusal.NO_PLATE: 1})
        assert made.ingest(batch(1, b"a\n-\nb\n")) == IngestResult(0, {}, duplicate=True)
        assert made.ingest(batch(1, camera="other")) == IngestResult(0, {ReadRefusal.CAMERA_UNKNOWN: 2})
    assert told == ["cam1"]


def test_batch_that_is_sent_again_after_a_crash_before_its_answer_is_told_of_once() -> None:
    store, told = Store(), list[str]()
    with intake(store) as before:
        before.ingest(batch(1))
        before.ingest(batch(2))
    with intake(store, told=told) as after:
        assert after.ingest(batch(1)) == IngestResult(0, {}, duplicate=True)
        assert told == []
        assert [after.ingest(batch(2)).duplicate for _ in range(2)] == [True, True]
        assert told == ["cam1"]


def test_batch_whose_telling_failed_is_told_of_again_when_it_is_sent_again() -> None:
    store, told = Store(), list[str]()
    with intake(store, told=told) as made:
        said = made._on_reads

        def fail(*_: object) -> None:
            raise MemoryError

        made._on_reads = fail
        with pytest.raises(MemoryError):
            made.ingest(batch(1))
        made._on_reads = said
        assert made.ingest(batch(1)) == IngestResult(0, {}, duplicate=True)
    assert told == ["cam1"]


def test_ingest_beyond_what_may_wait_is_busy_and_nothing_of_it_is_taken() -> None:
    store = Store()
    with ThreadPoolExecutor(8) as pool, intake(store, most=6) as made:
        waiting = held(made, store, pool, 3)
        with pytest.raises(Busy) as refused:
            made.ingest(batch(1, camera="cam9"))
        assert refused.value.retry_after == 7
        store.open.set()
        assert [each.result(20).accepted for each in waiting] == [2, 2, 2]
        assert made.ingest(batch(1, camera="cam9")) == IngestResult(2, {})
    assert store.had == {"cam0": 1, "cam1": 1, "cam2": 1, "cam9": 1}


def test_ingest_of_a_batch_larger_than_all_that_may_wait_passes_alone() -> None:
    with intake(Store(), most=3) as made:
        assert made.ingest(batch(1, b"a\nb\nc\nd\ne\n")).accepted == 5


def test_ingest_of_many_cameras_shares_transactions() -> None:
    store = Store()
    with ThreadPoolExecutor(16) as pool, intake(store) as made:
        waiting = held(made, store, pool, 16)
        store.open.set()
        assert all(each.result(20).accepted == 2 for each in waiting)
    assert len(store.calls) <= 3
    assert sorted(each for call in store.calls for each in call) == sorted((f"cam{n}", 1) for n in range(16))


def test_batches_of_one_camera_are_under_way_one_at_a_time() -> None:
    store = Store()
    with ThreadPoolExecutor(8) as pool, intake(store) as made:
        store.open.clear()
        first = pool.submit(made.ingest, batch(1))
        while not made.waiting:
            threading.Event().wait(0.001)
        others = [pool.submit(made.ingest, batch(2)) for _ in range(3)]
        while made.waiting < 8:
            threading.Event().wait(0.001)
        store.open.set()
        assert first.result(20) == IngestResult(2, {})
        assert sorted(each.result(20).duplicate for each in others) == [False, True, True]
    assert store.calls == [[("cam1", number)] for number in (1, 2, 2, 2)]


def test_store_that_fails_is_told_to_each_who_waits_and_the_batch_can_come_again() -> None:
    store = Store()
    store.error = StoreUnavailable("the store is full", hint="make room")
    told: list[str] = []
    with ThreadPoolExecutor(4) as pool, intake(store, told=told) as made:
        failed = [pool.submit(made.ingest, batch(1, camera=f"cam{number}")) for number in range(4)]
        errors = [each.exception(20) for each in failed]
        assert [type(error) for error in errors] == [StoreUnavailable] * 4
        assert len({id(error) for error in errors}) == 4
        assert told == []
        store.error = None
        assert made.ingest(batch(1, camera="cam0")) == IngestResult(2, {})
        assert made.waiting == 0


def test_store_that_fails_otherwise_is_told_without_what_it_said() -> None:
    store = Store()
    store.error = RuntimeError("row of plate QX1")
    with intake(store) as made, pytest.raises(PartUnavailable, match="the read store failed") as refused:
        made.ingest(batch(1))
    assert "QX1" not in str(refused.value)


def test_close_stores_what_waits_and_refuses_what_comes_later() -> None:
    store = Store()
    with ThreadPoolExecutor(8) as pool, intake(store) as made:
        waiting = held(made, store, pool, 4)
        closing = pool.submit(made.close)
        while made.healthy:
            threading.Event().wait(0.001)
        with pytest.raises(PartUnavailable, match="the node is closing"):
            made.ingest(batch(1, camera="cam9"))
        store.open.set()
        closing.result(20)
        assert [each.result(20).accepted for each in waiting] == [2] * 4
    assert sorted(store.had) == ["cam0", "cam1", "cam2", "cam3"]


def test_what_was_acknowledged_is_found_in_the_store_by_who_opens_it_next(tmp_path: Path) -> None:
    path = tmp_path / "reads.sqlite"
    SqliteReads.create(path)
    store = SqliteReads(path)
    with ThreadPoolExecutor(8) as pool, intake(store) as made:
        done = list(
            pool.map(
                lambda at: made.ingest(batch(1 + at // 8, b"p%d\n" % at, camera=f"cam{at % 8}")), range(64)
            )
        )
    store.close()
    again = SqliteReads(path)
    try:
        lookups = [Lookup(BUCKET, _bytes(b"p%d" % at)) for at in range(64)]
        found = again.lookup(lookups, owners=["alder-pd"])
    finally:
        again.close()
    assert len(found) == sum(each.accepted for each in done)
