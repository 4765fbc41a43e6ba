"""What people at a node see of searches: their own, those of their agency, what waits for them, and marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gatehouse.model import Officer, PlateSearch, Role, SearchState
from gatehouse.search import reviewing, rules
from gatehouse.search.answer import Answer
from gatehouse.search.errors import UnknownSearch
from gatehouse.search.history import Mark
from gatehouse.search.parts import Parts, refused
from gatehouse.search.state import Row

MOST = 200


@dataclass(frozen=True, slots=True)
class Waiting:
    """A search that waits for a reviewer, and for whom they are asked: the searching agency or an owner."""

    search: str
    agency: str
    searcher: str
    due_at: datetime


def look(parts: Parts, search_id: str, *, by: Officer) -> Answer:
    """Return where a search stands, to those whom it concerns; reads are handed out once and not here."""
    row = parts.tables.search(search_id)
    _check_seen(parts, row, by)
    return reviewing.standing(parts, row)


def asked(parts: Parts, search_id: str, *, by: Officer) -> PlateSearch:
    """Return what was asked, plate and reason included, to those whom it concerns."""
    row = parts.tables.search(search_id)
    _check_seen(parts, row, by)
    return parts.case(row).search


def searches(
    parts: Parts, *, by: Officer, whole_agency: bool = False, before: int | None = None, most: int = 50
) -> Sequence[Row]:
    """Return a person's searches, the newest first, or their agency's if they are supervisor or auditor.

    `before` is the `requested` of the last row of the page before.
    """
    person = _known(parts, by)
    if whole_agency and not _oversees(person):
        raise refused(rules.NOT_YOURS)
    return parts.tables.searches_of(
        officer=None if whole_agency else person.id,
        agency=person.agency,
        before=2**62 if before is None else before,
        most=max(1, min(most, MOST)),
    )


def waiting(parts: Parts, *, by: Officer) -> Sequence[Waiting]:
    """Return the searches that wait for a reviewer, the most urgent first."""
    person = _known(parts, by)
    found = []
    for search, agency in parts.tables.query(
        "SELECT search, agency FROM search_review WHERE reviewer = ? AND answer IS NULL", person.id
    ):
        row = parts.tables.search(search)
        if row.state is SearchState.REVIEW_PENDING and row.due_at is not None:
            found.append(Waiting(search, agency, row.agency, row.due_at))
    return sorted(found, key=lambda each: each.due_at)


def marks(parts: Parts, *, by: Officer, since: datetime) -> Sequence[Mark]:
    """Return the marks on an agency's searches, to its supervisors and auditors."""
    person = _known(parts, by)
    if not _oversees(person):
        raise refused(rules.NOT_YOURS)
    return parts.history.marks_of(person.agency, since=since)


def _check_seen(parts: Parts, row: Row, by: Officer) -> None:
    person = _known(parts, by)
    mine = person.agency == row.agency and (person.id in (row.officer, row.entered_by) or _oversees(person))
    if not mine and person.id not in {each.reviewer for each in parts.tables.reviews(row.id)}:
        # Whether there is such a search is nothing to tell either.
        raise UnknownSearch("there is no such search", expected="the number of a search")


def _known(parts: Parts, by: Officer) -> Officer:
    person = parts.registry.officer(by.id)
    if not person.active:
        raise refused(rules.NOT_ENTITLED)
    return person


def _oversees(person: Officer) -> bool:
    return not person.roles.isdisjoint({Role.SUPERVISOR, Role.AUDITOR})
