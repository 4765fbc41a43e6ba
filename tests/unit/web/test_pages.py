"""Lists that come in pages: each of them is read to its end, and holds everything once, in its order."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

from gatehouse.model import Camera, Role
from gatehouse.web.api.model import PageOf, page
from tests.unit.search.world import CEDAR
from tests.unit.web.nodes import Browser, WebNode, asked, at_work


def read(browser: Browser, path: str, name: str, *, limit: int = 2) -> list[list[dict[str, Any]]]:
    """Return every page of a list."""
    pages, after = [], ""
    joint = "&" if "?" in path else "?"
    while True:
        told = browser.get(f"{path}{joint}limit={limit}{after}").json()
        pages.append(told[name])
        if told["next"] is None:
            return pages
        after = f"&after={quote(told['next'])}"


@given(st.sets(st.text(min_size=1, max_size=5), max_size=12), st.integers(1, 5))
def test_pages_hold_everything_once_in_order(keys: set[str], limit: int) -> None:
    found: list[str] = []
    after: str | None = None
    while True:
        part, after = page(keys, PageOf.model_construct(after=after, limit=limit), key=str)
        assert len(part) <= limit
        found += part
        if after is None:
            break
    assert found == sorted(keys)


def test_agencies_and_people_come_in_pages_by_id(node: WebNode, app: Starlette) -> None:
    officer = at_work(node, app, "o1")
    agencies = read(officer, "/registry/agencies", "agencies")
    assert [[each["id"] for each in part] for part in agencies] == [
        ["alder-pd", "birch-so"],
        ["cedar-pd", "dune-pd"],
        ["elm-pd"],
    ]
    people = read(officer, "/registry/people?role=officer", "people", limit=3)
    assert [[each["id"] for each in part] for part in people] == [["o1", "o2", "s1"], ["s2"]]


def test_cameras_come_in_pages_by_id(node: WebNode, app: Starlette) -> None:
    node.registry.added = [
        Camera(f"cedar-{n}", CEDAR, "Gate", 41.0, -104.0, None, bytes(32)) for n in (3, 1, 2)
    ]
    pages = read(at_work(node, app, "o1"), "/registry/cameras", "cameras")
    assert [[each["id"] for each in part] for part in pages] == [["cedar-1", "cedar-2"], ["cedar-3"]]


def test_sources_come_in_pages_by_name(node: WebNode, app: Starlette) -> None:
    node.hire("c1", Role.CUSTODIAN)
    people = node.world.registry.officers
    for name in ("state list", "city list", "amber"):
        node.hotlists.lists.set_source(name, officer=people["o1"], by=people["c1"])
    pages = read(at_work(node, app, "o1"), "/hotlists/sources", "sources")
    assert [[each["name"] for each in part] for part in pages] == [["amber", "city list"], ["state list"]]


@pytest.fixture
def officer(node: WebNode, app: Starlette) -> Browser:
    return at_work(node, app, "o1")


def ask(node: WebNode, officer: Browser, **changed: Any) -> str:
    search = asked(node, **changed)
    signed = officer.signed({"asks": "search", "search": search})
    found = officer.post("/searches", {"search": search, "signed": signed})
    return str(found.json()["id"])


def test_marks_come_in_pages_the_newest_first(node: WebNode, app: Starlette, officer: Browser) -> None:
    made = [ask(node, officer) for _ in range(6)]
    pages = read(at_work(node, app, "s1"), "/marks", "marks")
    assert [each["search"] for part in pages for each in part] == made[:2:-1]
    assert [len(part) for part in pages] == [2, 1]


def test_reviews_come_in_pages_the_most_urgent_first(node: WebNode, app: Starlette, officer: Browser) -> None:
    made = [ask(node, officer, plate="TEST1??") for _ in range(3)]
    pages = read(at_work(node, app, "s1"), "/reviews", "searches")
    assert [[each["search"] for each in part] for part in pages] == [made[:2], made[2:]]
