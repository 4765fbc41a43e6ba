"""Matches that wait for the record, in a file of their own, as the ledger's may be what fails.

`waiting.sqlite` lies in the folder of the leads' keys, which no backup holds. In clear stand the entry, the
owner and the day of the read; the read is sealed under the key of that owner and day (`LeadKeys`). An owner
that keeps reads for less than a day has none at rest.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from gatehouse.hotlist.leads import lead_data, lead_of
from gatehouse.hotlist.sealing import LeadKeys
from gatehouse.model import PartUnavailable, Read

NAME = "waiting.sqlite"
_TABLE = """CREATE TABLE IF NOT EXISTS waiting (
    lead TEXT PRIMARY KEY,
    entry TEXT NOT NULL,
    owner TEXT NOT NULL,
    day TEXT NOT NULL,
    sealed BLOB NOT NULL
) STRICT"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A read that may be of an entry, before its hit is on the record. `lead` names it."""

    entry: str
    owner: str
    read: Read = field(repr=False)
    received_at: datetime
    lead: str = field(default_factory=lambda: secrets.token_hex(16))

    @property
    def first(self) -> datetime:
        """Return when the read was captured, or received if its camera's clock is ahead."""
        return min(self.read.captured_at, self.received_at)


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """What waits as it lies in the file."""

    lead: str
    entry: str
    owner: str
    day: str
    sealed: bytes


class WaitingFile:
    """The file of what waits, for one thread at a time; a file that fails is `PartUnavailable`.

    It is opened for each use: most nodes never have anything that waits.
    """

    def __init__(self, folder: Path, keys: LeadKeys) -> None:
        self._path = folder / NAME
        self._keys = keys

    def rows(self) -> list[WaitingRow]:
        """Return what lies in the file, in the order in which it came."""
        if not self._path.exists():
            return []
        with self._opened() as connection:
            found = connection.execute("SELECT lead, entry, owner, day, sealed FROM waiting ORDER BY rowid")
            return [WaitingRow(*row) for row in found]

    def unseal(self, row: WaitingRow) -> Waiting | None:
        """Return what waits, None once its owner's retention is over; a changed row is `SealBroken`."""
        data = self._keys.unseal(row.lead, row.sealed, owner=row.owner, day=date.fromisoformat(row.day))
        if data is None:
            return None
        read, received_at = lead_of(data)
        return Waiting(row.entry, row.owner, read, received_at, row.lead)

    def replace(self, *, gone: Collection[str], new: Iterable[Waiting]) -> None:
        """Drop what waits no longer and add what does, durably and both or nothing."""
        rows = []
        for each in new:
            data = lead_data(each.read, each.received_at, secrets.token_bytes(16))
            day = each.first.date()
            sealed = self._keys.seal(each.lead, data, owner=each.owner, day=day)
            # The key of a day that is over is gone: its match is over too.
            if sealed is not None:
                rows.append((each.lead, each.entry, each.owner, day.isoformat(), sealed))
        with self._opened() as connection, connection:
            connection.executemany("DELETE FROM waiting WHERE lead = ?", [(lead,) for lead in gone])
            connection.executemany("INSERT INTO waiting VALUES (?, ?, ?, ?, ?)", rows)

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            if not self._path.exists():
                self._path.touch(mode=0o600)
            with closing(sqlite3.connect(self._path, isolation_level="IMMEDIATE")) as connection:
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("PRAGMA secure_delete = ON")
                connection.execute(_TABLE)
                yield connection
        except (sqlite3.Error, OSError) as error:
            raise PartUnavailable(
                "the file of matches that wait for the record failed",
                where=NAME,
                got=getattr(error, "sqlite_errorname", type(error).__name__),
                hint="see to the disk; a damaged file can be moved away, and what waited in it is lost",
            ) from error
