"""Searches over the API: signed, answered, listed, reviewed and collected, at a real door."""

from __future__ import annotations

from starlette.applications import Starlette

from tests.unit.search.world import ALDER, CEDAR, PLATE
from tests.unit.web.nodes import WebNode, asked, at_work


def test_signed_search_is_answered_with_reads_and_a_receipt(node: WebNode, app: Starlette) -> None:
    node.world.take(PLATE, "OTHER1")
    node.world.take(PLATE, owner=ALDER)
    officer = at_work(node, app, "o1")
    search = asked(node)
    signed = officer.signed({"asks": "search", "search": search})
    found = officer.post("/searches", {"search": search, "signed": signed})
    assert found.status_code == 201, found.text
    body = found.json()
    assert found.headers["location"] == f"/searches/{body['id']}"
    assert body["state"] == "released"
    assert sorted((each["owner"], each["plate"], each["exact"]) for each in body["reads"]) == [
        (ALDER, PLATE, True),
        (CEDAR, PLATE, True),
    ]
    assert body["receipt"].startswith("c2sp.org/tlog-proof@v1\n")
    assert node.world.events() == [f"search:plate:{step}" for step in ("requested", "permitted", "released")]
