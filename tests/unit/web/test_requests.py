"""What was asked is read by those who decide about it, and is nothing to anybody else."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.applications import Starlette

from gatehouse.model import Role
from tests.unit.search.world import ALDER, CEDAR
from tests.unit.web.nodes import Browser, WebNode, asked, at_work

BEHALF = {"name": "Aspen County Sheriff", "state": "WY", "kind": "sheriff"}
PROCESS = {"kind": "warrant", "issuer": "Aspen District Court", "reference": "W-26-8"}


def searched(
    node: WebNode, officer: Browser, *, state: str = "review_pending", **changed: Any
) -> tuple[str, dict[str, Any]]:
    body = asked(node, plate="TEST1??", scope="own", **changed)
    signed = officer.signed({"asks": "search", "search": body})
    found = officer.post("/searches", {"search": body, "signed": signed}).json()
    assert found["state"] == state
    return found["id"], body


def listed(node: WebNode, officer: Browser) -> tuple[str, dict[str, Any]]:
    window = {"from": node.now().isoformat(), "to": node.now().replace(month=12, day=1).isoformat()}
    search = asked(node, purpose="criminal_investigation", window=window)
    body = {"search": search, "source": "detectives", "state": "WY"}
    signed = officer.signed({"asks": "standing_search", "standing": body})
    found = officer.post("/hotlists/entries", {"standing": body, "signed": signed})
    assert found.status_code == 201, found.text
    return found.json()["id"], body


@pytest.fixture
def officer(node: WebNode, app: Starlette) -> Browser:
    return at_work(node, app, "o1")


def test_supervisor_reads_every_word_of_the_request(node: WebNode, app: Starlette, officer: Browser) -> None:
    id, body = searched(node, officer, state="denied", on_behalf_of=BEHALF, process=PROCESS)
    told = at_work(node, app, "s1").get(f"/searches/{id}/request").json()
    window = told.pop("window")
    assert {name: value[:19] for name, value in window.items()} == {
        name: value[:19] for name, value in body.pop("window").items()
    }
    assert told == body | {
        "agency": CEDAR,
        "officer": "o1",
        "entered_by": "o1",
        "ground": None,
        "confusables": False,
        "mode": "live",
    }


def test_officer_reads_what_they_asked(node: WebNode, officer: Browser) -> None:
    id, _ = searched(node, officer)
    assert officer.get(f"/searches/{id}/request").json()["on_behalf_of"] == "none"


@pytest.mark.parametrize(("person", "role", "agency"), [("o2", None, CEDAR), ("x", Role.SUPERVISOR, ALDER)])
def test_request_is_nothing_to_others(
    node: WebNode, app: Starlette, officer: Browser, person: str, role: Role | None, agency: str
) -> None:
    search, _ = searched(node, officer)
    entry, _ = listed(node, officer)
    if role is not None:
        node.hire(person, role, agency=agency)
    other = at_work(node, app, person)
    assert other.get(f"/searches/{search}/request").status_code == 404
    assert other.get(f"/hotlists/entries/{entry}/request").status_code == 404


@pytest.mark.parametrize("person", ["o1", "s1", "clerk"])
def test_standing_search_is_read_by_its_officer_and_those_who_oversee_it(
    node: WebNode, app: Starlette, officer: Browser, person: str
) -> None:
    id, body = listed(node, officer)
    reader = officer if person == "o1" else at_work(node, app, person)
    told = reader.get(f"/hotlists/entries/{id}/request").json()
    assert {name: told[name] for name in ("source", "state", "file", "letters", "origin")} == {
        "source": "detectives",
        "state": "WY",
        "file": None,
        "letters": False,
        "origin": None,
    }
    assert (told["search"]["plate"], told["search"]["reason"]) == ("TEST123", body["search"]["reason"])


def test_officer_is_told_what_the_reviewer_says(node: WebNode, app: Starlette, officer: Browser) -> None:
    id, _ = searched(node, officer)
    supervisor = at_work(node, app, "s1")
    said = "the plate is too open"
    signed = supervisor.signed({"asks": "review", "search": id, "approves": False, "reason": said})
    supervisor.post(f"/searches/{id}/refuse", {"signed": signed, "reason": said})
    assert officer.get(f"/searches/{id}").json()["said"] == said
