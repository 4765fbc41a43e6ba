"""Where entries, lists and hits stand: the hotlist's own tables, in the ledger's database.

They change only together with an entry of the ledger (`Book.append(…, apply=)`), so that what they say is on
the record. In clear stand ids, ledger indexes, states and times; plates and cases are keyed hashes, and what
is looked for or was read is sealed (`gatehouse.hotlist.sealing`).
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from gatehouse.hotlist.errors import UnknownEntry
from gatehouse.model import HitState, PartUnavailable, Scope, SearchState
from gatehouse.search.state import micros, moment

TABLES = (
    """CREATE TABLE IF NOT EXISTS hotlist_source (
    agency TEXT NOT NULL,
    name TEXT NOT NULL,
    officer TEXT NOT NULL,           -- who is responsible for it
    authoritative INTEGER NOT NULL,  -- from when on, 0 where it is not
    scope TEXT NOT NULL,
    longest_age INTEGER NOT NULL,    -- microseconds, as all times here
    listed_at INTEGER,               -- of its newest list
    entry INTEGER NOT NULL,          -- ledger index of its newest entry
    PRIMARY KEY (agency, name)
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS hotlist_entry (
    id TEXT PRIMARY KEY,
    agency TEXT NOT NULL,
    source TEXT NOT NULL,
    listed INTEGER,                  -- ledger index of the list that brought it
    officer TEXT NOT NULL,
    entered_by TEXT NOT NULL,
    state TEXT NOT NULL,
    plate BLOB NOT NULL,             -- keyed hash
    matter BLOB NOT NULL,            -- keyed hash of the case
    line BLOB,                       -- keyed hash of the list's row
    at INTEGER NOT NULL,             -- when it was requested
    until INTEGER NOT NULL,
    requested INTEGER NOT NULL,      -- ledger index
    decided INTEGER,                 -- ledger index of the entry to which its decisions are attached
    reviewer TEXT,
    approved_by TEXT,
    due_at INTEGER,
    since INTEGER,                   -- when it was released
    renewed INTEGER NOT NULL,        -- ledger index, 0 before
    stopped_at INTEGER,
    ended_at INTEGER,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS hotlist_entry_by_source ON hotlist_entry (agency, source)",
    "CREATE INDEX IF NOT EXISTS hotlist_entry_by_matter ON hotlist_entry (matter)",
    "CREATE INDEX IF NOT EXISTS hotlist_entry_by_clerk ON hotlist_entry (entered_by, at)"
    " WHERE listed IS NULL",
    """CREATE TABLE IF NOT EXISTS hotlist_decision (
    entry INTEGER PRIMARY KEY,       -- ledger index
    owners TEXT NOT NULL             -- JSON: who permits
) STRICT""",
    """CREATE TABLE IF NOT EXISTS hotlist_hit (
    id INTEGER PRIMARY KEY,          -- ledger index
    at INTEGER NOT NULL,
    entry TEXT NOT NULL REFERENCES hotlist_entry (id),
    agency TEXT NOT NULL,
    owner TEXT NOT NULL,
    state TEXT NOT NULL,
    last INTEGER NOT NULL,           -- ledger index
    exact INTEGER NOT NULL,
    fit TEXT NOT NULL,
    listed_at INTEGER NOT NULL,
    lead TEXT NOT NULL,
    day TEXT NOT NULL,
    expires INTEGER NOT NULL,
    sealed BLOB
) STRICT""",
    "CREATE INDEX IF NOT EXISTS hotlist_hit_by_entry ON hotlist_hit (entry)",
    "CREATE INDEX IF NOT EXISTS hotlist_hit_by_agency ON hotlist_hit (agency, id)",
    """CREATE TABLE IF NOT EXISTS hotlist_feedback (
    camera TEXT NOT NULL,
    pattern TEXT NOT NULL,           -- right, wrong, or the sign read and the sign that was there: 0>O
    number INTEGER NOT NULL,
    PRIMARY KEY (camera, pattern)
) STRICT, WITHOUT ROWID""",
)


@dataclass(frozen=True, slots=True)
class Source:
    """Where an agency's lists come from, who is responsible, and how old the newest list may be.

    `authoritative_from` is when its cases are no longer held to a number of plates, None where they stay so.
    """

    agency: str
    name: str
    officer: str
    authoritative_from: datetime | None
    scope: Scope
    longest_age: timedelta
    listed_at: datetime | None
    entry: int

    def authoritative(self, at: datetime) -> bool:
        """Return whether it is authoritative at a time: it was declared so, and the waiting time is over."""
        return self.authoritative_from is not None and self.authoritative_from <= at

    def stale(self, at: datetime) -> bool:
        """Return whether its newest list is too old to alert by, or there is none."""
        return self.listed_at is None or at - self.listed_at > self.longest_age


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry as the tables know it; `requested`, `decided`, `listed` and `renewed` are ledger indexes."""

    id: str
    agency: str
    source: str
    listed: int | None
    officer: str
    entered_by: str
    state: SearchState
    until: datetime
    requested: int
    decided: int | None
    reviewer: str | None
    approved_by: str | None
    due_at: datetime | None
    since: datetime | None
    renewed: int
    stopped_at: datetime | None
    ended_at: datetime | None
    sealed: bytes

    @property
    def stands(self) -> bool:
        """Return whether it was released and nobody has ended it."""
        return self.state is SearchState.RELEASED and self.ended_at is None


@dataclass(frozen=True, slots=True)
class HitRow:
    """A hit as the tables know it; `id` and `last` are ledger indexes."""

    id: int
    at: datetime
    entry: str
    agency: str
    owner: str
    state: HitState
    last: int
    exact: bool
    fit: str
    listed_at: datetime
    lead: str
    day: str
    expires: datetime
    sealed: bytes | None


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry before it is requested, as the tables will know it."""

    id: str
    agency: str
    source: str
    listed: int | None
    officer: str
    entered_by: str
    plate: bytes
    matter: bytes
    line: bytes | None
    until: datetime
    sealed: bytes


_ENTRY = (
    "id, agency, source, listed, officer, entered_by, state, until, requested, decided, reviewer,"
    " approved_by, due_at, since, renewed, stopped_at, ended_at, sealed"
)
_HIT = "id, at, entry, agency, owner, state, last, exact, fit, listed_at, lead, day, expires, sealed"
_SOURCE = "agency, name, officer, authoritative, scope, longest_age, listed_at, entry"
_STANDS = "state = 'released' AND ended_at IS NULL"
_LIVES = "state IN ('requested', 'review_pending', 'permitted', 'approved', 'released') AND ended_at IS NULL"


class HotlistTables:
    """Reads of the hotlist's tables, from any thread; `TABLES` MUST have been made before."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._path = path
        try:
            self._connection = sqlite3.connect(
                f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=30, check_same_thread=False
            )
        except sqlite3.OperationalError as error:
            raise PartUnavailable("the hotlist's tables cannot be opened", where=path.name) from error

    def close(self) -> None:
        """Let go of the tables."""
        with self._lock:
            self._connection.close()

    def query(self, statement: str, *values: object) -> Sequence[tuple[Any, ...]]:
        """Return the rows of a query; a database that fails is `PartUnavailable`."""
        try:
            with self._lock:
                return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise PartUnavailable(
                "the hotlist's tables cannot be read",
                where=self._path.name,
                got=getattr(error, "sqlite_errorname", type(error).__name__),
                hint="see to the disk of the ledger; then ask again",
            ) from error

    def entry(self, entry: str) -> EntryRow:
        """Return an entry; an unknown id is `UnknownEntry`."""
        for row in self.query(f"SELECT {_ENTRY} FROM hotlist_entry WHERE id = ?", entry):  # noqa: S608
            return _entry(row)
        raise UnknownEntry("there is no such entry on a hotlist", expected="the number of an entry")

    def entries(self, where: str, *values: object) -> list[EntryRow]:
        """Return entries by a condition of this room's own, in the order of their requests."""
        found = self.query(f"SELECT {_ENTRY} FROM hotlist_entry WHERE {where} ORDER BY requested", *values)  # noqa: S608
        return [_entry(row) for row in found]

    def entries_of(self, agency: str, *, after: int, most: int) -> list[EntryRow]:
        """Return an agency's entries that were requested behind a ledger index, in that order."""
        found = self.query(
            f"SELECT {_ENTRY} FROM hotlist_entry WHERE agency = ? AND requested > ?"  # noqa: S608
            " ORDER BY requested LIMIT ?",
            agency,
            after,
            most,
        )
        return [_entry(row) for row in found]

    def standing(self) -> list[EntryRow]:
        """Return every entry that was released and not ended."""
        return self.entries(_STANDS)

    def unfinished(self) -> list[EntryRow]:
        """Return the entries that wait for a decision or for their release, those under review apart."""
        return self.entries("state IN ('requested', 'permitted', 'approved')")

    def plates_of(self, matter: bytes) -> set[bytes]:
        """Return the keyed hashes of the plates that stand or are asked for in a case."""
        found = self.query(f"SELECT DISTINCT plate FROM hotlist_entry WHERE matter = ? AND {_LIVES}", matter)  # noqa: S608
        return {bytes(row[0]) for row in found}

    def entered(self, person: str, since: datetime) -> int:
        """Return how many entries a person has entered by hand since a time."""
        ((number,),) = self.query(
            "SELECT count(*) FROM hotlist_entry WHERE entered_by = ? AND at >= ? AND listed IS NULL",
            person,
            micros(since),
        )
        return int(number)

    def lines_of(self, agency: str, source: str) -> dict[bytes, tuple[str, datetime]]:
        """Return id and end of each entry that a source's lists brought and that lives, by its row's hash."""
        found = self.query(
            f"SELECT line, id, until FROM hotlist_entry WHERE agency = ? AND source = ?"  # noqa: S608
            f" AND line IS NOT NULL AND {_LIVES}",
            agency,
            source,
        )
        return {bytes(line): (entry, moment(until)) for line, entry, until in found}

    def owners(self, decided: int | None) -> frozenset[str]:
        """Return who permits by the decisions that are attached to an entry of the ledger."""
        for (text,) in self.query("SELECT owners FROM hotlist_decision WHERE entry = ?", decided):
            return frozenset(json.loads(text))
        return frozenset()

    def source(self, agency: str, name: str) -> Source | None:
        """Return a source of an agency, None where no custodian has set it."""
        statement = f"SELECT {_SOURCE} FROM hotlist_source WHERE agency = ? AND name = ?"  # noqa: S608
        return next((_source(row) for row in self.query(statement, agency, name)), None)

    def sources(self, agency: str) -> list[Source]:
        """Return the sources of an agency, by name."""
        statement = f"SELECT {_SOURCE} FROM hotlist_source WHERE agency = ? ORDER BY name"  # noqa: S608
        return [_source(row) for row in self.query(statement, agency)]

    def hit(self, hit: int) -> HitRow:
        """Return a hit; an unknown id is `UnknownEntry`."""
        for row in self.query(f"SELECT {_HIT} FROM hotlist_hit WHERE id = ?", hit):  # noqa: S608
            return _hit(row)
        raise UnknownEntry("there is no such hit", expected="the number of a hit")

    def hits(self, agency: str | None, *, after: int, most: int) -> list[HitRow]:
        """Return hits behind a ledger index in their order, of one agency or of all."""
        found = self.query(
            f"SELECT {_HIT} FROM hotlist_hit WHERE (?1 IS NULL OR agency = ?1) AND id > ?2"  # noqa: S608
            " ORDER BY id LIMIT ?3",
            agency,
            after,
            most,
        )
        return [_hit(row) for row in found]

    def hits_of(self, entry: str, owner: str, days: Collection[str]) -> list[HitRow]:
        """Return the hits of an entry whose reads are of an owner and of these UTC days, the newest first."""
        found = self.query(
            f"SELECT {_HIT} FROM hotlist_hit WHERE entry = ? AND owner = ?"  # noqa: S608
            " AND day IN (SELECT value FROM json_each(?)) ORDER BY id DESC",
            entry,
            owner,
            json.dumps(sorted(days)),
        )
        return [_hit(row) for row in found]

    def newest_hit(self, agency: str) -> int:
        """Return the id of an agency's newest hit, -1 where it has none."""
        ((newest,),) = self.query("SELECT coalesce(max(id), -1) FROM hotlist_hit WHERE agency = ?", agency)
        return int(newest)

    def unconfirmed(self, entry: EntryRow) -> list[datetime]:
        """Return the times of an entry's hits since its renewal that nobody has looked at yet."""
        found = self.query(
            "SELECT at FROM hotlist_hit WHERE entry = ? AND id > ? AND state = 'raised' ORDER BY id",
            entry.id,
            entry.renewed,
        )
        return [moment(at) for (at,) in found]

    def feedback(self) -> dict[str, dict[str, int]]:
        """Return by camera how often people found a plate right or wrong, and which signs were misread."""
        found: dict[str, dict[str, int]] = {}
        for camera, pattern, number in self.query("SELECT camera, pattern, number FROM hotlist_feedback"):
            found.setdefault(camera, {})[pattern] = number
        return found


def _at(kept: int | None) -> datetime | None:
    return None if kept is None else moment(kept)


def _entry(row: tuple[Any, ...]) -> EntryRow:
    id_, agency, source, listed, officer, entered_by, state, until, requested, decided, *rest = row
    reviewer, approved_by, due_at, since, renewed, stopped_at, ended_at, sealed = rest
    return EntryRow(
        id=id_,
        agency=agency,
        source=source,
        listed=listed,
        officer=officer,
        entered_by=entered_by,
        state=SearchState(state),
        until=moment(until),
        requested=requested,
        decided=decided,
        reviewer=reviewer,
        approved_by=approved_by,
        due_at=_at(due_at),
        since=_at(since),
        renewed=renewed,
        stopped_at=_at(stopped_at),
        ended_at=_at(ended_at),
        sealed=bytes(sealed),
    )


def _hit(row: tuple[Any, ...]) -> HitRow:
    id_, at, entry, agency, owner, state, last, exact, fit, listed_at, lead, day, expires, sealed = row
    return HitRow(
        id_,
        moment(at),
        entry,
        agency,
        owner,
        HitState(state),
        last,
        bool(exact),
        fit,
        moment(listed_at),
        lead,
        day,
        moment(expires),
        None if sealed is None else bytes(sealed),
    )


def _source(row: tuple[Any, ...]) -> Source:
    agency, name, officer, authoritative, scope, longest_age, listed_at, entry = row
    return Source(
        agency,
        name,
        officer,
        moment(authoritative) if authoritative else None,
        Scope(scope),
        timedelta(microseconds=longest_age),
        _at(listed_at),
        entry,
    )
