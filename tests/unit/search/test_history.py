"""Rates and budgets refuse; marks only show, and only to supervisors."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gatehouse.model import BadUse, SearchState
from gatehouse.search import looking
from gatehouse.search.history import History
from gatehouse.search.limits import Limits
from tests.unit.search.world import AT, PEOPLE, World


def refused_by(answer: Any) -> list[str]:
    return [each.rule.id for each in answer.refusals]


def kinds(world: World) -> list[str]:
    return [each.kind.value for each in looking.marks(world.parts, by=PEOPLE["s1"], since=AT)]


@pytest.fixture
def strict(tmp_path: Path) -> Any:
    world = World(
        tmp_path,
        Limits(
            candidates=80,
            officer_hour=3,
            agency_hour=5,
            same_plate=2,
            volume=2,
            volume_ratio=2,
            hours_known=3,
        ),
    )
    yield world
    world.close()


def test_bars_officer_and_agency_have_hourly_rates(strict: World) -> None:
    plates = iter(f"TEST1{number}" for number in range(10, 99))
    assert [strict.ask(plate=next(plates)).state.value for _ in range(4)] == ["released"] * 3 + ["denied"]
    other: dict[str, Any] = {"officer": "o2", "entered_by": "o2"}
    assert strict.ask(plate=next(plates), **other).state is SearchState.RELEASED
    assert refused_by(strict.ask(plate=next(plates), **other)) == ["door:too-many"]
    strict.clock.move(timedelta(hours=1, seconds=1))
    assert strict.ask(plate=next(plates)).state is SearchState.RELEASED


def test_bars_hourly_rate_is_that_of_a_person_whoever_the_search_is_for(strict: World) -> None:
    plates = iter(f"TEST1{number}" for number in range(10, 99))
    names = ("o1", "o2", "o1", "o2")
    answers = [strict.ask(plate=next(plates), officer=name, entered_by="o1") for name in names]

    assert [answer.state.value for answer in answers] == ["released"] * 3 + ["denied"]
    assert refused_by(answers[-1]) == ["door:too-many"]
    # The other officer has asked for two, and may ask for a third.
    assert strict.ask(plate=next(plates), officer="o2", entered_by="o2").state is SearchState.RELEASED


def test_bars_candidates_of_officer_and_case_have_a_daily_budget(strict: World) -> None:
    assert strict.ask(plate="TEST1?").state is SearchState.RELEASED
    assert strict.ask(plate="TEST2?").state is SearchState.RELEASED
    assert refused_by(strict.ask(plate="TEST3?")) == ["door:candidates-spent"]
    strict.clock.move(timedelta(hours=2))
    assert refused_by(strict.ask(plate="TEST4?", case_number=" 26-012 34 ")) == ["door:candidates-spent"]
    assert strict.ask(plate="TEST4?", case_number="26-99").state is SearchState.RELEASED
    strict.clock.move(timedelta(hours=23))
    assert strict.ask(plate="TEST3?").state is SearchState.RELEASED


def test_bars_candidates_of_an_officer_are_bounded_over_all_cases(tmp_path: Path) -> None:
    world = World(tmp_path, Limits(candidates=50, cases=2))
    for number in range(2):
        answer = world.ask(plate="TEST1?", case_number=f"26-{number}")
        assert answer.state is SearchState.RELEASED
    assert refused_by(world.ask(plate="TEST1?", case_number="26-3")) == ["door:candidates-spent"]
    world.close()


def test_marks_same_plate_again_and_in_agency(strict: World) -> None:
    for _ in range(2):
        strict.ask()
    assert "same_plate" not in kinds(strict)
    strict.ask(plate="test 123")
    assert kinds(strict).count("same_plate") == 1
    strict.clock.move(timedelta(hours=2))
    strict.ask(officer="o2", entered_by="o2")
    assert kinds(strict).count("same_plate_in_agency") == 0
    strict.ask(officer="o2", entered_by="o2")
    assert kinds(strict).count("same_plate_in_agency") == 1


def test_marks_same_plate_that_one_person_enters_in_several_names(strict: World) -> None:
    for name in ("o1", "o2", "o2"):
        strict.ask(officer=name, entered_by="o1")

    assert kinds(strict).count("same_plate") == 1


def test_marks_volume_once_a_day_and_against_ones_own_usual(strict: World) -> None:
    plates = iter(f"TEST{number}" for number in range(100, 999))
    for _ in range(3):
        strict.ask(plate=next(plates))
    assert kinds(strict) == ["volume"]
    strict.clock.move(timedelta(hours=2))
    strict.ask(plate=next(plates))
    assert kinds(strict) == ["volume"]


def test_marks_far_from_own_hours(strict: World) -> None:
    plates = iter(f"TEST{number}" for number in range(100, 999))
    for _ in range(3):
        strict.ask(plate=next(plates))
        strict.clock.move(timedelta(days=1))
    strict.clock.move(timedelta(hours=3))
    strict.ask(plate=next(plates))
    assert "far_from_own_hours" not in kinds(strict)
    strict.clock.move(timedelta(hours=5))
    strict.ask(plate=next(plates))
    assert "far_from_own_hours" in kinds(strict)


def test_marks_change_no_decision_and_are_not_told_the_officer(strict: World) -> None:
    answers = [strict.ask() for _ in range(3)]
    assert {each.state for each in answers} == {SearchState.RELEASED}
    assert not hasattr(answers[-1], "marks")


def test_requested_forgets_keyed_hashes_after_the_history(world: World) -> None:
    first = world.ask()
    world.clock.move(timedelta(days=91))
    second = world.ask(officer="o2", entered_by="o2")
    connection = sqlite3.connect(world.ledger.folder.log)
    found = dict(connection.execute("SELECT id, plate IS NULL AND matter IS NULL FROM search_search"))
    connection.close()
    assert found == {first.id: 1, second.id: 0}


def test_plate_hash_needs_its_key_and_links_no_two_agencies(world: World) -> None:
    other = History(world.tables, key=b"\x06" * 32, limits=Limits())
    search = world.search()
    assert world.parts.history.plate(search) != other.plate(search)
    assert world.parts.history.plate(search) != world.parts.history.plate(world.search(agency="alder-pd"))
    with pytest.raises(BadUse):
        History(world.tables, key=b"short", limits=Limits())
