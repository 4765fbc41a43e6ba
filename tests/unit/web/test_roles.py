"""Every route as every role and as nobody: who may call it is what it declares, none open by chance."""

from __future__ import annotations

import re

import pytest

from gatehouse.model import Role
from gatehouse.web.app import endpoints
from gatehouse.web.endpoint import Endpoint
from gatehouse.web.metrics import Metrics
from tests.unit.web.nodes import Browser
from tests.unit.web.whole import ROLES, Whole

ROUTES = endpoints(Metrics())
REFUSED = "the role does not permit this"
# What anybody may call who is not signed in, one by one: whoever adds to it says so here.
OPEN = {
    "POST /reads",
    "POST /images",
    "POST /session",
    "POST /session/passkey/options",
    "POST /session/passkey",
    "GET /session/oidc",
    "GET /session/oidc/callback",
    "POST /enrollment",
    "POST /enrollment/code",
    "POST /enrollment/passkey/options",
    "POST /enrollment/passkey",
    "POST /recovery",
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
}
# These carry a camera's signature and no cookie.
SIGNED = {"POST /reads", "POST /images"}
# These end the session that they are tried with.
LEAVING = {"DELETE /session", "DELETE /sessions"}
# A stream never ends by itself; `test_hotlists` follows it.
ENDLESS = {"GET /hits/stream"}


def name(route: Endpoint) -> str:
    return f"{route.method} {route.path}"


def call(browser: Browser, route: Endpoint) -> tuple[int, str | None]:
    """Call a route without anything in its body; return status and the title of a problem."""
    path = re.sub(r"\{\w+\}", "none-such", route.path)
    found = browser.send(route.method, path)
    problem = found.headers.get("content-type", "").startswith("application/problem+json")
    return found.status_code, found.json()["title"] if problem else None


def test_routes_that_ask_for_no_session_are_these() -> None:
    assert {name(each) for each in ROUTES if each.roles is None} == OPEN


@pytest.mark.parametrize("role", list(Role))
def test_role_calls_what_it_is_declared_for_and_nothing_else(whole: Whole, role: Role) -> None:
    browser = whole.at_work(ROLES[role].id)
    for route in sorted(ROUTES, key=lambda each: name(each) in LEAVING):
        if route.roles is None or (role in route.roles and name(route) in ENDLESS):
            continue
        if name(route) in LEAVING:
            browser.sign_in()
        status, title = call(browser, route)
        if role in route.roles:
            assert (status != 401, title != REFUSED) == (True, True), name(route)
        else:
            assert (status, title) == (403, REFUSED), name(route)


def test_nobody_calls_anything_without_a_session(whole: Whole) -> None:
    browser = Browser(whole.app)
    found = {name(each): call(browser, each)[0] for each in ROUTES if each.roles is not None}
    assert found == dict.fromkeys(found, 401)


def test_page_of_another_site_changes_nothing(whole: Whole) -> None:
    browser = whole.at_work(ROLES[Role.CUSTODIAN].id)
    elsewhere = Browser(whole.app, origin="https://elsewhere.test", declared=False)
    elsewhere.cookies = browser.cookies
    writes = [each for each in ROUTES if each.method != "GET" and name(each) not in SIGNED]
    assert {call(elsewhere, each) for each in writes} == {
        (403, "the request comes from a page of another site")
    }
