"""What went before: rates, budgets, and marks for supervisors.

A mark is a fact that a supervisor may want to ask about. It accuses nobody and changes no decision, and the
officer may have the best of reasons.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from statistics import median

from gatehouse.model import BadUse, PlateSearch
from gatehouse.search import rules
from gatehouse.search.limits import Limits
from gatehouse.search.rules import DoorRule
from gatehouse.search.state import SearchTables, micros, moment

KEY_BYTES = 32
_HASH = b"gatehouse-mark/1\n"
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
# Of somebody's searches, the share that makes an hour one of that person's own.
_OWN_HOUR = 0.02
# Who enters searches for colleagues gets their answers too, and must not search in their names beyond what
# one person may.
_BY = "(officer = ?1 OR entered_by = ?1)"


class MarkKind(StrEnum):
    """What a supervisor is shown."""

    SAME_PLATE = "same_plate"  # one person asked for this plate, or entered it, several times within a month
    SAME_PLATE_IN_AGENCY = "same_plate_in_agency"  # the agency did, more often still
    FAR_FROM_OWN_HOURS = "far_from_own_hours"
    VOLUME = "volume"  # far more searches in a day than the officer's usual
    VOLUME_OF_AGENCY = "volume_of_agency"
    RECIPROCAL_REVIEW = "reciprocal_review"  # officer and reviewer approve each other's searches
    PAPER_OVERDUE = "paper_overdue"


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark on a search; `entry` is the ledger index with which it came."""

    kind: MarkKind
    search: str
    agency: str
    officer: str
    at: datetime
    entry: int


