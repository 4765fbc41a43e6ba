"""Hotlists: standing searches that people enter, and lists that sources hand in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, StringConstraints

from gatehouse.hotlist.asking import list_intent, renew_intent, standing_intent
from gatehouse.hotlist.entries import EntryAnswer
from gatehouse.hotlist.importing import LARGEST_LIST, read_list
from gatehouse.hotlist.layouts import Mapping
from gatehouse.hotlist.lists import ListMode
from gatehouse.hotlist.rows import RowRefusal
from gatehouse.hotlist.state import EntryRow, Source
from gatehouse.model import Role, Scope, SearchState
from gatehouse.search.signature import review_intent
from gatehouse.web.api.answering import GroupTold, RefusalTold
from gatehouse.web.api.asking import Line, ProcessAsked, Words
from gatehouse.web.api.model import Given, Limit, PageOf, Time, Told, page
from gatehouse.web.api.signing import Signed, shown
from gatehouse.web.api.standing import StandingAsked
from gatehouse.web.endpoint import Call, Endpoint, Reply

_OFFICERS = frozenset({Role.OFFICER})
_REVIEWERS = frozenset({Role.SUPERVISOR})
_WORKING = frozenset({Role.OFFICER, Role.SUPERVISOR, Role.CUSTODIAN})
_MOST_ROWS = 1_000
# A list in JSON: its text, escaped at the worst.
_LARGEST = 2 * LARGEST_LIST


class EntryGiven(Given):
    """A standing search with what shows that its person stands behind it."""

    standing: StandingAsked
    signed: Signed = Field(description="Signs the intent `standing_search`")


class EntryReviewed(Given):
    """A reviewer's approval of an entry."""

    signed: Signed = Field(description="Signs the intent `review` of the entry's id")


class EntryRefused(Given):
    """A reviewer's refusal of an entry."""

    signed: Signed = Field(description="Signs the intent `review` of the entry's id")
    reason: Annotated[Words, StringConstraints(min_length=1)]


class EntryEnded(Given):
    """Why an entry ends."""

    reason: Annotated[Words, StringConstraints(min_length=1)]


class EntryRenewed(Given):
    """That a stopped entry goes on: by a second person, or under a court's order."""

    signed: Signed = Field(description="Signs the intent `renew` of the entry's id and the order")
    order: ProcessAsked | None = None


class EntryTold(Told):
    """Where an entry stands; `index` and `receipt` are those of its newest record."""

    id: str
    state: SearchState
    index: int
    receipt: str | None
    groups: list[GroupTold]
    refusals: list[RefusalTold]
    appeal: str | None
    reviewer: str | None
    due_at: Time | None

    @classmethod
    def of(cls, answer: EntryAnswer) -> Self:
        """Return an entry's answer as it is told."""
        return cls(
            id=answer.id,
            state=answer.state,
            index=answer.index,
            receipt=None if answer.receipt is None else answer.receipt.text,
            groups=GroupTold.all(answer.groups),
            refusals=RefusalTold.all(answer.refusals),
            appeal=answer.appeal,
            reviewer=answer.reviewer,
            due_at=answer.due_at,
        )


class EntriesAsked(Given):
    """Which entries of one's own agency."""

    after: Annotated[int, Field(ge=-1, lt=2**53)] = Field(default=-1, description="`next` of the page before")
    limit: Limit = 50


class EntryListed(Told):
    """An entry without what it looks for."""

    id: str
    source: str
    officer: str
    entered_by: str
    state: SearchState
    until: Time
    since: Time | None = Field(description="From when on it is matched")
    stopped_at: Time | None = Field(description="Since when hits are held back, as nobody confirmed them")
    ended_at: Time | None
    reviewer: str | None
    due_at: Time | None


class EntryPage(Told):
    """Entries in the order in which they were asked for; `next` is null on the last page."""

    entries: list[EntryListed]
    next: int | None


