"""Review: who is asked for the searching agency and for owners, and what is known of it.

The door chooses, never the officer: among the active supervisors of an agency, but for the search's officer
and whoever entered it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from gatehouse.model import Officer, PlateSearch, Role
from gatehouse.search.registry import Registry
from gatehouse.search.state import Review

Choose = Callable[[Sequence[str]], str]


@dataclass(frozen=True, slots=True)
class Asked:
    """Pairs of agency and reviewer, and the agencies that have nobody to ask."""

    pairs: tuple[tuple[str, str], ...]
    without: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReviewStatus:
    """How far a review is: whether the searching agency's supervisor and how many owners' have answered.

    `own` is `approved`, or None while it is open. The answer can be collected until `due_at`; whoever
    collects it before all owners have answered goes without the others.
    """

    due_at: datetime
    own: str | None
    owners_asked: int
    owners_approved: int
    owners_refused: int


def ask(
    registry: Registry, search: PlateSearch, agencies: Iterable[str], *, choose: Choose = secrets.choice
) -> Asked:
    """Choose a reviewer for each agency."""
    pairs, without = [], []
    for agency in dict.fromkeys(agencies):
        found = sorted(
            each.id for each in registry.people(agency, Role.SUPERVISOR) if may_review(each, search, agency)
        )
        if found:
            pairs.append((agency, choose(found)))
        else:
            without.append(agency)
    return Asked(tuple(pairs), tuple(without))


def may_review(person: Officer, search: PlateSearch, agency: str) -> bool:
    """Return whether a person may review a search for an agency; nobody reviews their own."""
    return (
        person.active
        and person.agency == agency
        and Role.SUPERVISOR in person.roles
        and person.id not in (search.officer, search.entered_by)
    )


def status_of(reviews: Sequence[Review], *, agency: str, due: datetime) -> ReviewStatus:
    """Return how far a review is."""
    others = [each.answer for each in reviews if each.agency != agency]
    return ReviewStatus(
        due_at=due,
        own=next((each.answer for each in reviews if each.agency == agency), None),
        owners_asked=len(others),
        owners_approved=others.count("approved"),
        owners_refused=others.count("refused"),
    )
