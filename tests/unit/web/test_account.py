"""Accounts over the API: own factors, invitations, recoveries by two custodians, the end of an account."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from gatehouse.model import Role
from tests.unit.node.authenticator import Authenticator, text
from tests.unit.node.staff import PASSWORD, code_at
from tests.unit.search.world import ALDER
from tests.unit.web.nodes import Browser, WebNode, at_work


@pytest.fixture
def custodian(node: WebNode, app: Starlette) -> Browser:
    node.hire("c1", Role.CUSTODIAN)
    node.hire("c2", Role.CUSTODIAN)
    node.hire("c9", Role.CUSTODIAN, agency=ALDER)
    return at_work(node, app, "c1")


def signed(browser: Browser, action: str, subject: str = "") -> dict[str, Any]:
    return browser.signed({"asks": "account", "action": action, "subject": subject})


def invite(browser: Browser, officer: str) -> httpx.Response:
    return browser.post("/invitations", {"officer": officer, "signed": signed(browser, "invite", officer)})


class TestPasskeys:
    def test_further_passkey_is_added_with_one_that_is_there(self, node: WebNode, app: Starlette) -> None:
        officer = at_work(node, app, "o1")
        spare = Authenticator()
        options = officer.post("/account/passkeys/options").json()["options"]
        found = officer.post(
            "/account/passkeys",
            {
                "credential": spare.create(options),
                "label": "spare",
                "signed": signed(officer, "add_passkey"),
            },
        )
        assert (found.status_code, found.json()["label"]) == (201, "spare")
        labels = [each["label"] for each in officer.get("/account/passkeys").json()["passkeys"]]
        assert labels == ["key", "spare"]

    def test_session_alone_adds_no_passkey(self, node: WebNode, app: Starlette) -> None:
        officer = at_work(node, app, "o1")
        options = officer.post("/account/passkeys/options").json()["options"]
        found = officer.post(
            "/account/passkeys", {"credential": Authenticator().create(options), "label": "spare"}
        )
        assert (found.status_code, found.json()["title"]) == (403, "a further factor needs one that is there")

    def test_removed_passkey_ends_the_session_and_the_last_one_stays(
        self, node: WebNode, app: Starlette
    ) -> None:
        officer = at_work(node, app, "o1")
        assert officer.device is not None
        id = text(officer.device.credential)
        found = officer.post(
            f"/account/passkeys/{id}/remove", {"signed": signed(officer, "remove_passkey", id)}
        )
        assert (found.status_code, found.json()["title"]) == (409, "it is the last factor of this person")

    def test_signature_for_another_passkey_removes_nothing(self, node: WebNode, app: Starlette) -> None:
        officer = at_work(node, app, "o1")
        found = officer.post(
            "/account/passkeys/AAAA/remove", {"signed": signed(officer, "remove_passkey", "BBBB")}
        )
        assert found.status_code == 401


def test_password_is_changed_with_a_one_time_code(node: WebNode, browser: Browser) -> None:
    token = node.accounts.enrollment.invite("o1", by=()).token
    secret = browser.post("/enrollment", {"token": token}).json()["secret"]
    given = {"token": token, "login": "ames", "password": PASSWORD}
    browser.post("/enrollment/code", given | {"code": code_at(secret, node.now())})
    node.move(seconds=60)
    browser.post("/session", {"login": "ames", "password": PASSWORD, "code": code_at(secret, node.now())})
    node.move(seconds=60)
    challenge = browser.post("/intents", {"intent": {"asks": "account", "action": "change_password"}}).json()
    assert (challenge["passkey"], challenge["code"]) == (None, True)
    shown = {"nonce": challenge["nonce"], "code": code_at(secret, node.now())}
    found = browser.post("/account/password", {"password": "ladder winter orchard", "signed": shown})
    assert found.status_code == 204
    assert browser.get("/session").status_code == 401


@pytest.mark.parametrize("both", [{}, {"code": "123456", "credential": {}}])
def test_signature_shows_one_factor(node: WebNode, app: Starlette, both: dict[str, Any]) -> None:
    officer = at_work(node, app, "o1")
    nonce = officer.post("/intents", {"intent": {"asks": "account", "action": "change_password"}}).json()[
        "nonce"
    ]
    found = officer.post("/account/password", {"password": "x", "signed": {"nonce": nonce} | both})
    assert found.status_code == 422


class TestInvitations:
    def test_custodian_invites_a_colleague_who_has_no_account(
        self, node: WebNode, browser: Browser, custodian: Browser
    ) -> None:
        found = invite(custodian, "o2")
        assert (found.status_code, found.json()["officer"]) == (201, "o2")
        assert browser.post("/enrollment", {"token": found.json()["token"]}).json()["officer"] == "o2"
        assert node.record.events[-1][:3] == ("account:officer:invited", "o2", ("c1",))

    def test_one_custodian_replaces_nobodys_factors(
        self, node: WebNode, app: Starlette, custodian: Browser
    ) -> None:
        at_work(node, app, "o1")
        assert invite(custodian, "o1").status_code == 403

    def test_nor_those_of_somebody_who_signs_in_at_the_provider(
        self, node: WebNode, custodian: Browser
    ) -> None:
        node.accounts.subjects.link("https://id.test", "s-1", "o2", by=())
        assert invite(custodian, "o2").status_code == 403

    @pytest.mark.parametrize(("officer", "status"), [("alder-o", 403), ("nobody", 422)])
    def test_people_of_other_agencies_are_not_invited(
        self, custodian: Browser, officer: str, status: int
    ) -> None:
        assert invite(custodian, officer).status_code == status

    def test_officer_invites_nobody(self, node: WebNode, app: Starlette) -> None:
        assert invite(at_work(node, app, "o1"), "o2").status_code == 403


class TestRecoveries:
    def test_two_custodians_let_a_person_enroll_anew(
        self, node: WebNode, app: Starlette, custodian: Browser
    ) -> None:
        officer = at_work(node, app, "o1")
        second = at_work(node, app, "c2")
        asked = custodian.post(
            "/recoveries", {"officer": "o1", "signed": signed(custodian, "ask_recovery", "o1")}
        )
        id = asked.json()["id"]
        alone = custodian.post(
            f"/recoveries/{id}/approve", {"signed": signed(custodian, "approve_recovery", id)}
        )
        assert (alone.status_code, alone.json()["title"]) == (403, "a second custodian must approve")
        found = second.post(f"/recoveries/{id}/approve", {"signed": signed(second, "approve_recovery", id)})
        token = found.json()["token"]
        device = Authenticator()
        options = officer.post("/enrollment/passkey/options", {"token": token, "login": "ames"}).json()
        enrolled = officer.post(
            "/enrollment/passkey",
            {
                "token": token,
                "login": "ames",
                "credential": device.create(options["options"]),
                "label": "new",
            },
        )
        assert enrolled.status_code == 201
        # The session that the lost factor had opened is over too.
        assert officer.get("/session").status_code == 401

    def test_custodian_of_another_agency_asks_nothing(
        self, node: WebNode, app: Starlette, custodian: Browser
    ) -> None:
        at_work(node, app, "o1")
        other = at_work(node, app, "c9")
        found = other.post("/recoveries", {"officer": "o1", "signed": signed(other, "ask_recovery", "o1")})
        assert found.status_code == 403


class TestOffboarding:
    def test_person_who_is_offboarded_is_out_with_the_next_request(
        self, node: WebNode, app: Starlette, custodian: Browser
    ) -> None:
        officer = at_work(node, app, "o1")
        assert officer.get("/session").status_code == 200
        found = custodian.post("/people/o1/offboard", {"signed": signed(custodian, "offboard", "o1")})
        assert found.status_code == 204
        assert officer.get("/session").status_code == 401
        assert officer.device is not None
        options = officer.post("/session/passkey/options").json()["options"]
        assert (
            officer.post("/session/passkey", {"credential": officer.device.get(options)}).status_code == 401
        )

    def test_people_of_other_agencies_are_not_offboarded(self, custodian: Browser) -> None:
        signature = signed(custodian, "offboard", "alder-o")
        assert custodian.post("/people/alder-o/offboard", {"signed": signature}).status_code == 403


class TestRegistry:
    def test_network_is_open_to_whoever_is_signed_in(self, node: WebNode, app: Starlette) -> None:
        officer = at_work(node, app, "o1")
        agencies = officer.get("/registry/agencies").json()["agencies"]
        assert [each["id"] for each in agencies] == [
            "alder-pd", "birch-so", "cedar-pd", "dune-pd", "elm-pd",
        ]  # fmt: skip
        assert officer.get("/registry/cameras").json() == {"cameras": [], "next": None}
        assert officer.get("/registry/owners/alder-pd").json() == {
            "owner": "alder-pd",
            "retention_minutes": 30 * 24 * 60,
            "scope_caps": {},
            "optins": [],
            "waiting_days": 7,
            "longest_hold_days": 90,
            "portal_delay_hours": 24,
        }
        assert officer.get("/registry/owners/elm-pd").json()["retention_minutes"] is None
        people = officer.get("/registry/people?role=supervisor").json()["people"]
        assert [each["id"] for each in people] == ["s1", "s2"]

    @pytest.mark.parametrize("path", ["/registry/agencies", "/registry/people?role=officer", "/reviews"])
    def test_nobody_reads_it_without_a_session(self, browser: Browser, path: str) -> None:
        assert browser.get(path).status_code == 401

    @pytest.mark.parametrize("path", ["/registry/owners/nobody", "/registry/cameras?agency=nobody"])
    def test_agency_that_is_none_is_refused(self, node: WebNode, app: Starlette, path: str) -> None:
        assert at_work(node, app, "o1").get(path).status_code == 422