class SourceTold(Told):
    """Where an agency's lists come from, and who is responsible for it."""

    name: str
    officer: str
    authoritative: bool
    authoritative_from: Time | None = Field(
        description="When the waiting time of its declaration is over; null where it is not declared"
    )
    scope: Scope
    longest_age_seconds: int
    listed_at: Time | None

    @classmethod
    def of(cls, source: Source, at: datetime) -> Self:
        """Return a source as it is told at a time."""
        return cls(
            name=source.name,
            officer=source.officer,
            authoritative=source.authoritative(at),
            authoritative_from=source.authoritative_from,
            scope=source.scope,
            longest_age_seconds=int(source.longest_age.total_seconds()),
            listed_at=source.listed_at,
        )


class Sources(Told):
    """Sources of the own agency, by their names; `next` is null on the last page."""

    sources: list[SourceTold]
    next: str | None


class MappingGiven(Given):
    """Which columns of a table hold what, and what every row is, where no column says it."""

    columns: dict[str, Annotated[str, StringConstraints(max_length=200)]] = Field(default_factory=dict)
    file: Annotated[str, StringConstraints(max_length=100)] = ""
    case: Annotated[str, StringConstraints(max_length=100)] = ""


class ListGiven(Given):
    """A list. What is signed is the SHA-256 of its text in UTF-8."""

    source: Line
    text: Annotated[str, StringConstraints(strip_whitespace=False, max_length=LARGEST_LIST)]
    listed_at: Time = Field(description="When its source made it")
    mode: ListMode = ListMode.REPLACES
    shrinks: bool = Field(
        default=False, description="Says that it is meant to end nearly everything of its source"
    )
    layout: Annotated[str, StringConstraints(max_length=40)] | None = None
    mapping: MappingGiven | None = None
    signed: Signed = Field(description="Signs the intent `list`")


class RowTold(Told):
    """A row that was refused, by its line; what stands in it is not repeated."""

    line: int
    reason: RowRefusal
    column: str | None


class ListTold(Told):
    """What became of a list. Of refused rows the first thousand are named, and all are counted."""

    index: int
    receipt: str
    layout: str
    lines: int
    rows: int
    kept: int
    ended: int
    denied_before: int = Field(
        description="Rows that were denied before, under the same rules; they were not asked for again"
    )
    states: dict[SearchState, int] = Field(description="What became of the new rows")
    refused: dict[RowRefusal, int]
    refused_rows: list[RowTold]


def endpoints() -> list[Endpoint]:
    """Return the routes."""

    def step(
        name: str, summary: str, handle: Callable[[Call], Reply], body: type[Given], roles: frozenset[Role]
    ) -> Endpoint:
        return Endpoint(
            "POST",
            f"/hotlists/entries/{{id}}/{name}",
            summary,
            "hotlists",
            handle,
            {200: EntryTold},
            roles=roles,
            body=body,
            refusals=(404, 409, 422, 429),
        )

    return [
        Endpoint(
            "POST",
            "/hotlists/entries",
            "Ask for a standing search",
            "hotlists",
            ask,
            {201: EntryTold},
            roles=_OFFICERS,
            body=EntryGiven,
            refusals=(422, 429),
        ),
        Endpoint(
            "GET",
            "/hotlists/entries",
            "List the agency's standing searches",
            "hotlists",
            listed,
            {200: EntryPage},
            query=EntriesAsked,
        ),
        step("approve", "Approve, as the assigned reviewer", approve, EntryReviewed, _REVIEWERS),
        step("refuse", "Refuse, as the assigned reviewer", refuse, EntryRefused, _REVIEWERS),
        step("end", "End an entry, at once", end, EntryEnded, _WORKING),
        step("renew", "Let a stopped entry go on", renew, EntryRenewed, _WORKING),
        Endpoint(
            "GET",
            "/hotlists/sources",
            "Where lists come from",
            "hotlists",
            sources,
            {200: Sources},
            query=PageOf,
        ),
        Endpoint(
            "POST",
            "/hotlists/lists",
            "Hand in a list",
            "hotlists",
            take,
            {201: ListTold},
            roles=_WORKING,
            body=ListGiven,
            refusals=(409, 422, 429),
            largest=_LARGEST,
        ),
    ]


