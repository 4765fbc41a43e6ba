"""Authoritative sources and links to an OpenID provider: one custodian asks, another agrees."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from gatehouse.model import Role
from tests.unit.web.nodes import Browser
from tests.unit.web.whole import ROLES, SECOND, Whole

OFFICER = ROLES[Role.OFFICER].id
FIRST = ROLES[Role.CUSTODIAN].id
SOURCE = {"name": "state hot file", "officer": OFFICER, "authoritative": True, "scope": "own"}
LINK = {"issuer": "https://id.example.org", "subject": "s-1"}


@pytest.fixture
def first(whole: Whole) -> Browser:
    return whole.at_work(FIRST)


@pytest.fixture
def second(whole: Whole) -> Browser:
    return whole.at_work(SECOND.id)


def set_source(browser: Browser, **changed: Any) -> httpx.Response:
    source = SOURCE | changed
    signed = browser.signed({"asks": "source", "source": source})
    return browser.post("/hotlists/sources", {"source": source, "signed": signed})


def link(browser: Browser, *, officer: str = OFFICER, path: str = "subjects") -> httpx.Response:
    asks = "link_subject" if path == "subjects" else "unlink_subject"
    signed = browser.signed({"asks": asks, "subject": LINK | {"officer": officer}})
    return browser.post(f"/people/{officer}/{path}", LINK | {"signed": signed})


def agree(browser: Browser, id: str) -> httpx.Response:
    signed = browser.signed({"asks": "approval", "what": "countersigning", "id": id})
    return browser.post(f"/countersignings/{id}/agree", {"signed": signed})


def test_authoritative_source_is_set_by_two_waits_and_is_ended_by_one(
    whole: Whole, first: Browser, second: Browser
) -> None:
    asked = set_source(first)
    assert asked.status_code == 202 and first.get("/hotlists/sources").json() == {"sources": [], "next": None}
    id = asked.json()["id"]
    (waiting,) = second.get("/countersignings").json()["waiting"]
    assert waiting == asked.json()
    assert (waiting["matter"], waiting["asked_by"]) == ("source", FIRST)
    assert waiting["words"] == SOURCE | {"longest_age_seconds": None}
    assert agree(first, id).status_code == 403
    assert agree(second, id).status_code == 200
    assert second.get("/countersignings").json() == {"waiting": []}
    (source,) = first.get("/hotlists/sources").json()["sources"]
    assert (source["name"], source["authoritative"]) == ("state hot file", False)
    assert source["authoritative_from"] == "2026-11-09T09:00:00.000Z"
    values = whole.node.ledger.openings(whole.node.ledger.log.size - 1).values
    assert (values["officer"], values["approver"]) == (FIRST, SECOND.id)
    whole.clock.at += timedelta(days=7)
    second = whole.at_work(SECOND.id)
    (source,) = second.get("/hotlists/sources").json()["sources"]
    assert source["authoritative"] is True
    ended = set_source(second, authoritative=False, longest_age_seconds=3_600)
    assert (ended.status_code, ended.json()["authoritative"]) == (200, False)
    assert ended.json()["authoritative_from"] is None
    assert ended.json()["longest_age_seconds"] == 3_600


def test_subject_is_linked_by_two_and_unlinked_by_one(whole: Whole, first: Browser, second: Browser) -> None:
    id = link(first).json()["id"]
    assert first.get(f"/people/{OFFICER}/subjects").json() == {"subjects": []}
    assert agree(second, id).status_code == 200
    assert second.get(f"/people/{OFFICER}/subjects").json() == {"subjects": [LINK]}
    assert whole.node.accounts.subjects.officer(**LINK) == OFFICER
    assert agree(second, id).status_code == 403
    assert link(second, path="subjects/unlink").status_code == 204
    assert first.get(f"/people/{OFFICER}/subjects").json() == {"subjects": []}
    assert link(second, path="subjects/unlink").status_code == 422


def test_nobody_links_a_subject_to_themselves(first: Browser, second: Browser) -> None:
    id = link(first, officer=FIRST).json()["id"]
    assert agree(second, id).status_code == 403


def test_what_was_withdrawn_or_waits_too_long_is_agreed_to_no_more(
    whole: Whole, first: Browser, second: Browser
) -> None:
    id = link(first).json()["id"]
    assert second.post(f"/countersignings/{id}/withdraw").status_code == 204
    assert agree(second, id).status_code == 403
    id = link(first).json()["id"]
    whole.clock.at = whole.clock.at.replace(day=whole.clock.at.day + 1, minute=1)
    second.sign_in()
    assert agree(second, id).status_code == 403


def test_custodian_who_was_dismissed_meanwhile_counts_no_more(
    whole: Whole, first: Browser, second: Browser
) -> None:
    id = link(first).json()["id"]
    known = whole.node.registry.officer(FIRST)
    whole.node.registry._view.officers[FIRST] = type(known)(
        known.id, known.agency, known.name, frozenset({Role.AUDITOR})
    )
    assert agree(second, id).status_code == 403


def test_person_of_another_agency_is_linked_to_nothing(first: Browser) -> None:
    assert first.get("/people/nobody/subjects").status_code == 422
