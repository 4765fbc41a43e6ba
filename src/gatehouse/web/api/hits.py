"""Hits of an agency's standing searches: listed, streamed as they come, confirmed or refuted by people.

The stream is server-sent events (HTML, section 9.2). An event's id is the hit's, so a browser that was cut
off goes on where it was (`Last-Event-ID`) and misses none. It ends with the session, and does not keep it
alive.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Annotated, Final, Self

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from pydantic import Field, StringConstraints
from starlette.responses import Response, StreamingResponse

from gatehouse.hotlist.errors import UnknownEntry
from gatehouse.hotlist.hotlists import Subscription
from gatehouse.hotlist.leads import Disposition, Hit, Refutation
from gatehouse.hotlist.matching import StateFit
from gatehouse.hotlist.rows import ListFile
from gatehouse.model import Error, HitState, Purpose, Read, Role
from gatehouse.node.errors import Busy
from gatehouse.web.api.asking import Line
from gatehouse.web.api.model import Given, Limit, Time, Told
from gatehouse.web.endpoint import Call, Endpoint, Reply
from gatehouse.web.errors import RequestRefused
from gatehouse.web.metrics import Metrics
from gatehouse.web.ports import Site

CONFIRMERS: Final = frozenset({Role.OFFICER, Role.SUPERVISOR})
_ROLES: Final = CONFIRMERS
# Each open stream holds a thread while it waits.
MOST_STREAMS: Final = 64
_LOOK_SECONDS: Final = 5.0
_RETRY_MS: Final = 3_000
_RETRY_AFTER: Final = 10


class LeadTold(Told):
    """What a camera read. `text` is as it was read."""

    camera: str
    captured_at: Time
    text: str
    plate: str
    confidence: float | None
    state: str | None
    state_confidence: float | None
    image: str | None

    @classmethod
    def of(cls, read: Read) -> Self:
        """Return a read as it is told."""
        return cls(
            camera=read.camera,
            captured_at=read.captured_at,
            text=read.text,
            plate=read.plate,
            confidence=read.confidence,
            state=read.state,
            state_confidence=read.state_confidence,
            image=read.image,
        )


class HitTold(Told):
    """A lead, and no cause to stop anybody: compare plate, state and image first, then ask the origin.

    `plate`, `plate_state` and `file` are what is listed, `read` what was seen, null once its owner's
    retention is over. `candidate` says that a sign was exchanged or the state not read.
    """

    id: int
    at: Time
    entry: str
    owner: str
    state: HitState
    plate: str
    plate_state: str | None
    file: ListFile | None
    purpose: Purpose
    case_number: str | None
    officer: str
    source: str
    origin: str | None
    listed_at: Time
    list_age_seconds: int = Field(description="How old the list was when the hit was raised")
    exact: bool
    fit: StateFit
    candidate: bool
    read: LeadTold | None
    picture: bool = Field(description="`GET /hits/{id}/image` shows the picture of the read")
    receipt: str

    @classmethod
    def of(cls, hit: Hit, site: Site) -> Self:
        """Return a hit as it is told."""
        return cls(
            id=hit.id,
            at=hit.at,
            entry=hit.entry,
            owner=hit.owner,
            state=hit.state,
            plate=hit.plate,
            plate_state=hit.plate_state,
            file=hit.file,
            purpose=hit.purpose,
            case_number=hit.case_number,
            officer=hit.officer,
            source=hit.source,
            origin=hit.origin,
            listed_at=hit.listed_at,
            list_age_seconds=int(hit.list_age.total_seconds()),
            exact=hit.exact,
            fit=hit.fit,
            candidate=hit.candidate,
            read=None if hit.read is None else LeadTold.of(hit.read),
            picture=hit.read is not None and site.images.is_there(hit.read, hit.owner),
            receipt=hit.receipt.text,
        )


class HitsAsked(Given):
    """Which hits of one's own agency."""

    after: Annotated[int, Field(ge=-1, lt=2**53)] = Field(default=-1, description="`next` of the page before")
    limit: Limit = 50


class HitPage(Told):
    """Hits, the oldest first; `next` is null on the last page."""

    hits: list[HitTold]
    next: int | None


class PlateConfirmed(Given):
    """That a person compared all three with what is listed."""

    plate: bool
    state: bool
    image: bool


class OriginConfirmed(Given):
    """That whoever listed the plate says that it still is."""

    origin: Annotated[Line, StringConstraints(max_length=100)]
    reference: Annotated[Line, StringConstraints(max_length=100)]


class HitRefuted(Given):
    """Why a hit is none; of a misread plate, what it says."""

    why: Refutation
    really: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = None


class HitClosed(Given):
    """What came of a hit, and of which agency the answer is."""

    disposition: Disposition
    ori: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{7,9}$")] | None = None


