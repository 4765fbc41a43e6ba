"""Ways to have more than five plates in one case on a hotlist: its number spelled another way each time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gatehouse.model import SearchState
from tests.unit.hotlist.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize(
    "case",
    [
        "26-0001 a",
        "26.0001A",
        "26/0001-A",
        "26\u20130001a",
        "26\u200b0001a",
        "\uff12\uff16-0001A",
        "#26-0001A",
        "(26-0001A)",
    ],
)
def test_case_that_is_spelled_otherwise_is_the_same(world: World, case: str) -> None:
    answers = [world.ask(f"TEST{at}", case_number="26-0001A") for at in range(5)]
    assert {each.state for each in answers} == {SearchState.RELEASED}
    refused = world.ask("TEST7", case_number=case)
    assert {each.rule.id for each in refused.refusals} == {"hotlist:too-many-plates"}
