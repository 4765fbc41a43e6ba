"""A whole node over HTTP: a camera hands reads in, an officer enrolls, signs in, searches and has a hit."""

from __future__ import annotations

import gzip
import json
import logging
from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from gatehouse.ledger import Receipt
from gatehouse.ledger.entry import read_entry
from gatehouse.node.accounts import verify_evidence
from gatehouse.node.logs import JsonLines
from gatehouse.node.node import Node
from gatehouse.search.signature import search_intent
from gatehouse.web import Site, create_app
from gatehouse.web.api.asking import SearchAsked
from tests.unit.ledger.logs import Clock
from tests.unit.node.authenticator import Authenticator
from tests.unit.node.founded import ALDER, START, custodian
from tests.unit.node.running import CAMERA, KEY, OFFICER, PLATE, batch, made_node, opened_node
from tests.unit.node.staff import SITE
from tests.unit.web.nodes import Browser

REASON = "stolen sedan taken from Linden Street"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    folder = made_node(tmp_path / "node")
    config = folder / "node.toml"
    text = config.read_text().replace("http://localhost:8443", "https://gatehouse.test")
    config.write_text(text.replace('domain = "localhost"', 'domain = "gatehouse.test"'))
    with opened_node(folder, Clock(START + timedelta(hours=1))) as found:
        yield found


@pytest.fixture
def app(node: Node) -> Starlette:
    site: Site = node
    return create_app(site)


def hand_in(app: Starlette, number: int, *plates: str, at: datetime, **headers: str) -> httpx.Response:
    """Have the camera send a batch."""
    made = batch(number, at, *plates)
    named = {
        "gatehouse-camera": made.camera,
        "gatehouse-batch": str(number),
        "gatehouse-signature": b64encode(made.signature).decode(),
        "content-encoding": "gzip",
    }
    body = gzip.compress(made.body)
    return Browser(app, origin=None).post("/reads", content=body, headers=named | headers)


def enroll(node: Node, app: Starlette, officer: str) -> Browser:
    """Enroll a person with a passkey over the API, and sign in."""
    browser = Browser(app)
    browser.device = Authenticator()
    token = node.accounts.enrollment.invite(officer, by=(custodian(ALDER, 1).id,)).token
    options = browser.post("/enrollment/passkey/options", {"token": token, "login": officer}).json()
    made = browser.device.create(options["options"])
    found = browser.post(
        "/enrollment/passkey", {"token": token, "login": officer, "credential": made, "label": "key"}
    )
    assert found.status_code == 201
    browser.sign_in()
    return browser


def search(node: Node, **changed: Any) -> dict[str, Any]:
    now = node.clock()
    return {
        "plate": PLATE,
        "window": {"from": (now - timedelta(days=1)).isoformat(), "to": now.isoformat()},
        "scope": "own",
        "purpose": "stolen_vehicle_or_plate",
        "on_behalf_of": "none",
        "reason": REASON,
        "offense": "240",
        "case_number": "26-0042",
    } | changed


def ask(browser: Browser, body: dict[str, Any]) -> httpx.Response:
    signed = browser.signed({"asks": "search", "search": body})
    return browser.post("/searches", {"search": body, "signed": signed})


def test_read_that_a_camera_hands_in_is_found_by_the_officer_who_signs(node: Node, app: Starlette) -> None:
    taken = hand_in(app, 1, PLATE, "OTHER1", "no plate at all!", at=node.clock())
    assert taken.json() == {
        "camera": CAMERA.id,
        "number": 1,
        "duplicate": False,
        "accepted": 2,
        "refused": {"no_plate": 1},
    }
    assert hand_in(app, 1, PLATE, at=node.clock()).json()["duplicate"] is True
    officer = enroll(node, app, OFFICER.id)
    body = search(node)
    found = ask(officer, body)
    told = found.json()
    assert (found.status_code, told["state"]) == (201, "released"), found.text
    assert [(each["plate"], each["camera"]) for each in told["reads"]] == [(PLATE, CAMERA.id)]
    receipt = Receipt.parse(told["receipt"])
    receipt.verify(node.ledger.entry(told["index"]), policy=node.ledger.folder.policy())
    events = [read_entry(node.ledger.entry(index)).event for index in range(told["index"])]
    detail: Any = node.ledger.openings(events.index("search:plate:requested")).values["detail"]
    intent = search_intent(SearchAsked.model_validate(body).search(OFFICER))
    assert verify_evidence(detail["signature"], intent, relying=SITE) == OFFICER.id


