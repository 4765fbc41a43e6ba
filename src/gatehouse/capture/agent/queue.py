"""Reads on the camera's disk until a node has them, in one SQLite file.

A read is durable when `add` returns. Reads are bound into numbered, signed batches; one batch at a time is
under way, and what it holds is fixed on the disk before it is first sent, so that whatever is cut off is sent
again byte for byte and counts once at the node. Where the queue is full the oldest are kept, and what finds
no place is counted. Nothing stays longer than the owner keeps reads.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from threading import Lock

from gatehouse.capture.agent.reads import CameraRead
from gatehouse.model import BadInput, BadUse, PartUnavailable
from gatehouse.model.batch import LARGEST_BODY, MOST_READS, SignedBatch, signed_message
from gatehouse.signing import Signer

MOST_WAITING = 500_000
SCHEMA = 1
# How long it is remembered that an event of another reader was taken.
_REMEMBERED = timedelta(days=2)
_MICROSECOND = timedelta(microseconds=1)
_EMPTY_LOG = "PRAGMA wal_checkpoint(TRUNCATE)"
_TABLES = (
    "CREATE TABLE queue (one INTEGER PRIMARY KEY CHECK (one = 1), schema INTEGER, camera TEXT, "
    "next INTEGER, overflow INTEGER, expired INTEGER)",
    "CREATE TABLE waiting (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, line BLOB NOT NULL)",
    "CREATE INDEX waiting_at ON waiting (at)",
    "CREATE TABLE batch (number INTEGER PRIMARY KEY, newest INTEGER NOT NULL, reads INTEGER NOT NULL, "
    "body BLOB NOT NULL, signature BLOB NOT NULL)",
    "CREATE TABLE event (mark BLOB PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE INDEX event_at ON event (at)",
)


class Added(StrEnum):
    """What became of a read."""

    KEPT = "kept"
    FULL = "full"  # the queue has no place; counted
    REPEAT = "repeat"  # the event was taken before


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """What is on the disk, and since the queue was made what found no place or became too old."""

    waiting: int
    sending: int
    overflow: int
    expired: int


class ReadQueue:
    """The queue of one camera. Safe to use from several threads; another process is kept out.

    `most` bounds the reads that wait. A new queue's numbers begin with the time in milliseconds, so that a
    camera whose disk was replaced does not use numbers again that the node has had.
    """

    def __init__(self, path: Path, *, camera: str, most: int = MOST_WAITING) -> None:
        self._path = path
        self._most = most
        self._camera = camera
        self._lock = Lock()
        # Deleted reads may stand in the write-ahead log; opening the queue empties it.
        self._legible = False
        self._lease = _lease(path)
        try:
            with self._failures():
                self._connection = _opened(path)
                self._check(camera)
                self._waiting = self._one("SELECT count(*) FROM waiting")
        except BaseException:
            os.close(self._lease)
            raise

    def add(self, read: CameraRead, *, mark: bytes | None = None) -> Added:
        """Keep a read; what `mark` names is kept once, whoever tells it again and whenever."""
        with self._transaction() as connection:
            at = _microseconds(read.captured_at)
            if (
                mark is not None
                and connection.execute("SELECT 1 FROM event WHERE mark = ?", (mark,)).fetchone()
            ):
                return Added.REPEAT
            if self._waiting >= self._most:
                connection.execute("UPDATE queue SET overflow = overflow + 1")
                return Added.FULL
            if mark is not None:
                connection.execute("INSERT INTO event VALUES (?, ?)", (mark, _now()))
            connection.execute("INSERT INTO waiting (at, line) VALUES (?, ?)", (at, read.line))
            self._waiting += 1
            return Added.KEPT

    def batch(self, signer: Signer, *, most: int) -> SignedBatch | None:
        """Return the batch that is under way, or bind the oldest reads into one; None where nothing waits."""
        with self._transaction() as connection:
            found = connection.execute("SELECT number, body, signature FROM batch").fetchone()
            if found is not None:
                number, body, signature = found
                return SignedBatch(self._camera, number, body, signature)
            rows = connection.execute(
                "SELECT id, at, line FROM waiting ORDER BY id LIMIT ?", (min(most, MOST_READS),)
            ).fetchall()
            if not rows:
                return None
            lines: list[bytes] = []
            size = 0
            for _, _, line in rows:
                size += len(line)
                if lines and size > LARGEST_BODY:
                    break
                lines.append(line)
            rows = rows[: len(lines)]
            number, body = self._one("SELECT next FROM queue"), b"".join(lines)
            signature = signer.sign(signed_message(self._camera, number, body))
            newest = max(at for _, at, _ in rows)
            connection.execute(
                "INSERT INTO batch VALUES (?, ?, ?, ?, ?)", (number, newest, len(rows), body, signature)
            )
            connection.execute("UPDATE queue SET next = ?", (number + 1,))
            connection.execute("DELETE FROM waiting WHERE id <= ?", (rows[-1][0],))
            self._waiting -= len(rows)
            return SignedBatch(self._camera, number, body, signature)

    def done(self, number: int) -> None:
        """Forget a batch that a node has."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM batch WHERE number = ?", (number,))
            self._legible = True
        self._forget()

    def purge(self, before: datetime) -> int:
        """Forget and count what was read before a time, whether it was sent or not; return how many."""
        least = _microseconds(before)
        with self._transaction() as connection:
            gone = connection.execute("DELETE FROM waiting WHERE at < ?", (least,)).rowcount
            self._waiting -= gone
            sent = connection.execute("SELECT sum(reads) FROM batch WHERE newest < ?", (least,)).fetchone()[0]
            connection.execute("DELETE FROM batch WHERE newest < ?", (least,))
            connection.execute("DELETE FROM event WHERE at < ?", (_now() - _REMEMBERED // _MICROSECOND,))
            expired = gone + (sent or 0)
            if expired:
                connection.execute("UPDATE queue SET expired = expired + ?", (expired,))
                self._legible = True
        self._forget()
        return int(expired)

    def counts(self) -> QueueCounts:
        """Return what is on the disk, and what was lost."""
        with self._lock, self._failures():
            overflow, expired = self._connection.execute("SELECT overflow, expired FROM queue").fetchone()
            sending = self._one("SELECT coalesce(sum(reads), 0) FROM batch")
            return QueueCounts(self._waiting, sending, overflow, expired)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()
            os.close(self._lease)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._failures():
            waiting = self._waiting
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                self._waiting = waiting
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _forget(self) -> None:
        """Empty the write-ahead log, where what was deleted would stay legible until it wraps around.

        If it cannot be emptied, the next purge tries again.
        """
        with self._lock, self._failures():
            if self._legible:
                self._connection.execute(_EMPTY_LOG)
                self._legible = False

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise PartUnavailable(
                "the camera's queue cannot be used",
                where=str(self._path),
                got=getattr(error, "sqlite_errorname", type(error).__name__),
                hint="see to the disk; what is in the queue is kept",
            ) from error

    def _one(self, statement: str) -> int:
        found: int = self._connection.execute(statement).fetchone()[0]
        return found

    def _check(self, camera: str) -> None:
        schema, known = self._connection.execute("SELECT schema, camera FROM queue").fetchone() or (0, None)
        if known is None:
            begin = time.time_ns() // 1_000_000
            values = (SCHEMA, camera, begin)
            self._connection.execute("INSERT INTO queue VALUES (1, ?, ?, ?, 0, 0)", values)
        elif schema != SCHEMA:
            raise BadInput("the queue has another version", where=str(self._path), expected=str(SCHEMA))
        elif known != camera:
            raise BadUse("the queue is of another camera", where=str(self._path), expected=known, got=camera)


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
    try:
        path.chmod(0o600)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
            connection.execute(f"PRAGMA {pragma}")
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'queue'").fetchone() is None:
            connection.execute("BEGIN IMMEDIATE")
            for statement in _TABLES:
                connection.execute(statement)
            connection.execute("COMMIT")
        # A process that was killed may have left there what it had deleted.
        connection.execute(_EMPTY_LOG)
    except BaseException:
        connection.close()
        raise
    return connection


def _lease(path: Path) -> int:
    """Return an open file that keeps another process from the queue."""
    try:
        lease = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise BadUse(
            "the camera's folder cannot be written", where=str(path.parent), got=error.strerror or "an error"
        ) from error
    try:
        fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lease)
        raise BadUse(
            "another process uses this camera's queue", where=str(path), hint="end it, or name another folder"
        ) from None
    return lease


def _microseconds(at: datetime) -> int:
    return int(at.timestamp()) * 1_000_000 + at.microsecond


def _now() -> int:
    return time.time_ns() // 1_000
