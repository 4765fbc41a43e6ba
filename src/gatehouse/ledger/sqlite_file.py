"""The file of a log in SQLite: how it is opened, how its failures are told, and its rows."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gatehouse.ledger.committer import Head, StorageFailed, StorageTaken, StoredCheckpoint
from gatehouse.ledger.errors import LogCorrupt
from gatehouse.ledger.note import add_signatures
from gatehouse.model import BadInput

BUSY_SECONDS = 5.0
# Python keeps prepared statements by their text, and SQLite asks the authorizer only when it prepares one: so
# what the log itself may do is spelled as no caller would.
BEGIN, COMMIT, ROLLBACK = (f"{word} /* ledger */" for word in ("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"))
SAVEPOINT, ROLLBACK_TO, RELEASE = (
    f"{word} ledger_apply /* ledger */" for word in ("SAVEPOINT", "ROLLBACK TO", "RELEASE")
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@contextmanager
def failures(path: Path) -> Iterator[None]:
    """Tell of a failing store as `StorageFailed`, of a damaged file as what it is."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        name = getattr(error, "sqlite_errorname", "")
        if name == "SQLITE_NOTADB":
            raise BadInput("the file is no log", where=path.name, expected="an SQLite database") from error
        if name.startswith("SQLITE_CORRUPT"):
            raise LogCorrupt(
                "the log's file is damaged", where=path.name, expected="a sound database", got=name
            ) from error
        raise _failed(path, error) from error
    except (sqlite3.Error, OSError) as error:
        raise _failed(path, error) from error


def _failed(path: Path, error: Exception) -> StorageFailed:
    return StorageFailed(
        "the log's store failed",
        where=path.name,
        got=getattr(error, "sqlite_errorname", None) or f"{type(error).__name__}: {error}",
        hint="see to the disk; the log opens its store anew before it goes on",
    )


@contextmanager
def snapshot(connection: sqlite3.Connection, begin: str = "BEGIN") -> Iterator[None]:
    """Hold one transaction, which shows one state."""
    connection.execute(begin)
    try:
        yield
        connection.execute(COMMIT)
    except BaseException:
        if connection.in_transaction:
            connection.execute(ROLLBACK)
        raise


