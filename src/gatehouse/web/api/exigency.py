"""What follows an exigent search: the paper that is due, the privilege that hangs on it, owners' notices."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StringConstraints

from gatehouse.model import Role
from gatehouse.search import exigency
from gatehouse.search.exigency import Paper, PaperState
from gatehouse.web.api.model import Given, Id, Limit, Time, Told
from gatehouse.web.endpoint import Call, Endpoint, Reply

_OVERSEERS = frozenset({Role.SUPERVISOR, Role.AUDITOR})
_FILERS = frozenset({Role.OFFICER, Role.SUPERVISOR})
_OWNERS = frozenset({Role.SUPERVISOR, Role.AUDITOR, Role.CUSTODIAN})
Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class PapersAsked(Given):
    """Which papers: of one's own searches, or of the agency's for those who oversee it."""

    state: PaperState | None = Field(default=None, description="All of them unless said")
    after: Id | None = Field(default=None, description="`next` of the page before")
    limit: Limit = 50


class PaperGiven(Given):
    """The paper of an exigent search: what it is, and where it lies."""

    kind: Text
    reference: Text


class PaperTold(Told):
    """The paper that an exigent search owes."""

    search: str
    officer: str
    due_at: Time
    filed_at: Time | None
    suspended_at: Time | None
    restored_at: Time | None

    @classmethod
    def of(cls, paper: Paper) -> Self:
        """Return a paper as it is told."""
        return cls(
            search=paper.search,
            officer=paper.officer,
            due_at=paper.due_at,
            filed_at=paper.filed_at,
            suspended_at=paper.suspended_at,
            restored_at=paper.restored_at,
        )


class Papers(Told):
    """Papers, the first due first; `next` is null on the last page."""

    papers: list[PaperTold]
    next: str | None


class NoticesAsked(Given):
    """Which notices."""

    before: Annotated[int, Field(ge=0, lt=2**53)] | None = Field(
        default=None, description="`next` of the page before"
    )
    limit: Limit = 50


class NoticeTold(Told):
    """That the agency's reads were handed out in an exigency; `index` is that of the release."""

    index: int
    search: str
    searcher: str
    at: Time


class Notices(Told):
    """Notices, the newest first; `next` is null on the last page."""

    notices: list[NoticeTold]
    next: int | None


def endpoints() -> list[Endpoint]:
    """Return the routes."""
    return [
        Endpoint(
            "GET",
            "/papers",
            "Papers of exigent searches",
            "exigency",
            papers,
            {200: Papers},
            roles=_FILERS | _OVERSEERS,
            query=PapersAsked,
        ),
        Endpoint(
            "POST",
            "/searches/{id}/paper",
            "File the paper of an exigent search",
            "exigency",
            file_paper,
            {200: PaperTold},
            roles=_FILERS,
            body=PaperGiven,
            refusals=(404, 409),
        ),
        Endpoint(
            "POST",
            "/searches/{id}/restore",
            "Give the privilege of exigent searches back",
            "exigency",
            restore,
            {200: PaperTold},
            roles=frozenset({Role.SUPERVISOR}),
            refusals=(404, 409),
        ),
        Endpoint(
            "GET",
            "/notices",
            "Exigent searches of the agency's reads",
            "exigency",
            notices,
            {200: Notices},
            roles=_OWNERS,
            query=NoticesAsked,
        ),
    ]


def papers(call: Call) -> Reply:
    """List one's own papers, or those of the agency to whoever oversees it."""
    asked = call.asked(PapersAsked)
    found = exigency.papers(
        call.site.door.parts,
        call.officer.agency,
        officer=call.officer.id if _OVERSEERS.isdisjoint(call.officer.roles) else None,
        state=asked.state,
        after=asked.after or "",
        most=asked.limit,
    )
    more = found[-1].search if len(found) == asked.limit else None
    return Reply(Papers(papers=[PaperTold.of(each) for each in found], next=more))


def file_paper(call: Call) -> Reply:
    """File a paper."""
    given = call.read(PaperGiven)
    found = exigency.file_paper(
        call.site.door.parts,
        call.path["id"],
        by=call.officer,
        kind=given.kind,
        reference=given.reference,
    )
    return Reply(PaperTold.of(found))


def restore(call: Call) -> Reply:
    """Give the privilege back."""
    found = exigency.restore(call.site.door.parts, call.path["id"], by=call.officer)
    return Reply(PaperTold.of(found))


def notices(call: Call) -> Reply:
    """List what the agency is told as an owner."""
    asked = call.asked(NoticesAsked)
    found = exigency.notices(call.site.door.parts, call.officer.agency, before=asked.before, most=asked.limit)
    told = [
        NoticeTold(index=each.entry, search=each.search, searcher=each.searcher, at=each.at) for each in found
    ]
    return Reply(Notices(notices=told, next=told[-1].index if len(told) == asked.limit else None))
