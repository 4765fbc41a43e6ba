"""The read store of an embedded node: one SQLite file, a table a day.

Under random tokens one B-tree becomes slower with every row; a table a day bounds that, and a day is dropped
whole. A commit is on the disk when `add` returns (WAL, synchronous FULL), and what is deleted is overwritten
(`secure_delete`), after which the write-ahead log is emptied.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.pool import QueuePool

from gatehouse.model import PartUnavailable
from gatehouse.reads import schema
from gatehouse.reads.errors import LookupIncomplete, StoreRefused, StoreUnavailable
from gatehouse.reads.rows import DAY_MINUTES, Lookup, ReadBatch, SealedRead, day_of
from gatehouse.reads.store import (
    Values,
    by_day,
    by_minute,
    check_batches,
    check_lookups,
    check_minute,
    check_name,
    take_in,
)

APPLICATION_ID = int.from_bytes(b"GHrd")
BUSY_SECONDS = 30.0
READERS = 8
# Lookups beyond that many at once wait for a connection.
MORE_READERS = 24
# Pages of 4,096 bytes: an index of random tokens touches many pages a batch, and each is copied once a
# checkpoint however often it was written.
CHECKPOINT_PAGES = 16_384
WRITER_CACHE_KIB, READER_CACHE_KIB = 65_536, 8_192
# Rows that one transaction of a sweep looks at: batches wait for no longer than that.
SWEEP_ROWS = 50_000

_COLUMNS = ", ".join(schema.COLUMNS)


class SqliteReads:
    """A `ReadStore` in a file. One thread writes at a time; lookups run beside it, each on one state."""

    def __init__(self, path: Path) -> None:
        self._path = path
        if not path.is_file():
            raise PartUnavailable(
                "there is no read store", where=path.name, hint="make one with `gatehouse node init`"
            )
        self._closed = False
        self._lock = threading.Lock()
        with self._failures(StoreUnavailable):
            self._writer = _connect(path, cache_kib=WRITER_CACHE_KIB)
            try:
                self._check()
            except BaseException:
                self._writer.close()
                raise
        self._readers = QueuePool(
            self._reader,
            pool_size=READERS,
            max_overflow=MORE_READERS,
            timeout=BUSY_SECONDS,
        )

    @classmethod
    def create(cls, path: Path) -> None:
        """Make the file of a new store, readable by its owner alone; leave one that is there as it is."""
        if path.exists():
            cls(path).close()
            return
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        with closing(_connect(path, cache_kib=READER_CACHE_KIB)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            for statement in schema.sqlite_statements():
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {schema.VERSION}")
            connection.execute("COMMIT")

    def add(self, batches: Sequence[ReadBatch]) -> list[bool]:
        """Store batches in one transaction; see `ReadStore.add`."""
        check_batches(batches)
        with self._writing() as connection:
            cameras = sorted({batch.camera for batch in batches})
            had = {camera: _last_batch(connection, camera) for camera in cameras}
            intake = take_in(batches, had)
            if not intake.numbers:
                return intake.new
            days: dict[int, list[Values]] = {}
            for row in intake.rows:
                days.setdefault(day_of(row[1]), []).append(row)
            there = _days(connection)
            for day, rows in days.items():
                if day not in there:
                    connection.execute(schema.sqlite_day(day))
                    connection.execute("INSERT INTO read_days VALUES (?)", (day,))
                connection.executemany(
                    f"INSERT INTO {schema.day_table(day)} ({_COLUMNS}) VALUES (?, ?, ?, ?, ?)",  # noqa: S608
                    rows,
                )
            connection.executemany(
                "INSERT INTO camera_batches VALUES (?, ?) "
                "ON CONFLICT (camera) DO UPDATE SET number = excluded.number",
                intake.numbers.items(),
            )
        return intake.new

    def last_batch(self, camera: str) -> int:
        """Return the number of the newest batch of a camera, 0 before any."""
        check_name(camera, "a camera")
        with self._reading(StoreUnavailable) as connection:
            return _last_batch(connection, camera)

    def lookup(self, lookups: Sequence[Lookup], *, owners: Collection[str]) -> list[SealedRead]:
        """Return the rows of these tokens in these buckets that belong to these owners; see `ReadStore`."""
        check_lookups(lookups, owners)
        permitted, found = frozenset(owners), []
        with self._reading(LookupIncomplete) as connection:
            there = _days(connection)
            for day, wanted in sorted(by_day(lookups).items()):
                if day not in there:
                    continue
                statement = f"SELECT {_COLUMNS} FROM {schema.day_table(day)} WHERE token = ? AND bucket = ?"  # noqa: S608
                for each in sorted(wanted):
                    for row in connection.execute(statement, each):
                        if row[2] in permitted:
                            found.append(SealedRead(*row))
        return sorted(found, key=lambda row: (row.bucket, row.token, row.read_id))

    def expire(self, *, owner: str, before: int) -> int:
        """Delete an owner's rows of buckets that begin before a minute; return how many."""
        return self.expire_owners({owner: before})

    def expire_owners(self, befores: Mapping[str, int]) -> int:
        """Delete many owners' rows of buckets that begin before a minute; return how many."""
        for owner, before in befores.items():
            check_name(owner, "an owner")
            check_minute(before)
        with self._reading(StoreUnavailable) as connection:
            days = sorted(_days(connection))
            since = dict(connection.execute("SELECT owner_id, minute FROM owner_expiry"))
        deleted = sum(
            self._sweep(day, minute, owners)
            for day in days
            for minute, owners in by_minute(befores, since, day).items()
        )
        with self._writing() as connection:
            connection.executemany(
                "INSERT INTO owner_expiry VALUES (?, ?) "
                "ON CONFLICT (owner_id) DO UPDATE SET minute = max(minute, excluded.minute)",
                befores.items(),
            )
        if deleted:
            self._empty_journal()
        return deleted

    def drop_days(self, before: int) -> int:
        """Drop the days that end at or before a minute; return how many."""
        check_minute(before)
        with self._reading(StoreUnavailable) as connection:
            days = [day for day in sorted(_days(connection)) if (day + 1) * DAY_MINUTES <= before]
        for day in days:
            with self._writing() as connection:
                connection.execute(f"DROP TABLE IF EXISTS {schema.day_table(day)}")
                connection.execute("DELETE FROM read_days WHERE day = ?", (day,))
        if days:
            self._empty_journal()
        return len(days)

    def close(self) -> None:
        """Let go of the file; the write-ahead log goes into the database."""
        with self._lock:
            self._closed = True
            self._readers.dispose()
            self._writer.close()

    def _reader(self) -> Any:
        return _connect(self._path, cache_kib=READER_CACHE_KIB, only_reads=True)

    def _sweep(self, day: int, minute: int, owners: Sequence[str]) -> int:
        table, deleted, at = schema.day_table(day), 0, 0
        listed = json.dumps(owners)
        while True:
            with self._writing() as connection:
                if day not in _days(connection):
                    return deleted
                (last,) = connection.execute(f"SELECT max(rowid) FROM {table}").fetchone()  # noqa: S608
                if last is None or at >= last:
                    return deleted
                deleted += connection.execute(
                    f"DELETE FROM {table} WHERE rowid > ? AND rowid <= ? AND bucket < ? "  # noqa: S608
                    "AND owner_id IN (SELECT value FROM json_each(?))",
                    (at, at + SWEEP_ROWS, minute, listed),
                ).rowcount
            at += SWEEP_ROWS

    def _empty_journal(self) -> None:
        # A lookup that still reads from it makes this wait; if it outlasts that, the next sweep does it.
        with self._failures(StoreUnavailable), self._lock:
            self._open()
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _check(self) -> None:
        found = tuple(
            self._writer.execute(f"PRAGMA {each}").fetchone()[0]
            for each in ("application_id", "user_version")
        )
        if found != (APPLICATION_ID, schema.VERSION):
            raise StoreRefused(
                "the file is no read store of this version",
                where=self._path.name,
                expected=schema.version_mark(),
                got="another file" if found[0] != APPLICATION_ID else f"gatehouse-reads/{found[1]}",
            )

    def _open(self) -> None:
        if self._closed:
            raise StoreUnavailable("the read store is closed", where=self._path.name)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._failures(StoreUnavailable), self._lock:
            self._open()
            # At once, not with the first write: SQLite does not wait for whoever reads first and then writes.
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise

    @contextmanager
    def _reading(self, failure: type[PartUnavailable]) -> Iterator[sqlite3.Connection]:
        with self._failures(failure):
            if self._closed:
                raise failure("the read store is closed", where=self._path.name)
            pooled = self._readers.connect()
            try:
                connection = pooled.driver_connection
                assert isinstance(connection, sqlite3.Connection)
                connection.execute("BEGIN")
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                pooled.invalidate()
                raise
            finally:
                pooled.close()

    @contextmanager
    def _failures(self, failure: type[PartUnavailable]) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError as error:
            raise StoreRefused(
                "a row is stored already", where=self._path.name, got=error.sqlite_errorname
            ) from error
        except NoConnectionFree as error:
            raise failure(
                "too many lookups at once", where=self._path.name, hint="try again later"
            ) from error
        except (sqlite3.Error, OSError) as error:
            name = getattr(error, "sqlite_errorname", None) or type(error).__name__
            raise failure(_told(name), where=self._path.name, got=name, hint=_next_step(name)) from error


