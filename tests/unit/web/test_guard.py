"""What passes before any route: the node's name, where a request comes from, headers on every response."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gatehouse.web.guard import Guard
from tests.unit.web.nodes import ORIGIN, Browser


async def done(request: Request) -> Response:
    own = {"content-security-policy": "default-src 'self'"} if request.url.path == "/page" else {}
    return PlainTextResponse("done", headers=own)


METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def guarded(*origins: str) -> Starlette:
    routes = [Route(path, done, methods=METHODS) for path in ("/", "/page", "/reads", "/healthz", "/session")]
    return Starlette(routes=routes, middleware=[Middleware(Guard, origins=origins or (ORIGIN,))])


def status(method: str = "POST", path: str = "/", **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Browser(guarded(), origin=None, declared=False).send(method, path, headers=named).status_code


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
class TestUnsafeMethods:
    def test_own_page_may(self, method: str) -> None:
        assert status(method, origin=ORIGIN, sec_fetch_site="same-origin") == 200

    def test_program_that_names_the_origin_may(self, method: str) -> None:
        assert status(method, origin=ORIGIN) == 200

    def test_old_browser_without_an_origin_may_by_fetch_metadata(self, method: str) -> None:
        assert status(method, sec_fetch_site="same-origin") == 200

    @pytest.mark.parametrize("site", ["cross-site", "same-site", "anything", ""])
    def test_page_of_another_site_may_not(self, method: str, site: str) -> None:
        assert status(method, origin=ORIGIN, sec_fetch_site=site) == 403

    @pytest.mark.parametrize(
        "origin",
        [
            "null",
            "",
            "https://gatehouse.test.example",
            "https://evil.gatehouse.test",
            "http://gatehouse.test",
            "https://gatehouse.test:444",
            "https://gatehouse.test/",
            "https://GATEHOUSE.test",
        ],
    )
    def test_another_origin_may_not_even_if_metadata_say_same(self, method: str, origin: str) -> None:
        assert status(method, origin=origin, sec_fetch_site="same-origin") == 403

    def test_request_that_does_not_say_where_it_comes_from_may_not(self, method: str) -> None:
        assert status(method) == 403


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_reading_may_come_from_anywhere(method: str) -> None:
    assert status(method, sec_fetch_site="cross-site", origin="https://evil.example") == 200


def test_cameras_need_no_origin() -> None:
    assert status("POST", "/reads") == 200


@pytest.mark.parametrize("host", ["gatehouse.test.example", "127.0.0.1", "gatehouse.test:444", ""])
def test_another_name_of_the_node_is_turned_away(host: str) -> None:
    assert status("GET", host=host) == 421
    assert status("POST", "/reads", host=host) == 421
    assert status("GET", "/healthz", host=host) == 200


def test_refusal_is_a_problem_with_the_headers_of_every_response() -> None:
    found = Browser(guarded(), origin="https://evil.example").post("/session")
    assert found.headers["content-type"] == "application/problem+json"
    assert found.json() == {
        "type": "urn:gatehouse:problem:request-refused",
        "title": "the request comes from a page of another site",
        "status": 403,
        "faults": [],
    }
    assert found.headers["x-content-type-options"] == "nosniff"


def test_responses_get_headers_that_keep_them_where_they_belong() -> None:
    found = Browser(guarded()).get("/").headers
    assert {name: found[name] for name in found if name not in ("content-length", "content-type")} == {
        "content-security-policy": (
            "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
        ),
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "cache-control": "no-store",
        "strict-transport-security": "max-age=63072000",
    }


def test_page_keeps_a_policy_of_its_own() -> None:
    found = Browser(guarded()).get("/page")
    assert found.headers["content-security-policy"] == "default-src 'self'"


def test_node_without_tls_promises_none() -> None:
    app = guarded("http://localhost:8443")
    found = Browser(app).get("/", headers={"host": "localhost:8443"})
    assert found.status_code == 200 and "strict-transport-security" not in found.headers
