"""Changes of the rules over the API: two custodians, a published backtest, a waiting time."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import httpx
import pytest

from gatehouse.model import Role
from gatehouse.node.bodies import AgencyBody, Joining, OfficerBody
from tests.unit.node import founded
from tests.unit.node.founded import ALDER, BIRCH, DOCUMENT, custodian
from tests.unit.web.nodes import Browser
from tests.unit.web.whole import ROLES, SECOND, Whole

BACKTEST = founded.BACKTEST.decode()
OWN = {"owner": ALDER.id, "retention_minutes": 43_200}
SHARING = {"kind": "sharing", "after": {"owner": ALDER.id, "shares": True}}


def propose(browser: Browser, change: dict[str, Any], *, backtest: str | None = None) -> httpx.Response:
    hashed = None if backtest is None else sha256(backtest.encode()).hexdigest()
    change = change | {"backtest": hashed}
    signed = browser.signed({"asks": "change", "change": change})
    return browser.post("/changes", {"change": change, "backtest": backtest, "signed": signed})


def approve(browser: Browser, id: str) -> httpx.Response:
    signed = browser.signed({"asks": "approval", "what": "change", "id": id})
    return browser.post(f"/changes/{id}/approve", {"signed": signed})


@pytest.fixture
def first(whole: Whole) -> Browser:
    return whole.at_work(ROLES[Role.CUSTODIAN].id)


@pytest.fixture
def second(whole: Whole) -> Browser:
    return whole.at_work(SECOND.id)


def test_loosening_takes_two_custodians_a_backtest_and_time(
    whole: Whole, first: Browser, second: Browser
) -> None:
    assert propose(first, SHARING).json()["title"].endswith("needs a published backtest")
    told = propose(first, SHARING, backtest=BACKTEST).json()
    id = told["id"]
    assert told == {
        "id": id,
        "kind": "sharing",
        "subject": ALDER.id,
        "decider": ALDER.id,
        "state": "proposed",
        "loosens": True,
        "after": SHARING["after"],
        "valid_from": told["valid_from"],
        "ready_at": None,
        "waiting_days": 7,
        "backtest": sha256(BACKTEST.encode()).hexdigest(),
        "proposed_by": ROLES[Role.CUSTODIAN].id,
        "proposed_at": told["proposed_at"],
        "approved_by": None,
        "approved_at": None,
        "index": told["index"],
        "stuck": None,
    }
    assert approve(first, id).status_code == 409
    approved = approve(second, id).json()
    assert (approved["state"], approved["approved_by"]) == ("approved", SECOND.id)
    assert first.get(f"/changes/{id}/backtest").text == BACKTEST
    assert first.get("/rules?kind=sharing").json() == {"rules": [], "next": None}
    whole.clock.at = whole.clock.at.replace(day=whole.clock.at.day + 8)
    whole.node.changes.advance()
    first.sign_in()
    assert first.get(f"/changes/{id}").json()["state"] == "in_force"
    (rule,) = first.get(f"/rules?kind=sharing&agency={ALDER.id}").json()["rules"]
    assert (rule["body"], rule["version"], rule["loosened"]) == (SHARING["after"], 1, True)


def test_owners_first_rule_is_approved_and_a_tightening_is_in_force_at_once(
    first: Browser, second: Browser
) -> None:
    id = propose(first, {"kind": "owner", "after": OWN}).json()["id"]
    assert approve(second, id).json()["state"] == "in_force"
    stricter = OWN | {"retention_minutes": 1_440}
    assert propose(first, {"kind": "owner", "after": stricter}).json()["state"] == "in_force"
    (rule,) = first.get("/rules?kind=owner").json()["rules"]
    assert (rule["version"], rule["body"]["retention_minutes"], rule["loosened"]) == (2, 1_440, False)


def test_agency_joins_by_two_custodians_of_the_operator(first: Browser, second: Browser) -> None:
    body = Joining(
        agency=AgencyBody.of(BIRCH),
        custodians=tuple(OfficerBody.of(custodian(BIRCH, number)) for number in (1, 2)),
    )
    id = propose(first, {"kind": "agency", "after": body.as_json()}).json()["id"]
    assert approve(second, id).json()["state"] == "in_force"
    agencies = first.get("/registry/agencies").json()["agencies"]
    assert [each["id"] for each in agencies] == [ALDER.id, BIRCH.id]


def test_custodian_declaration_and_agreement_are_proposed_too(
    whole: Whole, first: Browser, second: Browser
) -> None:
    third = OfficerBody.of(custodian(ALDER, 3)).as_json()
    id = propose(first, {"kind": "custodian", "after": third}).json()["id"]
    assert approve(second, id).json()["state"] == "in_force"
    word = {"searcher": ALDER.id, "covers": ["immigration"], "document": DOCUMENT}
    declared = propose(first, {"kind": "declaration", "after": word})
    assert declared.status_code == 201
    agreement = {
        "owner": ALDER.id,
        "searcher": "cedar-pd",
        "purposes": ["stolen_vehicle_or_plate"],
        "document": DOCUMENT,
    }
    unknown = propose(first, {"kind": "agreement", "after": agreement}, backtest=BACKTEST)
    assert (unknown.status_code, unknown.json()["title"]) == (409, "there is no such agency")
    pack = {"version": "0", "sha256": DOCUMENT, "lexicon": DOCUMENT}
    assert propose(first, {"kind": "pack", "after": pack}).status_code in (409, 422)


def test_change_is_withdrawn_by_one_custodian(first: Browser, second: Browser) -> None:
    id = propose(first, {"kind": "owner", "after": OWN}).json()["id"]
    assert second.post(f"/changes/{id}/withdraw").json()["state"] == "withdrawn"
    assert approve(second, id).status_code == 409


def test_changes_are_listed_by_state_and_in_pages(first: Browser, second: Browser) -> None:
    ids = [propose(first, {"kind": "owner", "after": OWN}).json()["id"] for _ in range(2)]
    second.post(f"/changes/{ids[0]}/withdraw")

    def told(query: str) -> tuple[list[str], int | None]:
        page = first.get(f"/changes{query}").json()
        return [each["id"] for each in page["changes"]], page["next"]

    assert told("?state=withdrawn") == ([ids[0]], None)
    assert told("?state=proposed&kind=owner") == ([ids[1]], None)
    page, after = told("?limit=1")
    assert page == ids[:1] and after is not None
    assert told(f"?after={after}") == (ids[1:], None)


def test_what_is_signed_is_what_is_proposed(first: Browser) -> None:
    signed = first.signed({"asks": "change", "change": {"kind": "owner", "after": OWN}})
    other = {"kind": "owner", "after": OWN | {"retention_minutes": 60}}
    assert first.post("/changes", {"change": other, "signed": signed}).status_code == 401
    signed = first.signed({"asks": "change", "change": SHARING | {"backtest": DOCUMENT}})
    given = {"change": SHARING | {"backtest": DOCUMENT}, "backtest": BACKTEST, "signed": signed}
    assert first.post("/changes", given).status_code == 422


def test_rule_that_is_taken_away_is_named(first: Browser) -> None:
    assert propose(first, {"kind": "owner", "after": None}).status_code == 422
    gone = propose(first, {"kind": "owner", "after": None, "subject": ALDER.id})
    assert (gone.status_code, gone.json()["title"]) == (409, "the change changes nothing")


def test_people_in_changes_of_others_are_not_shown(whole: Whole, first: Browser, second: Browser) -> None:
    birch = Joining(
        agency=AgencyBody.of(BIRCH),
        custodians=tuple(OfficerBody.of(custodian(BIRCH, number)) for number in (1, 2)),
    )
    joined = propose(first, {"kind": "agency", "after": birch.as_json()}).json()["id"]
    approve(second, joined)
    third = OfficerBody.of(custodian(ALDER, 3)).as_json()
    id = propose(first, {"kind": "custodian", "after": third}).json()["id"]
    stranger = whole.at_work(custodian(BIRCH, 1).id)
    assert stranger.get(f"/changes/{id}").status_code == 404
    assert [each["id"] for each in stranger.get("/changes").json()["changes"]] == [joined]
    assert approve(stranger, id).status_code == 404


@pytest.mark.parametrize("path", ["/changes/none", "/changes/none/backtest"])
def test_change_that_is_none_is_not_found(first: Browser, path: str) -> None:
    assert first.get(path).status_code == 404
