"""The tables of a log in SQLite, and their migrations.

`user_version` counts the migrations that a database has had. They go forward only, each in one transaction; a
database of a later version is refused, since what it means is not known here. The tables stand beside those
of the caller whose changes are committed with the entries, so their names begin with `ledger_`.

Stored are the entries, and what would be slow to derive from them: full tiles with their roots. Partial
tiles are derived when they are read, so that no row but the head's is ever written twice.
"""

from __future__ import annotations

import sqlite3

from gatehouse.model import BadInput

TABLES = "ledger_"

MIGRATIONS = (
    """
    CREATE TABLE ledger_head (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        origin TEXT NOT NULL,
        generation INTEGER NOT NULL,  -- counts the holders of the lease
        at INTEGER NOT NULL,          -- of the last entry, in microseconds since 1970
        published INTEGER NOT NULL    -- the size of the newest checkpoint that others may see
    ) STRICT;
    CREATE TABLE ledger_key (
        number INTEGER PRIMARY KEY,
        vkey TEXT NOT NULL UNIQUE,
        since INTEGER NOT NULL        -- the size of the first checkpoint that it signed
    ) STRICT;
    CREATE TABLE ledger_entry (
        idx INTEGER PRIMARY KEY,
        data BLOB NOT NULL
    ) STRICT;
    CREATE TABLE ledger_tile (
        level INTEGER NOT NULL,
        idx INTEGER NOT NULL,
        root BLOB NOT NULL,           -- over the 256 hashes; stands before them, to be read without them
        hashes BLOB NOT NULL,
        PRIMARY KEY (level, idx)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE ledger_chain (
        agency TEXT PRIMARY KEY,
        sequence INTEGER NOT NULL,    -- of the agency's last entry
        leaf BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE ledger_checkpoint (
        size INTEGER PRIMARY KEY,
        root BLOB NOT NULL,
        at INTEGER NOT NULL,
        note TEXT NOT NULL
    ) STRICT;
    CREATE TABLE ledger_cosignature (
        size INTEGER NOT NULL,
        line TEXT NOT NULL,
        PRIMARY KEY (size, line)
    ) STRICT, WITHOUT ROWID;
    """,
    # Until here the sealed openings stood in a table of another name, which not every log has.
    """
    CREATE TABLE IF NOT EXISTS openings (
        entry INTEGER PRIMARY KEY,
        agency TEXT NOT NULL,
        day TEXT NOT NULL,
        sealed BLOB NOT NULL
    ) STRICT;
    ALTER TABLE openings RENAME TO ledger_opening;
    DROP INDEX IF EXISTS openings_by_day;
    CREATE INDEX ledger_opening_by_day ON ledger_opening (agency, day);
    CREATE TABLE ledger_ended (
        agency TEXT NOT NULL,
        day TEXT NOT NULL,
        entry INTEGER NOT NULL,       -- which records that the day's openings end
        PRIMARY KEY (agency, day)
    ) STRICT, WITHOUT ROWID;
    """,
    """
    CREATE TABLE ledger_attachment (
        entry INTEGER NOT NULL,
        name TEXT NOT NULL,
        agency TEXT NOT NULL,
        day TEXT NOT NULL,
        sealed BLOB NOT NULL,
        PRIMARY KEY (entry, name)
    ) STRICT;
    CREATE INDEX ledger_attachment_by_day ON ledger_attachment (agency, day);
    """,
    """
    CREATE TABLE ledger_lost (
        agency TEXT NOT NULL,
        day TEXT NOT NULL,
        entry INTEGER NOT NULL,       -- which records that the day's key was lost
        PRIMARY KEY (agency, day, entry)
    ) STRICT, WITHOUT ROWID;
    """,
)

# What the log itself writes with an entry, and no caller's change may.
SEALING = frozenset({"ledger_opening", "ledger_ended", "ledger_attachment", "ledger_lost"})


def version(connection: sqlite3.Connection) -> int:
    """Return how many migrations a database has had; 0 means that it holds no log."""
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return found


def holds_log(connection: sqlite3.Connection) -> bool:
    """Return whether a database has the tables of a log, in whatever version."""
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'ledger_head'").fetchone()
    return found is not None


def check_version(connection: sqlite3.Connection, *, where: str) -> None:
    """Refuse a database that this program cannot read as it is."""
    found = version(connection)
    if not holds_log(connection):
        raise BadInput("the file holds no log", where=where, hint="make one with `gatehouse ledger init`")
    if found != len(MIGRATIONS):
        raise BadInput(
            "the log has another version of its tables",
            where=where,
            expected=str(len(MIGRATIONS)),
            got=str(found),
            hint="use the version of Gatehouse that wrote it, or a later one"
            if found > len(MIGRATIONS)
            else "open it once for writing, which brings it up to date",
        )


def migrate(connection: sqlite3.Connection, *, where: str) -> None:
    """Bring a database up to date; one of a later version is `BadInput` and stays as it is.

    So is one that counts versions of tables which are not a log's.
    """
    if version(connection) and not holds_log(connection):
        check_version(connection, where=where)
    for at, script in enumerate(MIGRATIONS):
        if at < version(connection):
            continue
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Another process may have done it since.
            if at == version(connection):
                for statement in _statements(script):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {at + 1}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    check_version(connection, where=where)


def create_sealing(connection: sqlite3.Connection) -> None:
    """Create the tables of what is sealed in a file that holds no log, where they are not there yet."""
    if not _missing(connection):
        return
    connection.execute("BEGIN IMMEDIATE")
    # Another process may have made them since.
    for script in _missing(connection):
        for statement in _statements(script):
            connection.execute(statement)


def _missing(connection: sqlite3.Connection) -> list[str]:
    """Return the migrations that make the tables of what is sealed, but for those that a file has had."""
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    made = zip(("ledger_ended", "ledger_attachment", "ledger_lost"), MIGRATIONS[1:4], strict=True)
    return [script for table, script in made if table not in names]


def _statements(script: str) -> list[str]:
    """Split a script at the semicolons; `executescript` would commit between them."""
    return [each for each in script.split(";\n") if each.strip()]
