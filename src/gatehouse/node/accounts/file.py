"""The file of accounts in SQLite: what a person signs in with, and the sessions that came of it.

It holds no secret that a thief of the file could use: passwords as Argon2id hashes, tokens and recovery codes
as hashes of 128 random bits or more, second-factor secrets sealed with a key that lies outside (`sealing`).
Names, roles and whether somebody still serves are the registry's and are asked there each time.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from threading import RLock
from typing import Final

from gatehouse.model import BadInput, PartUnavailable

Clock = Callable[[], datetime]

VERSION: Final = 2
_BUSY_SECONDS: Final = 5.0
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

_SCHEMA: Final = """
CREATE TABLE account (
    officer TEXT PRIMARY KEY,
    login TEXT UNIQUE,
    password TEXT,
    totp BLOB,
    totp_step INTEGER NOT NULL DEFAULT 0,
    handle BLOB NOT NULL UNIQUE,
    ended_at INTEGER
) STRICT;
CREATE TABLE passkey (
    credential BLOB PRIMARY KEY,
    officer TEXT NOT NULL REFERENCES account(officer),
    public_key BLOB NOT NULL,
    sign_count INTEGER NOT NULL,
    label TEXT NOT NULL,
    added_at INTEGER NOT NULL
) STRICT;
CREATE TABLE recovery_code (
    hash BLOB PRIMARY KEY,
    officer TEXT NOT NULL REFERENCES account(officer)
) STRICT;
CREATE TABLE invitation (
    hash BLOB PRIMARY KEY,
    officer TEXT NOT NULL UNIQUE REFERENCES account(officer),
    expires_at INTEGER NOT NULL,
    totp BLOB
) STRICT;
CREATE TABLE recovery (
    id TEXT PRIMARY KEY,
    officer TEXT NOT NULL UNIQUE REFERENCES account(officer),
    asked_by TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE TABLE subject (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    officer TEXT NOT NULL REFERENCES account(officer),
    PRIMARY KEY (issuer, subject)
) STRICT;
CREATE TABLE spent (
    hash BLOB PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE TABLE session (
    hash BLOB PRIMARY KEY,
    officer TEXT NOT NULL REFERENCES account(officer),
    method TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL
) STRICT;
CREATE INDEX session_officer ON session (officer);
CREATE TABLE attempt (
    key BLOB PRIMARY KEY,
    empty_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL
) STRICT;
"""
_SINCE_2: Final = """
CREATE TABLE countersigning (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    agency TEXT NOT NULL,
    asked BLOB NOT NULL,
    asked_by TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT
"""


class AccountsFile:
    """The open file; one connection that threads share in turn."""

    def __init__(self, path: Path, *, clock: Clock) -> None:
        self.clock = clock
        self._lock = RLock()
        self._path = path
        with self._failures():
            # The file is made here so that no other user can read it for even a moment.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._connection = sqlite3.connect(
                path, isolation_level=None, timeout=_BUSY_SECONDS, check_same_thread=False
            )
            try:
                self._prepare()
            except BaseException:
                self._connection.close()
                raise

    def _prepare(self) -> None:
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            "trusted_schema = OFF",
            # A password hash or a secret that is gone is gone from the file too.
            "secure_delete = ON",
        ):
            self._connection.execute(f"PRAGMA {pragma}")
        with self.writing() as connection:
            (found,) = connection.execute("PRAGMA user_version").fetchone()
            if found == 0:
                for statement in _SCHEMA.split(";\n"):
                    connection.execute(statement)
            if found in (0, 1):
                connection.execute(_SINCE_2)
                connection.execute(f"PRAGMA user_version = {VERSION}")
            elif found != VERSION:
                raise BadInput(
                    "the file of accounts has another version",
                    where=self._path.name,
                    expected=str(VERSION),
                    got=str(found),
                )

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Hold a transaction that is on the disk when the block is left, or undone if it raises."""
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
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for queries."""
        with self._lock, self._failures():
            yield self._connection

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError:
            raise
        except (sqlite3.Error, OSError) as error:
            raise PartUnavailable(
                "the file of accounts failed",
                where=self._path.name,
                got=getattr(error, "sqlite_errorname", None) or type(error).__name__,
            ) from error


class Spent:
    """What was given back once and is good no more, kept until it would be too old anyway."""

    def __init__(self, file: AccountsFile) -> None:
        self._file = file

    def first(self, given: bytes, *, until: datetime) -> bool:
        """Return whether this comes back for the first time, and keep that it has."""
        with self._file.writing() as connection:
            connection.execute("DELETE FROM spent WHERE expires_at <= ?", (micros(self._file.clock()),))
            done = connection.execute(
                "INSERT INTO spent VALUES (?, ?) ON CONFLICT (hash) DO NOTHING",
                (sha256(given).digest(), micros(until)),
            )
            return done.rowcount == 1


def micros(at: datetime) -> int:
    """Return a time as it is stored: microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def moment(stored: int) -> datetime:
    """Return a stored time."""
    return _EPOCH + timedelta(microseconds=stored)
