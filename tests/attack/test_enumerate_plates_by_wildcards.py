"""Ways to list the plates that passed: patterns one after the other, many open signs, confusables on top."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gatehouse.model import BadInput, PlatePattern, SearchState
from gatehouse.model.plate import ALPHABET
from tests.unit.search.world import PEOPLE, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.close()


@pytest.mark.parametrize("text", ["???????", "TES???", "T?S?1?3", "???", "TE?"])
def test_parse_pattern_of_a_crowd_is_no_search(text: str) -> None:
    with pytest.raises(BadInput):
        PlatePattern.parse(text)


def test_ask_patterns_one_after_the_other_ends_within_the_days_budget(world: World) -> None:
    world.take(*(f"TEST{first}{second}" for first in "AB" for second in ALPHABET))
    answered, listed = 0, set()
    for sign in ALPHABET * 6:
        answer = world.ask(plate=f"TEST{sign}?")
        if answer.state is not SearchState.RELEASED:
            assert {each.rule.id for each in answer.refusals} <= {"door:candidates-spent", "door:too-many"}
            break
        answered += 36
        listed |= {each.read.plate for each in answer.reads}
    assert answered <= world.limits.candidates
    assert answered <= 36 * world.limits.officer_hour
    # 36 plates answer each pattern that any plate answers, which is more than are listed.
    assert listed == set()


def test_ask_two_open_signs_alone_hands_out_nothing(world: World) -> None:
    world.take("TEST12")
    answer = world.ask(plate="TEST??")
    assert (answer.state, answer.reads) == (SearchState.REVIEW_PENDING, ())
    assert world.door.collect(answer.id, by=PEOPLE["o1"]).reads == ()


def test_ask_two_open_signs_and_confusables_spends_all_candidates_at_once(world: World) -> None:
    answer = world.ask(plate="B0B1??", confusables=True)
    assert answer.state is SearchState.DENIED
    assert "door:candidates-spent" in {each.rule.id for each in answer.refusals}
    assert PlatePattern.parse("B0B1??").count(confusables=True) > world.limits.candidates