def test_batch_with_another_signature_is_refused_and_counted(node: Node, app: Starlette) -> None:
    wrong = b64encode(KEY.sign(b"something else")).decode()
    found = hand_in(app, 1, PLATE, at=node.clock(), **{"gatehouse-signature": wrong})
    assert (found.status_code, found.json()["got"]) == (401, "bad signature")
    assert hand_in(app, 1, PLATE, at=node.clock()).json()["accepted"] == 1
    text = Browser(app).get("/metrics").text
    assert 'gatehouse_reads_refused_total{reason="bad_signature"} 1.0' in text


def test_accounts_are_on_the_record_of_the_node(node: Node, app: Starlette) -> None:
    enroll(node, app, OFFICER.id)
    events = [read_entry(node.ledger.entry(index)).event for index in range(node.ledger.log.size)]
    assert [each for each in events if each.startswith("account:")] == [
        "account:officer:invited",
        "account:officer:enrolled",
    ]


def test_person_who_is_offboarded_over_the_api_is_out_with_the_next_request(
    node: Node, app: Starlette
) -> None:
    officer, keeper = enroll(node, app, OFFICER.id), enroll(node, app, custodian(ALDER, 1).id)
    intent = {"asks": "account", "action": "offboard", "subject": OFFICER.id}
    found = keeper.post(f"/people/{OFFICER.id}/offboard", {"signed": keeper.signed(intent)})
    assert found.status_code == 204, found.text
    assert officer.get("/session").status_code == 401
    assert node.registry.officer(OFFICER.id).active is False


def test_standing_search_has_a_hit_when_the_car_passes(node: Node, app: Starlette) -> None:
    officer = enroll(node, app, OFFICER.id)
    now = node.clock()
    window = {"from": now.isoformat(), "to": (now + timedelta(days=7)).isoformat()}
    standing = {"search": search(node, window=window), "source": "case"}
    signed = officer.signed({"asks": "standing_search", "standing": standing})
    entered = officer.post("/hotlists/entries", {"standing": standing, "signed": signed})
    assert entered.json()["state"] == "released", entered.text
    assert hand_in(app, 1, PLATE, at=node.clock()).json()["accepted"] == 1
    (hit,) = officer.get("/hits").json()["hits"]
    assert (hit["plate"], hit["read"]["camera"], hit["state"]) == (PLATE, CAMERA.id, "raised")


def test_node_is_ready_and_its_parts_say_so(app: Starlette) -> None:
    found = Browser(app).get("/readyz")
    assert found.status_code == 200 and len(found.json()["parts"]) > 3


def test_log_lines_of_a_day_hold_no_plate_name_or_reason(
    node: Node, app: Starlette, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        hand_in(app, 1, PLATE, at=node.clock())
        officer = enroll(node, app, OFFICER.id)
        ask(officer, search(node))
        ask(officer, search(node, plate="TE?T?2?") | {"plate": "ZZZ?999"})
        officer.post("/searches", {"search": search(node, purpose="immigration")})
        officer.get(f"/searches/{PLATE}")
    text = "\n".join(JsonLines().format(each) for each in caplog.records)
    assert json.loads(text.splitlines()[0])["level"]
    for secret in (PLATE, "ZZZ", "Linden", "26-0042", OFFICER.name, "immigration"):
        assert secret not in text
