"""Changes of the hotlist's tables, each made with the entry of the ledger that it goes with.

They run on the ledger's thread. What raises in one keeps the entry off the record: two that come at once are
ordered by the ledger, and the second finds the state that the first has left.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from gatehouse.hotlist.errors import WrongStep
from gatehouse.hotlist.state import HitRow, NewEntry, Source
from gatehouse.ledger.committer import Apply
from gatehouse.model import SEARCH_STEPS, HitState, SearchState
from gatehouse.search.state import micros


def both(*changes: Apply) -> Apply:
    """Return changes as one."""

    def apply(connection: sqlite3.Connection) -> None:
        for change in changes:
            change(connection)

    return apply


def source_set(source: Source, *, waiting: timedelta | None) -> Apply:
    """Return the change that sets a source; its newest list stays what it is.

    It is authoritative once `waiting` is over, or from when it was to be before; with None it is not.
    """

    def apply(connection: sqlite3.Connection) -> None:
        connection.execute(
            "INSERT INTO hotlist_source VALUES"
            " (?, ?, ?, coalesce(ledger_at() + ?, 0), ?, ?, NULL, ledger_index())"
            " ON CONFLICT (agency, name) DO UPDATE SET officer = excluded.officer,"
            " authoritative = CASE WHEN authoritative > 0 THEN min(authoritative, excluded.authoritative)"
            " ELSE excluded.authoritative END, scope = excluded.scope,"
            " longest_age = excluded.longest_age, entry = excluded.entry",
            (
                source.agency,
                source.name,
                source.officer,
                None if waiting is None else waiting // timedelta(microseconds=1),
                source.scope.value,
                source.longest_age // timedelta(microseconds=1),
            ),
        )

    return apply


def listed(agency: str, source: str, listed_at: datetime, ended: Collection[str]) -> Apply:
    """Return the change of a list: how new the source is, and which entries are no longer on it.

    A list that is older than the newest one is `WrongStep`: no version goes back.
    """

    def apply(connection: sqlite3.Connection) -> None:
        done = connection.execute(
            "UPDATE hotlist_source SET listed_at = ?3, entry = ledger_index()"
            " WHERE agency = ?1 AND name = ?2 AND coalesce(listed_at, ?3) <= ?3",
            (agency, source, micros(listed_at)),
        )
        if done.rowcount != 1:
            raise WrongStep(
                "a list is older than the one before it", expected="a newer list of a known source"
            )
        connection.executemany(
            "UPDATE hotlist_entry SET ended_at = ledger_at() WHERE id = ? AND ended_at IS NULL",
            [(entry,) for entry in ended],
        )

    return apply


def requested(entry: NewEntry) -> Apply:
    """Return the change that goes with `requested`."""

    def apply(connection: sqlite3.Connection) -> None:
        connection.execute(
            "INSERT INTO hotlist_entry (id, agency, source, listed, officer, entered_by, state, plate,"
            " matter, line, at, until, requested, renewed, sealed)"
            " VALUES (?, ?, ?, ?, ?, ?, 'requested', ?, ?, ?, ledger_at(), ?, ledger_index(), 0, ?)",
            (
                entry.id,
                entry.agency,
                entry.source,
                entry.listed,
                entry.officer,
                entry.entered_by,
                entry.plate,
                entry.matter,
                entry.line,
                micros(entry.until),
                entry.sealed,
            ),
        )

    return apply


def moved(entry: str, to: SearchState) -> Apply:
    """Return the change of an entry's state; one that cannot follow is `WrongStep`."""
    before = sorted(state.value for state, steps in SEARCH_STEPS.items() if to in steps)

    def apply(connection: sqlite3.Connection) -> None:
        done = connection.execute(
            "UPDATE hotlist_entry SET state = ?1,"
            " since = CASE WHEN ?1 = 'released' THEN ledger_at() ELSE since END"
            " WHERE id = ?2 AND state IN (SELECT value FROM json_each(?3))"
            " AND (?1 != 'released' OR ended_at IS NULL)",
            (to.value, entry, json.dumps(before)),
        )
        if done.rowcount != 1:
            raise WrongStep(
                "an entry is not at the step that this follows",
                expected=f"{' or '.join(before)}, then {to.value}",
                got="another state",
            )

    return apply


def decided(entry: str, owners: Iterable[str], *, under: int | None, approved_by: str | None = None) -> Apply:
    """Return the change that keeps who permits; `under` is the ledger index of equal decisions, if any."""
    text = json.dumps(sorted(owners))

    def apply(connection: sqlite3.Connection) -> None:
        if under is None:
            connection.execute("INSERT INTO hotlist_decision VALUES (ledger_index(), ?)", (text,))
        connection.execute(
            "UPDATE hotlist_entry SET decided = coalesce(?, ledger_index()),"
            " approved_by = coalesce(?, approved_by) WHERE id = ?",
            (under, approved_by, entry),
        )

    return apply


