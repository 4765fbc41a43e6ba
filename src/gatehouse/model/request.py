"""A search as it is asked: who wants to look up what, for which purpose, on whose behalf, of whose reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from gatehouse.model.agency import AgencyKind
from gatehouse.model.purpose import Purpose


class ProcessKind(StrEnum):
    """Legal process. An administrative warrant is signed by no judge and counts as no warrant."""

    WARRANT = "warrant"
    COURT_ORDER = "court_order"
    JUDICIAL_SUBPOENA = "judicial_subpoena"
    ADMINISTRATIVE_SUBPOENA = "administrative_subpoena"
    ADMINISTRATIVE_WARRANT = "administrative_warrant"
    EXIGENCY = "exigency"


class Behalf(StrEnum):
    """On whose behalf a search is made, where no agency is named."""

    NONE = "none"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Party:
    """An agency in a request. `state` is a USPS code, or None where it is not known."""

    name: str
    state: str | None
    kind: AgencyKind

    def same_as(self, other: Party) -> bool:
        """Return whether both are one agency, by name and state."""
        return self.state == other.state and self.name.casefold().split() == other.name.casefold().split()


@dataclass(frozen=True, slots=True)
class Process:
    """Legal process that a request rests on."""

    kind: ProcessKind
    issuer: str | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """The time that a search asks for, UTC, both ends included."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Agreement:
    """What an owner lets a searcher do: these purposes (all if none is named), from and to, if bounded."""

    purposes: frozenset[Purpose] = frozenset()
    valid_from: datetime | None = None
    valid_to: datetime | None = None

    def covers(self, purpose: Purpose | None, at: datetime) -> bool:
        """Return whether it covers a purpose at a time; an unknown purpose only if it names none."""
        return _within(at, self.valid_from, self.valid_to) and (not self.purposes or purpose in self.purposes)


@dataclass(frozen=True, slots=True)
class Declaration:
    """A searcher's written word not to use the data for certain matters; `covers` of `MATTERS`."""

    covers: frozenset[str]
    valid_from: datetime | None = None
    valid_to: datetime | None = None

    def in_force(self, at: datetime) -> bool:
        """Return whether it binds at a time."""
        return _within(at, self.valid_from, self.valid_to)


# The matters that declarations forswear.
MATTERS = frozenset({"immigration", "reproductive", "gender", "first_amendment"})


@dataclass(frozen=True, slots=True)
class OwnerTerms:
    """An owner, its own rules, and what stands between it and the searcher.

    `retention` None adds no limit. `bans` and `optins` are codes (`gatehouse.law.document` lists them).
    `agreement` and `declaration` are None where it is not known whether there is one.
    """

    party: Party
    retention: timedelta | None = None
    bans: frozenset[str] = frozenset()
    optins: frozenset[str] = frozenset()
    agreement: bool | Agreement | None = None
    declaration: bool | Declaration | None = None


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """One search, before any owner has been asked. Free text has no place here: it becomes signals first."""

    searcher: Party
    purpose: Purpose | None = None
    offense: str | None = None
    case_number: str | None = None
    window: Window | None = None
    on_behalf_of: Party | Behalf = Behalf.NONE
    process: Process | None = None
    approvals: tuple[str, ...] = field(default=())


def _within(at: datetime, start: datetime | None, end: datetime | None) -> bool:
    return (start is None or start <= at) and (end is None or at < end)


def distinct_approvers(approvals: Iterable[str]) -> int:
    """Return how many people approved."""
    return len({" ".join(each.casefold().split()) for each in approvals if each.strip()})
