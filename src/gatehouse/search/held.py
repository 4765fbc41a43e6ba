"""Where every evidence hold stands: a table of the door, changed only together with an entry.

It holds no read and no plate, only whose read is held, by whom, why, until when, and under which id the
vault keeps it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, Self

from gatehouse.ledger.committer import Apply
from gatehouse.search.errors import OutOfOrder, UnknownHold
from gatehouse.search.state import SearchTables, micros, moment
from gatehouse.vault.checks import HoldGround


class HoldState(StrEnum):
    """What became of a hold. One that is `kept` ends by itself with its date."""

    PLACED = "placed"  # on the record, and the vault has not answered yet
    KEPT = "kept"
    FAILED = "failed"
    ENDED = "ended"


# What a state may follow. Back to `kept` goes a hold that the vault did not end.
_BEFORE = {
    HoldState.KEPT: (HoldState.PLACED, HoldState.KEPT, HoldState.ENDED),
    HoldState.FAILED: (HoldState.PLACED,),
    HoldState.ENDED: (HoldState.KEPT,),
}


class _Asked(Protocol):
    @property
    def search(self) -> str: ...
    @property
    def ground(self) -> HoldGround: ...
    @property
    def until(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class HeldRow:
    """A hold: `agency` has it, `owner` is whose read it is; `placed` and `last` are ledger indexes.

    `vault` is the vault's id, None until it is kept.
    """

    id: str
    search: str
    agency: str
    owner: str
    officer: str
    ground: HoldGround
    state: HoldState
    vault: str | None
    at: datetime
    until: datetime
    placed: int
    last: int

    @classmethod
    def new(cls, id: str, asked: _Asked, *, agency: str, owner: str, officer: str) -> Self:
        """Return a hold before its entry, which gives it its time and indexes."""
        state, until = HoldState.PLACED, asked.until
        return cls(id, asked.search, agency, owner, officer, asked.ground, state, None, until, until, -1, -1)

    def over(self, now: datetime) -> bool:
        """Return whether nobody can open it any more."""
        return self.state in (HoldState.FAILED, HoldState.ENDED) or self.until <= now


_COLUMNS = "id, search, agency, owner, officer, ground, state, vault, at, until, placed, last"


def hold_placed(row: HeldRow) -> Apply:
    """Return the change that goes with the entry that places a hold."""

    def apply(connection: sqlite3.Connection) -> None:
        connection.execute(
            "INSERT INTO search_hold VALUES "
            "(?, ?, ?, ?, ?, ?, ?, NULL, ledger_at(), ?, ledger_index(), ledger_index())",
            (
                row.id,
                row.search,
                row.agency,
                row.owner,
                row.officer,
                row.ground.value,
                row.state.value,
                micros(row.until),
            ),
        )

    return apply


def hold_moved(hold: str, to: HoldState, *, vault: str | None = None) -> Apply:
    """Return the change of a hold's state; `OutOfOrder` if it cannot follow. Its date never changes."""
    before = _BEFORE[to]

    def apply(connection: sqlite3.Connection) -> None:
        done = connection.execute(
            "UPDATE search_hold SET state = ?, vault = coalesce(vault, ?), last = ledger_index() "
            "WHERE id = ? AND state IN (SELECT value FROM json_each(?))",
            (to.value, vault, hold, json.dumps(before)),
        )
        if done.rowcount != 1:
            raise OutOfOrder("a hold is not at the step that this follows", expected=" or ".join(before))

    return apply


def held(tables: SearchTables, hold: str) -> HeldRow:
    """Return a hold; an unknown number is `UnknownHold`."""
    rows = tables.query(f"SELECT {_COLUMNS} FROM search_hold WHERE id = ?", hold)  # noqa: S608  # constants
    if not rows:
        raise UnknownHold("there is no such hold", expected="the number of a hold")
    return _row(rows[0])


def held_by(
    tables: SearchTables, agency: str, *, as_owner: bool, before: int, most: int
) -> Sequence[HeldRow]:
    """Return the holds that an agency has, the newest first, and with `as_owner` those on its reads."""
    found = tables.query(
        f"SELECT {_COLUMNS} FROM search_hold "  # noqa: S608  # constants
        "WHERE (agency = ?1 OR (?2 AND owner = ?1)) AND placed < ?3 ORDER BY placed DESC LIMIT ?4",
        agency,
        as_owner,
        before,
        most,
    )
    return [_row(each) for each in found]


def unsettled(tables: SearchTables) -> Sequence[HeldRow]:
    """Return the holds of which nobody knows whether the vault has them."""
    return [
        _row(each)
        for each in tables.query(
            f"SELECT {_COLUMNS} FROM search_hold WHERE state = 'placed' ORDER BY placed"  # noqa: S608
        )
    ]


def _row(found: tuple[Any, ...]) -> HeldRow:
    id_, search, agency, owner, officer, ground, state, vault, at, until, placed, last = found
    return HeldRow(
        id_,
        search,
        agency,
        owner,
        officer,
        HoldGround(ground),
        HoldState(state),
        vault,
        moment(at),
        moment(until),
        placed,
        last,
    )
