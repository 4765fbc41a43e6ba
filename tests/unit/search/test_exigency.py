"""Exigency: an answer at once where the law allows, owners told, and the paper that must follow."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from gatehouse.model import Process, ProcessKind, Purpose, Scope, SearchState
from gatehouse.search import exigency, looking
from gatehouse.search.errors import OutOfOrder, Refused
from gatehouse.search.history import MarkKind
from tests.unit.search.world import ALDER, AT, CEDAR, PEOPLE, PLATE, World

EXIGENT: dict[str, Any] = {
    "purpose": Purpose.EXIGENT_THREAT,
    "offense": None,
    "process": Process(ProcessKind.EXIGENCY),
    "reason": "armed robbery suspect fleeing, shots fired",
    "scope": Scope.NEIGHBORS,
}


def test_ask_exigent_is_answered_at_once_and_owners_are_told(world: World) -> None:
    world.take(PLATE, owner=ALDER)
    answer = world.ask(**EXIGENT)
    assert answer.state is SearchState.RELEASED
    assert [each.owner for each in answer.reads] == [ALDER]
    assert answer.paper_due == exigency.owed(world.parts, answer.id).due_at
    (told,) = exigency.notices(world.parts, ALDER)
    assert (told.search, told.searcher, told.entry) == (answer.id, CEDAR, answer.index)
    assert exigency.notices(world.parts, CEDAR) == []
    recorded = world.values(answer.index)
    assert isinstance(recorded["detail"], dict)
    assert recorded["detail"]["exigent"] is True


@pytest.mark.parametrize(
    "changed",
    [
        {"reason": "ICE ERO civil immigration, armed"},
        {"offense": "IMMIG_CIV"},
        {"purpose": Purpose.TRAFFIC_ANALYTICS},
    ],
)
def test_ask_exigent_absolute_bars_hold(world: World, changed: dict[str, Any]) -> None:
    answer = world.ask(**EXIGENT | changed)
    assert answer.state is SearchState.DENIED
    assert exigency.papers(world.parts, CEDAR) == []


def test_ask_exigent_lifts_no_review_that_a_rule_asks_for(world: World) -> None:
    assert world.ask(**EXIGENT | {"reason": "inv"}).state is SearchState.REVIEW_PENDING


def test_ask_exigent_where_the_law_takes_it_needs_one_signature(world: World) -> None:
    world.registry.agencies[CEDAR] = dataclasses.replace(world.registry.agencies[CEDAR], state="MN")
    asked: dict[str, Any] = {
        "purpose": Purpose.CRIMINAL_INVESTIGATION,
        "offense": "09A",
        "reason": "homicide suspect fleeing, shots fired",
        "scope": Scope.OWN,
    }
    waiting = world.ask(**asked)
    assert waiting.state is SearchState.REVIEW_PENDING
    assert [each.rule.id for each in waiting.refusals] == ["us-mn/13.824-2/tracking"]
    answer = world.ask(**asked, process=Process(ProcessKind.EXIGENCY))
    assert answer.state is SearchState.RELEASED
    assert answer.paper_due is not None


def test_suspend_overdue_until_paper_and_supervisor(world: World) -> None:
    first = world.ask(**EXIGENT)
    world.clock.move(timedelta(hours=48))
    assert world.door.expire_due() == [first.id]
    assert world.door.expire_due() == []
    assert world.events()[-1] == exigency.SUSPENDED
    refused = world.ask(**EXIGENT)
    assert [each.rule.id for each in refused.refusals] == ["door:exigency-suspended"]
    assert world.ask().state is SearchState.RELEASED

    with pytest.raises(OutOfOrder):
        exigency.restore(world.parts, first.id, by=PEOPLE["s1"])
    exigency.file_paper(world.parts, first.id, by=PEOPLE["o1"], kind="warrant", reference="W-1")
    assert world.ask(**EXIGENT).state is SearchState.DENIED
    for person in ("o1", "o2", "dune-s"):
        with pytest.raises(Refused):
            exigency.restore(world.parts, first.id, by=PEOPLE[person])
    exigency.restore(world.parts, first.id, by=PEOPLE["s1"])
    assert world.ask(**EXIGENT).state is SearchState.RELEASED
    marks = looking.marks(world.parts, by=PEOPLE["s1"], since=AT)
    assert [each.search for each in marks if each.kind is MarkKind.PAPER_OVERDUE] == [first.id]


def test_ask_exigent_with_overdue_paper_is_refused_before_any_sweep(world: World) -> None:
    world.ask(**EXIGENT)
    world.clock.move(timedelta(hours=48))
    assert [each.rule.id for each in world.ask(**EXIGENT).refusals] == ["door:exigency-suspended"]


def test_file_paper_in_time_keeps_the_privilege(world: World) -> None:
    first = world.ask(**EXIGENT)
    for person in ("o2", "alder-o", "clerk"):
        with pytest.raises(Refused):
            exigency.file_paper(world.parts, first.id, by=PEOPLE[person], kind="statement", reference="1")
    paper = exigency.file_paper(world.parts, first.id, by=PEOPLE["o1"], kind="statement", reference="1")
    assert paper.filed_at is not None
    with pytest.raises(OutOfOrder):
        exigency.file_paper(world.parts, first.id, by=PEOPLE["o1"], kind="statement", reference="1")
    world.clock.move(timedelta(hours=49))
    assert world.door.expire_due() == []
    assert world.ask(**EXIGENT).state is SearchState.RELEASED
    assert world.values(3)["detail"] == {"kind": "statement", "reference": "1", "search": first.id}


def test_file_paper_for_what_owes_none_is_out_of_order(world: World) -> None:
    plain = world.ask()
    with pytest.raises(OutOfOrder, match="no paper"):
        exigency.file_paper(world.parts, plain.id, by=PEOPLE["o1"], kind="statement", reference="1")
