"""Training: on the record as training, decided like a search, and nowhere near a read."""

from __future__ import annotations

import dataclasses
from typing import Any

from gatehouse.model import SearchMode, SearchState
from gatehouse.search.door import Door
from tests.unit.search.world import ALDER, CEDAR, PLATE, World

TRAINING: dict[str, Any] = {"mode": SearchMode.TRAINING}


class Untouchable:
    """A part that fails a test as soon as it is used."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"training reached for {name}")


def without_reads(world: World) -> None:

    world.door = Door(dataclasses.replace(world.parts, vault=Untouchable(), reads=Untouchable()))


def test_ask_training_answers_invented_reads_without_vault_and_store(world: World) -> None:
    world.take(PLATE)
    without_reads(world)
    answer = world.ask(**TRAINING)
    assert answer.state is SearchState.RELEASED
    assert answer.training is True
    assert [(each.owner, each.read.camera, each.read.plate) for each in answer.reads] == [
        (CEDAR, "training", PLATE),
        (ALDER, "training", PLATE),
    ]
    assert answer.counts == {"reads": 2, "invented": True}
    assert world.events() == [f"training:plate:{step}" for step in ("requested", "permitted", "answered")]


def test_ask_training_with_a_plate_that_may_be_real_is_refused(world: World) -> None:
    answer = world.ask(**TRAINING, plate="ABC1234")
    assert [each.rule.id for each in answer.refusals] == ["door:not-a-test-plate"]
    assert world.events() == ["training:plate:requested", "training:plate:denied"]


def test_ask_training_that_would_wait_asks_no_supervisor(world: World) -> None:
    without_reads(world)
    answer = world.ask(**TRAINING, reason="inv")
    assert (answer.state, answer.reads) == (SearchState.DENIED, ())
    assert [each.outcome.value for each in answer.refusals] == ["review"]
    assert world.tables.reviews(answer.id) == []


def test_ask_training_spends_no_candidates_and_gets_no_marks(world: World) -> None:
    for _ in range(6):
        world.ask(**TRAINING, plate="TEST1??")
    assert world.ask(plate="TEST1?").state is SearchState.RELEASED
    assert world.parts.history.marks_of(CEDAR, since=world.clock() - world.limits.history) == []
