"""A store of which a part fails gives no answer rather than half of one, and loses nothing acknowledged."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors

from gatehouse.model import PartUnavailable
from gatehouse.reads import (
    LookupIncomplete,
    ReadStore,
    SealedRead,
    StoreUnavailable,
    init_reads,
    open_reads,
    sqlite,
)
from gatehouse.reads.postgres import PostgresReads, _store
from gatehouse.reads.rows import DAY_MINUTES
from gatehouse.reads.sqlite import SqliteReads
from tests.postgres import Postgres
from tests.unit.reads.examples import BUCKET, asked, batch, sealed

ONE, TWO = sealed("one"), sealed("two", bucket=BUCKET + DAY_MINUTES, read="r2")
KILL = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'gatehouse reads' AND "
)


def by_hand(url: str, *statements: str) -> None:
    """Do with the database what no store does."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()
    else:
        with psycopg.connect(url, autocommit=True) as server:
            for statement in statements:
                server.execute(statement.encode())


def wait_until_blocked(dsn: str) -> None:
    """Return when the store waits for a lock that the test holds."""
    waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with psycopg.connect(dsn, autocommit=True) as server:
        for _ in range(600):
            if server.execute(waiting.encode()).rowcount:
                return
            time.sleep(0.05)
    raise AssertionError("the store waits for nothing")


def test_day_that_is_gone_is_no_day_without_reads(store: ReadStore, url: str) -> None:
    store.add([batch(1, ONE, TWO)])
    by_hand(url, "DROP TABLE reads_20261124")
    for lookups in (asked(ONE, TWO), asked(TWO)):
        with pytest.raises(LookupIncomplete):
            store.lookup(lookups, owners=["alder-pd"])
    assert store.lookup(asked(ONE), owners=["alder-pd"]) == [ONE]


def test_closed_store_answers_nothing(store: ReadStore) -> None:
    store.close()
    with pytest.raises(LookupIncomplete, match="closed"):
        store.lookup(asked(ONE), owners=["alder-pd"])
    with pytest.raises(StoreUnavailable, match="closed"):
        store.add([batch(1, ONE)])


def test_failure_quotes_no_row_and_no_password(postgres: Postgres) -> None:
    address = f"postgresql://postgres:hunter2@/absent?host={postgres.folder}"
    with pytest.raises(PartUnavailable) as told:
        open_reads(address)
    assert "hunter2" not in f"{told.value}{told.value.__cause__}"
    assert told.value.where == f"database absent at {postgres.folder}"


