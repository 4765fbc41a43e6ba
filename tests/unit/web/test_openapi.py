"""`/openapi.json`: every route stands in it, with what it takes, who may ask and what it may answer."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from gatehouse.model import Role
from gatehouse.web.app import endpoints
from gatehouse.web.metrics import Metrics
from tests.unit.web.nodes import Browser

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


@pytest.fixture
def document(browser: Browser) -> dict[str, Any]:
    found = browser.get("/openapi.json")
    assert (found.status_code, found.headers["content-type"]) == (200, "application/json")
    document: dict[str, Any] = found.json()
    return document


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method.upper(), path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_every_route_of_the_application_is_in_the_document(app: Starlette, document: dict[str, Any]) -> None:
    routed = {
        (method, each.path)
        for each in app.routes
        if isinstance(each, Route)
        for method in (each.methods or set()) & METHODS
    }
    assert routed == set(operations(document)) and len(routed) > 30


def test_every_reference_leads_to_a_schema_and_every_schema_is_used(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    used = set(re.findall(r"#/components/schemas/([^'\"]+)", str(document)))
    assert used <= schemas.keys()
    # Models of queries become parameters one by one.
    assert {each for each in schemas if each not in used} <= {
        each.query.__name__ for each in endpoints(Metrics()) if each.query is not None
    }


def test_operation_ids_are_unique(document: dict[str, Any]) -> None:
    ids = [each["operationId"] for each in operations(document).values()]
    assert len(ids) == len(set(ids))


def test_every_operation_says_what_it_does_and_what_a_refusal_looks_like(document: dict[str, Any]) -> None:
    for place, operation in operations(document).items():
        assert operation["summary"], place
        for status, response in operation["responses"].items():
            if int(status) >= 400 and (place, status) != (("GET", "/readyz"), "503"):
                assert response["content"] == {
                    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                }, place


def test_only_what_nobody_can_be_signed_in_for_asks_for_no_session(document: dict[str, Any]) -> None:
    free = {place for place, operation in operations(document).items() if "security" not in operation}
    assert free == {
        ("POST", "/session"),
        ("POST", "/session/passkey/options"),
        ("POST", "/session/passkey"),
        ("GET", "/session/oidc"),
        ("GET", "/session/oidc/callback"),
        ("POST", "/enrollment"),
        ("POST", "/enrollment/code"),
        ("POST", "/enrollment/passkey/options"),
        ("POST", "/enrollment/passkey"),
        ("POST", "/recovery"),
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("GET", "/metrics"),
        ("GET", "/openapi.json"),
    }


def test_cameras_sign_and_cannot_search(document: dict[str, Any]) -> None:
    camera = {
        place
        for place, operation in operations(document).items()
        if {"camera": []} in operation.get("security", [])
    }
    assert camera == {("POST", "/reads"), ("POST", "/images")}


def test_only_officers_search_and_only_supervisors_review(document: dict[str, Any]) -> None:
    roles = {place: operation.get("x-roles") for place, operation in operations(document).items()}
    assert roles["POST", "/searches"] == roles["POST", "/searches/{id}/collect"] == ["officer"]
    assert roles["POST", "/searches/{id}/approve"] == roles["POST", "/searches/{id}/refuse"] == ["supervisor"]
    assert roles["GET", "/session"] == sorted(Role)


def test_no_route_asks_for_reads_by_place_or_time_lists_plates_or_gives_them_out_in_bulk(
    document: dict[str, Any],
) -> None:
    reading = {path for method, path in operations(document) if method == "GET" and "read" in path}
    assert reading == {"/readyz"}
    searches = document["components"]["schemas"]["SearchAsked"]
    assert {"plate", "on_behalf_of", "reason", "purpose", "window", "scope"} == set(searches["required"])
    given = {
        path
        for (method, path), operation in operations(document).items()
        for response in operation["responses"].values()
        if "AnswerTold" in str(response)
    }
    assert given == {
        "/searches",
        "/searches/{id}",
        "/searches/{id}/collect",
        "/searches/{id}/approve",
        "/searches/{id}/refuse",
    }


def test_unknown_keys_of_a_body_are_refused_by_the_schema_too(document: dict[str, Any]) -> None:
    bodies = [each.body for each in endpoints(Metrics()) if each.body is not None]
    schemas = document["components"]["schemas"]
    assert all(schemas[each.__name__]["additionalProperties"] is False for each in bodies)