def endpoints(metrics: Metrics) -> list[Endpoint]:
    """Return the routes; the counters tell how many streams are open."""

    def step(name: str, summary: str, handle: Callable[[Call], Reply], body: type[Given]) -> Endpoint:
        return Endpoint(
            "POST",
            f"/hits/{{id}}/{name}",
            summary,
            "hits",
            handle,
            {200: HitTold},
            roles=_ROLES,
            body=body,
            refusals=(404, 409, 422),
        )

    return [
        Endpoint(
            "GET",
            "/hits",
            "List hits of the agency",
            "hits",
            listed,
            {200: HitPage},
            roles=_ROLES,
            query=HitsAsked,
        ),
        Endpoint(
            "GET",
            "/hits/stream",
            "Follow hits of the agency as they come (server-sent events)",
            "hits",
            _streamer(metrics),
            {200: None},
            roles=_ROLES,
            plain=True,
            media="text/event-stream",
            refusals=(400, 429),
            parameters=(
                {
                    "name": "Last-Event-ID",
                    "in": "header",
                    "required": False,
                    "description": "Id of the last hit that was seen; without it, hits from now on",
                    "schema": {"type": "integer"},
                },
            ),
        ),
        Endpoint("GET", "/hits/{id}", "A hit", "hits", one, {200: HitTold}, roles=_ROLES, refusals=(404,)),
        step("plate", "Confirm plate, state and image", confirm_plate, PlateConfirmed),
        step("origin", "Confirm with whoever listed the plate", confirm_origin, OriginConfirmed),
        step("refute", "Say that a hit is none", refute, HitRefuted),
        step("close", "Say what came of a hit", close, HitClosed),
    ]


def listed(call: Call) -> Reply:
    """List hits."""
    asked = call.asked(HitsAsked)
    found = call.site.hotlists.hits.hits(call.officer.agency, after=asked.after, most=asked.limit)
    more = found[-1].id if len(found) == asked.limit else None
    return Reply(HitPage(hits=[HitTold.of(each, call.site) for each in found], next=more))


def one(call: Call) -> Reply:
    """Return a hit of the own agency."""
    row = call.site.hotlists.parts.tables.hit(hit_id(call))
    found = None
    if row.agency == call.officer.agency:
        found = call.site.hotlists.hits.delivered(row)
    if found is None:
        raise UnknownEntry("there is no such hit", expected="the number of a hit")
    return Reply(HitTold.of(found, call.site))


def confirm_plate(call: Call) -> Reply:
    """Confirm plate, state and image."""
    given = call.read(PlateConfirmed)
    found = call.site.hotlists.hits.confirm_plate(
        hit_id(call), by=call.officer, plate=given.plate, state=given.state, image=given.image
    )
    return Reply(HitTold.of(found, call.site))


def confirm_origin(call: Call) -> Reply:
    """Confirm with the origin."""
    given = call.read(OriginConfirmed)
    found = call.site.hotlists.hits.confirm_origin(
        hit_id(call), by=call.officer, origin=given.origin, reference=given.reference
    )
    return Reply(HitTold.of(found, call.site))


def refute(call: Call) -> Reply:
    """Say that a hit is none."""
    given = call.read(HitRefuted)
    found = call.site.hotlists.hits.refute(hit_id(call), by=call.officer, why=given.why, really=given.really)
    return Reply(HitTold.of(found, call.site))


def close(call: Call) -> Reply:
    """Say what came of a hit."""
    given = call.read(HitClosed)
    found = call.site.hotlists.hits.close(
        hit_id(call), by=call.officer, disposition=given.disposition, ori=given.ori
    )
    return Reply(HitTold.of(found, call.site))


def _streamer(metrics: Metrics) -> Callable[[Call], Awaitable[Response]]:
    threads = CapacityLimiter(MOST_STREAMS)
    opened = 0

    async def stream(call: Call) -> Response:
        """Follow hits as they come."""
        after = await run_sync(_begin, call)
        if opened >= MOST_STREAMS:
            raise Busy(_RETRY_AFTER)
        hotlists, agency = call.site.hotlists, call.officer.agency
        subscription = hotlists.subscribe(agency, after=after)

        async def events() -> AsyncIterator[bytes]:
            nonlocal opened
            opened += 1
            metrics.streams.inc()
            try:
                yield f"retry: {_RETRY_MS}\n\n".encode()
                while await run_sync(_stays, call, limiter=threads):
                    wait = partial(_events, subscription, call.site)
                    yield await run_sync(wait, limiter=threads, abandon_on_cancel=True)
            finally:
                subscription.close()
                opened -= 1
                metrics.streams.dec()

        return StreamingResponse(
            events(), media_type="text/event-stream", headers={"x-accel-buffering": "no"}
        )

    return stream


def _begin(call: Call) -> int:
    """Return the id behind which a stream begins."""
    given = call.request.headers.get("last-event-id")
    if given is None:
        return call.site.hotlists.parts.tables.newest_hit(call.officer.agency)
    if not (given.isascii() and given.isdecimal() and len(given) <= 16):
        raise RequestRefused(400, "the last event has no such id", expected="the id of a hit")
    return int(given)


def _stays(call: Call) -> bool:
    """Return whether whoever follows is still signed in, has the role, and the node is not closing."""
    assert call.token is not None
    if call.request.app.state.closing.is_set():
        return False
    try:
        session = call.site.accounts.sessions.find(call.token, use=False)
    except Error:
        return False
    return session.officer.agency == call.officer.agency and not _ROLES.isdisjoint(session.officer.roles)


def _events(subscription: Subscription, site: Site) -> bytes:
    """Return what is new as events, or a comment that keeps the connection."""
    found = subscription.wait(_LOOK_SECONDS)
    if not found:
        return b": nothing new\n\n"
    told = ((hit.id, HitTold.of(hit, site).model_dump_json()) for hit in found)
    return b"".join(f"id: {id}\nevent: hit\ndata: {text}\n\n".encode() for id, text in told)


def hit_id(call: Call) -> int:
    """Return the number of the hit that a path names."""
    given = call.path["id"]
    if not (given.isascii() and given.isdecimal() and len(given) <= 16):
        raise UnknownEntry("there is no such hit", expected="the number of a hit")
    return int(given)
