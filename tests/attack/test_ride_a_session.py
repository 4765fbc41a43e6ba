"""Ways to act as somebody who is signed in: from another page, with a stolen token, as a machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from gatehouse.model import Role
from gatehouse.node.accounts.step_up import intent_hash
from gatehouse.search.signature import search_intent
from gatehouse.web.api.asking import SearchAsked
from gatehouse.web.cookies import SESSION
from tests.unit.node.authenticator import Authenticator, text
from tests.unit.web.nodes import Browser, WebNode, app_of, asked, at_work


@pytest.fixture
def node(tmp_path: Path) -> Iterator[WebNode]:
    found = WebNode(tmp_path)
    yield found
    found.close()


@pytest.fixture
def app(node: WebNode) -> Starlette:
    return app_of(node)


@pytest.fixture
def victim(node: WebNode, app: Starlette) -> Browser:
    return at_work(node, app, "o1")


def with_cookie(app: Starlette, victim: Browser, *, origin: str | None) -> Browser:
    """Return a page that has the victim's browser send its cookie."""
    page = Browser(app, origin=origin)
    page.cookies.set(SESSION, victim.cookies[SESSION])
    return page


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://gatehouse.test.evil.example"])
@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", "/session"), ("POST", "/intents"), ("POST", "/searches"), ("DELETE", "/sessions")],
)
def test_page_of_another_site_does_nothing_in_the_victims_name(
    app: Starlette, victim: Browser, origin: str, method: str, path: str
) -> None:
    page = with_cookie(app, victim, origin=origin)
    assert page.send(method, path, json={}).status_code == 403
    assert victim.get("/session").status_code == 200


def test_form_of_another_site_is_not_even_read(app: Starlette, victim: Browser) -> None:
    page = with_cookie(app, victim, origin="https://evil.example")
    found = page.send(
        "POST", "/searches", data={"plate": "TEST123"}, headers={"sec-fetch-site": "cross-site"}
    )
    assert found.status_code == 403


def test_stolen_token_searches_for_nothing_without_the_device(
    node: WebNode, app: Starlette, victim: Browser
) -> None:
    thief = with_cookie(app, victim, origin="https://gatehouse.test")
    thief.device = Authenticator()
    search = asked(node)
    challenge = thief.post("/intents", {"intent": {"asks": "search", "search": search}}).json()
    signed = {"nonce": challenge["nonce"], "credential": thief.device.get(challenge["passkey"])}
    assert thief.post("/searches", {"search": search, "signed": signed}).status_code == 401
    assert thief.post("/searches", {"search": search}).status_code == 422
    assert node.world.events() == []


def test_stolen_token_adds_no_device_of_the_thief(app: Starlette, victim: Browser) -> None:
    thief = with_cookie(app, victim, origin="https://gatehouse.test")
    options = thief.post("/account/passkeys/options").json()["options"]
    body = {"credential": Authenticator().create(options), "label": "mine"}
    assert thief.post("/account/passkeys", body).status_code == 403


def test_page_that_shows_one_search_and_sends_another_gets_no_signature(
    node: WebNode, victim: Browser
) -> None:
    assert victim.device is not None
    shown, sent = asked(node), asked(node, plate="VICTIM1")
    challenge = victim.post("/intents", {"intent": {"asks": "search", "search": shown}}).json()
    signed = {"nonce": challenge["nonce"], "credential": victim.device.get(challenge["passkey"])}
    assert victim.post("/searches", {"search": sent, "signed": signed}).status_code == 401
    assert node.world.events() == []


def test_nonce_of_the_thiefs_own_choice_is_refused(node: WebNode, victim: Browser) -> None:
    assert victim.device is not None
    body = asked(node)
    nonce = bytes(32)
    intent = search_intent(SearchAsked.model_validate(body).search(node.registry.officer("o1")))
    options = node.accounts.passkeys.request("o1", intent_hash(intent, nonce))
    signed = {"nonce": text(nonce), "credential": victim.device.get(options)}
    assert victim.post("/searches", {"search": body, "signed": signed}).status_code == 401


def test_signature_of_one_person_is_of_no_use_in_the_session_of_another(
    node: WebNode, app: Starlette, victim: Browser
) -> None:
    other = at_work(node, app, "o2")
    body = asked(node, for_officer="o1")
    signed = victim.signed({"asks": "search", "search": body})
    assert other.post("/searches", {"search": body, "signed": signed}).status_code == 401


def test_token_given_to_a_victim_before_signing_in_is_of_no_use_after(node: WebNode, app: Starlette) -> None:
    attacker = at_work(node, app, "o2")
    fixed = attacker.cookies[SESSION]
    victim = Browser(app)
    victim.cookies.set(SESSION, fixed)
    victim.enroll(node, "o1")
    victim.sign_in()
    assert victim.cookies.get(SESSION, domain="gatehouse.test") != fixed
    stale = Browser(app)
    stale.cookies.set(SESSION, fixed)
    assert stale.get("/session").status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer x"},
        {"authorization": "Basic bzE6eA=="},
        {"x-forwarded-user": "o1"},
        {"x-officer": "o1"},
        {"gatehouse-camera": "cam-1", "gatehouse-signature": "AAAA"},
        {"cookie": "session=o1"},
    ],
)
def test_machine_without_a_persons_session_searches_for_nothing(
    node: WebNode, app: Starlette, headers: dict[str, str]
) -> None:
    body = {"search": asked(node), "signed": {"nonce": "A" * 43, "code": "000000"}}
    assert Browser(app).post("/searches", body, headers=headers).status_code == 401
    assert node.world.events() == []


@pytest.mark.parametrize("claim", [{"role": "custodian"}, {"roles": ["officer"]}, {"agency": "alder-pd"}])
def test_client_claims_no_role_and_no_agency(node: WebNode, app: Starlette, claim: dict[str, Any]) -> None:
    node.hire("a1", Role.AUDITOR)
    auditor = at_work(node, app, "a1")
    body = {"search": asked(node), "signed": {"nonce": "A" * 43, "code": "000000"}} | claim
    assert auditor.post("/searches", body).status_code == 403


def test_session_of_an_officer_who_lost_the_role_searches_for_nothing(node: WebNode, victim: Browser) -> None:
    search = asked(node)
    signed = victim.signed({"asks": "search", "search": search})
    node.hire("o1", Role.AUDITOR)
    assert victim.post("/searches", {"search": search, "signed": signed}).status_code == 403
    assert node.world.events() == []


def test_name_that_an_attacker_binds_to_the_nodes_address_is_turned_away(
    app: Starlette, victim: Browser
) -> None:
    page = Browser(app, origin="http://evil.example")
    page.cookies.set(SESSION, victim.cookies[SESSION])
    assert page.get("/session", headers={"host": "evil.example"}).status_code == 421
