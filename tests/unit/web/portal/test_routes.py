"""The portal on a running node: its files, the record's tiles, and nothing else."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.applications import Starlette

from gatehouse.web.portal.render import POLICY
from gatehouse.web.portal.routes import routes
from tests.unit.web.portal.town import Town


@pytest.fixture(scope="module")
def app(town: Town) -> Starlette:
    return Starlette(routes=routes(town.portal()))


def get(app: Starlette, path: str) -> httpx.Response:
    async def sent() -> httpx.Response:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="https://gatehouse.test") as client:
            return await client.get(path)

    return asyncio.run(sent())


class TestRoutes:
    def test_routes_first_page_leads_to_the_portal(self, app: Starlette) -> None:
        found = get(app, "/")
        assert (found.status_code, found.headers["location"]) == (307, "/portal/")

    @pytest.mark.parametrize(
        ("path", "kind"),
        [
            ("", "text/html; charset=utf-8"),
            ("es/check.html", "text/html; charset=utf-8"),
            ("agencies.html", "text/html; charset=utf-8"),
            ("assets/check.js", "text/javascript; charset=utf-8"),
            ("assets/portal.css", "text/css; charset=utf-8"),
            ("data/portal.json", "application/json"),
            ("data/searches.parquet", "application/vnd.apache.parquet"),
            ("ledger/checkpoint", "text/plain; charset=utf-8"),
        ],
    )
    def test_routes_file_has_its_type_and_a_strict_policy(self, app: Starlette, path: str, kind: str) -> None:
        found = get(app, f"/portal/{path}")
        assert (found.status_code, found.headers["content-type"]) == (200, kind)
        assert found.headers["content-security-policy"] == f"{POLICY}; frame-ancestors 'none'"
        assert "set-cookie" not in found.headers

    @pytest.mark.parametrize(
        "path",
        [
            "nothing.html",
            "ledger/",
            "ledger/log.sqlite",
            "ledger/tile/0/999",
            "ledger/../node.toml",
            "..%2f..%2fnode.toml",
            "%2e%2e/keys/log.pem",
            "ledger/%2e%2e%2fkek",
        ],
    )
    def test_routes_anything_else_is_not_there(self, app: Starlette, path: str) -> None:
        found = get(app, f"/portal/{path}")
        assert found.status_code == 404
        assert found.headers["content-type"] == "application/problem+json"
