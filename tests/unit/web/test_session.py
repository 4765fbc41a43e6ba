"""Signing in and out over the API, and what the cookie is."""

from __future__ import annotations

from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any

import pytest
from starlette.applications import Starlette

from gatehouse.model import Role
from gatehouse.web.cookies import LOGIN, SESSION
from tests.unit.node.staff import PASSWORD, code_at
from tests.unit.web.nodes import Browser, WebNode, at_work


def enroll_with_code(node: WebNode, browser: Browser, officer: str) -> str:
    """Enroll a person over the API and return the authenticator's secret."""
    token = node.accounts.enrollment.invite(officer, by=()).token
    opened = browser.post("/enrollment", {"token": token}).json()
    assert opened["officer"] == officer
    found = browser.post(
        "/enrollment/code",
        {
            "token": token,
            "login": "ames",
            "password": PASSWORD,
            "code": code_at(opened["secret"], node.now()),
        },
    )
    assert found.status_code == 201 and len(found.json()["recovery_codes"]) == 10
    node.move(seconds=60)
    return str(opened["secret"])


def credentials(node: WebNode, secret: str, **changed: Any) -> dict[str, Any]:
    return {"login": "ames", "password": PASSWORD, "code": code_at(secret, node.now())} | changed


def test_sign_in_tells_who_and_sets_a_cookie_that_stays_where_it_belongs(
    node: WebNode, browser: Browser
) -> None:
    secret = enroll_with_code(node, browser, "o1")
    found = browser.post("/session", credentials(node, secret))
    body = found.json()
    assert found.status_code == 201
    assert {name: body[name] for name in ("officer", "agency", "roles", "method", "idle_seconds")} == {
        "officer": "o1",
        "agency": "cedar-pd",
        "roles": ["officer"],
        "method": "totp",
        "idle_seconds": 900,
    }
    morsel = SimpleCookie(found.headers["set-cookie"])[SESSION]
    assert (morsel["path"], morsel["secure"], morsel["httponly"], morsel["samesite"], morsel["domain"]) == (
        "/",
        True,
        True,
        "Lax",
        "",
    )
    assert len(morsel.value) == 43 and morsel["max-age"] == str(8 * 3600)
    assert browser.get("/session").json()["officer"] == "o1"


@pytest.mark.parametrize("changed", [{"password": "another password"}, {"code": "000000"}, {"login": "bo"}])
def test_wrong_credentials_are_one_answer(node: WebNode, browser: Browser, changed: dict[str, str]) -> None:
    secret = enroll_with_code(node, browser, "o1")
    found = browser.post("/session", credentials(node, secret, **changed))
    assert (found.status_code, found.json()) == (
        401,
        {
            "type": "urn:gatehouse:problem:not-signed-in",
            "title": "login, password or code does not fit",
            "status": 401,
            "faults": [],
        },
    )
    assert "set-cookie" not in found.headers


def test_many_wrong_tries_are_told_to_wait(browser: Browser) -> None:
    given = {"login": "nobody", "password": "x", "code": "000000"}
    statuses = [browser.post("/session", given).status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]
    assert browser.post("/session", given).headers["retry-after"] == "1"


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"login": "ames", "password": "x"}, "code"),
        ({"login": "ames", "password": "x", "code": "1", "role": "custodian"}, "role"),
        ({"login": 7, "password": "x", "code": "1"}, "login"),
    ],
)
def test_body_that_does_not_fit_is_told_by_place_and_not_repeated(
    browser: Browser, body: dict[str, Any], place: str
) -> None:
    found = browser.post("/session", body)
    assert found.status_code == 422
    assert [each["where"] for each in found.json()["faults"]] == [place]
    assert "ames" not in found.text


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"login": "\\ud800", "password": "x", "code": "1"}'])
def test_body_that_is_no_json_object_is_refused(browser: Browser, content: bytes) -> None:
    found = browser.post("/session", content=content, headers={"content-type": "application/json"})
    assert found.status_code == 422


def test_form_is_no_json(browser: Browser) -> None:
    assert browser.post("/session", data={"login": "ames"}).status_code == 415


def test_signed_out_session_is_over(node: WebNode, app: Starlette) -> None:
    officer = at_work(node, app, "o1")
    token = officer.cookies[SESSION]
    found = officer.send("DELETE", "/session")
    assert found.status_code == 204 and "Max-Age=0" in found.headers["set-cookie"]
    thief = Browser(app)
    thief.cookies.set(SESSION, token)
    assert thief.get("/session").status_code == 401


def test_signing_in_again_ends_the_session_that_the_browser_had(node: WebNode, app: Starlette) -> None:
    officer = at_work(node, app, "o1")
    before = officer.cookies[SESSION]
    officer.sign_in()
    old = Browser(app)
    old.cookies.set(SESSION, before)
    assert old.get("/session").status_code == 401
    assert officer.get("/session").status_code == 200


def test_every_session_of_a_person_can_be_ended(node: WebNode, app: Starlette) -> None:
    first = at_work(node, app, "o1")
    second = Browser(app)
    second.device = first.device
    second.sign_in()
    assert first.send("DELETE", "/sessions").status_code == 204
    assert second.get("/session").status_code == 401


def test_session_that_is_over_loses_its_cookie(node: WebNode, app: Starlette) -> None:
    officer = at_work(node, app, "o1")
    node.world.clock.move(timedelta(minutes=16))
    found = officer.get("/session")
    assert found.status_code == 401 and found.json()["next"] == "sign in again"
    assert found.headers["set-cookie"].startswith(f"{SESSION}=; Path=/; Max-Age=0")


def test_role_that_does_not_permit_is_told_which_would(node: WebNode, app: Starlette) -> None:
    node.hire("a1", Role.AUDITOR)
    auditor = at_work(node, app, "a1")
    found = auditor.post("/searches", {})
    assert (found.status_code, found.json()["expected"], found.json()["got"]) == (
        403,
        "officer",
        "auditor",
    )


def test_without_a_provider_there_is_no_sign_in_there(browser: Browser) -> None:
    assert browser.get("/session/oidc").status_code == 404
    assert browser.get("/session/oidc/callback?state=a&code=b").status_code == 404
    assert LOGIN not in browser.cookies


def test_recovery_code_gives_an_invitation_over_the_api(node: WebNode, browser: Browser) -> None:
    token = node.accounts.enrollment.invite("o1", by=()).token
    secret = browser.post("/enrollment", {"token": token}).json()["secret"]
    codes = browser.post(
        "/enrollment/code",
        {"token": token, "login": "ames", "password": PASSWORD, "code": code_at(secret, node.now())},
    ).json()["recovery_codes"]
    found = browser.post("/recovery", {"login": "ames", "code": codes[0], "password": PASSWORD})
    assert (found.status_code, found.json()["officer"]) == (201, "o1")
    assert browser.post("/enrollment", {"token": found.json()["token"]}).status_code == 200