def connect(path: Path) -> sqlite3.Connection:
    """Open a file for writing, so that a commit is on the disk when it returns."""
    connection = sqlite3.connect(
        path,
        # Each transaction is begun by name. Where a caller's change has ended one, Python would begin another
        # before a statement becomes durable on its own, and the log forbids that.
        isolation_level="IMMEDIATE",
        timeout=BUSY_SECONDS,
        check_same_thread=False,
        cached_statements=256,
    )
    try:
        _journal(connection, path)
        for pragma in ("synchronous = FULL", "fullfsync = ON", "checkpoint_fullfsync = ON"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
    except BaseException:
        connection.close()
        raise
    return connection


def _journal(connection: sqlite3.Connection, path: Path) -> None:
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise StorageFailed(
            "the file system cannot hold a log", where=path.name, expected="a write-ahead log", got=mode
        )


class OpenFiles:
    """The files that SQLite has open for a log, which whoever opens it next must find under the same names.

    SQLite itself goes on writing to a file that was removed: a commit is then on the disk and yet gone with
    the process.
    """

    def __init__(self, path: Path) -> None:
        # As SQLite does it: the process may go to another folder, and the name may be a link.
        self._database = str(path.absolute())
        real = path.resolve()
        self._journal = (f"{wal_path(real)}", f"{real}-shm")
        self._known = {self._database: _identity(self._database)}
        self._taken: tuple[str, str] | None = None

    def opened(self) -> None:
        """Take the files of the write-ahead log as they are, now that SQLite has made or found them."""
        self._known = {**self._known, **{path: _identity(path) for path in self._journal}}
        self.check()

    def closed(self) -> None:
        """Forget the write-ahead log, which SQLite may remove with its last connection."""
        self._known = {self._database: self._known[self._database]}

    def check(self) -> None:
        """Refuse with `StorageTaken` if a file is not what was opened, then and ever after."""
        self._taken = self._taken or self._missed()
        if self._taken is not None:
            raise self._refusal(*self._taken)

    def check_now(self) -> None:
        """Refuse with `StorageTaken` if a file is not what was opened; any thread may ask.

        Nothing is remembered of it, since another thread may just be opening the files anew.
        """
        taken = self._taken or self._missed()
        if taken is not None:
            raise self._refusal(*taken)

    def _missed(self) -> tuple[str, str] | None:
        for path, known in self._known.items():
            found = _identity(path)
            if found is None or found != known:
                return path, "no file" if found is None else "another file"
        return None

    def _refusal(self, path: str, got: str) -> StorageTaken:
        process = os.getpid()
        return StorageTaken(
            "a file of the log was removed or replaced while the log was open",
            where=Path(path).name,
            expected="the file that was opened",
            got=got,
            hint=f"copy what process {process} has open, from /proc/{process}/fd, before it ends"
            if path == self._database
            else f"interrupt process {process} (`kill -INT {process}`), nothing harder: closing the "
            "log, it puts what it has acknowledged into the database",
        )


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116  # with every commit, and a `Path` takes half as long again
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def generation(connection: sqlite3.Connection, path: Path) -> int:
    """Return which holder of the lease writes now."""
    row = connection.execute("SELECT generation FROM ledger_head").fetchone()
    if row is None:
        raise BadInput("the file holds no log", where=path.name, hint="make one with `gatehouse ledger init`")
    found: int = row[0]
    return found


def head(connection: sqlite3.Connection, where: str) -> Head:
    """Return the state that a transaction shows."""
    visible = published(connection, where)
    origin, at = connection.execute("SELECT origin, at FROM ledger_head").fetchone()
    size = connection.execute("SELECT max(size) FROM ledger_checkpoint").fetchone()[0]
    newest = checkpoint(connection, size) or visible
    (since,) = connection.execute(
        "SELECT min(at) FROM ledger_checkpoint WHERE size > ?", (visible.size,)
    ).fetchone()
    keys = connection.execute("SELECT vkey FROM ledger_key ORDER BY number").fetchall()
    return Head(
        origin,
        moment(at),
        newest,
        visible,
        tuple(key for (key,) in keys),
        None if since is None else moment(since),
    )


def published(connection: sqlite3.Connection, where: str) -> StoredCheckpoint:
    """Return the newest checkpoint that others may see."""
    row = connection.execute("SELECT published FROM ledger_head").fetchone()
    if row is None:
        raise BadInput("the file holds no log", where=where, hint="make one with `gatehouse ledger init`")
    found = checkpoint(connection, row[0])
    if found is None:
        raise LogCorrupt("a checkpoint is missing", where=where, expected=f"one of size {row[0]}", got="none")
    return found


def checkpoint(connection: sqlite3.Connection, size: int) -> StoredCheckpoint | None:
    """Return the checkpoint of a size with its cosignatures, if there is one."""
    row = connection.execute(
        "SELECT root, at, note FROM ledger_checkpoint WHERE size = ?", (size,)
    ).fetchone()
    if row is None:
        return None
    root, at, note = row
    lines = connection.execute("SELECT line FROM ledger_cosignature WHERE size = ? ORDER BY line", (size,))
    return StoredCheckpoint(size, root, add_signatures(note, (line for (line,) in lines)), moment(at))


def insert_checkpoint(connection: sqlite3.Connection, checkpoint: StoredCheckpoint) -> None:
    """Add a checkpoint, which MUST be the first of its size."""
    connection.execute(
        "INSERT INTO ledger_checkpoint VALUES (?, ?, ?, ?)",
        (checkpoint.size, checkpoint.root, micros(checkpoint.at), checkpoint.note),
    )


def micros(at: datetime) -> int:
    """Return a time as it is stored."""
    return (at - _EPOCH) // _MICROSECOND


def moment(stored: int) -> datetime:
    """Return a time that is stored as microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=stored)


def lease_path(path: Path) -> Path:
    """Return the file whose lock is the lease."""
    return path.with_name(f"{path.name}.lease")


def wal_path(path: Path) -> Path:
    """Return SQLite's write-ahead log."""
    return path.with_name(f"{path.name}-wal")


def sync(path: Path) -> None:
    """Have the system write a file or a folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
