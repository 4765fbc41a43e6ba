"""Where every search stands: the door's own tables, in the ledger's database.

They change only together with an entry (`Book.append(…, apply=)`), so that what they say is on the record.
They hold ids, ledger indexes, states and times. Plate and case stand there as keyed hashes alone, under a key
that is kept elsewhere and only to tell that the same one came again; after `Limits.history` even those go.
Everything else about a search lies sealed beside its entries.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gatehouse.model import PartUnavailable, SearchMode, SearchState
from gatehouse.search.errors import UnknownSearch

_TABLES = """
CREATE TABLE IF NOT EXISTS search_search (
    id TEXT PRIMARY KEY,
    mode TEXT NOT NULL,
    state TEXT NOT NULL,
    agency TEXT NOT NULL,
    officer TEXT NOT NULL,
    entered_by TEXT NOT NULL,
    exigent INTEGER NOT NULL,
    candidates INTEGER NOT NULL,
    plate BLOB,                      -- keyed hash
    matter BLOB,                     -- keyed hash of the case number
    at INTEGER NOT NULL,             -- microseconds since 1970, as all times here
    changed_at INTEGER NOT NULL,
    due_at INTEGER,                  -- until when a review and its answer wait
    requested INTEGER NOT NULL,      -- ledger index
    decided INTEGER,                 -- ledger index of the newest entry with decisions
    last INTEGER NOT NULL            -- ledger index of the newest entry
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS search_search_by_officer ON search_search (officer, at);
CREATE INDEX IF NOT EXISTS search_search_by_clerk ON search_search (entered_by, at);
CREATE INDEX IF NOT EXISTS search_search_by_agency ON search_search (agency, at);
CREATE INDEX IF NOT EXISTS search_search_by_plate ON search_search (plate) WHERE plate IS NOT NULL;
CREATE INDEX IF NOT EXISTS search_search_hashed ON search_search (at) WHERE plate IS NOT NULL;
CREATE INDEX IF NOT EXISTS search_search_by_change ON search_search (changed_at);
CREATE INDEX IF NOT EXISTS search_search_open ON search_search (state, at)
    WHERE state IN ('requested', 'review_pending', 'permitted', 'approved');
CREATE TABLE IF NOT EXISTS search_review (
    search TEXT NOT NULL REFERENCES search_search (id),
    agency TEXT NOT NULL,            -- whose supervisor: the searcher, or an owner
    reviewer TEXT NOT NULL,
    officer TEXT NOT NULL,
    answer TEXT,                     -- approved or refused
    answered_at INTEGER,
    PRIMARY KEY (search, agency)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS search_review_by_reviewer ON search_review (reviewer, answer);
CREATE TABLE IF NOT EXISTS search_mark (
    entry INTEGER NOT NULL,          -- ledger index
    kind TEXT NOT NULL,
    search TEXT NOT NULL,
    agency TEXT NOT NULL,
    officer TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (entry, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS search_mark_by_agency ON search_mark (agency, at);
CREATE TABLE IF NOT EXISTS search_undelivered (
    released INTEGER PRIMARY KEY,    -- ledger index
    at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS search_notice (
    entry INTEGER NOT NULL,
    owner TEXT NOT NULL,
    search TEXT NOT NULL,
    searcher TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (owner, entry)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS search_paper (
    search TEXT PRIMARY KEY REFERENCES search_search (id),
    agency TEXT NOT NULL,
    officer TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    filed_at INTEGER,
    suspended_at INTEGER,
    restored_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS search_paper_by_officer ON search_paper (officer);
CREATE TABLE IF NOT EXISTS search_hold (
    id TEXT PRIMARY KEY,
    search TEXT NOT NULL,
    agency TEXT NOT NULL,            -- who has it: the searcher, or the owner
    owner TEXT NOT NULL,             -- whose read it is
    officer TEXT NOT NULL,
    ground TEXT NOT NULL,
    state TEXT NOT NULL,
    vault TEXT,                      -- the vault's id of it
    at INTEGER NOT NULL,
    until INTEGER NOT NULL,
    placed INTEGER NOT NULL,         -- ledger index
    last INTEGER NOT NULL            -- ledger index of the newest entry
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS search_hold_by_agency ON search_hold (agency, placed);
CREATE INDEX IF NOT EXISTS search_hold_by_owner ON search_hold (owner, placed);
"""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(at: datetime) -> int:
    """Return an aware time as it is kept."""
    return (at - _EPOCH) // _MICROSECOND


def moment(kept: int) -> datetime:
    """Return a time that is kept."""
    return _EPOCH + kept * _MICROSECOND


@dataclass(frozen=True, slots=True)
class Row:
    """A search as the tables know it; `requested`, `decided` and `last` are ledger indexes."""

    id: str
    mode: SearchMode
    state: SearchState
    agency: str
    officer: str
    entered_by: str
    exigent: bool
    at: datetime
    changed_at: datetime
    due_at: datetime | None
    requested: int
    decided: int | None
    last: int


@dataclass(frozen=True, slots=True)
class Review:
    """A supervisor whom the door has asked, for the searching agency or for an owner."""

    search: str
    agency: str
    reviewer: str
    answer: str | None


_ROW = (
    "id, mode, state, agency, officer, entered_by, exigent, at, changed_at, due_at, requested, decided, last"
)


class SearchTables:
    """Reads of the door's tables, from any thread, and the changes that go with entries."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        try:
            self._connection = sqlite3.connect(
                path, isolation_level=None, timeout=30, check_same_thread=False
            )
        except sqlite3.OperationalError as error:
            raise PartUnavailable("the door's tables cannot be opened", where=path.name) from error
        self._connection.execute("PRAGMA synchronous = FULL")
        for statement in _TABLES.split(";\n"):
            if statement.strip():
                self._connection.execute(statement)
        self._connection.execute("PRAGMA query_only = ON")

    def close(self) -> None:
        """Let go of the tables."""
        with self._lock:
            self._connection.close()

    def search(self, search: str) -> Row:
        """Return a search; an unknown id is `UnknownSearch`."""
        rows = self.query(f"SELECT {_ROW} FROM search_search WHERE id = ?", search)  # noqa: S608  # constants
        if not rows:
            raise UnknownSearch("there is no such search", expected="the number of a search")
        return _row(rows[0])

    def known(self, search: str) -> bool:
        """Return whether a search was requested on the record."""
        return bool(self.query("SELECT 1 FROM search_search WHERE id = ?", search))

    def open_searches(self) -> list[Row]:
        """Return the searches without an outcome, the oldest first."""
        return [
            _row(each)
            for each in self.query(
                f"SELECT {_ROW} FROM search_search "  # noqa: S608  # constants
                "WHERE state IN ('requested', 'review_pending', 'permitted', 'approved') ORDER BY at"
            )
        ]

    def newest_released(self, within: timedelta) -> list[Row]:
        """Return the searches that were released last, within a span before the newest of them."""
        return [
            _row(each)
            for each in self.query(
                f"SELECT {_ROW} FROM search_search WHERE state = 'released' AND mode = 'live' "  # noqa: S608
                "AND changed_at >= (SELECT max(changed_at) FROM search_search) - ? ORDER BY last",
                within // _MICROSECOND,
            )
        ]

    def undelivered(self, within: timedelta) -> list[int]:
        """Return the indexes of releases that were not handed out, within a span before the newest change."""
        rows = self.query(
            "SELECT released FROM search_undelivered "
            "WHERE at >= (SELECT max(changed_at) FROM search_search) - ?",
            within // _MICROSECOND,
        )
        return [released for (released,) in rows]

    def searches_of(self, *, officer: str | None, agency: str, before: int, most: int) -> list[Row]:
        """Return searches of an officer or of a whole agency, the newest first, below a ledger index."""
        return [
            _row(each)
            for each in self.query(
                f"SELECT {_ROW} FROM search_search "  # noqa: S608  # constants
                "WHERE agency = ?1 AND (?2 IS NULL OR officer = ?2 OR entered_by = ?2) AND requested < ?3 "
                "ORDER BY requested DESC LIMIT ?4",
                agency,
                officer,
                before,
                most,
            )
        ]

    def reviews(self, search: str) -> list[Review]:
        """Return the reviews of a search, by agency."""
        return [
            Review(*each)
            for each in self.query(
                "SELECT search, agency, reviewer, answer FROM search_review WHERE search = ? ORDER BY agency",
                search,
            )
        ]

    def query(self, statement: str, *values: object) -> Sequence[tuple[Any, ...]]:
        """Return the rows of a query; a database that fails is `PartUnavailable`."""
        try:
            with self._lock:
                return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise PartUnavailable(
                "the door's tables cannot be read",
                where=self._path.name,
                got=getattr(error, "sqlite_errorname", type(error).__name__),
                hint="see to the disk of the ledger; then ask again",
            ) from error


def _row(found: tuple[Any, ...]) -> Row:
    id_, mode, state, agency, officer, entered_by, exigent, at, changed_at, due_at, *indexes = found
    return Row(
        id_,
        SearchMode(mode),
        SearchState(state),
        agency,
        officer,
        entered_by,
        bool(exigent),
        moment(at),
        moment(changed_at),
        None if due_at is None else moment(due_at),
        *indexes,
    )
