"""Evidence holds over the API: placed with a signature, opened on the record, listed, ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from starlette.applications import Starlette

from gatehouse.model import Role
from tests.unit.search.world import ALDER, CEDAR, PLATE
from tests.unit.web.nodes import Browser, WebNode, asked, at_work

OPENING = {"case_number": "26-01234", "reason": "trial of the case begins, the prosecutor asks for it"}


@pytest.fixture
def officer(node: WebNode, app: Starlette) -> Browser:
    return at_work(node, app, "o1")


@pytest.fixture
def answered(node: WebNode, officer: Browser) -> dict[str, Any]:
    """Return the answer of a search that found one read of Alder's."""
    node.world.take(PLATE, owner=ALDER)
    search = asked(node)
    signed = officer.signed({"asks": "search", "search": search})
    found: dict[str, Any] = officer.post("/searches", {"search": search, "signed": signed}).json()
    assert len(found["reads"]) == 1
    return found


def wanted(node: WebNode, answered: dict[str, Any], **changed: Any) -> dict[str, Any]:
    until = (node.now() + timedelta(days=60)).isoformat()
    read = answered["reads"][0]["id"]
    hold = {"read": read, "ground": "order", "until": until, "case_number": "26-01234", "reference": "O-1"}
    return hold | changed


def place(browser: Browser, answered: dict[str, Any], hold: dict[str, Any]) -> Any:
    signed = browser.signed({"asks": "hold", "search": answered["id"], "hold": hold})
    return browser.post(f"/searches/{answered['id']}/holds", {"hold": hold, "signed": signed})


def test_hold_is_placed_opened_and_ended(node: WebNode, officer: Browser, answered: dict[str, Any]) -> None:
    placed = place(officer, answered, wanted(node, answered))
    assert placed.status_code == 201
    hold = placed.json()
    assert {name: hold[name] for name in ("agency", "owner", "officer", "ground", "state", "over")} == {
        "agency": CEDAR,
        "owner": ALDER,
        "officer": "o1",
        "ground": "order",
        "state": "kept",
        "over": False,
    }
    assert officer.get("/holds").json() == {"holds": [hold], "next": None}
    node.move(days=45)
    officer.sign_in()
    path = f"/holds/{hold['id']}"
    assert officer.get(path).json() == hold
    signed = officer.signed({"asks": "open_hold", "hold": hold["id"], **OPENING})
    opened = officer.post(f"{path}/opening", {**OPENING, "signed": signed}).json()
    assert opened["read"] == answered["reads"][0]
    assert node.world.events()[opened["index"]] == "evidence:hold:opened"
    signed = officer.signed({"asks": "end_hold", "hold": hold["id"]})
    ended = officer.post(f"{path}/end", {"signed": signed}).json()
    assert (ended["state"], ended["over"]) == ("ended", True)
    signed = officer.signed({"asks": "open_hold", "hold": hold["id"], **OPENING})
    assert officer.post(f"{path}/opening", {**OPENING, "signed": signed}).status_code == 409


def test_hold_signed_for_another_end_is_not_placed(
    node: WebNode, officer: Browser, answered: dict[str, Any]
) -> None:
    hold = wanted(node, answered)
    signed = officer.signed({"asks": "hold", "search": answered["id"], "hold": hold})
    later = hold | {"until": (node.now() + timedelta(days=80)).isoformat()}
    found = officer.post(f"/searches/{answered['id']}/holds", {"hold": later, "signed": signed})
    assert found.status_code == 401
    assert officer.get("/holds").json()["holds"] == []


def test_request_to_preserve_goes_to_the_owner(
    node: WebNode, app: Starlette, officer: Browser, answered: dict[str, Any]
) -> None:
    hold = wanted(node, answered, ground="preservation")
    refused = place(officer, answered, hold)
    assert (refused.status_code, refused.json()["rule"]["id"]) == (403, "door:hold-ground")
    node.hire("alder-c", Role.CUSTODIAN, agency=ALDER)
    custodian = at_work(node, app, "alder-c")
    placed = place(custodian, answered, hold)
    assert (placed.status_code, placed.json()["agency"]) == (201, ALDER)
    assert officer.get(f"/holds/{placed.json()['id']}").status_code == 404


def test_read_of_no_answer_is_not_found(node: WebNode, officer: Browser, answered: dict[str, Any]) -> None:
    found = place(officer, answered, wanted(node, answered, read="0" * 32))
    assert found.status_code == 404


def test_hold_for_a_hit_takes_the_confirmed_hit_of_that_read(
    node: WebNode, officer: Browser, answered: dict[str, Any]
) -> None:
    found = place(officer, answered, wanted(node, answered, ground="confirmed_hit", hit=3))
    assert (found.status_code, found.json()["title"]) == (404, "there is no such hit")
    assert place(officer, answered, wanted(node, answered, hit=3)).status_code == 422


def test_confirmed_hit_has_its_read_held(node: WebNode, officer: Browser) -> None:
    now = node.now()
    window = {"from": now.isoformat(), "to": (now + timedelta(days=7)).isoformat()}
    standing = {"search": asked(node, window=window), "source": "case"}
    signed = officer.signed({"asks": "standing_search", "standing": standing})
    assert officer.post("/hotlists/entries", {"standing": standing, "signed": signed}).status_code == 201
    (hit,) = node.pass_by()
    assert hit.read is not None
    node.world.take(PLATE, owner=ALDER, at=hit.read.captured_at)
    search = asked(node)
    signed = officer.signed({"asks": "search", "search": search})
    answered = officer.post("/searches", {"search": search, "signed": signed}).json()
    hold = wanted(node, answered, ground="confirmed_hit", hit=hit.id)
    early = place(officer, answered, hold)
    assert (early.status_code, early.json()["rule"]["id"]) == (403, "door:hold-not-confirmed")
    confirmed = {"plate": True, "state": True, "image": True}
    assert officer.post(f"/hits/{hit.id}/plate", confirmed).status_code == 200
    assert place(officer, answered, hold).status_code == 201
