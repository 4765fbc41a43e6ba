"""The vault's own database: wrapped keys, used receipts, counted entries, holds, and what was learned.

No key stands in clear.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from gatehouse.model import BadInput, PartUnavailable
from gatehouse.vault.errors import VaultInUse

SCHEMA = 2

# INVARIANT: `wrapped` is under the shelf of the same `destroy_at`, a shelf is under the root.
_TABLES = """
CREATE TABLE vault (
  one INTEGER PRIMARY KEY CHECK (one = 1), schema INTEGER, name TEXT, root BLOB, seen INTEGER);
CREATE TABLE shelf (destroy_at INTEGER PRIMARY KEY, wrapped BLOB NOT NULL);
CREATE TABLE sealing_key (
  owner TEXT, minutes INTEGER, bucket INTEGER, destroy_at INTEGER NOT NULL, wrapped BLOB NOT NULL,
  PRIMARY KEY (owner, minutes, bucket)) WITHOUT ROWID;
CREATE INDEX sealing_key_due ON sealing_key (destroy_at);
CREATE INDEX sealing_key_of_class ON sealing_key (minutes, bucket);
CREATE TABLE token_key (
  minutes INTEGER, bucket INTEGER, destroy_at INTEGER NOT NULL, wrapped BLOB NOT NULL,
  PRIMARY KEY (minutes, bucket)) WITHOUT ROWID;
CREATE INDEX token_key_due ON token_key (destroy_at);
CREATE TABLE hold (
  id TEXT PRIMARY KEY, agency TEXT NOT NULL, owner TEXT NOT NULL, read_id BLOB NOT NULL, ground TEXT NOT NULL,
  log TEXT NOT NULL, entry INTEGER NOT NULL, destroy_at INTEGER NOT NULL, wrapped BLOB NOT NULL,
  sealed BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX hold_due ON hold (destroy_at);
CREATE TABLE spent (log TEXT, entry INTEGER, request BLOB UNIQUE, PRIMARY KEY (log, entry)) WITHOUT ROWID;
CREATE TABLE counted (
  log TEXT, entry INTEGER, day TEXT NOT NULL, agency TEXT NOT NULL, event TEXT NOT NULL,
  PRIMARY KEY (log, entry)) WITHOUT ROWID;
CREATE INDEX counted_day ON counted (day);
"""
# What a vault of schema 1 lacks. Of what it counted nobody knows any more whether reads left it: NULL.
_LEARNED = """
ALTER TABLE counted ADD COLUMN handed_out INTEGER;
CREATE TABLE camera (
  id TEXT PRIMARY KEY, owner TEXT NOT NULL, key BLOB NOT NULL, status TEXT NOT NULL, peak INTEGER NOT NULL,
  since INTEGER NOT NULL, log TEXT NOT NULL, entry INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE owner_rule (
  owner TEXT PRIMARY KEY, minutes INTEGER, log TEXT NOT NULL, entry INTEGER NOT NULL) WITHOUT ROWID;
"""


def create_database(path: Path, *, name: str, root: bytes, at: int) -> None:
    """Make the tables in a new file; `root` is the id of the root, `at` in microseconds since 1970."""
    connection = _connect(path)
    try:
        connection.execute("BEGIN IMMEDIATE")
        _run(connection, _TABLES)
        _run(connection, _LEARNED)
        connection.execute("INSERT INTO vault VALUES (1, ?, ?, ?, ?)", (SCHEMA, name, root, at))
        connection.execute("COMMIT")
    finally:
        connection.close()
    path.chmod(0o600)


class Database:
    """The open database. Its one connection is shared by all threads, a transaction at a time."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise PartUnavailable("there is no vault", where=str(path), hint="make one first")
        self._lock = threading.RLock()
        self._path = path
        with ExitStack() as opened:
            opened.enter_context(_lease(path.with_suffix(".lock")))
            self._connection = opened.enter_context(closing(_connect(path)))
            try:
                row = self._connection.execute("SELECT schema, name, root, seen FROM vault").fetchone()
            except sqlite3.DatabaseError as error:
                raise BadInput(
                    "the vault's database cannot be read", where=str(path), got=str(error)
                ) from error
            schema, self.name, self.root, self.seen = row
            if schema == 1:
                _migrate(self._connection)
            elif schema != SCHEMA:
                raise _another_version(path, schema)
            self._opened = opened.pop_all()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection; what was done is durable at the end, and undone after an error.

        A database that fails is `PartUnavailable`.
        """
        with self._lock, self._failures():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def locked(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection and keep other threads from it, for reading or for several transactions.

        A database that fails is `PartUnavailable`.
        """
        with self._lock, self._failures():
            yield self._connection

    def truncate_wal(self) -> bool:
        """Empty the write-ahead log, and return whether that could be done; another reader may prevent it."""
        with self._lock:
            busy, _, _ = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return not busy

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise PartUnavailable(
                "the vault's database does not answer",
                where=self._path.name,
                got=getattr(error, "sqlite_errorname", type(error).__name__),
                hint="see to the disk of the vault; then ask again",
            ) from error

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._opened.close()


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Yield a connection that only reads, beside the process that may have the vault open."""
    if not path.is_file():
        raise PartUnavailable("there is no vault", where=str(path), hint="make one first")
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=30)) as found:
            (schema,) = found.execute("SELECT schema FROM vault").fetchone()
            if schema != SCHEMA:
                raise _another_version(path, schema)
            yield found
    except sqlite3.DatabaseError as error:
        raise PartUnavailable(
            "the vault's database cannot be read", where=str(path), got=str(error)
        ) from error


def _migrate(connection: sqlite3.Connection) -> None:
    """Bring the tables of schema 1 up to date, all of it or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        _run(connection, _LEARNED)
        connection.execute("UPDATE vault SET schema = ?", (SCHEMA,))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _run(connection: sqlite3.Connection, statements: str) -> None:
    for statement in statements.split(";\n"):
        if statement.strip():
            connection.execute(statement)


def _another_version(path: Path, schema: object) -> BadInput:
    return BadInput(
        "the vault was made by another version",
        where=str(path),
        expected=str(SCHEMA),
        got=str(schema),
        hint="one of an earlier version is brought up to date when it is started" if schema == 1 else None,
    )


@contextmanager
def _lease(path: Path) -> Iterator[None]:
    """Hold a lock on a file beside the database: two processes would each replace the other's root."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise VaultInUse("another process has the vault open", where=str(path.parent)) from error
    try:
        yield
    finally:
        os.close(descriptor)


def _connect(path: Path) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
    except sqlite3.OperationalError as error:
        raise PartUnavailable("the vault's database cannot be opened", where=str(path)) from error
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    # Freed pages are overwritten. Defence in depth: what counts is that their root is gone.
    connection.execute("PRAGMA secure_delete = ON")
    return connection
