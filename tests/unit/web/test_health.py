"""Probes and counters: what they tell, and that they name nobody and nothing."""

from __future__ import annotations

from starlette.applications import Starlette

from gatehouse.node.health import Health
from tests.unit.search.world import PLATE
from tests.unit.web.nodes import Browser, WebNode, app_of, asked, at_work


def test_probe_answers_under_any_name(browser: Browser) -> None:
    found = browser.get("/healthz", headers={"host": "10.0.0.7:8443"})
    assert (found.status_code, found.json()) == (200, {"alive": True})


def test_node_whose_parts_all_work_is_ready(browser: Browser) -> None:
    found = browser.get("/readyz")
    assert (found.status_code, found.json()["ready"]) == (200, True)


def test_node_with_a_part_that_cannot_work_is_not_ready_and_says_which(
    node: WebNode, browser: Browser
) -> None:
    node.parts = [Health("ledger", True), Health("sweep", False, "RootMissing")]
    found = browser.get("/readyz")
    assert found.status_code == 503
    assert found.json() == {
        "ready": False,
        "parts": [
            {"part": "ledger", "ready": True, "why": None},
            {"part": "sweep", "ready": False, "why": "RootMissing"},
        ],
    }


def test_counters_count_by_route_status_and_state_and_name_nobody(node: WebNode, app: Starlette) -> None:
    officer = at_work(node, app, "o1")
    search = asked(node)
    found = officer.post(
        "/searches", {"search": search, "signed": officer.signed({"asks": "search", "search": search})}
    ).json()
    officer.get(f"/searches/{found['id']}")
    text = officer.get("/metrics").text
    assert 'gatehouse_searches_total{state="released"} 1.0' in text
    assert 'gatehouse_http_requests_total{method="POST",route="/searches",status="201"} 1.0' in text
    assert 'gatehouse_http_requests_total{method="GET",route="/searches/{id}",status="200"} 1.0' in text
    assert 'gatehouse_reads_refused_total{reason="bad_signature"} 0.0' in text
    for secret in (PLATE, found["id"], "o1", "Person", "Honda", "26-01234", "cedar"):
        assert secret not in text


def test_two_applications_of_one_process_count_apart(node: WebNode, app: Starlette) -> None:
    Browser(app).get("/healthz")
    assert 'route="/healthz"' not in Browser(app_of(node)).get("/metrics").text
