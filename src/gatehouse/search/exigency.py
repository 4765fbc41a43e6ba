"""Exigency: an answer on the officer's signature alone where the law allows it, and the paper that follows.

The rulebook decides such a search like any other; nothing that a law, an owner or the design refuses is
lifted. What is different comes afterwards: the owners whose reads were handed out are told, and the officer
files the paper (the written statement or the warrant) in time. While it is overdue the officer makes no
exigent search.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gatehouse.model import Officer, Role
from gatehouse.search import changes, rules
from gatehouse.search.errors import OutOfOrder
from gatehouse.search.history import MarkKind
from gatehouse.search.parts import Parts, refused
from gatehouse.search.state import micros, moment

FILED = "exigency:paper:filed"
SUSPENDED = "exigency:privilege:suspended"
RESTORED = "exigency:privilege:restored"


@dataclass(frozen=True, slots=True)
class Paper:
    """The paper that an exigent search owes."""

    search: str
    agency: str
    officer: str
    due_at: datetime
    filed_at: datetime | None
    suspended_at: datetime | None
    restored_at: datetime | None


class PaperState(StrEnum):
    """Which papers are asked for. An overdue one that suspended a privilege is both."""

    DUE = "due"  # to be filed, and there is time
    OVERDUE = "overdue"  # to be filed, and there was time
    SUSPENDED = "suspended"  # the officer's privilege is suspended for it
    FILED = "filed"


_IN_STATE = {
    PaperState.DUE: "filed_at IS NULL AND due_at > ?",
    PaperState.OVERDUE: "filed_at IS NULL AND due_at <= ?",
    PaperState.SUSPENDED: "suspended_at IS NOT NULL AND restored_at IS NULL AND ? > 0",
    PaperState.FILED: "filed_at IS NOT NULL AND ? > 0",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """That an owner's reads were handed out in an exigency; `entry` is the index of `released`."""

    entry: int
    owner: str
    search: str
    searcher: str
    at: datetime


def papers(
    parts: Parts,
    agency: str,
    *,
    officer: str | None = None,
    state: PaperState | None = None,
    after: str = "",
    most: int = -1,
) -> Sequence[Paper]:
    """Return the papers of an agency's exigent searches, or of one officer's, the oldest due date first.

    `after` is the search of the last paper of the page before, and `most` below 0 sets no limit.
    """
    values: list[object] = [agency]
    where = "agency = ?"
    if officer is not None:
        where, values = f"{where} AND officer = ?", [*values, officer]
    if state is not None:
        where, values = f"{where} AND {_IN_STATE[state]}", [*values, micros(parts.clock())]
    if after:
        where += " AND (due_at, search) > (SELECT due_at, search FROM search_paper WHERE search = ?)"
        values.append(after)
    return _papers(parts, where, *values, most=most)


def notices(parts: Parts, owner: str, *, before: int | None = None, most: int = -1) -> Sequence[Notice]:
    """Return what an owner is told of exigent searches, the newest first.

    `before` is the entry of the last notice of the page before, and `most` below 0 sets no limit.
    """
    found = parts.tables.query(
        "SELECT entry, owner, search, searcher, at FROM search_notice WHERE owner = ? AND entry < ? "
        "ORDER BY entry DESC LIMIT ?",
        owner,
        2**62 if before is None else before,
        most,
    )
    return [
        Notice(entry, owner_id, search, searcher, moment(at))
        for entry, owner_id, search, searcher, at in found
    ]


def file_paper(parts: Parts, search_id: str, *, by: Officer, kind: str, reference: str) -> Paper:
    """Put on the record that the paper of an exigent search was filed: its kind and where it lies.

    The officer of the search does it, or a supervisor of the agency.
    """
    paper = owed(parts, search_id)
    person = parts.registry.officer(by.id)
    if not _of_agency(person, paper.agency) or (
        person.id != paper.officer and Role.SUPERVISOR not in person.roles
    ):
        raise refused(rules.NOT_YOURS, search_id)
    _record(parts, FILED, paper, "filed_at", by, detail={"kind": kind, "reference": reference})
    return owed(parts, search_id)


def restore(parts: Parts, search_id: str, *, by: Officer) -> Paper:
    """Put on the record that a supervisor, who is not the officer, gives the privilege back.

    The paper was filed before.
    """
    paper = owed(parts, search_id)
    person = parts.registry.officer(by.id)
    if (
        not _of_agency(person, paper.agency)
        or Role.SUPERVISOR not in person.roles
        or person.id == paper.officer
    ):
        raise refused(rules.NOT_ASSIGNED, search_id)
    if paper.filed_at is None or paper.suspended_at is None:
        raise OutOfOrder("a privilege is given back after it was suspended and the paper was filed")
    _record(parts, RESTORED, paper, "restored_at", by, detail={})
    return owed(parts, search_id)


def suspend_overdue(parts: Parts) -> list[str]:
    """Flag each paper that is overdue and suspend its officer's privilege; return the searches' numbers."""
    due = _papers(
        parts,
        "filed_at IS NULL AND suspended_at IS NULL AND due_at <= ?",
        micros(parts.clock()),
    )
    for paper in due:
        _record(parts, SUSPENDED, paper, "suspended_at", None, detail={"due": paper.due_at.isoformat()})
    return [paper.search for paper in due]


def _record(
    parts: Parts, name: str, paper: Paper, column: str, by: Officer | None, *, detail: dict[str, str]
) -> None:
    case = parts.case(parts.tables.search(paper.search))
    made = [changes.paper_moved(paper.search, column)]
    if name == SUSPENDED:
        made.append(
            changes.marked(
                [MarkKind.PAPER_OVERDUE.value],
                search=paper.search,
                agency=paper.agency,
                officer=paper.officer,
            )
        )
    parts.recorder().beside(
        name,
        case,
        agency=paper.agency,
        fields={
            "officer": paper.officer,
            "approver": None if by is None else by.id,
            "detail": detail,
        },
        apply=changes.both(*made),
    )


def owed(parts: Parts, search_id: str) -> Paper:
    """Return the paper that a search owes; one that owes none is `OutOfOrder`."""
    found = _papers(parts, "search = ?", search_id)
    if not found:
        raise OutOfOrder("no paper is due for this search")
    return found[0]


def _papers(parts: Parts, where: str, *values: object, most: int = -1) -> list[Paper]:
    found = parts.tables.query(
        "SELECT search, agency, officer, due_at, filed_at, suspended_at, restored_at FROM search_paper "  # noqa: S608
        f"WHERE {where} ORDER BY due_at, search LIMIT ?",
        *values,
        most,
    )
    return [
        Paper(search, agency, officer, moment(due), *(None if at is None else moment(at) for at in rest))
        for search, agency, officer, due, *rest in found
    ]


def _of_agency(person: Officer, agency: str) -> bool:
    return person.active and person.agency == agency
