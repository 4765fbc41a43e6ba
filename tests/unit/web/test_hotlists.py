"""Hotlists and hits over the API: asked, reviewed, listed, followed as they come, confirmed."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from threading import Thread
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from gatehouse.model import Role, Scope
from gatehouse.web.cookies import SESSION
from gatehouse.web.serve import serving
from tests.unit.search.world import ALDER, PLATE
from tests.unit.web.nodes import Browser, WebNode, asked, at_work

LIST = "plate,state,file,case\nTEST777,WY,stolen vehicle,26-0100\nTEST778,WY,immigration violator,26-0101\n"


def standing(node: WebNode, **changed: Any) -> dict[str, Any]:
    now = node.now()
    window = {"from": now.isoformat(), "to": (now + timedelta(days=7)).isoformat()}
    return {"search": asked(node, window=window, **changed), "source": "case"}


def enter(node: WebNode, officer: Browser, **changed: Any) -> httpx.Response:
    body = standing(node, **changed)
    signed = officer.signed({"asks": "standing_search", "standing": body})
    return officer.post("/hotlists/entries", {"standing": body, "signed": signed})


@pytest.fixture
def officer(node: WebNode, app: Starlette) -> Browser:
    return at_work(node, app, "o1")


class TestEntries:
    def test_signed_standing_search_stands_and_is_listed(self, node: WebNode, officer: Browser) -> None:
        found = enter(node, officer)
        assert (found.status_code, found.json()["state"]) == (201, "released"), found.text
        (listed,) = officer.get("/hotlists/entries").json()["entries"]
        assert (listed["id"], listed["source"], listed["state"]) == (found.json()["id"], "case", "released")
        assert PLATE not in json.dumps(listed)

    def test_other_words_than_were_signed_are_refused_and_not_recorded(
        self, node: WebNode, officer: Browser
    ) -> None:
        signed = officer.signed({"asks": "standing_search", "standing": standing(node)})
        found = officer.post(
            "/hotlists/entries", {"standing": standing(node, plate="TEST999"), "signed": signed}
        )
        assert (found.status_code, node.world.events()) == (401, [])

    def test_pages_hold_each_entry_once(self, node: WebNode, officer: Browser) -> None:
        made = [enter(node, officer, plate=f"TEST{n}00").json()["id"] for n in range(3)]
        first = officer.get("/hotlists/entries?limit=2").json()
        second = officer.get(f"/hotlists/entries?limit=2&after={first['next']}").json()
        assert [each["id"] for each in first["entries"] + second["entries"]] == made
        assert second["next"] is None

    def test_ended_entry_matches_nothing_more(self, node: WebNode, officer: Browser) -> None:
        id = enter(node, officer).json()["id"]
        found = officer.post(f"/hotlists/entries/{id}/end", {"reason": "found"})
        assert found.status_code == 200
        assert node.pass_by() == []
        assert officer.post(f"/hotlists/entries/{id}/end", {"reason": "found"}).status_code == 409

    def test_entry_of_another_agency_is_none(self, node: WebNode, app: Starlette, officer: Browser) -> None:
        id = enter(node, officer).json()["id"]
        other = at_work(node, app, "alder-o")
        assert other.post(f"/hotlists/entries/{id}/end", {"reason": "x"}).status_code == 404
        assert other.get("/hotlists/entries").json() == {"entries": [], "next": None}

    def test_stopped_entry_goes_on_by_a_second_person(
        self, node: WebNode, app: Starlette, officer: Browser
    ) -> None:
        id = enter(node, officer).json()["id"]
        for _ in range(3):
            assert len(node.pass_by()) == 1
        assert node.pass_by() == []
        signed = officer.signed({"asks": "renew", "entry": id})
        assert officer.post(f"/hotlists/entries/{id}/renew", {"signed": signed}).status_code == 403
        supervisor = at_work(node, app, "s1")
        signed = supervisor.signed({"asks": "renew", "entry": id})
        assert supervisor.post(f"/hotlists/entries/{id}/renew", {"signed": signed}).status_code == 200
        assert len(node.pass_by()) == 1

    def test_stopped_entry_goes_on_under_the_order_that_was_signed_alone(
        self, node: WebNode, officer: Browser
    ) -> None:
        id = enter(node, officer).json()["id"]
        order = {"kind": "warrant", "issuer": "District Court", "reference": "26-SW-1"}
        path = f"/hotlists/entries/{id}/renew"
        for intent in ({"asks": "renew", "entry": id}, {"asks": "renew", "entry": id, "order": order}):
            given = {"signed": officer.signed(intent), "order": order | {"reference": "26-SW-2"}}
            assert officer.post(path, given).status_code == 401
        given = {"signed": officer.signed({"asks": "renew", "entry": id, "order": order}), "order": order}
        assert officer.post(path, given).status_code == 200


class TestLists:
    def hand_in(self, node: WebNode, browser: Browser, text: str = LIST, **changed: Any) -> httpx.Response:
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        listed_at = node.now().isoformat()
        intent = {"asks": "list", "source": "state list", "sha256": sha256, "listed_at": listed_at}
        body = {
            "source": "state list",
            "text": text,
            "listed_at": listed_at,
            "signed": browser.signed(intent),
        }
        return browser.post("/hotlists/lists", body | changed)

    @pytest.fixture
    def custodian(self, node: WebNode, app: Starlette) -> Browser:
        node.hire("c1", Role.CUSTODIAN)
        people = node.world.registry.officers
        node.hotlists.lists.set_source(
            "state list", by=people["c1"], officer=people["o1"], scope=Scope.NEIGHBORS
        )
        return at_work(node, app, "c1")

    def test_rows_are_taken_or_refused_by_line_and_reason(self, node: WebNode, custodian: Browser) -> None:
        found = self.hand_in(node, custodian)
        body = found.json()
        assert found.status_code == 201, found.text
        assert (body["rows"], body["states"], body["refused"]) == (1, {"released": 1}, {"immigration": 1})
        assert [(each["line"], each["reason"]) for each in body["refused_rows"]] == [(3, "immigration")]
        assert "TEST778" not in found.text
        (source,) = custodian.get("/hotlists/sources").json()["sources"]
        assert (source["name"], source["officer"]) == ("state list", "o1")

    def test_list_of_other_bytes_than_were_signed_is_refused(self, node: WebNode, custodian: Browser) -> None:
        assert self.hand_in(node, custodian, text=LIST.replace("777", "776")).status_code == 201
        listed_at = node.now().isoformat()
        intent = {"asks": "list", "source": "state list", "sha256": "0" * 64, "listed_at": listed_at}
        signed = custodian.signed(intent)
        assert self.hand_in(node, custodian, signed=signed, listed_at=listed_at).status_code == 401

    @pytest.mark.parametrize("mode", ["adds", "deletes"])
    def test_list_that_does_something_else_than_was_signed_is_refused(
        self, node: WebNode, custodian: Browser, mode: str
    ) -> None:
        assert self.hand_in(node, custodian, mode=mode).status_code == 401

    def test_list_of_another_time_than_was_signed_is_refused(self, node: WebNode, custodian: Browser) -> None:
        earlier = (node.now() - timedelta(minutes=1)).isoformat()
        assert self.hand_in(node, custodian, listed_at=earlier).status_code == 401

    def test_file_that_is_no_list_is_refused(self, node: WebNode, custodian: Browser) -> None:
        found = self.hand_in(node, custodian, text="a letter to you, sir\n")
        assert (found.status_code, found.json()["type"]) == (422, "urn:gatehouse:problem:list-unreadable")


class TestHits:
    def test_hit_is_a_lead_that_people_confirm_step_by_step(self, node: WebNode, officer: Browser) -> None:
        entry = enter(node, officer).json()["id"]
        (hit,) = node.pass_by()
        (listed,) = officer.get("/hits").json()["hits"]
        assert (listed["id"], listed["entry"], listed["owner"], listed["state"]) == (
            hit.id,
            entry,
            ALDER,
            "raised",
        )
        assert (listed["plate"], listed["read"]["plate"], listed["exact"]) == (PLATE, PLATE, True)
        assert officer.get(f"/hits/{hit.id}").json() == listed
        path = f"/hits/{hit.id}"
        early = officer.post(f"{path}/origin", {"origin": "Cedar PD", "reference": "26-1"})
        assert early.status_code == 409
        half = officer.post(f"{path}/plate", {"plate": True, "state": True, "image": False})
        assert half.status_code == 409
        states = [
            officer.post(f"{path}/{step}", body).json()["state"]
            for step, body in (
                ("plate", {"plate": True, "state": True, "image": True}),
                ("origin", {"origin": "Cedar PD", "reference": "26-1"}),
                ("close", {"disposition": "located", "ori": "WY0110100"}),
            )
        ]
        assert states == ["plate_confirmed", "origin_confirmed", "closed"]

    def test_refuted_hit_teaches_what_was_misread(self, node: WebNode, officer: Browser) -> None:
        enter(node, officer)
        (hit,) = node.pass_by()
        found = officer.post(f"/hits/{hit.id}/refute", {"why": "misread", "really": "TEST128"})
        assert found.json()["state"] == "refuted"
        assert node.hotlists.parts.tables.feedback() == {"alder-pd-1": {"wrong": 1, "3>8": 1}}

    @pytest.mark.parametrize("id", ["99999", "x", "-1", "9" * 30])
    def test_hit_that_is_none_is_not_found(self, officer: Browser, id: str) -> None:
        assert officer.get(f"/hits/{id}").status_code == 404

    def test_hit_of_another_agency_is_none(self, node: WebNode, app: Starlette, officer: Browser) -> None:
        enter(node, officer)
        (hit,) = node.pass_by()
        other = at_work(node, app, "alder-o")
        assert other.get(f"/hits/{hit.id}").status_code == 404
        assert other.post(f"/hits/{hit.id}/refute", {"why": "misread"}).status_code == 404
        assert other.get("/hits").json() == {"hits": [], "next": None}


class Follower:
    """A browser that follows hits at a real server, and can be cut off."""

    def __init__(self, url: str, officer: Browser, *, last: int | None = None) -> None:
        headers = {"host": "gatehouse.test", "cookie": f"{SESSION}={officer.cookies[SESSION]}"}
        if last is not None:
            headers["last-event-id"] = str(last)
        self._client = httpx.Client(trust_env=False, timeout=30)
        self.response = self._client.send(
            self._client.build_request("GET", f"{url}/hits/stream", headers=headers), stream=True
        )
        self._lines = self.response.iter_lines()

    def event(self) -> tuple[int, dict[str, Any]]:
        """Return id and data of the next hit."""
        found: dict[str, str] = {}
        for line in self._lines:
            name, _, value = line.partition(": ")
            if name in ("id", "event", "data"):
                found[name] = value
            if not line and "data" in found:
                assert found["event"] == "hit"
                return int(found["id"]), json.loads(found["data"])
        raise AssertionError("the stream ended")

    def rest(self) -> list[str]:
        """Return the lines until the stream ends."""
        return list(self._lines)

    def close(self) -> None:
        self.response.close()
        self._client.close()


class TestStream:
    def test_hits_come_as_they_are_raised_and_none_is_missed_after_a_cut(
        self, node: WebNode, app: Starlette, officer: Browser
    ) -> None:
        enter(node, officer)
        enter(node, officer, plate="TEST555")
        (before,) = node.pass_by()
        with serving(app) as url:
            first = Follower(url, officer)
            assert first.response.headers["content-type"].startswith("text/event-stream")
            (raised,) = node.pass_by()
            id, data = first.event()
            assert (id, data["plate"], data["owner"]) == (raised.id, PLATE, ALDER)
            first.close()
            missed = [node.pass_by("TEST555")[0].id for _ in range(2)]
            again = Follower(url, officer, last=id)
            assert [again.event()[0] for _ in missed] == missed
            again.close()
            whole = Follower(url, officer, last=0)
            assert [whole.event()[0] for _ in range(4)] == [before.id, raised.id, *missed]
            whole.close()

    def test_another_agency_follows_its_own_hits_only(
        self, node: WebNode, app: Starlette, officer: Browser, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("gatehouse.web.api.hits._LOOK_SECONDS", 0.2)
        enter(node, officer)
        other = at_work(node, app, "alder-o")
        with serving(app) as url:
            follower = Follower(url, other, last=0)
            node.pass_by()
            other.send("DELETE", "/session")
            assert [line for line in follower.rest() if line.startswith("data")] == []
            follower.close()

    def test_stream_ends_with_the_session_and_does_not_keep_it_alive(
        self, node: WebNode, app: Starlette, officer: Browser, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("gatehouse.web.api.hits._LOOK_SECONDS", 0.2)
        with serving(app) as url:
            follower = Follower(url, officer)
            node.move(minutes=14)
            next(follower._lines)
            node.move(minutes=2)
            follower.rest()
            follower.close()
        assert officer.get("/session").status_code == 401

    def test_server_that_is_told_to_end_does_not_wait_for_streams(
        self, app: Starlette, officer: Browser
    ) -> None:
        rest: list[list[str]] = []
        with serving(app) as url:
            follower = Follower(url, officer)
            thread = Thread(target=lambda: rest.append(follower.rest()))
            thread.start()
        thread.join(timeout=20)
        follower.close()
        assert len(rest) == 1

    @pytest.mark.parametrize("last", ["x", "-1", "1.5", "9" * 17])
    def test_id_that_is_none_is_refused(self, officer: Browser, last: str) -> None:
        assert officer.get("/hits/stream", headers={"last-event-id": last}).status_code == 400

    def test_nobody_follows_without_a_role(self, node: WebNode, app: Starlette) -> None:
        node.hire("a1", Role.AUDITOR)
        assert at_work(node, app, "a1").get("/hits/stream").status_code == 403
        assert Browser(app).get("/hits/stream").status_code == 401