def _told(name: str) -> str:
    if name.startswith("SQLITE_BUSY"):
        return "another process holds the read store"
    if name in ("SQLITE_CORRUPT", "SQLITE_NOTADB"):
        return "the read store's file is damaged"
    return "the read store failed"


def _next_step(name: str) -> str:
    if name.startswith("SQLITE_BUSY"):
        return "end what else has the file open, then try again"
    if name in ("SQLITE_CORRUPT", "SQLITE_NOTADB"):
        return "take the file from a backup"
    return "see to the disk and the file, then try again"


def _connect(path: Path, *, cache_kib: int, only_reads: bool = False) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, isolation_level=None, timeout=BUSY_SECONDS, check_same_thread=False, cached_statements=256
    )
    try:
        pragmas = [
            f"cache_size = -{cache_kib}",
            "trusted_schema = OFF",
            *(
                ["query_only = ON"]
                if only_reads
                else [
                    "journal_mode = WAL",
                    "synchronous = FULL",
                    "fullfsync = ON",
                    "checkpoint_fullfsync = ON",
                    "secure_delete = ON",
                    f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
                ]
            ),
        ]
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


def _days(connection: sqlite3.Connection) -> set[int]:
    return {day for (day,) in connection.execute("SELECT day FROM read_days")}


def _last_batch(connection: sqlite3.Connection, camera: str) -> int:
    row = connection.execute("SELECT number FROM camera_batches WHERE camera = ?", (camera,)).fetchone()
    return 0 if row is None else int(row[0])
