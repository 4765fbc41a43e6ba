"""What was asked, plate and reason included, as those are told who review or oversee it, or who asked."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field

from gatehouse.hotlist import looking as hotlist_looking
from gatehouse.hotlist.asking import StandingSearch
from gatehouse.model import AgencyKind, Party, PlateSearch, ProcessKind, Purpose, Scope, SearchMode
from gatehouse.search import looking
from gatehouse.web.api.model import Time, Told
from gatehouse.web.endpoint import Call, Endpoint, Reply


class WindowTold(Told):
    """The time that is asked for, both ends included."""

    start: Time = Field(alias="from")
    end: Time = Field(alias="to")


class PartyTold(Told):
    """An agency, of this network or not."""

    name: str
    state: str | None
    kind: AgencyKind


class ProcessTold(Told):
    """Legal process that the search rests on."""

    kind: ProcessKind
    issuer: str | None
    reference: str | None


class RequestTold(Told):
    """A search as it was asked, word for word: what a reviewer decides about."""

    agency: str
    officer: str
    entered_by: str
    plate: str
    window: WindowTold
    scope: Scope
    purpose: Purpose
    on_behalf_of: Literal["none", "unknown"] | PartyTold
    reason: str
    offense: str | None
    case_number: str | None
    process: ProcessTold | None
    ground: str | None
    confusables: bool
    mode: SearchMode

    @classmethod
    def of(cls, search: PlateSearch) -> Self:
        """Return a search as it is told."""
        behalf, process = search.on_behalf_of, search.process
        return cls(
            agency=search.agency,
            officer=search.officer,
            entered_by=search.entered_by,
            plate=search.plate.text,
            window=WindowTold.model_validate({"from": search.window.start, "to": search.window.end}),
            scope=search.scope,
            purpose=search.purpose,
            on_behalf_of=PartyTold(name=behalf.name, state=behalf.state, kind=behalf.kind)
            if isinstance(behalf, Party)
            else behalf.value,
            reason=search.reason,
            offense=search.offense,
            case_number=search.case_number,
            process=None
            if process is None
            else ProcessTold(kind=process.kind, issuer=process.issuer, reference=process.reference),
            ground=search.ground,
            confusables=search.confusables,
            mode=search.mode,
        )


class StandingTold(Told):
    """A standing search as it was asked; `file` and `origin` are those of the list that brought it."""

    search: RequestTold
    source: str
    state: str | None
    file: str | None
    letters: bool
    origin: str | None

    @classmethod
    def of(cls, standing: StandingSearch) -> Self:
        """Return a standing search as it is told."""
        return cls(
            search=RequestTold.of(standing.search),
            source=standing.source,
            state=standing.state,
            file=None if standing.file is None else standing.file.value,
            letters=standing.letters,
            origin=standing.origin,
        )


def endpoints() -> list[Endpoint]:
    """Return the routes."""
    return [
        Endpoint(
            "GET",
            "/searches/{id}/request",
            "What a search asks, to those who review or oversee it, or who asked",
            "searches",
            search,
            {200: RequestTold},
            refusals=(404,),
        ),
        Endpoint(
            "GET",
            "/hotlists/entries/{id}/request",
            "What a standing search looks for, to those who review or oversee it, or who asked",
            "hotlists",
            standing,
            {200: StandingTold},
            refusals=(404,),
        ),
    ]


def search(call: Call) -> Reply:
    """Return what a search asks."""
    return Reply(RequestTold.of(looking.asked(call.site.door.parts, call.path["id"], by=call.officer)))


def standing(call: Call) -> Reply:
    """Return what a standing search looks for."""
    parts = call.site.hotlists.parts
    return Reply(StandingTold.of(hotlist_looking.asked(parts, call.path["id"], by=call.officer)))
