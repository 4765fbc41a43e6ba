"""Ways by which one custodian would sign in as a colleague: another officer, or the second custodian."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gatehouse.model import Role
from gatehouse.node.bodies import Kind, OfficerBody
from tests.unit.node.founded import ALDER, custodian
from tests.unit.web import whole as wholes
from tests.unit.web.nodes import Browser
from tests.unit.web.whole import ROLES, SECOND, Whole

FIRST, OFFICER = ROLES[Role.CUSTODIAN], ROLES[Role.OFFICER]
THIRD = custodian(ALDER, 3)
LINK = {"issuer": "https://id.example.org", "subject": "s-1"}


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[Whole]:
    template = wholes.made(tmp_path / "template")
    with wholes.opened(template, tmp_path / "whole") as found:
        yield found


def for_person(browser: Browser, path: str, action: str, officer: str) -> httpx.Response:
    signed = browser.signed({"asks": "account", "action": action, "subject": officer})
    return browser.post(path, {"officer": officer, "signed": signed})


def invite(browser: Browser, officer: str) -> httpx.Response:
    return for_person(browser, "/invitations", "invite", officer)


def unlink(browser: Browser, officer: str) -> httpx.Response:
    signed = browser.signed({"asks": "unlink_subject", "subject": LINK | {"officer": officer}})
    return browser.post(f"/people/{officer}/subjects/unlink", LINK | {"signed": signed})


@pytest.mark.parametrize("officer", [SECOND.id, OFFICER.id])
def test_nobody_who_was_linked_to_a_provider_is_unlinked_and_invited_by_one(
    whole: Whole, officer: str
) -> None:
    first = whole.at_work(FIRST.id)
    whole.node.accounts.subjects.link(**LINK, officer=officer, by=())
    assert unlink(first, officer).status_code == 204
    assert invite(first, officer).status_code == 403


def test_invitation_that_was_kept_opens_nothing_after_the_person_was_linked(whole: Whole) -> None:
    first = whole.at_work(FIRST.id)
    token = invite(first, OFFICER.id).json()["token"]
    whole.node.accounts.subjects.link(**LINK, officer=OFFICER.id, by=())
    assert first.post("/enrollment", {"token": token}).status_code == 401
    assert unlink(first, OFFICER.id).status_code == 204
    assert invite(first, OFFICER.id).status_code == 403


def test_further_custodian_is_let_in_by_two(whole: Whole) -> None:
    first, second = whole.at_work(FIRST.id), whole.at_work(SECOND.id)
    change = whole.node.changes.propose(Kind.CUSTODIAN, OfficerBody.of(THIRD), by=FIRST)
    whole.node.changes.approve(change.id, by=SECOND)
    assert invite(first, THIRD.id).status_code == 403
    asked = for_person(first, "/recoveries", "ask_recovery", THIRD.id)
    id = asked.json()["id"]
    signed = {"asks": "account", "action": "approve_recovery", "subject": id}
    assert first.post(f"/recoveries/{id}/approve", {"signed": first.signed(signed)}).status_code == 403
    given = second.post(f"/recoveries/{id}/approve", {"signed": second.signed(signed)})
    assert (given.status_code, given.json()["officer"]) == (201, THIRD.id)


def test_custodian_whose_own_invitation_ran_out_is_not_let_in_by_the_other_alone(whole: Whole) -> None:
    first = whole.at_work(FIRST.id)
    assert invite(first, SECOND.id).status_code == 403


def test_custodian_gives_no_role_to_oneself(whole: Whole) -> None:
    first = whole.at_work(FIRST.id)
    person = {"id": FIRST.id, "name": FIRST.name, "roles": ["auditor", "custodian", "officer", "supervisor"]}
    signed = first.signed({"asks": "person", "person": person})
    refused = first.send("PUT", f"/registry/people/{FIRST.id}", json={"person": person, "signed": signed})
    assert (refused.status_code, refused.json()["title"]) == (409, "nobody gives a role to oneself")
    assert whole.node.registry.officer(FIRST.id).roles == {Role.CUSTODIAN}
