"""The file that a witness remembers in: SQLite, made once for one key, and never made anew."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from gatehouse.model import BadInput, BadUse, PartUnavailable

_WAIT_SECONDS: Final = 5.0
_SCHEMA_VERSION: Final = 1

_SCHEMA = """
CREATE TABLE witness (id INTEGER PRIMARY KEY CHECK (id = 1), vkey TEXT NOT NULL) STRICT;
CREATE TABLE latest (
    origin TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    root BLOB NOT NULL,
    note TEXT NOT NULL,
    cosigned_at INTEGER NOT NULL
) STRICT;
CREATE TABLE evidence (
    origin TEXT NOT NULL,
    size INTEGER NOT NULL,
    root BLOB NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('split_view', 'unproven')),
    note TEXT NOT NULL,
    against TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (origin, size, root)
) STRICT;
"""


def create_state(path: Path, *, vkey: str) -> None:
    """Make the file of a new witness with a key, never over another file."""
    try:
        path.touch(mode=0o600, exist_ok=False)
    except FileExistsError as error:
        raise BadUse(
            "the witness has a state already", where=str(path), hint="give a new key a file of its own"
        ) from error
    except OSError as error:
        raise PartUnavailable(
            "the state cannot be made", where=str(path), got=error.strerror or "an error of the disk"
        ) from error
    database = _connect(path)
    try:
        with unavailable(path):
            database.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {_SCHEMA_VERSION}; COMMIT;")
            database.execute("INSERT INTO witness VALUES (1, ?)", (vkey,))
    finally:
        database.close()


def open_state(path: Path, *, vkey: str) -> sqlite3.Connection:
    """Return a connection to the file that was made for this very key; all threads may share it."""
    if not path.is_file():
        raise PartUnavailable(
            "the witness has lost its state",
            where=str(path),
            hint="bring the file back; without it make a new witness with a new key",
        )
    database = _connect(path)
    try:
        _check(database, path, vkey)
    except BaseException:
        database.close()
        raise
    return database


def _connect(path: Path) -> sqlite3.Connection:
    with unavailable(path):
        database = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw",
            uri=True,
            isolation_level=None,
            timeout=_WAIT_SECONDS,
            check_same_thread=False,
        )
        try:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
        except sqlite3.Error:
            database.close()
            raise
        return database


def _check(database: sqlite3.Connection, path: Path, vkey: str) -> None:
    with unavailable(path):
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version != _SCHEMA_VERSION:
            raise BadInput(
                "this is no state of a witness",
                where=str(path),
                expected=f"schema {_SCHEMA_VERSION}",
                got=str(version),
            )
        row = database.execute("SELECT vkey FROM witness").fetchone()
    if row is None or row[0] != vkey:
        raise BadUse(
            "the state belongs to another witness",
            where=str(path),
            expected=row[0] if row else "the key of a witness",
            got=vkey,
        )


@contextmanager
def unavailable(path: Path | None = None) -> Iterator[None]:
    """Turn what SQLite raises into `PartUnavailable`."""
    try:
        yield
    except sqlite3.Error as error:
        raise PartUnavailable(
            "the witness's state cannot be used", where=str(path) if path else None, got=str(error)
        ) from error
