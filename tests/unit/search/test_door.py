"""The door: five steps, each on the record, and what is told of every owner."""

from __future__ import annotations

from tests.unit.search.world import ALDER, CEDAR, PLATE, World


def test_ask_permitted_is_answered_and_on_the_record(world: World) -> None:
    world.take(PLATE, "OTHER1")
    world.take(PLATE, owner=ALDER)
    answer = world.ask()
    assert world.events() == [f"search:plate:{step}" for step in ("requested", "permitted", "released")]
    assert answer.state == "released"
    assert sorted((each.owner, each.read.plate, each.exact) for each in answer.reads) == [
        (ALDER, PLATE, True),
        (CEDAR, PLATE, True),
    ]
