"""Ways to ask under a colleague's name what is refused under one's own: entering searches for others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gatehouse.model import Process, ProcessKind, Purpose, Scope, SearchState
from gatehouse.search.limits import Limits
from tests.unit.search.world import World

EXIGENT: dict[str, Any] = {
    "purpose": Purpose.EXIGENT_THREAT,
    "offense": None,
    "process": Process(ProcessKind.EXIGENCY),
    "reason": "armed robbery suspect fleeing, shots fired",
    "scope": Scope.NEIGHBORS,
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, Limits(candidates=80, cases=2))
    yield world
    world.close()


def test_officer_whose_privilege_is_suspended_enters_no_exigent_search_for_a_colleague(world: World) -> None:
    assert world.ask(**EXIGENT).state is SearchState.RELEASED
    world.clock.move(world.limits.paper + timedelta(minutes=1))
    refused = world.ask(**EXIGENT, officer="o2", entered_by="o1")
    assert (refused.state, refused.reads) == (SearchState.DENIED, ())
    assert [each.rule.id for each in refused.refusals] == ["door:exigency-suspended"]
    assert world.ask(**EXIGENT, officer="o2", entered_by="o2").state is SearchState.RELEASED


def test_patterns_in_colleagues_names_spend_the_budget_of_who_enters_them(world: World) -> None:
    people = ("o1", "o2", "s1", "s2")
    answers = [
        world.ask(plate=f"TEST{number}?", officer=people[number % 4], entered_by="o1")
        for number in range(1, 9)
    ]
    assert [each.state for each in answers] == [SearchState.RELEASED] * 2 + [SearchState.DENIED] * 6
    assert {each.rule.id for each in answers[-1].refusals} == {"door:candidates-spent"}
    assert world.ask(plate="TEST9?", officer="s2", entered_by="s2").state is SearchState.RELEASED