def ask(call: Call) -> Reply:
    """Ask for a standing search."""
    given = call.read(EntryGiven)
    standing = given.standing.standing(call.officer)
    signed = shown(call, standing_intent(standing), given.signed)
    return Reply(EntryTold.of(call.site.hotlists.entries.ask(standing, signed=signed)), 201)


def listed(call: Call) -> Reply:
    """List the entries of the own agency."""
    asked = call.asked(EntriesAsked)
    tables = call.site.hotlists.parts.tables
    rows = tables.entries_of(call.officer.agency, after=asked.after, most=asked.limit)
    more = rows[-1].requested if len(rows) == asked.limit else None
    return Reply(EntryPage(entries=[_listed(row) for row in rows], next=more))


def approve(call: Call) -> Reply:
    """Approve an entry as its reviewer."""
    id = call.path["id"]
    signed = shown(call, review_intent(id), call.read(EntryReviewed).signed)
    return Reply(EntryTold.of(call.site.hotlists.entries.approve(id, by=call.officer, signed=signed)))


def refuse(call: Call) -> Reply:
    """Refuse an entry as its reviewer."""
    id, given = call.path["id"], call.read(EntryRefused)
    signed = shown(call, review_intent(id, refusing=given.reason), given.signed)
    found = call.site.hotlists.entries.refuse(id, by=call.officer, signed=signed, reason=given.reason)
    return Reply(EntryTold.of(found))


def end(call: Call) -> Reply:
    """End an entry; that only makes things stricter, so the session is enough."""
    reason = call.read(EntryEnded).reason
    return Reply(
        EntryTold.of(call.site.hotlists.entries.end(call.path["id"], by=call.officer, reason=reason))
    )


def renew(call: Call) -> Reply:
    """Let a stopped entry go on."""
    id, given = call.path["id"], call.read(EntryRenewed)
    order = None if given.order is None else given.order.process()
    signed = shown(call, renew_intent(id, order), given.signed)
    found = call.site.hotlists.entries.renew(id, by=call.officer, signed=signed, order=order)
    return Reply(EntryTold.of(found))


def sources(call: Call) -> Reply:
    """List the sources of the own agency."""
    found, now = call.site.hotlists.parts.tables.sources(call.officer.agency), call.site.clock()
    part, more = page(found, call.asked(PageOf), key=lambda each: each.name)
    return Reply(Sources(sources=[SourceTold.of(each, now) for each in part], next=more))


def take(call: Call) -> Reply:
    """Take a list in."""
    given = call.read(ListGiven)
    mapping = given.mapping
    report = read_list(
        given.text.encode(),
        at=call.site.clock(),
        layout=given.layout,
        mapping=None if mapping is None else Mapping(mapping.columns, mapping.file, mapping.case),
        where="list",
    )
    intent = list_intent(
        call.officer.agency,
        given.source,
        report.sha256,
        mode=given.mode.value,
        listed_at=given.listed_at,
        shrinks=given.shrinks,
    )
    signed = shown(call, intent, given.signed)
    taken = call.site.hotlists.lists.take(
        given.source,
        report,
        by=call.officer,
        signed=signed,
        listed_at=given.listed_at,
        mode=given.mode,
        shrinks=given.shrinks,
    )
    return Reply(
        ListTold(
            index=taken.index,
            receipt=taken.receipt.text,
            layout=report.layout,
            lines=report.lines,
            rows=len(report.rows),
            kept=taken.kept,
            ended=taken.ended,
            denied_before=taken.denied_before,
            states=dict(taken.states),
            refused=dict(taken.refused),
            refused_rows=[
                RowTold(line=each.line, reason=each.reason, column=each.column)
                for each in report.refused[:_MOST_ROWS]
            ],
        ),
        201,
    )


def _listed(row: EntryRow) -> EntryListed:
    return EntryListed(
        id=row.id,
        source=row.source,
        officer=row.officer,
        entered_by=row.entered_by,
        state=row.state,
        until=row.until,
        since=row.since,
        stopped_at=row.stopped_at,
        ended_at=row.ended_at,
        reviewer=row.reviewer,
        due_at=row.due_at,
    )
