"""Evidence holds: a read of an answer held beyond its retention, opened on the record, and ended."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field

from gatehouse.model import Role
from gatehouse.search.held import HeldRow, HoldState
from gatehouse.search.holding import end_intent, hold_intent, opening_intent
from gatehouse.vault.checks import HoldGround
from gatehouse.web.api.answering import ReadTold
from gatehouse.web.api.evidence import CaseNumber, HoldWanted, Reason
from gatehouse.web.api.model import Given, Limit, Time, Told
from gatehouse.web.api.signing import Signed, shown
from gatehouse.web.endpoint import ANYONE_SIGNED_IN, Call, Endpoint, Reply

# Officers hold what they were answered with; custodians what they are asked to preserve.
_HOLDERS = frozenset({Role.OFFICER, Role.CUSTODIAN})


class HoldGiven(Given):
    """A hold with what shows that its person stands behind it."""

    hold: HoldWanted
    signed: Signed


class OpeningGiven(Given):
    """Why a held read is opened."""

    case_number: CaseNumber
    reason: Reason
    signed: Signed


class EndGiven(Given):
    """That a hold ends."""

    signed: Signed


class HoldsAsked(Given):
    """Which holds."""

    before: Annotated[int, Field(ge=0, lt=2**53)] | None = Field(
        default=None, description="`next` of the page before"
    )
    limit: Limit = 50


class HoldTold(Told):
    """A hold: `agency` has it, `owner` is whose read it is; `index` is that of the entry that placed it.

    After `until` it is `over`, and so is one that has failed or was ended.
    """

    id: str
    search: str
    agency: str
    owner: str
    officer: str
    ground: HoldGround
    state: HoldState
    over: bool
    at: Time
    until: Time
    index: int

    @classmethod
    def of(cls, row: HeldRow, now: datetime) -> Self:
        """Return a hold as it is told."""
        return cls(
            id=row.id,
            search=row.search,
            agency=row.agency,
            owner=row.owner,
            officer=row.officer,
            ground=row.ground,
            state=row.state,
            over=row.over(now),
            at=row.at,
            until=row.until,
            index=row.placed,
        )


class HoldPage(Told):
    """Holds, the newest first; `next` is null on the last page."""

    holds: list[HoldTold]
    next: int | None


class HeldReadTold(Told):
    """A held read. `receipt` proves offline that its opening, `index`, is in the ledger."""

    hold: HoldTold
    read: ReadTold
    index: int
    receipt: str


def endpoints() -> list[Endpoint]:
    """Return the routes."""
    return [
        Endpoint(
            "POST",
            "/searches/{id}/holds",
            "Hold a read that this search was answered with",
            "holds",
            place,
            {201: HoldTold},
            roles=_HOLDERS,
            body=HoldGiven,
            refusals=(404, 409, 429),
        ),
        Endpoint(
            "GET",
            "/holds",
            "Holds of the agency, and for those who are no officers also those on its reads",
            "holds",
            listed,
            {200: HoldPage},
            roles=ANYONE_SIGNED_IN,
            query=HoldsAsked,
        ),
        Endpoint(
            "GET",
            "/holds/{id}",
            "A hold",
            "holds",
            look,
            {200: HoldTold},
            roles=ANYONE_SIGNED_IN,
            refusals=(404,),
        ),
        Endpoint(
            "POST",
            "/holds/{id}/opening",
            "Open a held read; each opening is on the record",
            "holds",
            open_held,
            {200: HeldReadTold},
            roles=_HOLDERS,
            body=OpeningGiven,
            refusals=(404, 409, 429),
        ),
        Endpoint(
            "POST",
            "/holds/{id}/end",
            "End a hold before its date, for good",
            "holds",
            end,
            {200: HoldTold},
            roles=_HOLDERS,
            body=EndGiven,
            refusals=(404, 409, 429),
        ),
    ]


def place(call: Call) -> Reply:
    """Place a hold."""
    given = call.read(HoldGiven)
    asked = given.hold.asked(call.path["id"])
    signed = shown(call, hold_intent(asked), given.signed)
    return _told(call, call.site.holds.place(asked, by=call.officer, signed=signed), 201)


def listed(call: Call) -> Reply:
    """Return a page of holds."""
    asked = call.asked(HoldsAsked)
    rows = call.site.holds.listed(by=call.officer, before=asked.before, most=asked.limit)
    now = call.site.clock()
    more = rows[-1].placed if len(rows) == asked.limit else None
    return Reply(HoldPage(holds=[HoldTold.of(row, now) for row in rows], next=more))


def look(call: Call) -> Reply:
    """Return a hold."""
    return _told(call, call.site.holds.look(call.path["id"], by=call.officer))


def open_held(call: Call) -> Reply:
    """Hand out a held read."""
    id, given = call.path["id"], call.read(OpeningGiven)
    intent = opening_intent(id, case_number=given.case_number, reason=given.reason)
    found = call.site.holds.open(
        id,
        by=call.officer,
        case_number=given.case_number,
        reason=given.reason,
        signed=shown(call, intent, given.signed),
    )
    return Reply(
        HeldReadTold(
            hold=HoldTold.of(found.hold, call.site.clock()),
            read=ReadTold.of(found.read),
            index=found.index,
            receipt=found.receipt.text,
        )
    )


def end(call: Call) -> Reply:
    """End a hold."""
    id = call.path["id"]
    signed = shown(call, end_intent(id), call.read(EndGiven).signed)
    return _told(call, call.site.holds.end(id, by=call.officer, signed=signed))


def _told(call: Call, row: HeldRow, status: int = 200) -> Reply:
    return Reply(HoldTold.of(row, call.site.clock()), status)
