"""Where every search stands: the door's own tables, in the ledger's database.

They change only together with an entry (`Book.append(…, apply=)`), so that what they say is on the record.
They hold ids, ledger indexes, states and times. Plate and case stand there as keyed hashes alone, under a key
that is kept elsewhere and only to tell that the same one came again; after `Limits.history` even those go.
Everything else about a search lies sealed beside its entries.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gatehouse.ledger.committer import Apply
from gatehouse.model import SEARCH_STEPS, PartUnavailable, SearchMode, SearchState
from gatehouse.search.errors import OutOfOrder, UnknownSearch

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


@dataclass(frozen=True, slots=True)
class Noted:
    """A search before it is requested, as the tables will know it. Hashes may be None."""

    id: str
    mode: SearchMode
    agency: str
    officer: str
    entered_by: str
    exigent: bool
    candidates: int
    plate: bytes | None
    matter: bytes | None


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
        """Return the rows of a query."""
        with self._lock:
            return self._connection.execute(statement, values).fetchall()


def requested(search: Noted, marks: Iterable[str], *, forget: datetime) -> Apply:
    """Return the change that goes with `requested`; hashes of searches before `forget` go for good."""
    kinds = tuple(marks)

    def apply(connection: sqlite3.Connection) -> None:
        connection.execute(
            "INSERT INTO search_search VALUES "
            "(?, ?, 'requested', ?, ?, ?, ?, ?, ?, ?, ledger_at(), ledger_at(), NULL, ledger_index(), NULL, "
            "ledger_index())",
            (
                search.id,
                search.mode.value,
                search.agency,
                search.officer,
                search.entered_by,
                search.exigent,
                search.candidates,
                search.plate,
                search.matter,
            ),
        )
        _mark(connection, kinds, search.id, search.agency, search.officer)
        connection.execute(
            "UPDATE search_search SET plate = NULL, matter = NULL WHERE at < ? AND plate IS NOT NULL",
            (micros(forget),),
        )

    return apply


def moved(search: str, to: SearchState, *more: Apply, decides: bool) -> Apply:
    """Return the change of a search's state, with more that goes with it; `OutOfOrder` if it cannot follow.

    `decides` says that decisions are attached to the entry. Two that come at once are ordered by the ledger:
    the second finds the state that the first has left.
    """
    before = sorted(state.value for state, steps in SEARCH_STEPS.items() if to in steps)

    def apply(connection: sqlite3.Connection) -> None:
        done = connection.execute(
            "UPDATE search_search SET state = ?, changed_at = ledger_at(), last = ledger_index(), "
            "decided = CASE WHEN ? THEN ledger_index() ELSE decided END "
            "WHERE id = ? AND state IN (SELECT value FROM json_each(?))",
            (to.value, decides, search, json.dumps(before)),
        )
        if done.rowcount != 1:
            raise OutOfOrder(
                "a search is not at the step that this follows",
                expected=f"{' or '.join(before)}, then {to.value}",
                got="another state",
            )
        for each in more:
            each(connection)

    return apply


def assigned(search: str, officer: str, reviewers: Iterable[tuple[str, str]], *, due: datetime) -> Apply:
    """Return the change that asks reviewers, pairs of agency and person."""
    pairs = tuple(reviewers)

    def apply(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE search_search SET due_at = ? WHERE id = ?", (micros(due), search))
        connection.executemany(
            "INSERT INTO search_review VALUES (?, ?, ?, ?, NULL, NULL)",
            [(search, agency, reviewer, officer) for agency, reviewer in pairs],
        )

    return apply


def answered(search: str, agency: str, answer: str) -> Apply:
    """Return the change that keeps a reviewer's answer, which is given once while the search waits."""

    def apply(connection: sqlite3.Connection) -> None:
        done = connection.execute(
            "UPDATE search_review SET answer = ?, answered_at = ledger_at() "
            "WHERE search = ? AND agency = ? AND answer IS NULL AND EXISTS "
            "(SELECT 1 FROM search_search WHERE id = search AND state IN ('review_pending', 'refused'))",
            (answer, search, agency),
        )
        if done.rowcount != 1:
            raise OutOfOrder("a review was answered already, or its search waits for none")

    return apply


def marked(kinds: Iterable[str], *, search: str, agency: str, officer: str) -> Apply:
    """Return the change that marks a search for supervisors."""
    listed = tuple(kinds)

    def apply(connection: sqlite3.Connection) -> None:
        _mark(connection, listed, search, agency, officer)

    return apply


def told(search: str, searcher: str, owners: Iterable[str]) -> Apply:
    """Return the change that tells owners of an exigent search of their reads."""
    listed = tuple(owners)

    def apply(connection: sqlite3.Connection) -> None:
        connection.executemany(
            "INSERT INTO search_notice VALUES (ledger_index(), ?, ?, ?, ledger_at())",
            [(owner, search, searcher) for owner in listed],
        )

    return apply


def paper_due(search: str, agency: str, officer: str, *, within: timedelta) -> Apply:
    """Return the change that makes the paper of an exigent search due."""

    def apply(connection: sqlite3.Connection) -> None:
        connection.execute(
            "INSERT INTO search_paper VALUES (?, ?, ?, ledger_at() + ?, NULL, NULL, NULL)",
            (search, agency, officer, within // _MICROSECOND),
        )

    return apply


def paper_moved(search: str, column: str) -> Apply:
    """Return the change that says when a paper was filed, or a privilege suspended or restored; once each."""
    if column not in ("filed_at", "suspended_at", "restored_at"):
        raise OutOfOrder("a paper has no such step", expected="filed, suspended or restored")

    def apply(connection: sqlite3.Connection) -> None:
        done = connection.execute(
            f"UPDATE search_paper SET {column} = ledger_at() WHERE search = ? AND {column} IS NULL",  # noqa: S608
            (search,),
        )
        if done.rowcount != 1:
            raise OutOfOrder("no paper is due for this search, or this was done before")

    return apply


def both(*changes: Apply) -> Apply:
    """Return several changes as one."""

    def apply(connection: sqlite3.Connection) -> None:
        for each in changes:
            each(connection)

    return apply


def nothing(_connection: sqlite3.Connection) -> None:
    """Change nothing."""


def _mark(
    connection: sqlite3.Connection, kinds: Sequence[str], search: str, agency: str, officer: str
) -> None:
    connection.executemany(
        "INSERT INTO search_mark VALUES (ledger_index(), ?, ?, ?, ?, ledger_at())",
        [(kind, search, agency, officer) for kind in kinds],
    )


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