def assigned(entry: str, reviewer: str, *, due: datetime) -> Apply:
    """Return the change that asks a reviewer."""

    def apply(connection: sqlite3.Connection) -> None:
        connection.execute(
            "UPDATE hotlist_entry SET reviewer = ?, due_at = ? WHERE id = ?", (reviewer, micros(due), entry)
        )

    return apply


def ended(entry: str) -> Apply:
    """Return the change that ends an entry; one that has ended is `WrongStep`."""

    def apply(connection: sqlite3.Connection) -> None:
        _one(
            connection.execute(
                "UPDATE hotlist_entry SET ended_at = ledger_at() WHERE id = ? AND ended_at IS NULL", (entry,)
            ),
            "the entry has ended before",
        )

    return apply


def renewed(entry: str) -> Apply:
    """Return the change that lets a stopped entry go on: hits before it count no more."""

    def apply(connection: sqlite3.Connection) -> None:
        _one(
            connection.execute(
                "UPDATE hotlist_entry SET renewed = ledger_index(), stopped_at = NULL"
                " WHERE id = ? AND state = 'released' AND ended_at IS NULL",
                (entry,),
            ),
            "the entry does not stand",
        )

    return apply


def raised(hit: HitRow, *, most: int) -> Apply:
    """Return the change of a new hit, which stops its entry if it is the last that goes out unconfirmed.

    For an entry that does not stand, or is stopped, it is `WrongStep`, and no hit is recorded.
    """

    def apply(connection: sqlite3.Connection) -> None:
        _one(
            connection.execute(
                "INSERT INTO hotlist_hit SELECT ledger_index(), ledger_at(), id, agency, ?, 'raised',"
                " ledger_index(), ?, ?, ?, ?, ?, ?, ? FROM hotlist_entry WHERE id = ? AND state = 'released'"
                " AND ended_at IS NULL AND stopped_at IS NULL AND until > ledger_at()",
                (
                    hit.owner,
                    hit.exact,
                    hit.fit,
                    micros(hit.listed_at),
                    hit.lead,
                    hit.day,
                    micros(hit.expires),
                    hit.sealed,
                    hit.entry,
                ),
            ),
            "the entry does not stand",
        )
        connection.execute(
            "UPDATE hotlist_entry SET stopped_at = ledger_at() WHERE id = ?1 AND ?2 <= (SELECT count(*)"
            " FROM hotlist_hit WHERE entry = ?1 AND state = 'raised' AND hotlist_hit.id > renewed)",
            (hit.entry, most),
        )

    return apply


# What may follow the state of a hit.
HIT_STEPS: Mapping[HitState, frozenset[HitState]] = {
    HitState.PLATE_CONFIRMED: frozenset({HitState.RAISED}),
    HitState.REFUTED: frozenset({HitState.RAISED, HitState.PLATE_CONFIRMED}),
    HitState.ORIGIN_CONFIRMED: frozenset({HitState.PLATE_CONFIRMED}),
    HitState.CLOSED: frozenset({HitState.PLATE_CONFIRMED, HitState.REFUTED, HitState.ORIGIN_CONFIRMED}),
}


def hit_moved(hit: int, to: HitState, *, late: timedelta) -> Apply:
    """Return the change of a hit's state; an answer that comes later than `late` stops its entry."""
    before = json.dumps(sorted(state.value for state in HIT_STEPS[to]))

    def apply(connection: sqlite3.Connection) -> None:
        _one(
            connection.execute(
                "UPDATE hotlist_hit SET state = ?, last = ledger_index()"
                " WHERE id = ? AND state IN (SELECT value FROM json_each(?))",
                (to.value, hit, before),
            ),
            "a hit is not at the step that this follows",
        )
        connection.execute(
            "UPDATE hotlist_entry SET stopped_at = coalesce(stopped_at, ledger_at()) WHERE id ="
            " (SELECT entry FROM hotlist_hit WHERE id = ?1 AND at + ?2 <= ledger_at() AND id > renewed)"
            " AND ?3 IN ('plate_confirmed', 'refuted')",
            (hit, late // timedelta(microseconds=1), to.value),
        )

    return apply


def learned(camera: str, patterns: Iterable[str]) -> Apply:
    """Return the change that counts what a person found about a camera's reading."""
    found = tuple(patterns)

    def apply(connection: sqlite3.Connection) -> None:
        connection.executemany(
            "INSERT INTO hotlist_feedback VALUES (?, ?, 1)"
            " ON CONFLICT (camera, pattern) DO UPDATE SET number = number + 1",
            [(camera, pattern) for pattern in found],
        )

    return apply


def _one(cursor: sqlite3.Cursor, what: str) -> None:
    if cursor.rowcount != 1:
        raise WrongStep(what, expected="another state", hint="look where it stands, and begin again")
