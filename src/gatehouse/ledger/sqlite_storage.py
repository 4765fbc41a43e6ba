"""Reading a log in SQLite, from any thread, while its one writer appends."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path

from gatehouse.ledger import schema
from gatehouse.ledger.committer import Chain, Head, StoredCheckpoint
from gatehouse.ledger.errors import LogCorrupt
from gatehouse.ledger.layout import TILE
from gatehouse.ledger.merkle import HASH_BYTES
from gatehouse.ledger.sqlite_file import BUSY_SECONDS, checkpoint, failures, head, published, snapshot
from gatehouse.model import BadInput


@dataclass(frozen=True, slots=True)
class Contents:
    """What one state of the file holds: `sizes` are those of its checkpoints, ascending."""

    head: Head
    entries: int
    tiles: int
    sizes: tuple[int, ...]
    chains: dict[str, Chain]


class SqliteStorage:
    """Reads of a log, over a connection of their own that can write nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        with failures(path):
            if not path.is_file():
                raise BadInput(
                    "there is no log", where=path.name, hint="make one with `gatehouse ledger init`"
                )
            self._connection = sqlite3.connect(
                f"{path.resolve().as_uri()}?mode=ro",
                uri=True,
                isolation_level=None,
                timeout=BUSY_SECONDS,
                check_same_thread=False,
            )
        try:
            with failures(path):
                schema.check_version(self._connection, where=path.name)
        except BaseException:
            self._connection.close()
            raise

    @property
    def where(self) -> str:
        """Return the file's name."""
        return self._path.name

    def head(self) -> Head:
        """Return the state at this moment."""
        with self._lock, failures(self._path), snapshot(self._connection):
            return head(self._connection, self._path.name)

    def published(self) -> StoredCheckpoint:
        """Return the newest checkpoint that others may see."""
        with self._lock, failures(self._path), snapshot(self._connection):
            return published(self._connection, self.where)

    def entries(self, first: int, end: int) -> list[bytes]:
        """Return the entries [first, end); a missing one is `LogCorrupt`."""
        rows = self._all(
            "SELECT idx, data FROM ledger_entry WHERE idx >= ? AND idx < ? ORDER BY idx", first, end
        )
        if len(rows) != max(0, end - first):
            raise LogCorrupt(
                "entries are missing",
                where=self.where,
                expected=f"entries {first} to {end - 1}",
                got=f"{len(rows)} of {end - first}",
            )
        return [data for _, data in rows]

    def tile(self, level: int, index: int) -> bytes | None:
        """Return the 256 hashes of a full tile, or nothing if it is not full yet."""
        rows = self._all("SELECT hashes FROM ledger_tile WHERE level = ? AND idx = ?", level, index)
        found: bytes | None = rows[0][0] if rows else None
        if found is not None and len(found) != TILE * HASH_BYTES:
            raise LogCorrupt(
                "a stored tile has the wrong length",
                where=f"{self.where}, tile {index} of level {level}",
                expected=f"{TILE * HASH_BYTES} bytes",
                got=f"{len(found)} bytes",
            )
        return found

    def roots(self, level: int, first: int, end: int) -> list[bytes]:
        """Return the roots of the full tiles [first, end) of a level; a missing one is `LogCorrupt`."""
        rows = self._all(
            "SELECT root FROM ledger_tile WHERE level = ? AND idx >= ? AND idx < ? ORDER BY idx",
            level,
            first,
            end,
        )
        if len(rows) != end - first:
            raise LogCorrupt(
                "full tiles are missing",
                where=f"{self.where}, level {level}",
                expected=f"tiles {first} to {end - 1}",
                got=f"{len(rows)} of {end - first}",
            )
        return [root for (root,) in rows]

    def checkpoint(self, size: int) -> StoredCheckpoint | None:
        """Return the checkpoint of that size, if one was committed."""
        with self._lock, failures(self._path), snapshot(self._connection):
            return checkpoint(self._connection, size)

    def contents(self) -> Contents:
        """Return all that is stored beside entries and tiles, and how many of those there are."""
        with self._lock, failures(self._path), snapshot(self._connection):
            run = self._connection.execute
            return Contents(
                head(self._connection, self.where),
                run("SELECT count(*) FROM ledger_entry").fetchone()[0],
                run("SELECT count(*) FROM ledger_tile").fetchone()[0],
                tuple(size for (size,) in run("SELECT size FROM ledger_checkpoint ORDER BY size")),
                {
                    agency: Chain(sequence, leaf)
                    for agency, sequence, leaf in run("SELECT agency, sequence, leaf FROM ledger_chain")
                },
            )

    def damage(self) -> str | None:
        """Return what SQLite finds wrong with the file, if anything."""
        found: str = self._all("PRAGMA quick_check(1)")[0][0]
        return None if found == "ok" else found

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _all(self, sql: str, *parameters: int) -> list[tuple]:  # type: ignore[type-arg]  # as SQLite gives it
        with self._lock, failures(self._path):
            return self._connection.execute(sql, parameters).fetchall()
