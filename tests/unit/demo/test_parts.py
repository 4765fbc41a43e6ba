"""The small parts of the story: its clock, its folder, its traffic, and what it holds against answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gatehouse.demo.clock import StoryClock
from gatehouse.demo.folder import MARK, made_anew
from gatehouse.demo.stage import comes_out, decided
from gatehouse.demo.step import NotAsTold
from gatehouse.demo.traffic import day_of
from gatehouse.model import BadUse

START = datetime(2026, 11, 1, 6, tzinfo=UTC)
TOWNS = {"IL": ["a1", "a2"], "TX": ["b1"]}


def answer(outcome: str = "deny") -> dict[str, Any]:
    rule = {"id": "r/1", "citation": "Rule 1", "sentence": "No.", "confidence": "text"}
    owners = ["prairie-bend-il-pd", "dry-fork-tx-pd"]
    return {
        "state": "denied",
        "groups": [{"outcome": outcome, "owners": [owner], "rules": [rule]} for owner in owners],
        "refusals": [{"rule": rule}],
    }


class TestClock:
    def test_turned_stands_where_it_was_turned_to(self) -> None:
        clock = StoryClock(START)
        clock.turn(timedelta(hours=1))
        assert clock() == START + timedelta(hours=1)

    @pytest.mark.parametrize("span", [timedelta(seconds=-1), timedelta(days=36_500)])
    def test_turned_back_or_into_the_future_is_refused(self, span: timedelta) -> None:
        clock = StoryClock(START)
        with pytest.raises(BadUse):
            clock.turn(span)
        assert clock() == START


class TestFolder:
    def test_made_anew_replaces_an_earlier_demonstration(self, tmp_path: Path) -> None:
        folder = made_anew(tmp_path / "story")
        (folder / "transcript.txt").write_text("old")
        assert [each.name for each in made_anew(folder).iterdir()] == [MARK]

    def test_made_anew_over_anything_else_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "own.txt").write_text("mine")
        with pytest.raises(BadUse):
            made_anew(tmp_path)
        assert (tmp_path / "own.txt").read_text() == "mine"


class TestTraffic:
    def test_day_comes_out_alike_within_its_span_and_past_every_camera(self) -> None:
        found = day_of(TOWNS, START, timedelta(hours=24))
        assert found == day_of(TOWNS, START, timedelta(hours=24))
        assert {each.camera for each in found} == {"a1", "a2", "b1"}
        assert found[0].at >= START
        assert found[-1].at < START + timedelta(hours=24)
        assert not [each for each in found if each.plate.startswith("TEST")]

    def test_no_two_cars_share_a_plate(self) -> None:
        states: dict[str, set[str]] = {}
        for each in day_of(TOWNS, START, timedelta(hours=24)):
            states.setdefault(each.plate, set()).add(each.state)
        assert {len(each) for each in states.values()} == {1}


class TestAnswers:
    def test_answer_as_told_passes(self) -> None:
        comes_out(answer(), "denied", {"prairie-bend-il-pd": "deny", "dry-fork-tx-pd": "deny"})

    @pytest.mark.parametrize(
        ("state", "outcome"), [("released", "deny"), ("denied", "permit"), ("denied", "review")]
    )
    def test_answer_that_is_another_is_not_as_told(self, state: str, outcome: str) -> None:
        with pytest.raises(NotAsTold):
            comes_out(answer(), state, {"prairie-bend-il-pd": "deny", "dry-fork-tx-pd": outcome})

    def test_rule_is_shown_once_with_all_whom_it_decided_for(self) -> None:
        (shown,) = decided(answer())
        assert (shown.label, shown.text) == ("refused by all 2 owners", "Rule 1: No.")

    def test_other_outcomes_are_left_out(self) -> None:
        assert decided(answer("permit"), "deny") == []
