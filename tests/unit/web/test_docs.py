"""The pages on the API and on accounts against the program: every route, role, event and status is there."""

from __future__ import annotations

import re

from starlette.applications import Starlette

from gatehouse.model import Role
from gatehouse.node.accounts import AccountEvent
from gatehouse.web.app import endpoints
from gatehouse.web.endpoint import Endpoint
from gatehouse.web.metrics import Metrics
from gatehouse.web.problem import _STATUS
from tests.conftest import ROOT
from tests.unit.web.nodes import Browser

API = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
ACCOUNTS = (ROOT / "docs" / "accounts.md").read_text(encoding="utf-8")


def who(endpoint: Endpoint) -> str:
    if endpoint.security == "camera":
        return "a camera, by its key"
    if endpoint.roles is None:
        return "anyone"
    if endpoint.roles == frozenset(Role):
        return "who is signed in"
    return ", ".join(sorted(role.value for role in endpoint.roles))


def test_page_lists_every_route_with_who_may_ask_and_what_it_does(app: Starlette) -> None:
    rows = set(re.findall(r"^\| `([A-Z]+) (\S+)` \| ([^|]+) \| ([^|]+) \|$", API, re.M))
    known = {(each.method, each.path, who(each), each.summary) for each in endpoints(Metrics())}
    document = Browser(app).get("/openapi.json").json()["paths"]["/openapi.json"]["get"]["summary"]
    assert rows == known | {("GET", "/openapi.json", "anyone", document)}


def test_page_tells_every_status_of_a_problem() -> None:
    told = {int(code) for row in re.findall(r"^\| ([0-9, ]+) \|", API, re.M) for code in row.split(", ")}
    assert told >= {status for _, status in _STATUS}


def test_page_lists_every_event_of_accounts() -> None:
    assert set(re.findall(r"^\| `(account:[a-z_:]+)` \|", ACCOUNTS, re.M)) == set(AccountEvent)