class TestPostgresql:
    @pytest.fixture
    def dsn(self, postgres: Postgres) -> str:
        found = postgres.new_database()
        init_reads(found)
        return found

    @pytest.fixture
    def served(self, dsn: str) -> Iterator[PostgresReads]:
        found = PostgresReads(dsn, connections=4)
        yield found
        found.close()

    def kill(self, dsn: str) -> None:
        with psycopg.connect(dsn, autocommit=True) as server:
            server.execute(f"{KILL} datname = current_database()".encode())

    def test_partition_that_was_detached_is_missed(self, served: PostgresReads, dsn: str) -> None:
        served.add([batch(1, ONE)])
        by_hand(dsn, "ALTER TABLE reads DETACH PARTITION reads_20261123")
        with pytest.raises(LookupIncomplete, match="is missing"):
            served.lookup(asked(ONE), owners=["alder-pd"])

    def test_connections_killed_while_idle_are_made_anew(self, served: PostgresReads, dsn: str) -> None:
        served.add([batch(1, ONE)])
        self.kill(dsn)
        assert served.lookup(asked(ONE), owners=["alder-pd"]) == [ONE]

    def test_connection_killed_between_two_days_gives_no_answer(
        self, served: PostgresReads, dsn: str
    ) -> None:
        served.add([batch(1, ONE, TWO)])
        # The first day has been answered when the second waits for a lock, until its connection is killed.
        with psycopg.connect(dsn) as holder, ThreadPoolExecutor(1) as pool:
            holder.execute("LOCK TABLE reads_20261124 IN ACCESS EXCLUSIVE MODE")
            found = pool.submit(served.lookup, asked(ONE, TWO), owners=["alder-pd"])
            wait_until_blocked(dsn)
            self.kill(dsn)
            with pytest.raises(LookupIncomplete, match="does not answer"):
                found.result(timeout=30)
        assert served.lookup(asked(ONE, TWO), owners=["alder-pd"]) == [ONE, TWO]

    def test_lookup_that_takes_too_long_gives_no_answer(self, dsn: str) -> None:
        hasty = PostgresReads(dsn, statement_seconds=0.3)
        hasty.add([batch(1, ONE, TWO)])
        with psycopg.connect(dsn) as holder:
            holder.execute("LOCK TABLE reads_20261124 IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(LookupIncomplete, match="not in time"):
                hasty.lookup(asked(ONE, TWO), owners=["alder-pd"])
        hasty.close()

    def test_server_that_is_away_is_told_of(self, served: PostgresReads, dsn: str) -> None:
        served.add([batch(1, ONE)])
        served._dsn = dsn.replace("host=", "host=/nowhere")
        self.kill(dsn)
        with pytest.raises(LookupIncomplete, match="does not answer"):
            served.lookup(asked(ONE), owners=["alder-pd"])
        with pytest.raises(StoreUnavailable, match="does not answer"):
            served.add([batch(2, TWO)])

    def test_batch_whose_commit_was_not_answered_is_stored_once(
        self, served: PostgresReads, dsn: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = _store

        def lost(connection: psycopg.Connection, batches: Any) -> list[bool]:
            store(connection, batches)
            # The commit is on the server's disk; its answer does not come.
            raise errors.AdminShutdown("the connection is gone")

        with monkeypatch.context() as patch:
            patch.setattr("gatehouse.reads.postgres._store", lost)
            with pytest.raises(StoreUnavailable):
                served.add([batch(1, ONE)])
        assert served.add([batch(1, ONE)]) == [False]
        assert served.lookup(asked(ONE), owners=["alder-pd"]) == [ONE]

    def test_batch_killed_before_its_commit_is_not_stored_and_can_be_sent_again(
        self, served: PostgresReads, dsn: str
    ) -> None:
        with psycopg.connect(dsn) as holder, ThreadPoolExecutor(1) as pool:
            served.add([batch(1)])
            holder.execute("SELECT FROM camera_batches FOR UPDATE")
            found = pool.submit(served.add, [batch(2, ONE)])
            wait_until_blocked(dsn)
            self.kill(dsn)
            with pytest.raises(StoreUnavailable, match="does not answer"):
                found.result(timeout=30)
        assert served.last_batch("alder-1") == 1
        assert served.add([batch(2, ONE)]) == [True]

    def test_day_dropped_by_another_process_is_made_again(self, served: PostgresReads, dsn: str) -> None:
        served.add([batch(1, ONE)])
        other = PostgresReads(dsn)
        assert other.drop_days(BUCKET + DAY_MINUTES) >= 1
        other.close()
        assert served.add([batch(2, ONE)]) == [True]
        assert served.lookup(asked(ONE), owners=["alder-pd"]) == [ONE]

    def test_two_processes_that_make_one_day_agree(self, dsn: str) -> None:
        stores = [PostgresReads(dsn) for _ in range(4)]
        with ThreadPoolExecutor(len(stores)) as pool:
            added = pool.map(
                lambda at: stores[at].add([batch(1, sealed("one", read=f"r{at}"), camera=f"c{at}")]), range(4)
            )
            assert list(added) == [[True]] * 4
        assert len(stores[0].lookup(asked(ONE), owners=["alder-pd"])) == 4
        for each in stores:
            each.close()

    def test_commit_is_synchronous_even_where_the_database_says_otherwise(self, dsn: str) -> None:
        by_hand(dsn, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', "
                "current_database()); END $$")  # fmt: skip
        store = PostgresReads(dsn)
        with store._connection(StoreUnavailable) as connection:
            assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)
        store.close()

    def test_more_callers_than_connections_wait_their_turn(self, dsn: str) -> None:
        store = PostgresReads(dsn, connections=2)
        with ThreadPoolExecutor(12) as pool:
            added = pool.map(lambda at: store.add([batch(1, camera=f"c{at}")]), range(12))
            assert list(added) == [[True]] * 12
        store.close()


class TestSqlite:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        found = tmp_path / "reads.sqlite"
        SqliteReads.create(found)
        return found

    @contextmanager
    def held(self, path: Path) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.close()

    def test_another_process_that_writes_is_waited_for(self, path: Path) -> None:
        store = SqliteReads(path)
        with ThreadPoolExecutor(1) as pool:
            with self.held(path):
                found = pool.submit(store.add, [batch(1, ONE)])
                assert store.lookup(asked(ONE), owners=["alder-pd"]) == []
                assert not found.done()
            assert found.result(timeout=30) == [True]
        store.close()

    def test_another_process_that_never_ends_is_told_of(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.1)
        store = SqliteReads(path)
        with self.held(path):
            with pytest.raises(StoreUnavailable, match="another process holds the read store") as told:
                store.add([batch(1, ONE)])
            assert "locked" not in str(told.value)
        assert store.add([batch(1, ONE)]) == [True]
        store.close()

    def test_more_lookups_than_connections_are_told_of(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for setting, value in {"READERS": 1, "MORE_READERS": 0, "BUSY_SECONDS": 0.1}.items():
            monkeypatch.setattr(sqlite, setting, value)
        store = SqliteReads(path)
        with store._reading(LookupIncomplete), pytest.raises(LookupIncomplete, match="too many lookups"):
            store.lookup(asked(ONE), owners=["alder-pd"])
        assert store.lookup(asked(ONE), owners=["alder-pd"]) == []
        store.close()

    def test_deleted_rows_leave_neither_the_file_nor_its_journal(self, path: Path) -> None:
        store = SqliteReads(path)
        old = [
            SealedRead(number.to_bytes(16), BUCKET, "alder-pd", number.to_bytes(16), b"a secret" * 20)
            for number in range(500)
        ]
        day = [
            SealedRead(row.token, BUCKET - DAY_MINUTES, "birch-pd", row.read_id, row.sealed) for row in old
        ]
        store.add([batch(1, *old, *day)])
        assert self.seen(path, b"a secret")
        assert store.expire(owner="alder-pd", before=BUCKET + 1) == 500
        assert store.drop_days(BUCKET) == 1
        assert not self.seen(path, b"a secret")
        store.close()

    def seen(self, path: Path, text: bytes) -> bool:
        return any(text in each.read_bytes() for each in path.parent.iterdir())

    def test_damaged_file_gives_no_answer(self, path: Path) -> None:
        store = SqliteReads(path)
        rows = [sealed(f"{number}", read=f"r{number}") for number in range(2000)]
        store.add([batch(1, *rows)])
        store.close()
        data = path.read_bytes()
        path.write_bytes(
            data[: len(data) // 3] + b"\xa5" * (len(data) // 2) + data[len(data) // 3 + len(data) // 2 :]
        )
        store = SqliteReads(path)
        with pytest.raises(LookupIncomplete, match="damaged"):
            store.lookup(asked(*rows), owners=["alder-pd"])
        store.close()

    def test_full_disk_stores_nothing_and_loses_nothing(self, path: Path) -> None:
        store = SqliteReads(path)
        store.add([batch(1, ONE)])
        (pages,) = store._writer.execute("PRAGMA page_count").fetchone()
        store._writer.execute(f"PRAGMA max_page_count = {pages + 2}")
        crowd = [sealed(f"x{number}", read=f"x{number}") for number in range(1000)]
        with pytest.raises(StoreUnavailable, match="got SQLITE_FULL"):
            store.add([batch(2, *crowd)])
        assert store.last_batch("alder-1") == 1
        assert store.lookup(asked(ONE, *crowd), owners=["alder-pd"]) == [ONE]
        store._writer.execute("PRAGMA max_page_count = 1000000")
        assert store.add([batch(2, *crowd)]) == [True]
        store.close()

    def test_sweep_and_batches_take_turns(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sqlite, "SWEEP_ROWS", 10)
        store = SqliteReads(path)
        store.add([batch(1, *(sealed(f"x{number}", read=f"x{number}") for number in range(300)))])
        started = threading.Barrier(2)

        def sweep() -> int:
            started.wait()
            return store.expire(owner="alder-pd", before=BUCKET + 1)

        with ThreadPoolExecutor(1) as pool:
            swept = pool.submit(sweep)
            started.wait()
            for number in range(2, 12):
                later = sealed(f"y{number}", bucket=BUCKET + 1, read=f"y{number}")
                assert store.add([batch(number, later)]) == [True]
            assert swept.result(timeout=30) == 300
        store.close()
