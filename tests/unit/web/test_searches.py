"""Searches over the API: signed, answered, listed, reviewed and collected, at a real door."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from gatehouse.model import Role
from gatehouse.node.accounts import verify_evidence
from gatehouse.search.signature import search_intent
from gatehouse.web.api.asking import SearchAsked
from tests.unit.node.staff import SITE
from tests.unit.search.world import ALDER, CEDAR, PLATE
from tests.unit.web.nodes import Browser, WebNode, asked, at_work


def search(officer: Browser, body: dict[str, Any], **more: Any) -> httpx.Response:
    signed = officer.signed({"asks": "search", "search": body})
    return officer.post("/searches", {"search": body, "signed": signed} | more)


def waiting(node: WebNode, officer: Browser) -> str:
    """Ask what no owner permits without a supervisor, and return the search's number."""
    found = search(officer, asked(node, plate="TEST1??", scope="own"))
    assert found.json()["state"] == "review_pending", found.text
    return str(found.json()["id"])


def answer_review(reviewer: Browser, id: str, *, approves: bool) -> httpx.Response:
    reason = None if approves else "the plate is too open"
    signed = reviewer.signed({"asks": "review", "search": id, "approves": approves, "reason": reason})
    if approves:
        return reviewer.post(f"/searches/{id}/approve", {"signed": signed})
    return reviewer.post(f"/searches/{id}/refuse", {"signed": signed, "reason": reason})


@pytest.fixture
def officer(node: WebNode, app: Starlette) -> Browser:
    return at_work(node, app, "o1")


class TestAsk:
    def test_signed_search_is_answered_with_reads_and_a_receipt(
        self, node: WebNode, officer: Browser
    ) -> None:
        node.world.take(PLATE, "OTHER1")
        node.world.take(PLATE, owner=ALDER)
        found = search(officer, asked(node))
        assert found.status_code == 201, found.text
        body = found.json()
        assert found.headers["location"] == f"/searches/{body['id']}"
        assert body["state"] == "released"
        assert sorted((each["owner"], each["plate"], each["exact"]) for each in body["reads"]) == [
            (ALDER, PLATE, True),
            (CEDAR, PLATE, True),
        ]
        assert body["receipt"].startswith("c2sp.org/tlog-proof@v1\n")
        assert node.world.events() == [
            f"search:plate:{step}" for step in ("requested", "permitted", "released")
        ]

    def test_record_holds_the_signature_of_the_officer_over_every_word(
        self, node: WebNode, officer: Browser
    ) -> None:
        body = asked(node)
        search(officer, body)
        detail: Any = node.world.values(0)["detail"]
        intent = search_intent(SearchAsked.model_validate(body).search(node.registry.officer("o1")))
        assert verify_evidence(detail["signature"], intent, relying=SITE) == "o1"

    def test_search_of_other_words_than_were_signed_is_refused_and_not_made(
        self, node: WebNode, officer: Browser
    ) -> None:
        signed = officer.signed({"asks": "search", "search": asked(node)})
        found = officer.post("/searches", {"search": asked(node, on_behalf_of="unknown"), "signed": signed})
        assert (found.status_code, node.world.events()) == (401, [])

    def test_signature_is_good_for_one_search(self, node: WebNode, officer: Browser) -> None:
        body = asked(node)
        signed = officer.signed({"asks": "search", "search": body})
        statuses = [
            officer.post("/searches", {"search": body, "signed": signed}).status_code for _ in range(2)
        ]
        assert statuses == [201, 401]

    def test_denied_search_is_an_answer_with_rule_remedy_and_appeal(
        self, node: WebNode, officer: Browser
    ) -> None:
        found = search(officer, asked(node, scope="network"))
        assert found.status_code == 201
        body = found.json()
        assert (body["state"], body["reads"], body["counts"]) == ("denied", [], None)
        assert "door:scope-ground" in {each["rule"]["id"] for each in body["refusals"]}
        assert all(each["remedy"] and each["rule"]["sentence"] for each in body["refusals"])
        assert "Your supervisor" in body["appeal"]

    def test_clerk_enters_for_an_officer_and_signs(self, node: WebNode, app: Starlette) -> None:
        clerk = at_work(node, app, "o2")
        found = search(clerk, asked(node, for_officer="o1"))
        assert found.json()["state"] == "released"
        listed = clerk.get("/searches").json()["searches"]
        assert [(each["officer"], each["entered_by"]) for each in listed] == [("o1", "o2")]

    def test_training_answers_with_invented_reads(self, node: WebNode, officer: Browser) -> None:
        body = search(officer, asked(node, mode="training")).json()
        assert (body["state"], body["training"]) == ("released", True)
        assert {each["camera"] for each in body["reads"]} == {"training"}

    @pytest.mark.parametrize(
        ("changed", "place"),
        [
            ({"on_behalf_of": None}, "search.on_behalf_of.literal['none','unknown']"),
            ({"purpose": "immigration"}, "search.purpose"),
            ({"offense": "99Z"}, "search"),
            ({"scope": "everything"}, "search.scope"),
            ({"window": {"from": "2026-11-01T00:00:00", "to": "2026-11-02T00:00:00"}}, "search.window.from"),
            ({"agency": "alder-pd"}, "search.agency"),
            ({"officer": "o2"}, "search.officer"),
            ({"entered_by": "o2"}, "search.entered_by"),
        ],
    )
    def test_what_is_no_search_is_told_by_place_and_not_recorded(
        self, node: WebNode, officer: Browser, changed: dict[str, Any], place: str
    ) -> None:
        found = officer.post("/intents", {"intent": {"asks": "search", "search": asked(node, **changed)}})
        assert found.status_code == 422
        where = [each["where"].replace("intent.search.", "") for each in found.json()["faults"]]
        assert place in where
        assert node.world.events() == []

    def test_search_without_on_behalf_of_is_none(self, node: WebNode, officer: Browser) -> None:
        body = asked(node)
        del body["on_behalf_of"]
        found = officer.post("/intents", {"intent": {"asks": "search", "search": body}})
        assert [each["where"] for each in found.json()["faults"]] == ["intent.search.search.on_behalf_of"]

    @pytest.mark.parametrize("plate", ["TE?T?2?", "T?1", "TEST-\u00e9", "?"])
    def test_plate_that_is_none_is_refused_without_being_repeated(
        self, node: WebNode, officer: Browser, plate: str
    ) -> None:
        found = officer.post("/intents", {"intent": {"asks": "search", "search": asked(node, plate=plate)}})
        assert found.status_code == 422
        assert plate not in found.text or plate == "?"


