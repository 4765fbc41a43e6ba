"""Exigent searches over the API: answered at once, the owner told, the paper filed or the privilege lost."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.applications import Starlette

from gatehouse.model import Role
from gatehouse.search import exigency
from tests.unit.search.world import ALDER, PLATE
from tests.unit.web.nodes import Browser, WebNode, asked, at_work

EXIGENT = {
    "purpose": "exigent_threat",
    "process": {"kind": "exigency", "issuer": None, "reference": "26-77"},
    "reason": "shots fired at Main Street, suspect fled in this car",
    "offense": "13A",
}


def ask(node: WebNode, officer: Browser) -> dict[str, Any]:
    search = asked(node, **EXIGENT)
    signed = officer.signed({"asks": "search", "search": search})
    found: dict[str, Any] = officer.post("/searches", {"search": search, "signed": signed}).json()
    return found


@pytest.fixture
def officer(node: WebNode, app: Starlette) -> Browser:
    return at_work(node, app, "o1")


def test_paper_is_due_and_its_filing_is_told(node: WebNode, app: Starlette, officer: Browser) -> None:
    node.world.take(PLATE, owner=ALDER)
    told = ask(node, officer)
    assert told["state"] == "released" and told["paper_due"] is not None
    (paper,) = officer.get("/papers").json()["papers"]
    assert (paper["search"], paper["officer"], paper["filed_at"]) == (told["id"], "o1", None)
    given = {"kind": "statement", "reference": "S-1"}
    assert at_work(node, app, "o2").post(f"/searches/{told['id']}/paper", given).status_code == 403
    filed = officer.post(f"/searches/{told['id']}/paper", given).json()
    assert filed["filed_at"] is not None


def test_owner_is_told_whose_reads_were_handed_out(node: WebNode, app: Starlette, officer: Browser) -> None:
    node.world.take(PLATE, owner=ALDER)
    told = ask(node, officer)
    node.hire("alder-c", Role.CUSTODIAN, agency=ALDER)
    (notice,) = at_work(node, app, "alder-c").get("/notices").json()["notices"]
    assert (notice["search"], notice["searcher"]) == (told["id"], "cedar-pd")
    assert officer.get("/notices").status_code == 403


def test_privilege_lost_for_an_overdue_paper_comes_back_by_a_supervisor(
    node: WebNode, app: Starlette, officer: Browser
) -> None:
    told = ask(node, officer)
    node.move(hours=49)
    exigency.suspend_overdue(node.door.parts)
    officer.sign_in()
    assert ask(node, officer)["state"] == "denied"
    supervisor = at_work(node, app, "s1")
    path = f"/searches/{told['id']}"
    assert supervisor.post(f"{path}/restore").status_code == 409
    officer.post(f"{path}/paper", {"kind": "warrant", "reference": "W-1"})
    assert officer.post(f"{path}/restore").status_code == 403
    assert supervisor.post(f"{path}/restore").json()["restored_at"] is not None
    assert ask(node, officer)["state"] == "released"


def test_papers_of_others_are_for_overseers(node: WebNode, app: Starlette, officer: Browser) -> None:
    ask(node, officer)
    assert at_work(node, app, "o2").get("/papers").json() == {"papers": [], "next": None}
    assert len(at_work(node, app, "s1").get("/papers").json()["papers"]) == 1


def test_search_that_owes_no_paper_takes_none(node: WebNode, officer: Browser) -> None:
    search = asked(node)
    signed = officer.signed({"asks": "search", "search": search})
    id = officer.post("/searches", {"search": search, "signed": signed}).json()["id"]
    given = {"kind": "statement", "reference": "S-1"}
    assert officer.post(f"/searches/{id}/paper", given).status_code == 409


def test_papers_are_told_by_state_and_in_pages(node: WebNode, app: Starlette, officer: Browser) -> None:
    first = ask(node, officer)["id"]
    node.move(hours=1)
    officer.sign_in()
    second = ask(node, officer)["id"]
    supervisor = at_work(node, app, "s1")

    def told(query: str) -> tuple[list[str], str | None]:
        page = supervisor.get(f"/papers{query}").json()
        return [each["search"] for each in page["papers"]], page["next"]

    assert told("?state=due") == ([first, second], None)
    assert told("?limit=1") == ([first], first)
    assert told(f"?limit=1&after={first}") == ([second], second)
    assert told(f"?after={second}") == ([], None)
    node.move(hours=47, minutes=30)
    exigency.suspend_overdue(node.door.parts)
    supervisor.sign_in()
    assert told("?state=overdue") == told("?state=suspended") == ([first], None)
    assert told("?state=due") == ([second], None)
    supervisor.post(f"/searches/{first}/paper", {"kind": "warrant", "reference": "W-1"})
    assert told("?state=filed") == told("?state=suspended") == ([first], None)
    assert told("?state=overdue") == ([], None)


def test_notices_come_in_pages_the_newest_first(node: WebNode, app: Starlette, officer: Browser) -> None:
    node.world.take(PLATE, owner=ALDER)
    asked = [ask(node, officer)["id"] for _ in range(2)]
    node.hire("alder-c", Role.CUSTODIAN, agency=ALDER)
    owner = at_work(node, app, "alder-c")
    page = owner.get("/notices?limit=1").json()
    assert [each["search"] for each in page["notices"]] == asked[1:]
    rest = owner.get(f"/notices?before={page['next']}").json()
    assert ([each["search"] for each in rest["notices"]], rest["next"]) == (asked[:1], None)
