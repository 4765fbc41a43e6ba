"""A log in SQLite: write-ahead log, every commit on the disk before it counts (`synchronous=FULL`).

After a failed write the database is opened anew and its write-ahead log is copied into it in full, before
anything is believed: a page that the kernel could not write may still be read back from its memory, and a
commit that was reported as failed may still be found complete. See `SqliteCommitter.recover`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path

from gatehouse.ledger import schema
from gatehouse.ledger.committer import (
    Apply,
    Chain,
    ChangeRefused,
    LeaseNotHeld,
    Own,
    Record,
    StorageFailed,
    StoredCheckpoint,
)
from gatehouse.ledger.lease import FileLease
from gatehouse.ledger.sqlite_file import (
    BEGIN,
    BUSY_SECONDS,
    COMMIT,
    RELEASE,
    ROLLBACK,
    ROLLBACK_TO,
    SAVEPOINT,
    OpenFiles,
    connect,
    failures,
    generation,
    insert_checkpoint,
    lease_path,
    micros,
    snapshot,
    sync,
    wal_path,
)
from gatehouse.ledger.sqlite_guard import Guard, as_it_was
from gatehouse.model import BadInput, BadUse
from gatehouse.signing.durable import sync_directory

# SQLite's own measure (1,000 pages of 4 KiB); it is done here since SQLite would not tell of a failure.
_LONGEST_WAL = 4_096_000
_LOOK_EVERY = 16  # commits
_ROWS = 16  # of one statement


def create(path: Path, *, origin: str, key: str, checkpoint: StoredCheckpoint) -> None:
    """Make the tables of a new log with its first checkpoint; a log that exists is never touched."""
    new = not path.exists()
    lease = FileLease(lease_path(path))
    try:
        with failures(path):
            connection = connect(path)
            try:
                schema.migrate(connection, where=path.name)
                connection.execute(BEGIN)
                if connection.execute("SELECT 1 FROM ledger_head").fetchone():
                    raise BadUse("a log is there already", where=path.name, expected="a new path")
                connection.execute(
                    "INSERT INTO ledger_head VALUES (1, ?, 0, ?, 0)", (origin, micros(checkpoint.at))
                )
                connection.execute("INSERT INTO ledger_key VALUES (NULL, ?, 0)", (key,))
                insert_checkpoint(connection, checkpoint)
                connection.execute(COMMIT)
            finally:
                connection.close()
            if new:
                sync(path.parent)
    finally:
        lease.release()


def update(path: Path) -> None:
    """Bring the tables of a log up to date if they are of an earlier version, which needs the lease."""
    with failures(path):
        if not path.is_file():
            return
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)
        try:
            behind = schema.holds_log(connection) and schema.version(connection) < len(schema.MIGRATIONS)
        finally:
            connection.close()
    if behind:
        SqliteCommitter(path).close()


class SqliteTransaction:
    """One `BEGIN IMMEDIATE`."""

    def __init__(self, connection: sqlite3.Connection, path: Path, guard: Guard, files: OpenFiles) -> None:
        self._connection = connection
        self._path = path
        self._files = files
        self._guard = guard

    def attempt(self, apply: Apply | Own, *, index: int, at: datetime) -> BaseException | None:
        """Let the caller change its own tables; what that raised is returned, and its changes are undone.

        A change that reaches for the log's tables, or for the transaction, is `BadUse`.
        """
        with failures(self._path):
            self._connection.execute(SAVEPOINT)
        try:
            for change, own in _changes(apply):
                with self._guard.holding(own=own, index=index, at=micros(at)), as_it_was(self._connection):
                    change(self._connection)
        except BaseException as error:
            # Of some failures (a full disk) SQLite rolls the whole transaction back; after any of the disk
            # nothing is believed that is held in memory.
            if not self._connection.in_transaction or _is_the_stores(error):
                # Whoever shares the transaction is told of it, and the caller's own words are not for them.
                got = getattr(error, "sqlite_errorname", None) or type(error).__name__
                # A full disk that the caller tells of in words of its own is still no change of its.
                if _is_the_stores(error) or _is_the_stores(error.__cause__):
                    raise StorageFailed("the log's store failed", where=self._path.name, got=got) from error
                raise _refused(self._path, got) from error
            with failures(self._path):
                self._connection.execute(ROLLBACK_TO)
                self._connection.execute(RELEASE)
            if isinstance(error, sqlite3.Error) and error.sqlite_errorcode == sqlite3.SQLITE_AUTH:
                denied = BadUse(
                    "a change that goes with an entry reaches for the log's own",
                    expected="changes to tables of the caller's, within the log's transaction",
                    got=self._guard.denied,
                )
                denied.__cause__ = error
                return denied
            return error
        if not self._connection.in_transaction:
            raise _refused(self._path, "no transaction")
        with failures(self._path):
            self._connection.execute(RELEASE)
        return None

    def chain(self, agency: str) -> Chain | None:
        """Return the last entry of an agency."""
        with failures(self._path):
            row = self._connection.execute(
                "SELECT sequence, leaf FROM ledger_chain WHERE agency = ?", (agency,)
            ).fetchone()
        return Chain(*row) if row else None

    def root(self, size: int) -> bytes | None:
        """Return the root of the checkpoint of that size, if one was committed."""
        with failures(self._path):
            row = self._connection.execute(
                "SELECT root FROM ledger_checkpoint WHERE size = ?", (size,)
            ).fetchone()
        return row[0] if row else None

    def write(self, record: Record) -> None:
        """Add a record."""
        run = self._connection.executemany
        with failures(self._path):
            self._insert_entries(record)
            if record.tiles:
                tiles = ((each.level, each.index, each.root, each.hashes) for each in record.tiles)
                run("INSERT INTO ledger_tile VALUES (?, ?, ?, ?)", tiles)
            if record.chains:
                chains = ((agency, each.sequence, each.leaf) for agency, each in record.chains.items())
                run("INSERT OR REPLACE INTO ledger_chain VALUES (?, ?, ?)", chains)
            if record.cosignatures:
                run("INSERT OR IGNORE INTO ledger_cosignature VALUES (?, ?)", record.cosignatures)
            at, published = None, record.published
            if record.checkpoint is not None:
                size, at = record.checkpoint.size, micros(record.checkpoint.at)
                run("INSERT INTO ledger_key VALUES (NULL, ?, ?)", ((key, size) for key in record.keys))
                insert_checkpoint(self._connection, record.checkpoint)
            self._connection.execute(
                "UPDATE ledger_head SET at = coalesce(?, at), published = coalesce(?, published)",
                (at, published),
            )

    def _insert_entries(self, record: Record) -> None:
        # Each step of a statement lets another thread run, and those who wait for receipts are many.
        for at in range(0, len(record.entries), _ROWS):
            part = record.entries[at : at + _ROWS]
            values = [value for row in enumerate(part, record.first + at) for value in row]
            self._connection.execute(_insert(len(part)), values)

    def commit(self) -> None:
        """Return when the write-ahead log is on the disk; a failure is `StorageFailed` with `uncertain`.

        Rows that refer to none, which SQLite may look for at the end only, are `ChangeRefused`.
        """
        try:
            with failures(self._path):
                try:
                    self._connection.execute(COMMIT)
                except sqlite3.IntegrityError as error:
                    raise _refused(self._path, error.sqlite_errorname) from error
                # Durable is only what is found again under the log's name.
                self._files.check()
        except ChangeRefused:
            raise
        except StorageFailed as error:
            error.uncertain = True
            raise


class SqliteCommitter:
    """The one writer of a log in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with failures(path):
            if not path.is_file():
                raise BadInput(
                    "there is no log", where=path.name, hint="make one with `gatehouse ledger init`"
                )
        self._lease = FileLease(lease_path(path))
        self._connection: sqlite3.Connection | None = None
        self._guard = Guard()
        self._commits = 0
        try:
            with failures(path):
                self._files = OpenFiles(path)
            self._open()
            with failures(path), snapshot(self._live, BEGIN):
                self._live.execute("UPDATE ledger_head SET generation = generation + 1")
                self._generation = generation(self._live, path)
            self._drain()
            with failures(path):
                self._files.opened()
        except BaseException:
            self.close()
            raise

    @property
    def _live(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StorageFailed("the log has not been opened again after a failure", where=self._path.name)
        return self._connection

    @contextmanager
    def transaction(self) -> Iterator[SqliteTransaction]:
        """Begin a transaction; whoever has lost the lease gets `LeaseNotHeld`."""
        self._lease.check()
        connection = self._live
        with failures(self._path):
            connection.execute(BEGIN)
        try:
            found = generation(connection, self._path)
            if found != self._generation:
                raise LeaseNotHeld(
                    "another process has taken the log over",
                    where=self._path.name,
                    expected=f"generation {self._generation}",
                    got=f"generation {found}",
                    hint="open the log again",
                )
            yield SqliteTransaction(connection, self._path, self._guard, self._files)
        except BaseException:
            # If this fails as well, the connection is closed before anything else is done with it.
            with suppress(sqlite3.Error):
                if connection.in_transaction:
                    connection.execute(ROLLBACK)
            raise
        if connection.in_transaction:
            with failures(self._path):
                connection.execute(ROLLBACK)

    def tidy(self) -> None:
        """Copy the write-ahead log into the database when it has grown long."""
        self._commits += 1
        # To ask the system each time would cost a switch of threads.
        if self._commits % _LOOK_EVERY:
            return
        try:
            long = wal_path(self._path).stat().st_size > _LONGEST_WAL
        except FileNotFoundError:
            return
        if long:
            with failures(self._path):
                self._live.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def recover(self) -> None:
        """Open the database anew and write all of its write-ahead log into it once more.

        A database that was removed or replaced stays open as it is: nothing else holds what it acknowledged.
        """
        self._lease.check()
        with failures(self._path):
            self._files.check()
        self._hang_up()
        self._files.closed()
        try:
            self._open()
            self._drain()
            with failures(self._path):
                self._files.opened()
        except BaseException:
            self._hang_up()
            raise

    def check(self) -> None:
        """Refuse a store whose files were removed or replaced with `StorageTaken`; any thread may ask."""
        with failures(self._path):
            self._files.check_now()

    def close(self) -> None:
        """Give the lease back."""
        self._hang_up()
        self._lease.release()

    def _open(self) -> None:
        with failures(self._path):
            self._connection = connect(self._path)
            schema.migrate(self._connection, where=self._path.name)
            self._connection.create_function("ledger_index", 0, lambda: self._guard.index)
            self._connection.create_function("ledger_at", 0, lambda: self._guard.at)
            self._connection.set_authorizer(partial(self._guard.allow, self._connection))

    def _hang_up(self) -> None:
        if self._connection is not None:
            # What a connection could not write is lost with it either way.
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _drain(self) -> None:
        """Empty the write-ahead log into the database, so that only what was written after this counts.

        A page whose write failed is written anew, from the log, to the database file; what stood in the log
        of a transaction that was rolled back is gone, also after a loss of power.
        """
        with failures(self._path):
            busy, *_ = self._live.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if busy:
                raise StorageFailed(
                    "another process reads the log without end",
                    where=self._path.name,
                    hint="end the process that has the database open",
                )
            wal = wal_path(self._path)
            if wal.exists():
                sync(wal)
                # SQLite does not tell if it could not bring the file's name to the disk.
                sync_directory(wal.parent)


@lru_cache(maxsize=_ROWS)
def _insert(rows: int) -> str:
    return f"INSERT INTO ledger_entry VALUES {', '.join(['(?, ?)'] * rows)}"  # noqa: S608  # nothing from outside


def _changes(apply: Apply | Own) -> list[tuple[Apply, bool]]:
    """Return what is to be changed, in order, and whether it is the ledger's own change."""
    if not isinstance(apply, Own):
        return [(apply, False)]
    return [(apply.apply, True)] if apply.caller is None else [(apply.apply, True), (apply.caller, False)]


def _refused(path: Path, got: str) -> ChangeRefused:
    return ChangeRefused(
        "a change that goes with an entry has undone the transaction",
        where=path.name,
        expected="a change that the database can hold",
        got=got,
    )


def _is_the_stores(error: BaseException | None) -> bool:
    code = getattr(error, "sqlite_errorcode", None) if isinstance(error, sqlite3.Error) else None
    return code is not None and code & 0xFF in _STORES_OWN


_STORES_OWN = frozenset(
    {
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_NOTADB,
    }
)