class TestProposal:
    def test_door_says_how_far_before_anything_is_asked(self, node: WebNode, officer: Browser) -> None:
        found = officer.post("/searches/proposal", {"search": asked(node)})
        body = found.json()
        assert found.status_code == 200
        assert body["proposed"] in body["owners"] and body["widest"] in body["owners"]
        assert node.world.events() == []


class TestLook:
    def test_reads_are_in_one_answer_only(self, node: WebNode, officer: Browser) -> None:
        node.world.take(PLATE)
        id = search(officer, asked(node)).json()["id"]
        found = officer.get(f"/searches/{id}").json()
        assert (found["state"], found["reads"]) == ("released", [])
        assert found["groups"][0]["outcome"] == "permit"

    def test_search_of_a_colleague_or_of_another_agency_is_none(
        self, node: WebNode, app: Starlette, officer: Browser
    ) -> None:
        id = search(officer, asked(node)).json()["id"]
        for other in ("o2", "alder-o"):
            assert at_work(node, app, other).get(f"/searches/{id}").status_code == 404
        assert at_work(node, app, "s1").get(f"/searches/{id}").status_code == 200

    def test_pages_hold_each_search_once_the_newest_first(self, node: WebNode, officer: Browser) -> None:
        made = [search(officer, asked(node)).json()["id"] for _ in range(5)]
        found: list[str] = []
        path: str | None = "/searches?limit=2"
        while path:
            page = officer.get(path).json()
            found += [each["id"] for each in page["searches"]]
            path = None if page["next"] is None else f"/searches?limit=2&before={page['next']}"
        assert found == list(reversed(made))

    @pytest.mark.parametrize(
        "query", ["limit=0", "limit=201", "before=-1", "plate=TEST123", "limit=1&limit=2"]
    )
    def test_query_that_does_not_fit_is_refused(self, officer: Browser, query: str) -> None:
        assert officer.get(f"/searches?{query}").status_code == 422

    def test_whole_agency_is_for_its_overseers(self, node: WebNode, app: Starlette, officer: Browser) -> None:
        search(officer, asked(node))
        refused = officer.get("/searches?agency=true")
        assert (refused.status_code, refused.json()["rule"]["id"]) == (403, "door:not-yours")
        node.hire("a1", Role.AUDITOR)
        for overseer in ("s1", "a1"):
            listed = at_work(node, app, overseer).get("/searches?agency=true").json()["searches"]
            assert [each["officer"] for each in listed] == ["o1"]


