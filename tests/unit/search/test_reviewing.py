"""Review: who is asked, what an approval is worth, and when it is over."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from gatehouse.model import AgencyKind, BadInput, Party, Purpose, Scope, SearchState
from gatehouse.search import looking
from gatehouse.search.errors import OutOfOrder, Refused
from gatehouse.search.history import MarkKind
from gatehouse.search.review import ReviewStatus
from gatehouse.search.signature import review_intent
from tests.unit.search.world import AT, CEDAR, DUNE, OFFICER, PEOPLE, PLATE, World

VAGUE: dict[str, Any] = {"reason": "inv"}
OTHER = Party("Gravel Ford SO", "WY", AgencyKind.SHERIFF)
PENDING, APPROVED = "search:plate:review_pending", "review:search:approved"


def reviewers(world: World, search: str) -> dict[str, str]:
    return {each.agency: each.reviewer for each in world.tables.reviews(search)}


class TestAsk:
    def test_ask_vague_waits_for_a_supervisor_and_answers_nothing(self, world: World) -> None:
        world.take(PLATE)
        answer = world.ask(**VAGUE)
        assert answer.state is SearchState.REVIEW_PENDING
        assert answer.reads == ()
        assert world.events() == ["search:plate:requested", PENDING]
        assert reviewers(world, answer.id) == {CEDAR: "s1"}
        due = world.tables.search(answer.id).due_at
        assert due is not None
        assert answer.review == ReviewStatus(due, None, 0, 0, 0)
        assert [each.rule.id for each in answer.refusals] == ["gatehouse/review-unstated-reason"]
        recorded = world.values(1)
        assert isinstance(recorded["detail"], dict)
        assert recorded["detail"]["reviewers"] == [{"agency": CEDAR, "person": "s1"}]
        assert recorded["decision"] == "review"

    @pytest.mark.parametrize(
        ("changed", "chosen"),
        [({"officer": "s1", "entered_by": "s1"}, "s2"), ({"entered_by": "s1"}, "s2"), ({}, "s1")],
    )
    def test_ask_reviewer_is_never_officer_or_clerk(
        self, world: World, changed: dict[str, Any], chosen: str
    ) -> None:
        assert reviewers(world, world.ask(**VAGUE, **changed).id) == {CEDAR: chosen}

    def test_ask_without_a_second_supervisor_is_refused(self, world: World) -> None:
        del world.registry.officers["s2"]
        answer = world.ask(**VAGUE, officer="s1", entered_by="s1")
        assert answer.state is SearchState.DENIED
        assert [each.rule.id for each in answer.refusals] == ["door:no-reviewer"]

    def test_ask_two_open_signs_needs_a_second_person(self, world: World) -> None:
        world.take("TEST123")
        answer = world.ask(plate="TEST1??", window=world.back(hours=1))
        assert answer.state is SearchState.REVIEW_PENDING
        assert [each.rule.id for each in answer.refusals] == ["door:second-person"]
        world.approve(answer.id, "s1")
        found = world.door.collect(answer.id, by=PEOPLE["o1"])
        assert [each.read.plate for each in found.reads] == ["TEST123"]

    def test_ask_wait_goes_to_review_for_the_owners_that_want_it(self, world: World) -> None:
        # Idaho's owners ask for a supervisor; the others would answer at once.
        wide: dict[str, Any] = {"scope": Scope.NETWORK, "ground": "seen leaving", **owner_review(world)}
        assert world.ask(**wide).state is SearchState.RELEASED
        waiting = world.ask(**wide, wait=True)
        assert waiting.state is SearchState.REVIEW_PENDING
        assert reviewers(world, waiting.id) == {CEDAR: "s1", DUNE: "dune-s"}


def owner_review(world: World) -> dict[str, Any]:
    """Move Cedar and Dune to Idaho, whose law wants a supervisor where a threat is stated."""
    for agency in (CEDAR, DUNE):
        world.registry.agencies[agency] = dataclasses.replace(world.registry.agencies[agency], state="ID")
    return {"purpose": Purpose.EXIGENT_THREAT, "offense": None, "reason": "threat to kill, driver armed"}


class TestApprove:
    def test_approve_then_collect_answers_under_a_new_decision(self, world: World) -> None:
        world.take(PLATE)
        asked = world.ask(**VAGUE)
        status = world.approve(asked.id, "s1")
        assert (status.state, status.review.own) == (SearchState.REVIEW_PENDING, "approved")
        assert status.reads == ()
        answer = world.door.collect(asked.id, by=PEOPLE["o1"])
        assert answer.state is SearchState.RELEASED
        assert [each.read.plate for each in answer.reads] == [PLATE]
        assert world.events() == [
            "search:plate:requested",
            PENDING,
            APPROVED,
            "search:plate:approved",
            "search:plate:released",
        ]
        pending, signed, approved = (world.values(at) for at in (1, 2, 3))
        assert (signed["approver"], approved["approver"]) == ("s1", "s1")
        assert signed["request"] == approved["request"] == pending["request"]
        assert approved["owners_decided"] != pending["owners_decided"]
        assert approved["decision"] == "permit"

    def test_collect_before_the_approval_hands_out_nothing(self, world: World) -> None:
        asked = world.ask(**VAGUE)
        answer = world.door.collect(asked.id, by=PEOPLE["o1"])
        assert (answer.state, answer.reads) == (SearchState.REVIEW_PENDING, ())
        assert len(world.events()) == 2

    def test_collect_twice_is_out_of_order(self, world: World) -> None:
        asked = world.ask(**VAGUE)
        world.approve(asked.id, "s1")
        world.door.collect(asked.id, by=PEOPLE["o1"])
        with pytest.raises(OutOfOrder):
            world.door.collect(asked.id, by=PEOPLE["o1"])

    def test_collect_what_the_rules_refuse_by_now_is_refused(self, world: World) -> None:
        asked = world.ask(**VAGUE)
        world.approve(asked.id, "s1")
        world.registry.bans = {
            each: frozenset({"stolen_vehicle_or_plate"}) for each in world.registry.cameras
        }
        answer = world.door.collect(asked.id, by=PEOPLE["o1"])
        assert answer.state is SearchState.REFUSED
        assert world.events()[-1] == "search:plate:refused"
        assert "owner/banned-purpose" in [each.rule.id for each in answer.refusals]

    def test_collect_by_anybody_else_is_refused(self, world: World) -> None:
        asked = world.ask(**VAGUE)
        world.approve(asked.id, "s1")
        for person in ("s1", "o2", "alder-o"):
            with pytest.raises(Refused, match="answer goes to the officer"):
                world.door.collect(asked.id, by=PEOPLE[person])
        world.registry.officers["o1"] = dataclasses.replace(PEOPLE["o1"], active=False)
        with pytest.raises(Refused):
            world.door.collect(asked.id, by=PEOPLE["o1"])

    @pytest.mark.parametrize("person", ["o1", "s2", "dune-s", "clerk"])
    def test_approve_by_anybody_but_the_assigned_is_refused(self, world: World, person: str) -> None:
        asked = world.ask(**VAGUE)
        with pytest.raises(Refused, match="assigned"):
            world.approve(asked.id, person)
        assert len(world.events()) == 2

    def test_approve_by_one_who_is_no_supervisor_any_more_is_refused(self, world: World) -> None:
        asked = world.ask(**VAGUE)
        world.registry.officers["s1"] = dataclasses.replace(PEOPLE["s1"], roles=OFFICER)
        with pytest.raises(Refused, match="assigned"):
            world.approve(asked.id, "s1")

    def test_approve_unsigned_or_signed_for_the_opposite_is_refused(self, world: World) -> None:
        asked = world.ask(**VAGUE)
        opposite = world.signed(review_intent(asked.id, refusing="vague"), "s1")
        for signed in (None, opposite):
            with pytest.raises(Refused, match="signs what they answer"):
                world.door.approve(asked.id, by=PEOPLE["s1"], signed=signed)

    def test_approve_twice_is_out_of_order(self, world: World) -> None:
        asked = world.ask(**VAGUE)
        world.approve(asked.id, "s1")
        with pytest.raises(OutOfOrder):
            world.approve(asked.id, "s1")
        assert world.events().count(APPROVED) == 1

    def test_approve_in_turn_marks_reciprocal_pairs(self, world: World) -> None:
        first = world.ask(**VAGUE, officer="s2", entered_by="s2")
        world.approve(first.id, "s1")
        second = world.ask(**VAGUE, officer="s1", entered_by="s1")
        world.approve(second.id, "s2")
        found = looking.marks(world.parts, by=PEOPLE["s1"], since=AT)
        assert [(each.kind, each.search) for each in found] == [(MarkKind.RECIPROCAL_REVIEW, second.id)]


class TestOwner:
    def test_collect_without_the_owners_supervisor_goes_without_the_owner(self, world: World) -> None:
        world.take(PLATE, owner=DUNE)
        world.take(PLATE)
        asked = world.ask(scope=Scope.NETWORK, ground="fled", wait=True, **owner_review(world))
        world.approve(asked.id, "s1")
        answer = world.door.collect(asked.id, by=PEOPLE["o1"])
        assert [each.owner for each in answer.reads] == [CEDAR]
        assert {each.rule.id for each in answer.refusals} == {"door:owner-review", "door:no-retention"}

    def test_collect_with_the_owners_supervisor_reaches_the_owner(self, world: World) -> None:
        world.take(PLATE, owner=DUNE)
        asked = world.ask(scope=Scope.NETWORK, ground="fled", wait=True, **owner_review(world))
        status = world.approve(asked.id, "dune-s")
        assert status.review == ReviewStatus(status.review.due_at, None, 1, 1, 0)
        world.approve(asked.id, "s1")
        answer = world.door.collect(asked.id, by=PEOPLE["o1"])
        assert [each.owner for each in answer.reads] == [DUNE]
        approved = world.values(4)
        assert isinstance(approved["detail"], dict)
        assert approved["detail"]["owners_approved"] == [{"agency": DUNE, "person": "dune-s"}]
        assert world.events()[2:4] == [APPROVED, APPROVED]

    def test_refuse_of_the_owners_supervisor_withholds_that_owner_alone(self, world: World) -> None:
        world.take(PLATE, owner=DUNE)
        asked = world.ask(scope=Scope.NETWORK, ground="fled", wait=True, **owner_review(world))
        status = world.refuse(asked.id, "dune-s")
        assert status.state is SearchState.REVIEW_PENDING
        assert status.review.owners_refused == 1
        world.approve(asked.id, "s1")
        answer = world.door.collect(asked.id, by=PEOPLE["o1"])
        assert (answer.state, answer.reads) == (SearchState.RELEASED, ())
        assert "review:search:declined" in world.events()

    def test_ask_owner_without_a_supervisor_refuses_alone(self, world: World) -> None:
        del world.registry.officers["dune-s"]
        asked = world.ask(scope=Scope.NETWORK, ground="fled", wait=True, **owner_review(world))
        assert asked.state is SearchState.REVIEW_PENDING
        assert reviewers(world, asked.id) == {CEDAR: "s1"}
        assert "door:no-reviewer" in {each.rule.id for each in asked.refusals}


class TestEnd:
    def test_refuse_ends_the_search(self, world: World) -> None:
        asked = world.ask(**VAGUE)
        answer = world.refuse(asked.id, "s1")
        assert (answer.state, answer.said) == (SearchState.REFUSED, "no case")
        assert world.values(2)["approver"] == "s1"
        for step in (
            lambda: world.approve(asked.id, "s1"),
            lambda: world.door.collect(asked.id, by=PEOPLE["o1"]),
        ):
            with pytest.raises(OutOfOrder):
                step()

    def test_expire_due_ends_reviews_that_waited_too_long(self, world: World) -> None:
        asked = world.ask(**VAGUE)
        assert world.door.expire_due() == []
        world.clock.move(timedelta(hours=24))
        assert world.door.expire_due() == [asked.id]
        assert world.door.expire_due() == []
        assert world.tables.search(asked.id).state is SearchState.EXPIRED
        assert world.events()[-1] == "search:plate:expired"

    def test_collect_and_approve_after_the_end_find_it_expired(self, world: World) -> None:
        first, second = world.ask(**VAGUE), world.ask(**VAGUE)
        world.approve(first.id, "s1")
        world.clock.move(timedelta(hours=25))
        assert world.door.collect(first.id, by=PEOPLE["o1"]).state is SearchState.EXPIRED
        with pytest.raises(OutOfOrder):
            world.approve(second.id, "s1")
        assert world.events().count("search:plate:expired") == 2


class TestLooking:
    def test_waiting_lists_what_a_reviewer_has_to_answer(self, world: World) -> None:
        asked = world.ask(**VAGUE)
        assert [each.search for each in looking.waiting(world.parts, by=PEOPLE["s1"])] == [asked.id]
        assert looking.waiting(world.parts, by=PEOPLE["s2"]) == []
        world.approve(asked.id, "s1")
        assert looking.waiting(world.parts, by=PEOPLE["s1"]) == []

    def test_look_is_for_those_whom_it_concerns(self, world: World) -> None:
        asked = world.ask(**VAGUE)
        for person in ("o1", "s1", "s2", "clerk"):
            assert looking.look(world.parts, asked.id, by=PEOPLE[person]).id == asked.id
        for person in ("o2", "dune-s", "alder-o"):
            with pytest.raises(BadInput, match="no such search"):
                looking.look(world.parts, asked.id, by=PEOPLE[person])
            with pytest.raises(BadInput, match="no such search"):
                looking.asked(world.parts, asked.id, by=PEOPLE[person])
        assert looking.asked(world.parts, asked.id, by=PEOPLE["s1"]).reason == "inv"

    def test_look_repeats_decisions_and_never_reads(self, world: World) -> None:
        world.take(PLATE)
        answer = world.ask(scope=Scope.NETWORK, ground="fled")
        seen = looking.look(world.parts, answer.id, by=PEOPLE["o1"])
        assert seen.reads == ()
        assert seen.state is SearchState.RELEASED
        assert {(each.rule.id, each.owners) for each in seen.refusals} == {
            (each.rule.id, each.owners) for each in answer.refusals
        }

    def test_searches_are_ones_own_unless_one_supervises(self, world: World) -> None:
        mine, other = world.ask(), world.ask(officer="o2", entered_by="o2")
        assert [each.id for each in looking.searches(world.parts, by=PEOPLE["o1"])] == [mine.id]
        with pytest.raises(Refused):
            looking.searches(world.parts, by=PEOPLE["o1"], whole_agency=True)
        found = looking.searches(world.parts, by=PEOPLE["s1"], whole_agency=True)
        assert [each.id for each in found] == [other.id, mine.id]
        page = looking.searches(world.parts, by=PEOPLE["s1"], whole_agency=True, before=found[0].requested)
        assert [each.id for each in page] == [mine.id]

    def test_marks_are_for_supervisors_and_auditors(self, world: World) -> None:
        with pytest.raises(Refused):
            looking.marks(world.parts, by=PEOPLE["o1"], since=AT)
        assert looking.marks(world.parts, by=PEOPLE["clerk"], since=AT) == []
