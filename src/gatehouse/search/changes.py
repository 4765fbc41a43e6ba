"""The changes of the door's tables (`state`), each of which goes with an entry.

A change runs in the ledger's own transaction, where `ledger_index()` and `ledger_at()` are of its entry.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gatehouse.ledger.committer import Apply
from gatehouse.model import SEARCH_STEPS, SearchMode, SearchState
from gatehouse.search.errors import OutOfOrder
from gatehouse.search.state import micros

_MICROSECOND = timedelta(microseconds=1)


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


def undelivered(released: int) -> Apply:
    """Return the change that goes with the note that a release's reads were not handed out."""

    def apply(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO search_undelivered VALUES (?, ledger_at())", (released,))

    return apply


def _mark(
    connection: sqlite3.Connection, kinds: Sequence[str], search: str, agency: str, officer: str
) -> None:
    connection.executemany(
        "INSERT INTO search_mark VALUES (ledger_index(), ?, ?, ?, ?, ledger_at())",
        [(kind, search, agency, officer) for kind in kinds],
    )