class TestReview:
    def test_reviewed_search_is_collected_by_its_officer(
        self, node: WebNode, app: Starlette, officer: Browser
    ) -> None:
        node.world.take("TEST12X")
        id = waiting(node, officer)
        supervisor = at_work(node, app, "s1")
        (listed,) = supervisor.get("/reviews").json()["searches"]
        assert (listed["search"], listed["agency"]) == (id, CEDAR)
        approved = answer_review(supervisor, id, approves=True)
        assert (approved.status_code, approved.json()["reads"]) == (200, [])
        assert supervisor.get("/reviews").json() == {"searches": [], "next": None}
        found = officer.post(f"/searches/{id}/collect")
        assert [each["plate"] for each in found.json()["reads"]] == ["TEST12X"]
        assert officer.post(f"/searches/{id}/collect").status_code == 409

    def test_refused_search_is_told_to_its_officer(
        self, node: WebNode, app: Starlette, officer: Browser
    ) -> None:
        id = waiting(node, officer)
        assert answer_review(at_work(node, app, "s1"), id, approves=False).json()["state"] == "refused"
        assert officer.get(f"/searches/{id}").json()["state"] == "refused"
        assert officer.post(f"/searches/{id}/collect").status_code == 409

    def test_supervisor_who_was_not_assigned_reviews_nothing(
        self, node: WebNode, app: Starlette, officer: Browser
    ) -> None:
        id = waiting(node, officer)
        found = answer_review(at_work(node, app, "s2"), id, approves=True)
        assert (found.status_code, found.json()["rule"]["id"]) == (403, "door:not-assigned")

    def test_officer_approves_nothing(self, node: WebNode, app: Starlette, officer: Browser) -> None:
        id = waiting(node, officer)
        assert answer_review(officer, id, approves=True).status_code == 403

    def test_signature_of_a_refusal_approves_nothing(
        self, node: WebNode, app: Starlette, officer: Browser
    ) -> None:
        id = waiting(node, officer)
        supervisor = at_work(node, app, "s1")
        signed = supervisor.signed(
            {"asks": "review", "search": id, "approves": False, "reason": "the plate is too open"}
        )
        assert supervisor.post(f"/searches/{id}/approve", {"signed": signed}).status_code == 401

    def test_refusal_with_other_words_than_were_signed_is_not_taken(
        self, node: WebNode, app: Starlette, officer: Browser
    ) -> None:
        id = waiting(node, officer)
        supervisor = at_work(node, app, "s1")
        signed = supervisor.signed(
            {"asks": "review", "search": id, "approves": False, "reason": "the plate is too open"}
        )
        other = {"signed": signed, "reason": "the officer made it up"}
        assert supervisor.post(f"/searches/{id}/refuse", other).status_code == 401
        assert officer.get(f"/searches/{id}").json()["state"] == "review_pending"

    @pytest.mark.parametrize(("approves", "reason"), [(True, "fine"), (False, None), (False, "")])
    def test_answer_without_the_reason_that_it_needs_cannot_be_signed(
        self, node: WebNode, app: Starlette, officer: Browser, approves: bool, reason: str | None
    ) -> None:
        intent = {"asks": "review", "search": "0123", "approves": approves, "reason": reason}
        assert officer.post("/intents", {"intent": intent}).status_code == 422

    def test_colleague_collects_nothing(self, node: WebNode, app: Starlette, officer: Browser) -> None:
        id = waiting(node, officer)
        answer_review(at_work(node, app, "s1"), id, approves=True)
        assert at_work(node, app, "o2").post(f"/searches/{id}/collect").status_code == 403

    def test_number_of_no_search_is_none(self, officer: Browser) -> None:
        assert officer.get("/searches/0123").status_code == 404
        assert officer.post("/searches/0123/collect").status_code == 404


def test_marks_are_for_overseers(node: WebNode, app: Starlette, officer: Browser) -> None:
    for _ in range(4):
        search(officer, asked(node))
    assert officer.get("/marks").status_code == 403
    found = at_work(node, app, "s1").get("/marks").json()["marks"]
    assert {(each["kind"], each["officer"]) for each in found} == {("same_plate", "o1")}
