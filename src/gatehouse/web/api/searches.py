"""Searches: asked, looked at, reviewed, collected. Reads are in one answer only, that of the officer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated

from pydantic import Field, StringConstraints

from gatehouse.model import Role, Scope, SearchMode, SearchState
from gatehouse.search import looking, reviewing
from gatehouse.search.answer import Answer
from gatehouse.search.history import Mark, MarkKind
from gatehouse.search.signature import review_intent, search_intent
from gatehouse.search.state import Row, micros
from gatehouse.web.api.answering import AnswerTold
from gatehouse.web.api.asking import SearchAsked
from gatehouse.web.api.model import Given, PageOf, Time, Told, page
from gatehouse.web.api.signing import Signed, shown
from gatehouse.web.endpoint import Call, Endpoint, Reply
from gatehouse.web.metrics import Metrics

# Who enters a search; the door asks that the officer of it is one.
_SEARCHERS = frozenset({Role.OFFICER})
_REVIEWERS = frozenset({Role.SUPERVISOR})
_OVERSEERS = frozenset({Role.SUPERVISOR, Role.AUDITOR})
_MARKS_DAYS = 30


class SearchGiven(Given):
    """A search with what shows that its person stands behind it."""

    search: SearchAsked
    signed: Signed
    wait: bool = Field(
        default=False,
        description="Go to review as soon as one owner asks for that, and not only when no owner permits",
    )


class ProposalGiven(Given):
    """A search that is being written."""

    search: SearchAsked


class ScopeProposed(Told):
    """How far a search for this purpose and offense may ask; a scope wider than `proposed` needs a ground."""

    proposed: Scope
    widest: Scope
    owners: dict[Scope, int] = Field(description="Owners within each scope")


class ReviewGiven(Given):
    """A reviewer's approval."""

    signed: Signed


class RefusalGiven(Given):
    """A reviewer's refusal, with what the officer is told."""

    signed: Signed
    reason: Annotated[str, StringConstraints(min_length=1, max_length=2_000)]


class PageAsked(Given):
    """Which searches: of one's own, or of the whole agency for its supervisors and auditors."""

    agency: bool = False
    before: Annotated[int, Field(ge=0, lt=2**53)] | None = Field(
        default=None, description="`next` of the page before"
    )
    limit: Annotated[int, Field(ge=1, le=looking.MOST)] = 50


class SearchListed(Told):
    """A search without what it was for: `index` is that of its newest entry in the ledger."""

    id: str
    state: SearchState
    mode: SearchMode
    agency: str
    officer: str
    entered_by: str
    exigent: bool
    at: Time
    changed_at: Time
    due_at: Time | None
    index: int


class SearchPage(Told):
    """Searches, the newest first; `next` is null on the last page."""

    searches: list[SearchListed]
    next: int | None


class WaitingSearch(Told):
    """A search that waits for this reviewer, on behalf of `agency`."""

    search: str
    agency: str
    searcher: str
    due_at: Time


class Waiting(Told):
    """What waits for this reviewer, the most urgent first; `next` is null on the last page."""

    searches: list[WaitingSearch]
    next: str | None


class MarkTold(Told):
    """A fact that a supervisor may want to ask about. It accuses nobody."""

    kind: MarkKind
    search: str
    officer: str
    at: Time
    index: int


class Marks(Told):
    """Marks of the last 30 days, the newest first; `next` is null on the last page."""

    marks: list[MarkTold]
    next: str | None


def endpoints(metrics: Metrics) -> list[Endpoint]:
    """Return the routes; the counters get every state that a search comes to."""

    def post(
        path: str,
        summary: str,
        handle: Callable[[Call], Answer],
        body: type[Given] | None,
        roles: frozenset[Role],
    ) -> Endpoint:
        def answered(call: Call) -> Reply:
            found = handle(call)
            metrics.searches.labels(found.state.value).inc()
            headers = {"location": f"/searches/{found.id}"} if path == "/searches" else {}
            return Reply(AnswerTold.of(found, call.site), 201 if headers else 200, headers)

        answered.__name__ = handle.__name__
        return Endpoint(
            "POST",
            path,
            summary,
            "searches",
            answered,
            {201 if path == "/searches" else 200: AnswerTold},
            roles=roles,
            body=body,
            refusals=(404, 409, 422, 429),
        )

    return [
        post("/searches", "Search for a plate", ask, SearchGiven, _SEARCHERS),
        Endpoint(
            "POST",
            "/searches/proposal",
            "How far a search may ask, before it is made",
            "searches",
            propose,
            {200: ScopeProposed},
            roles=_SEARCHERS,
            body=ProposalGiven,
        ),
        Endpoint("GET", "/searches", "List searches", "searches", listed, {200: SearchPage}, query=PageAsked),
        Endpoint(
            "GET",
            "/searches/{id}",
            "Where a search stands, without any read",
            "searches",
            look,
            {200: AnswerTold},
            refusals=(404,),
        ),
        post("/searches/{id}/collect", "Collect the answer of a reviewed search", collect, None, _SEARCHERS),
        post("/searches/{id}/approve", "Approve, as the assigned reviewer", approve, ReviewGiven, _REVIEWERS),
        post("/searches/{id}/refuse", "Refuse, as the assigned reviewer", refuse, RefusalGiven, _REVIEWERS),
        Endpoint(
            "GET",
            "/reviews",
            "What waits for this reviewer",
            "searches",
            waiting,
            {200: Waiting},
            roles=_REVIEWERS,
            query=PageOf,
        ),
        Endpoint(
            "GET",
            "/marks",
            "Marks for supervisors",
            "searches",
            marks,
            {200: Marks},
            roles=_OVERSEERS,
            query=PageOf,
        ),
    ]


