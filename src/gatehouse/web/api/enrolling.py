"""People and cameras as custodians put them into the registry, each on the record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

from pydantic import Field

from gatehouse.model import CameraStatus, Role
from gatehouse.node.record import Recorded
from gatehouse.web.api.model import Given, Id, Limit, Time, Told
from gatehouse.web.api.signing import Signed, shown
from gatehouse.web.api.wanted import CameraWanted, PersonWanted, camera_intent, person_intent
from gatehouse.web.endpoint import Call, Endpoint, Reply
from gatehouse.web.errors import RequestRefused

_CUSTODIANS = frozenset({Role.CUSTODIAN})


class PersonEntered(Given):
    """A person of the own agency."""

    model_config = Given.model_config | {
        "json_schema_extra": {
            "examples": [
                {
                    "person": {"id": "alder-pd.o7", "name": "Person Seven", "roles": ["officer"]},
                    "signed": {"nonce": "2Zr7l9nQp4mYVjO1dGk8s3XbTtUhEw0aCfRiKxNvLyM", "code": "123456"},
                }
            ]
        }
    }

    person: PersonWanted
    signed: Signed = Field(description="Signs the intent `person`")


class CameraEntered(Given):
    """A camera of the own agency."""

    model_config = Given.model_config | {
        "json_schema_extra": {
            "examples": [
                {
                    "camera": {
                        "id": "alder-pd.cam7",
                        "name": "Main Street, northbound",
                        "latitude": 41.5,
                        "longitude": -88.25,
                        "heading": 0,
                        "key": "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                    },
                    "signed": {"nonce": "2Zr7l9nQp4mYVjO1dGk8s3XbTtUhEw0aCfRiKxNvLyM", "code": "123456"},
                }
            ]
        }
    }

    camera: CameraWanted
    signed: Signed = Field(description="Signs the intent `camera`")


class OnRecord(Told):
    """That something is on the record: the index of its entry, and the time that it was given."""

    index: int
    at: Time

    @classmethod
    def of(cls, recorded: Recorded) -> Self:
        """Return an entry of the registry as it is told."""
        return cls(index=recorded.index, at=recorded.at)


class HealthAsked(Given):
    """Which cameras of the own agency."""

    after: Id | None = Field(default=None, description="`next` of the page before")
    limit: Limit = 50


class CameraHealthTold(Told):
    """What a camera has handed in since the node started; `last_batch` is the newest that was stored."""

    camera: str
    status: CameraStatus
    batches: int
    accepted: int
    refused: int
    last_at: Time | None
    last_batch: int


class CamerasHealth(Told):
    """Cameras of the own agency in the order of their ids; `next` is null on the last page."""

    cameras: list[CameraHealthTold]
    next: str | None


def endpoints() -> list[Endpoint]:
    """Return the routes."""

    def write(
        method: str, path: str, summary: str, handle: Callable[[Call], Reply], body: type[Given]
    ) -> Endpoint:
        return Endpoint(
            method,
            path,
            summary,
            "registry",
            handle,
            {201 if method == "POST" else 200: OnRecord},
            roles=_CUSTODIANS,
            body=body,
            refusals=(409, 429),
        )

    return [
        write("POST", "/registry/people", "Add a person who is no custodian", add_person, PersonEntered),
        write(
            "PUT", "/registry/people/{id}", "Change a person's name or roles", change_person, PersonEntered
        ),
        write("POST", "/registry/cameras", "Add a camera with its key", add_camera, CameraEntered),
        write(
            "PUT",
            "/registry/cameras/{id}",
            "Change a camera: its key, status, place",
            change_camera,
            CameraEntered,
        ),
        Endpoint(
            "GET",
            "/registry/cameras/health",
            "What the agency's cameras have handed in",
            "registry",
            health,
            {200: CamerasHealth},
            roles=_CUSTODIANS,
            query=HealthAsked,
        ),
    ]


def add_person(call: Call) -> Reply:
    """Add a person."""
    officer = _person(call).officer(call.officer.agency)
    return Reply(OnRecord.of(call.site.registry.add_officer(officer, by=call.officer)), 201)


def change_person(call: Call) -> Reply:
    """Change a person."""
    person = _person(call)
    _same(call, person.id)
    officer = person.officer(call.officer.agency)
    return Reply(OnRecord.of(call.site.registry.change_officer(officer, by=call.officer)))


def add_camera(call: Call) -> Reply:
    """Add a camera."""
    camera = _camera(call).camera(call.officer.agency)
    return Reply(OnRecord.of(call.site.registry.add_camera(camera, by=call.officer)), 201)


def change_camera(call: Call) -> Reply:
    """Change a camera."""
    given = _camera(call)
    _same(call, given.id)
    camera = given.camera(call.officer.agency)
    return Reply(OnRecord.of(call.site.registry.change_camera(camera, by=call.officer)))


def health(call: Call) -> Reply:
    """List what the agency's cameras have handed in."""
    asked, site = call.asked(HealthAsked), call.site
    found = [each for each in site.registry.cameras(call.officer.agency) if each.id > (asked.after or "")]
    told = []
    for each in found[: asked.limit]:
        known = site.intake.health(each.id)
        told.append(
            CameraHealthTold(
                camera=each.id,
                status=each.status,
                batches=known.batches,
                accepted=known.accepted,
                refused=known.refused,
                last_at=known.last_at,
                last_batch=site.reads.last_batch(each.id),
            )
        )
    return Reply(CamerasHealth(cameras=told, next=told[-1].camera if len(found) > len(told) else None))


def _person(call: Call) -> PersonWanted:
    given = call.read(PersonEntered)
    shown(call, person_intent(given.person, call.officer), given.signed)
    return given.person


def _camera(call: Call) -> CameraWanted:
    given = call.read(CameraEntered)
    shown(call, camera_intent(given.camera, call.officer), given.signed)
    return given.camera


def _same(call: Call, id: str) -> None:
    if id != call.path["id"]:
        raise RequestRefused(422, "the path names another than the body", expected="the same id")