class History:
    """What the tables know of an officer's and an agency's earlier searches. `key` has 32 bytes."""

    def __init__(self, tables: SearchTables, *, key: bytes, limits: Limits) -> None:
        if len(key) != KEY_BYTES:
            raise BadUse("the key of marks has the wrong length", expected=f"{KEY_BYTES} bytes")
        self._tables = tables
        self._key = key
        self._limits = limits

    def plate(self, search: PlateSearch) -> bytes:
        """Return the keyed hash by which an agency's searches for one plate are known."""
        return self._hash("plate", search.agency, search.plate.text)

    def matter(self, search: PlateSearch) -> bytes:
        """Return the keyed hash by which an agency's searches in one case are known."""
        return self._hash("matter", search.agency, "".join((search.case_number or "").casefold().split()))

    def marks(self, search: PlateSearch, at: datetime) -> list[MarkKind]:
        """Return what a search that is about to be requested is marked with."""
        found = []
        plate, since = self.plate(search), micros(at - self._limits.same_plate_within)
        mine = max(
            self._count(f"plate = ?2 AND {_BY} AND at >= ?3", person, plate, since)
            for person in _people(search)
        )
        if mine >= self._limits.same_plate:
            found.append(MarkKind.SAME_PLATE)
        if self._count("plate = ? AND at >= ?", plate, since) >= 2 * self._limits.same_plate:
            found.append(MarkKind.SAME_PLATE_IN_AGENCY)
        if self._far_from_own_hours(search.officer, at):
            found.append(MarkKind.FAR_FROM_OWN_HOURS)
        if self._much("officer", search.officer, MarkKind.VOLUME, at):
            found.append(MarkKind.VOLUME)
        if self._much("agency", search.agency, MarkKind.VOLUME_OF_AGENCY, at):
            found.append(MarkKind.VOLUME_OF_AGENCY)
        return found

    def bars(self, search: PlateSearch, at: datetime) -> list[DoorRule]:
        """Return the rules that rates and budgets set against a search that is requested already.

        It is counted itself, so of two that come at once neither slips past the limit.
        """
        found, hour, day = [], micros(at - _HOUR), micros(at - _DAY)
        if (
            any(
                self._count(f"{_BY} AND at > ?2", person, hour) > self._limits.officer_hour
                for person in _people(search)
            )
            or self._count("agency = ? AND at > ?", search.agency, hour) > self._limits.agency_hour
        ):
            found.append(rules.RATE)
        if any(self._spent(each, search, day) for each in _people(search)):
            found.append(rules.CANDIDATES)
        return found

    def _spent(self, person: str, search: PlateSearch, since: int) -> bool:
        """Return whether a person has asked or entered for more plates than a day allows."""
        in_case, in_all = self._tables.query(
            "SELECT coalesce(sum(candidates) FILTER (WHERE matter = ?2), 0), coalesce(sum(candidates), 0) "  # noqa: S608
            f"FROM search_search WHERE {_BY} AND at > ?3 AND state <> 'denied' AND mode = 'live'",
            person,
            self.matter(search),
            since,
        )[0]
        return bool(
            in_case > self._limits.candidates or in_all > self._limits.cases * self._limits.candidates
        )

    def suspended(self, officer: str, at: datetime) -> bool:
        """Return whether an officer owes the paper of an exigent search, or was not restored since."""
        return bool(
            self._tables.query(
                "SELECT 1 FROM search_paper WHERE officer = ?1 AND ((filed_at IS NULL AND due_at <= ?2) "
                "OR (suspended_at IS NOT NULL AND restored_at IS NULL)) LIMIT 1",
                officer,
                micros(at),
            )
        )

    def reciprocal(self, reviewer: str, officer: str, at: datetime) -> bool:
        """Return whether the officer has lately approved a search of the one who now reviews theirs."""
        return bool(
            self._tables.query(
                "SELECT 1 FROM search_review WHERE reviewer = ? AND officer = ? AND answer = 'approved' "
                "AND answered_at >= ? LIMIT 1",
                officer,
                reviewer,
                micros(at - self._limits.history),
            )
        )

    def marks_of(self, agency: str, *, since: datetime) -> Sequence[Mark]:
        """Return the marks on an agency's searches since a time, the newest first."""
        found = self._tables.query(
            "SELECT kind, search, agency, officer, at, entry FROM search_mark "
            "WHERE agency = ? AND at >= ? ORDER BY at DESC, entry DESC, kind",
            agency,
            micros(since),
        )
        return [
            Mark(MarkKind(kind), search, of, officer, moment(at), entry)
            for kind, search, of, officer, at, entry in found
        ]

    def _far_from_own_hours(self, officer: str, at: datetime) -> bool:
        hours = self._tables.query(
            "SELECT (at / 3600000000) % 24, count(*) FROM search_search "
            "WHERE officer = ? AND at >= ? GROUP BY 1",
            officer,
            micros(at - self._limits.history),
        )
        total = sum(count for _, count in hours)
        if total < self._limits.hours_known:
            return False
        now = micros(at) // 3_600_000_000 % 24
        apart = [
            min((hour - now) % 24, (now - hour) % 24) for hour, count in hours if count >= _OWN_HOUR * total
        ]
        return bool(apart) and min(apart) >= self._limits.hours_apart

    def _much(self, column: str, value: str, kind: MarkKind, at: datetime) -> bool:
        """Return whether a day's searches are far more than usual, and were not marked as that already."""
        day = micros(at - _DAY)
        today = 1 + self._count(f"{column} = ? AND at > ?", value, day)
        least = self._limits.volume * (1 if kind is MarkKind.VOLUME else self._limits.volume_ratio)
        if today <= least or self._tables.query(
            f"SELECT 1 FROM search_mark WHERE {column} = ? AND kind = ? AND at > ? LIMIT 1",  # noqa: S608
            value,
            kind.value,
            day,
        ):
            return False
        usual = self._tables.query(
            "SELECT count(*) FROM search_search "  # noqa: S608  # a column's name
            f"WHERE {column} = ? AND at >= ? AND at <= ? GROUP BY at / 86400000000",
            value,
            micros(at - self._limits.history),
            day,
        )
        return not usual or today > self._limits.volume_ratio * median(count for (count,) in usual)

    def _count(self, where: str, *values: object) -> int:
        found: int = self._tables.query(f"SELECT count(*) FROM search_search WHERE {where}", *values)[0][0]  # noqa: S608
        return found

    def _hash(self, kind: str, agency: str, text: str) -> bytes:
        return hmac.digest(self._key, _HASH + f"{kind}\n{agency}\n{text}".encode(), sha256)[:16]


def _people(search: PlateSearch) -> set[str]:
    """Return who gets the answer to a search: the officer, and who enters it."""
    return {search.officer, search.entered_by}
