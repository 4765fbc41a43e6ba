"""Times that no calendar has in UTC, wherever a request or the record states one: refused, and no fault."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gatehouse.model import BadInput
from gatehouse.node.bodies import AgreementBody, DeclarationBody
from tests.unit.web.nodes import WebNode, app_of, asked, at_work

TIMES = ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"]


@pytest.fixture
def node(tmp_path: Path) -> Iterator[WebNode]:
    found = WebNode(tmp_path)
    yield found
    found.close()


@pytest.mark.parametrize("end", ["from", "to"])
@pytest.mark.parametrize("time", TIMES)
def test_window_beyond_all_time_is_told_as_one_that_does_not_fit(node: WebNode, time: str, end: str) -> None:
    officer = at_work(node, app_of(node), "o1")
    search = asked(node)
    search = search | {"window": search["window"] | {end: time}}
    refused = officer.post("/intents", {"intent": {"asks": "search", "search": search}})
    assert (refused.status_code, refused.json()["title"]) == (422, "the body does not fit")
    assert time not in refused.text
    assert officer.post("/searches/proposal", {"search": search}).status_code == 422


def test_window_from_the_first_moment_of_all_is_answered_on_the_record(node: WebNode) -> None:
    officer = at_work(node, app_of(node), "o1")
    search = asked(node)
    search = search | {"window": search["window"] | {"from": "0001-01-01T00:00:00Z"}}
    signed = officer.signed({"asks": "search", "search": search})
    found = officer.post("/searches", {"search": search, "signed": signed})
    assert (found.status_code, found.json()["state"], found.json()["reads"]) == (201, "denied", [])


@pytest.mark.parametrize("time", TIMES)
def test_rule_until_beyond_all_time_is_bad_input(time: str) -> None:
    with pytest.raises(BadInput):
        DeclarationBody.read(
            {"searcher": "alder-pd", "covers": ["immigration"], "document": "0" * 64, "until": time}
        )
    with pytest.raises(BadInput):
        AgreementBody.read(
            {
                "owner": "alder-pd",
                "searcher": "birch-pd",
                "purposes": ["criminal_investigation"],
                "document": "0" * 64,
                "until": time,
            }
        )
