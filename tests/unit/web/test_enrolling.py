"""People and cameras that a custodian puts into the registry over the API."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from gatehouse.model import Role
from gatehouse.node.bodies import Kind, OwnerBody
from tests.unit.node.founded import ALDER
from tests.unit.node.running import KEY, read, signed
from tests.unit.web.nodes import Browser
from tests.unit.web.whole import ROLES, SECOND, Whole

PERSON = {"id": "alder-pd.o9", "name": "Person Nine", "roles": ["officer"]}
CAMERA = {"id": "alder-pd.cam1", "name": "Gate", "latitude": 41.5, "longitude": -88.25, "key": "ab" * 32}


@pytest.fixture
def custodian(whole: Whole) -> Browser:
    return whole.at_work(ROLES[Role.CUSTODIAN].id)


def put(browser: Browser, what: str, body: dict[str, Any], *, change: bool = False) -> httpx.Response:
    shown = browser.signed({"asks": what, what: body})
    path = "/registry/people" if what == "person" else "/registry/cameras"
    if change:
        return browser.send("PUT", f"{path}/{body['id']}", json={what: body, "signed": shown})
    return browser.post(path, {what: body, "signed": shown})


def test_person_is_added_and_changed_on_the_record(whole: Whole, custodian: Browser) -> None:
    added = put(custodian, "person", PERSON)
    assert added.status_code == 201
    changed = put(custodian, "person", PERSON | {"roles": ["supervisor"]}, change=True)
    assert changed.json()["index"] > added.json()["index"]
    assert whole.node.registry.officer("alder-pd.o9").roles == {Role.SUPERVISOR}
    told = whole.node.ledger.openings(added.json()["index"])
    assert told.event == "registry:officer:added"


def test_custodian_is_added_by_no_single_custodian(custodian: Browser) -> None:
    refused = put(custodian, "person", PERSON | {"roles": ["custodian"]})
    assert (refused.status_code, refused.json()["title"]) == (409, "a custodian is added by two custodians")


def test_camera_is_added_changed_and_listed(whole: Whole, custodian: Browser) -> None:
    assert put(custodian, "camera", CAMERA).status_code == 201
    assert put(custodian, "camera", CAMERA).status_code == 409
    assert put(custodian, "camera", CAMERA | {"status": "suspended"}, change=True).status_code == 200
    (told,) = custodian.get("/registry/cameras").json()["cameras"]
    assert (told["id"], told["agency"], told["status"]) == (CAMERA["id"], ALDER.id, "suspended")


def test_path_and_body_name_the_same(custodian: Browser) -> None:
    shown = custodian.signed({"asks": "camera", "camera": CAMERA})
    found = custodian.send("PUT", "/registry/cameras/other", json={"camera": CAMERA, "signed": shown})
    assert found.status_code == 422


def test_words_that_were_not_signed_add_nobody(whole: Whole, custodian: Browser) -> None:
    shown = custodian.signed({"asks": "person", "person": PERSON})
    given = {"person": PERSON | {"roles": ["auditor"]}, "signed": shown}
    assert custodian.post("/registry/people", given).status_code == 401


def test_health_tells_what_cameras_have_handed_in(whole: Whole, custodian: Browser) -> None:
    key = KEY.public_key().public_bytes_raw().hex()
    for number in (1, 2):
        put(custodian, "camera", CAMERA | {"id": f"alder-pd.cam{number}", "key": key})
    rule = OwnerBody(owner=ALDER.id, retention_minutes=43_200)
    change = whole.node.changes.propose(Kind.OWNER, rule, by=ROLES[Role.CUSTODIAN])
    whole.node.changes.approve(change.id, by=SECOND)
    at = whole.clock.at
    whole.node.ingest(signed(1, [read("TEST123", at), read("", at)]))
    page = custodian.get("/registry/cameras/health?limit=1").json()
    assert page["cameras"] == [
        {
            "camera": "alder-pd.cam1",
            "status": "active",
            "batches": 1,
            "accepted": 1,
            "refused": 1,
            "last_at": "2026-11-02T09:00:00.000Z",
            "last_batch": 1,
        }
    ]
    rest = custodian.get(f"/registry/cameras/health?after={page['next']}").json()
    assert ([each["camera"] for each in rest["cameras"]], rest["next"]) == (["alder-pd.cam2"], None)
