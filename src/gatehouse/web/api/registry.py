"""The registry as people of the network may read it: agencies, cameras, and what owners decide."""

from __future__ import annotations

from pydantic import Field

from gatehouse.model import Agency, AgencyKind, Camera, CameraStatus, Officer, Role, Scope
from gatehouse.web.api.model import Id, PageOf, Told, page
from gatehouse.web.endpoint import Call, Endpoint, Reply


class AgencyTold(Told):
    """An agency of the network."""

    id: str
    name: str
    state: str
    kind: AgencyKind
    ori: str | None
    region: str | None


class Agencies(Told):
    """Agencies of the network, by their ids; `next` is null on the last page."""

    agencies: list[AgencyTold]
    next: str | None


class CamerasAsked(PageOf):
    """Whose cameras; one's own agency's unless said."""

    agency: Id | None = None


class CameraTold(Told):
    """A camera. Degrees are WGS 84; `heading` runs clockwise from north."""

    id: str
    agency: str
    name: str
    latitude: float
    longitude: float
    heading: int | None
    status: CameraStatus


class Cameras(Told):
    """Cameras of an agency, by their ids; `next` is null on the last page."""

    cameras: list[CameraTold]
    next: str | None


class OwnerTold(Told):
    """What an owner decides beside the law. Without a retention it is not searched, and takes no read."""

    owner: str
    retention_minutes: int | None
    scope_caps: dict[str, Scope] = Field(description="By purpose or offense, from how far away at most")
    optins: list[str]
    waiting_days: int = Field(description="How long it waits before a loosening is in force")
    longest_hold_days: int = Field(description="How far ahead the end of an evidence hold may lie")
    portal_delay_hours: int = Field(
        description="How long a row about a search of its reads is kept from the portal"
    )


class PeopleAsked(PageOf):
    """Which people of one's own agency."""

    role: Role


class PersonTold(Told):
    """A person of the agency."""

    id: str
    name: str
    roles: list[Role]


class People(Told):
    """Active people of the agency who have a role, by their ids; `next` is null on the last page."""

    people: list[PersonTold]
    next: str | None


def endpoints() -> list[Endpoint]:
    """Return the routes."""
    return [
        Endpoint(
            "GET",
            "/registry/agencies",
            "Agencies of the network",
            "registry",
            agencies,
            {200: Agencies},
            query=PageOf,
        ),
        Endpoint(
            "GET",
            "/registry/cameras",
            "Cameras of an agency",
            "registry",
            cameras,
            {200: Cameras},
            query=CamerasAsked,
        ),
        Endpoint(
            "GET",
            "/registry/owners/{id}",
            "What an owner decides beside the law",
            "registry",
            owner,
            {200: OwnerTold},
            refusals=(422,),
        ),
        Endpoint(
            "GET",
            "/registry/people",
            "People of the own agency by role",
            "registry",
            people,
            {200: People},
            query=PeopleAsked,
        ),
    ]


def agencies(call: Call) -> Reply:
    """List the agencies."""
    part, more = page(call.site.registry.agencies(), call.asked(PageOf), key=_id)
    told = [
        AgencyTold(
            id=each.id, name=each.name, state=each.state, kind=each.kind, ori=each.ori, region=each.region
        )
        for each in part
    ]
    return Reply(Agencies(agencies=told, next=more))


def cameras(call: Call) -> Reply:
    """List the cameras of an agency."""
    asked = call.asked(CamerasAsked)
    agency = call.site.registry.agency(asked.agency or call.officer.agency)
    part, more = page(call.site.registry.cameras(agency.id), asked, key=_id)
    told = [
        CameraTold(
            id=each.id,
            agency=each.agency,
            name=each.name,
            latitude=each.latitude,
            longitude=each.longitude,
            heading=each.heading,
            status=each.status,
        )
        for each in part
    ]
    return Reply(Cameras(cameras=told, next=more))


def owner(call: Call) -> Reply:
    """Say what an owner decides."""
    agency = call.site.registry.agency(call.path["id"])
    rules = call.site.registry.own_rule(agency.id)
    return Reply(
        OwnerTold(
            owner=agency.id,
            retention_minutes=None if rules.retention is None else int(rules.retention.total_seconds()) // 60,
            scope_caps=dict(rules.scope_caps),
            optins=sorted(rules.optins),
            waiting_days=rules.waiting.days,
            longest_hold_days=rules.longest_hold.days,
            portal_delay_hours=int(rules.portal_delay.total_seconds() // 3600),
        )
    )


def people(call: Call) -> Reply:
    """List the people of the own agency who have a role."""
    asked = call.asked(PeopleAsked)
    part, more = page(call.site.registry.people(call.officer.agency, asked.role), asked, key=_id)
    told = [PersonTold(id=each.id, name=each.name, roles=sorted(each.roles)) for each in part]
    return Reply(People(people=told, next=more))


def _id(each: Agency | Camera | Officer) -> str:
    return each.id
