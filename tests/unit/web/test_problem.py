"""Problems: one status for each kind of error, the rule where one stands against it, and no secrets."""

from __future__ import annotations

import json
import logging
from typing import Any, cast

import pytest
from anyio import CapacityLimiter
from starlette.applications import Starlette

from gatehouse.model import (
    BadInput,
    BadUse,
    CitedRule,
    Confidence,
    Error,
    PartUnavailable,
    VerificationFailed,
)
from gatehouse.node.accounts import NotPermitted, NotSignedIn, SessionEnded, TooManyAttempts
from gatehouse.node.errors import Busy
from gatehouse.node.logs import JsonLines
from gatehouse.search.errors import NotAnswered, OutOfOrder, Refused, UnknownSearch
from gatehouse.web.api.health import Alive
from gatehouse.web.endpoint import Call, Endpoint, Reply
from gatehouse.web.errors import RequestRefused
from gatehouse.web.metrics import Metrics
from gatehouse.web.ports import Site
from gatehouse.web.problem import problem_of
from gatehouse.web.routing import route
from tests.unit.web.nodes import Browser

RULE = CitedRule("door:unsigned", "network rules", "Who searches signs.", Confidence.RULE)


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (NotSignedIn("no"), 401, "not-signed-in"),
        (SessionEnded("no"), 401, "session-ended"),
        (NotPermitted("no"), 403, "not-permitted"),
        (TooManyAttempts("no", retry_after=3), 429, "too-many-attempts"),
        (Busy(2), 429, "busy"),
        (Refused(RULE, remedy="sign", appeal="ask"), 403, "refused"),
        (UnknownSearch("no"), 404, "unknown-search"),
        (OutOfOrder("no"), 409, "out-of-order"),
        (BadInput("no"), 422, "bad-input"),
        (BadUse("no"), 409, "bad-use"),
        (PartUnavailable("no"), 503, "part-unavailable"),
        (NotAnswered("no"), 503, "not-answered"),
        (VerificationFailed("no"), 500, "verification-failed"),
        (RequestRefused(418, "no"), 418, "request-refused"),
        (Error("no"), 500, "error"),
    ],
)
def test_each_error_has_its_status_and_kind(error: Error, status: int, kind: str) -> None:
    problem, _ = problem_of(error)
    assert (problem.status, problem.type) == (status, f"urn:gatehouse:problem:{kind}")


def test_problem_says_what_where_expected_got_and_next() -> None:
    problem, headers = problem_of(BadInput("what", where="a", expected="b", got="c", hint="d"))
    assert problem.model_dump(exclude_defaults=True) == {
        "type": "urn:gatehouse:problem:bad-input",
        "title": "what",
        "status": 422,
        "where": "a",
        "expected": "b",
        "got": "c",
        "next": "d",
    }
    assert headers == {}


def test_refusal_names_rule_remedy_appeal_and_the_search_on_the_record() -> None:
    problem, _ = problem_of(Refused(RULE, remedy="Sign it.", appeal="Ask.", search="s-1"))
    assert problem.model_dump(exclude_defaults=True) == {
        "type": "urn:gatehouse:problem:refused",
        "title": "Who searches signs.",
        "status": 403,
        "where": "door:unsigned",
        "next": "Sign it.",
        "rule": {"id": "door:unsigned", "citation": "network rules", "sentence": "Who searches signs."},
        "remedy": "Sign it.",
        "appeal": "Ask.",
        "search": "s-1",
    }


@pytest.mark.parametrize(
    ("error", "seconds"),
    [(TooManyAttempts("no", retry_after=3), "3"), (Busy(2), "2"), (PartUnavailable("no"), "10")],
)
def test_what_passes_says_when_to_come_again(error: Error, seconds: str) -> None:
    assert problem_of(error)[1]["retry-after"] == seconds


def raising(error: Exception) -> Browser:
    """Return a browser at an application whose one route raises."""

    def handle(call: Call) -> Reply:
        raise error

    endpoint = Endpoint("GET", "/", "Fail", "test", handle, {200: Alive}, roles=None)
    metrics = Metrics()
    made = route(endpoint, cast("Site", None), metrics, CapacityLimiter(1))
    return Browser(Starlette(routes=[made]), declared=False)


def test_error_that_nobody_foresaw_shows_an_incident_and_none_of_its_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR, logger="gatehouse.web"):
        found = raising(KeyError("TEST123 of a reason")).get("/")
    body: dict[str, Any] = found.json()
    assert (found.status_code, body["type"]) == (500, "urn:gatehouse:problem:fault")
    assert "TEST123" not in found.text and "reason" not in found.text
    (record,) = caplog.records
    line = JsonLines().format(record)
    assert json.loads(line)["incident"] == body["incident"]
    assert json.loads(line)["error"]["class"] == "KeyError"
    assert "TEST123" not in line


def test_route_that_does_not_exist_is_a_problem_too(browser: Browser) -> None:
    found = browser.get("/plates")
    assert (found.status_code, found.headers["content-type"]) == (404, "application/problem+json")
    assert found.json()["type"] == "urn:gatehouse:problem:not-found"


def test_method_that_a_route_does_not_know_is_a_problem_too(browser: Browser) -> None:
    found = browser.send("DELETE", "/searches")
    assert (found.status_code, found.json()["title"]) == (405, "method not allowed")


def test_refusal_of_a_body_that_may_be_unread_closes_the_connection() -> None:
    for status, closes in {400: True, 408: True, 413: True, 415: True, 422: False, 401: False}.items():
        headers = problem_of(RequestRefused(status, "the request is refused"))[1]
        assert headers.get("connection") == ("close" if closes else None)
    assert problem_of(Busy(2))[1] == {"retry-after": "2", "connection": "close"}
