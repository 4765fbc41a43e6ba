"""The door: five steps, each on the record, and what is told of every owner."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from gatehouse.ledger.decisions import DecisionsRoot
from gatehouse.model import (
    AgencyKind,
    BadInput,
    Behalf,
    Outcome,
    Party,
    Process,
    ProcessKind,
    Purpose,
    Scope,
    SearchState,
    Window,
)
from gatehouse.search.judging import ATTACHMENT, unseal
from gatehouse.search.registry import OwnerRules
from gatehouse.search.rules import APPEAL
from tests.unit.search.world import ALDER, BIRCH, CEDAR, DUNE, ELM, PEOPLE, PLATE, Signed, World

ASKED = "search:plate:requested"
WIDE: dict[str, Any] = {"scope": Scope.NETWORK, "ground": "the car was last seen leaving the state"}


def refused_by(answer: Any) -> dict[str, int]:
    return {each.rule.id: each.owners for each in answer.refusals}


class TestAnswer:
    def test_ask_permitted_is_answered_and_on_the_record(self, world: World) -> None:
        world.take(PLATE, "OTHER1")
        world.take(PLATE, owner=ALDER)
        answer = world.ask()
        assert world.events() == [ASKED, "search:plate:permitted", "search:plate:released"]
        assert answer.state is SearchState.RELEASED
        assert sorted((each.owner, each.read.plate, each.exact) for each in answer.reads) == [
            (ALDER, PLATE, True),
            (CEDAR, PLATE, True),
        ]
        assert answer.counts == {
            "reads": 2,
            "plates": 1,
            "owners": {ALDER: 1, CEDAR: 1},
            "expired": 0,
            "outside_window": 0,
            "withheld": False,
        }
        assert (answer.refusals, answer.appeal, answer.failure, answer.review) == ((), None, None, None)

    def test_ask_entries_say_who_what_and_why(self, world: World) -> None:
        search = world.search(entered_by="clerk", confusables=True)
        answer = world.door.ask(search, signed=world.sign(search))
        requested, permitted, released = (world.values(at) for at in range(3))
        request = world.ledger.log.entry(0)
        assert requested["officer"] == "o1"
        assert requested["reason"] == search.reason
        assert requested["on_behalf_of"] == "none"
        assert requested["case_number"] == "26-01234"
        assert isinstance(requested["detail"], dict)
        assert {key: requested["detail"][key] for key in ("confusables", "entered_by", "mode", "scope")} == {
            "confusables": True,
            "entered_by": "clerk",
            "mode": "live",
            "scope": "neighbors",
        }
        assert requested["detail"]["search"] == answer.id
        assert requested["detail"]["signature"] == {"factor": "passkey", "signer": "clerk"}
        assert requested["decision"] is None
        for later in (permitted, released):
            assert later["request"] == world.named(request)
            assert {name: later[name] for name in ("plate", "window", "officer", "purpose")} == {
                name: requested[name] for name in ("plate", "window", "officer", "purpose")
            }
        assert permitted["decision"] == "permit"
        assert permitted["owners"] == [ALDER, CEDAR]
        assert permitted["rules"] == ["gatehouse/permit"]
        kept = unseal(world.ledger.attachment(1, ATTACHMENT))
        assert DecisionsRoot.from_value(permitted["owners_decided"]) == kept.root
        assert released["counts"] == answer.counts

    def test_ask_of_many_owners_answers_from_those_that_permit(self, world: World) -> None:
        world.take(PLATE, owner=DUNE)
        world.take(PLATE, owner=BIRCH)
        answer = world.ask(**WIDE)
        assert answer.state is SearchState.RELEASED
        assert [each.owner for each in answer.reads] == [BIRCH]
        assert refused_by(answer) == {"door:no-retention": 1, "us-il/2-130(c)/declaration": 1}
        assert [(each.decision.outcome, each.owners) for each in answer.groups] == [
            (Outcome.PERMIT, (CEDAR, ALDER, BIRCH)),
            (Outcome.DENY, (DUNE,)),
            (Outcome.DENY, (ELM,)),
        ]
        assert answer.appeal == APPEAL

    def test_ask_confusable_is_a_candidate_and_marked(self, world: World) -> None:
        world.take("BOB123", "8OB123")
        answer = world.ask(plate="BOB123", confusables=True)
        assert sorted((each.read.plate, each.read.text, each.exact) for each in answer.reads) == [
            ("8OB123", "8OB123", False),
            ("BOB123", "BOB123", True),
        ]
        assert [each.read.plate for each in world.ask(plate="BOB123").reads] == ["BOB123"]

    def test_ask_more_than_25_plates_gives_a_count(self, world: World) -> None:
        world.take(*(f"TEST1{sign}" for sign in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0"))
        answer = world.ask(plate="TEST1?")
        assert answer.state is SearchState.RELEASED
        assert answer.reads == ()
        assert answer.counts["withheld"] is True
        assert answer.counts["plates"] == 27

    def test_ask_nothing_found_is_released_with_zero(self, world: World) -> None:
        answer = world.ask()
        assert (answer.state, answer.reads, answer.counts["reads"]) == (SearchState.RELEASED, (), 0)


class TestRefusal:
    @pytest.mark.parametrize(
        ("changed", "rule"),
        [
            ({"reason": "ICE ERO civil immigration hold"}, "gatehouse/no-civil-immigration"),
            ({"offense": "IMMIG_CIV", "scope": Scope.OWN}, "gatehouse/no-civil-immigration"),
            ({"reason": "my ex wife"}, "gatehouse/no-personal-use"),
            ({"on_behalf_of": Behalf.UNKNOWN}, "missing:on_behalf_of"),
            ({"on_behalf_of": Party("Repo Co", "WY", AgencyKind.PRIVATE)}, "gatehouse/no-private-searcher"),
            ({"purpose": Purpose.TRAFFIC_ANALYTICS, "scope": Scope.OWN}, "gatehouse/no-aggregate-lookup"),
            ({"purpose": Purpose.CRIMINAL_INVESTIGATION, "offense": None}, "missing:offense"),
            ({"purpose": Purpose.CRIMINAL_INVESTIGATION, "case_number": None}, "missing:case_number"),
            ({"officer": "clerk"}, "door:not-entitled"),
            ({"officer": "alder-o"}, "door:not-entitled"),
            ({"entered_by": "alder-o"}, "door:not-entitled"),
            ({"offense": "90Z", **WIDE}, "door:scope-cap"),
            ({"purpose": Purpose.PARKING_TOLL_ACCESS}, "door:scope-cap"),
            ({"scope": Scope.NETWORK}, "door:scope-ground"),
            ({"scope": Scope.NETWORK, "ground": " \u00a0"}, "door:scope-ground"),
        ],
    )
    def test_ask_refused_is_on_the_record(self, world: World, changed: dict[str, Any], rule: str) -> None:
        world.take(PLATE)
        answer = world.ask(**changed)
        assert answer.state is SearchState.DENIED
        assert world.events() == [ASKED, "search:plate:denied"]
        assert rule in refused_by(answer)
        assert (answer.reads, answer.appeal) == ((), APPEAL)
        assert all(each.remedy for each in answer.refusals)
        recorded = world.values(1)
        assert recorded["decision"] == "deny"
        assert recorded["owners"] == []
        assert isinstance(recorded["rules"], list)
        assert rule in recorded["rules"]

    def test_ask_words_beside_the_reason_count(self, world: World) -> None:
        for changed in (
            {"case_number": "ICE ERO 26"},
            {"ground": "for ICE ERO", "scope": Scope.REGION},
            {"process": Process(ProcessKind.WARRANT, "ICE ERO", "W-1")},
        ):
            answer = world.ask(**changed)
            assert answer.state is not SearchState.RELEASED, changed

    def test_ask_inactive_officer_is_refused(self, world: World) -> None:

        world.registry.officers["o1"] = dataclasses.replace(PEOPLE["o1"], active=False)
        assert refused_by(world.ask()) == {"door:not-entitled": 2}

    def test_ask_nobody_within_the_scope_is_refused(self, world: World) -> None:
        world.registry.cameras = [BIRCH]
        answer = world.ask(purpose=Purpose.REGISTRATION_INSURANCE, scope=Scope.OWN)
        assert refused_by(answer) == {"door:nobody-asked": 0}

    def test_ask_owner_may_be_stricter_by_purpose_and_offense(self, world: World) -> None:
        month = timedelta(days=30)
        world.registry.rules[BIRCH] = OwnerRules(month, {"240": Scope.NEIGHBORS})
        world.registry.rules[ALDER] = OwnerRules(month, {"stolen_vehicle_or_plate": Scope.NEIGHBORS})
        answer = world.ask(scope=Scope.REGION, ground="seen heading north")
        assert refused_by(answer) == {"door:no-retention": 1, "door:owner-scope": 1}
        assert answer.groups[0].owners == (CEDAR, ALDER)

    def test_ask_too_many_lookups_is_refused_before_anything_opens(self, world: World) -> None:
        answer = world.ask(plate="TEST1?", window=world.back(days=29))
        assert answer.state is SearchState.RELEASED
        month = timedelta(hours=25)
        world.registry.rules[CEDAR] = world.registry.rules[ALDER] = OwnerRules(month)
        answer = world.ask(plate="TEST1?", window=world.back(hours=24))
        assert answer.state is SearchState.RELEASED
        minutes = timedelta(hours=23)
        world.registry.rules[CEDAR] = world.registry.rules[ALDER] = OwnerRules(minutes)
        answer = world.ask(plate="TEST1?", window=world.back(hours=20))
        assert refused_by(answer) == {"door:too-broad": 2}
        assert "arrow the window" in answer.refusals[0].remedy

    def test_ask_window_of_a_thousand_years_is_decided_at_once(self, world: World) -> None:
        answer = world.ask(window=world.back(days=365_000))
        assert answer.state is SearchState.DENIED
        assert "owner/retention" in refused_by(answer)


class TestSignature:
    def test_ask_unsigned_is_refused_and_recorded(self, world: World) -> None:
        answer = world.door.ask(world.search(), signed=None)
        assert refused_by(answer) == {"door:unsigned": 2}
        assert world.events() == [ASKED, "search:plate:denied"]

    def test_ask_signed_by_another_is_refused(self, world: World) -> None:
        search = world.search()
        signed = world.signed({"asks": "search"}, "o2")
        assert refused_by(world.door.ask(search, signed=signed)) == {"door:unsigned": 2}

    @pytest.mark.parametrize(
        "changed",
        [
            {"on_behalf_of": Party("ICE", None, AgencyKind.FEDERAL)},
            {"plate": "TEST124"},
            {"reason": "stolen"},
            {"scope": Scope.OWN},
            {"confusables": True},
            {"officer": "o2"},
            {"purpose": Purpose.CRIMINAL_WARRANT},
        ],
    )
    def test_ask_signed_for_other_words_is_refused(self, world: World, changed: dict[str, Any]) -> None:
        signed = world.sign(world.search())
        answer = world.door.ask(world.search(**changed), signed=signed)
        assert "door:unsigned" in refused_by(answer)
        assert answer.state is SearchState.DENIED

    def test_ask_signed_long_ago_or_in_the_future_is_refused(self, world: World) -> None:
        search = world.search()
        signed = world.sign(search)
        late = Signed(
            signed.factor, signed.signer, signed.at + timedelta(seconds=30), signed.nonce, signed.intent
        )
        assert refused_by(world.door.ask(search, signed=late)) == {"door:unsigned": 2}
        world.clock.move(timedelta(minutes=6))
        assert refused_by(world.door.ask(search, signed=signed)) == {"door:unsigned": 2}


class TestForm:
    @pytest.mark.parametrize(
        "changed",
        [
            {"agency": "nobody"},
            {"officer": "nobody"},
            {"entered_by": "nobody"},
            {"offense": "999"},
            {"reason": "x" * 2_001},
            {"reason": "\ud800"},
            {"case_number": "x" * 101},
            {"process": Process(ProcessKind.WARRANT, "x" * 201)},
            {"on_behalf_of": Party("x" * 201, "WY", AgencyKind.POLICE)},
        ],
    )
    def test_ask_what_is_no_search_is_bad_input_and_not_recorded(
        self, world: World, changed: dict[str, Any]
    ) -> None:
        search = world.search(**changed)
        with pytest.raises(BadInput):
            world.door.ask(search, signed=None)
        assert world.events() == []

    def test_ask_window_that_cannot_be_is_bad_input(self, world: World) -> None:
        now = world.clock()
        for window in (
            Window(now, now - timedelta(seconds=1)),
            Window(now, now + timedelta(minutes=2)),
            Window(now.replace(tzinfo=None), now),
        ):
            with pytest.raises(BadInput):
                world.door.ask(world.search(window=window), signed=None)
        assert world.events() == []


class TestPropose:
    def test_propose_smallest_scope_with_owners_in_it(self, world: World) -> None:
        found = world.door.propose(world.search())
        assert (found.proposed, found.widest) == (Scope.NEIGHBORS, Scope.NETWORK)
        assert dict(found.owners) == {
            Scope.OWN: 1,
            Scope.NEIGHBORS: 2,
            Scope.REGION: 4,
            Scope.NETWORK: 5,
        }
        assert [found.needs_ground(each) for each in Scope] == [False, False, True, True]
        world.registry.cameras = [BIRCH, DUNE]
        assert world.door.propose(world.search()).proposed is Scope.REGION
        assert world.door.propose(world.search(purpose=Purpose.FLEET_INTERNAL)).proposed is Scope.OWN
        assert world.events() == []