def ask(call: Call) -> Answer:
    """Ask the door."""
    given = call.read(SearchGiven)
    search = given.search.search(call.officer)
    signed = shown(call, search_intent(search), given.signed)
    return call.site.door.ask(search, signed=signed, wait=given.wait)


def propose(call: Call) -> Reply:
    """Say which scope the door proposes."""
    search = call.read(ProposalGiven).search.search(call.officer)
    found = call.site.door.propose(search)
    return Reply(ScopeProposed(proposed=found.proposed, widest=found.widest, owners=dict(found.owners)))


def listed(call: Call) -> Reply:
    """Return a page of searches."""
    asked = call.asked(PageAsked)
    rows = looking.searches(
        call.site.door.parts,
        by=call.officer,
        whole_agency=asked.agency,
        before=asked.before,
        most=asked.limit,
    )
    more = rows[-1].requested if len(rows) == asked.limit else None
    return Reply(SearchPage(searches=[_listed(row) for row in rows], next=more))


def look(call: Call) -> Reply:
    """Return where a search stands."""
    found = looking.look(call.site.door.parts, call.path["id"], by=call.officer)
    return Reply(AnswerTold.of(found, call.site))


def collect(call: Call) -> Answer:
    """Collect the answer of a reviewed search."""
    return call.site.door.collect(call.path["id"], by=call.officer)


def approve(call: Call) -> Answer:
    """Approve a search as its reviewer."""
    id = call.path["id"]
    signed = shown(call, review_intent(id), call.read(ReviewGiven).signed)
    return reviewing.approve(call.site.door.parts, id, by=call.officer, signed=signed)


def refuse(call: Call) -> Answer:
    """Refuse a search as its reviewer."""
    id, given = call.path["id"], call.read(RefusalGiven)
    signed = shown(call, review_intent(id, refusing=given.reason), given.signed)
    return reviewing.refuse(call.site.door.parts, id, by=call.officer, signed=signed, reason=given.reason)


def waiting(call: Call) -> Reply:
    """Return what waits for this reviewer."""
    found = looking.waiting(call.site.door.parts, by=call.officer)
    part, more = page(found, call.asked(PageOf), key=_by_urgency)
    told = [
        WaitingSearch(search=each.search, agency=each.agency, searcher=each.searcher, due_at=each.due_at)
        for each in part
    ]
    return Reply(Waiting(searches=told, next=more))


def marks(call: Call) -> Reply:
    """Return the marks of the agency's searches."""
    since = call.site.clock() - timedelta(days=_MARKS_DAYS)
    found = looking.marks(call.site.door.parts, by=call.officer, since=since)
    part, more = page(found, call.asked(PageOf), key=_newest_first)
    told = [
        MarkTold(kind=each.kind, search=each.search, officer=each.officer, at=each.at, index=each.entry)
        for each in part
    ]
    return Reply(Marks(marks=told, next=more))


def _by_urgency(each: looking.Waiting) -> str:
    return f"{micros(each.due_at):020d}.{each.search}.{each.agency}"


def _newest_first(each: Mark) -> str:
    # The ledger's indexes stay far below; the digits make texts sort as numbers do.
    return f"{2**62 - each.entry:020d}.{each.kind.value}"


def _listed(row: Row) -> SearchListed:
    return SearchListed(
        id=row.id,
        state=row.state,
        mode=row.mode,
        agency=row.agency,
        officer=row.officer,
        entered_by=row.entered_by,
        exigent=row.exigent,
        at=row.at,
        changed_at=row.changed_at,
        due_at=row.due_at,
        index=row.last,
    )
