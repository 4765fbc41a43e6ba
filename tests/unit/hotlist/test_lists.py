"""Lists: full ones replace, changes add and delete, and each row is a standing search of its own."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from gatehouse.hotlist.asking import list_intent
from gatehouse.hotlist.errors import ListEmpty, ListShrinks, WrongStep
from gatehouse.hotlist.importing import read_list
from gatehouse.hotlist.lists import ListMode
from gatehouse.hotlist.rows import RowRefusal
from gatehouse.law.codes import BANS
from gatehouse.ledger.canonical import Json
from gatehouse.ledger.committer import NotRecorded
from gatehouse.ledger.pending import Pending
from gatehouse.model import BadInput, Scope, SearchState
from gatehouse.search.errors import Refused
from tests.unit.hotlist.world import CUSTODIANS, STATE_LIST, WAITING, World
from tests.unit.search.world import CEDAR

HEADER = "Plate,State,Type,Case\n"
TWO = f"{HEADER}TEST1,OH,Stolen,26-1\nTEST2,OH,Stolen,26-2\n"


def replacing(sha256: str, listed_at: datetime) -> dict[str, Json]:
    """Return what is signed for a full list that its source made at a time."""
    return list_intent(CEDAR, STATE_LIST, sha256, mode=ListMode.REPLACES.value, listed_at=listed_at)


class TestSource:
    def test_an_authoritative_source_takes_two_custodians(self, world: World) -> None:
        world.source()
        source = world.tables.source(CEDAR, STATE_LIST)
        assert source is not None
        assert (source.authoritative_from, source.officer, source.scope) == (
            world.entered_at(source.entry) + WAITING,
            "o1",
            Scope.NEIGHBORS,
        )
        values = world.values(0)
        assert (values["officer"], values["approver"]) == ("c1", "c2")
        detail = values["detail"]
        assert isinstance(detail, dict) and detail["waiting_days"] == 7

    def test_it_is_authoritative_once_its_agencys_waiting_time_is_over(self, world: World) -> None:
        world.registry.rules[CEDAR] = replace(world.registry.rules[CEDAR], waiting=timedelta(days=9))
        world.source()
        text = HEADER + "".join(f"TEST{number},OH,Stolen,26-1\n" for number in range(6))
        assert world.take(text).states == {SearchState.RELEASED: 5, SearchState.DENIED: 1}
        world.clock.move(timedelta(days=9) - timedelta(seconds=1))
        assert world.take(text).states == {SearchState.DENIED: 1}
        world.clock.move(timedelta(seconds=1))
        assert world.take(text).states == {SearchState.RELEASED: 1}

    def test_setting_it_again_neither_shortens_nor_lengthens_what_it_waits(self, world: World) -> None:
        world.source()
        first = world.tables.sources(CEDAR)
        world.clock.move(timedelta(days=3))
        world.source()
        assert [each.authoritative_from for each in world.tables.sources(CEDAR)] == [
            first[0].authoritative_from
        ]

    def test_that_it_is_none_any_more_counts_at_once_and_then_it_waits_anew(self, world: World) -> None:
        world.source()
        world.clock.move(WAITING)
        world.source(authoritative=False)
        (source,) = world.tables.sources(CEDAR)
        assert source.authoritative_from is None and not source.authoritative(world.clock())
        world.source()
        (source,) = world.tables.sources(CEDAR)
        assert source.authoritative_from == world.entered_at(source.entry) + WAITING

    @pytest.mark.parametrize(("by", "second"), [("c1", None), ("c1", "c1"), ("c1", "s1"), ("o1", "c2")])
    def test_fewer_are_refused(self, world: World, by: str, second: str | None) -> None:
        with pytest.raises(Refused, match="custodian"):
            world.hotlists.lists.set_source(
                "x",
                by=world.officer(by),
                officer=world.officer("o1"),
                second=None if second is None else world.officer(second),
                authoritative=True,
            )
        assert world.events() == []

    @pytest.mark.parametrize("age", [timedelta(minutes=4), timedelta(days=8)])
    def test_the_age_of_lists_is_bounded(self, world: World, age: timedelta) -> None:
        with pytest.raises(BadInput):
            world.hotlists.lists.set_source(
                "x", by=CUSTODIANS[0], officer=world.officer("o1"), longest_age=age
            )

    def test_someone_of_another_agency_is_not_responsible(self, world: World) -> None:
        with pytest.raises(Refused):
            world.hotlists.lists.set_source("x", by=CUSTODIANS[0], officer=world.officer("alder-o"))


class TestTake:
    def test_each_row_is_a_standing_search(self, world: World) -> None:
        world.source()
        taken = world.take(TWO)
        assert (taken.kept, taken.ended, taken.states) == (0, 0, Counter({SearchState.RELEASED: 2}))
        assert Counter(world.events("hotlist:entry:")) == {"requested": 2, "permitted": 2, "released": 2}
        assert len(world.pass_by("TEST1", state="OH")) == 1
        assert len(world.pass_by("TEST2", state="OH")) == 1

    def test_rows_of_equal_facts_share_their_decisions(self, world: World) -> None:
        world.source()
        world.take(TWO)
        decided = {row.decided for row in world.tables.standing()}
        assert len(decided) == 1
        (index,) = decided
        assert index is not None
        detail = [world.values(at)["detail"] for at in range(world.ledger.log.size)]
        named = [each["decisions"] for each in detail if isinstance(each, dict) and "decisions" in each]
        assert named == [None, index]

    def test_the_record_counts_what_was_refused(self, world: World) -> None:
        world.source()
        taken = world.take(f"{HEADER}TEST1,OH,IVF,26-1\nTEST2,OH,Gang,26-2\nTEST3,OH,Stolen,26-3\n")
        assert taken.refused == {RowRefusal.IMMIGRATION: 1, RowRefusal.FILE_NOT_TAKEN: 1}
        assert world.values(taken.index)["counts"] == {
            "denied_before": 0,
            "ended": 0,
            "lines": 4,
            "new": 1,
            "refused": {"file_not_taken": 1, "immigration": 1},
            "rows": 1,
        }

    def test_a_full_list_ends_what_is_no_longer_on_it(self, world: World) -> None:
        world.source()
        world.take(TWO)
        taken = world.take(f"{HEADER}TEST2,OH,Stolen,26-2\nTEST3,OH,Stolen,26-3\n")
        assert (taken.kept, taken.ended, taken.states) == (1, 1, Counter({SearchState.RELEASED: 1}))
        assert [len(world.pass_by(plate)) for plate in ("TEST1", "TEST2", "TEST3")] == [0, 1, 1]

    def test_changes_add_and_delete(self, world: World) -> None:
        world.source()
        world.take(TWO)
        assert world.take(f"{HEADER}TEST3,OH,Stolen,26-3\n", mode=ListMode.ADDS).ended == 0
        assert world.take(f"{HEADER}TEST1,OH,Stolen,26-1\n", mode=ListMode.DELETES).ended == 1
        assert [len(world.pass_by(plate)) for plate in ("TEST1", "TEST2", "TEST3")] == [0, 1, 1]
        assert world.events("hotlist:list:") == ["source_set", "replaced", "changed", "changed"]

    def test_a_deleted_row_stays_deleted_after_a_restart(self, world: World) -> None:
        world.source()
        world.take(TWO)
        world.take(f"{HEADER}TEST1,OH,Stolen,26-1\n", mode=ListMode.DELETES)
        world.reopen()
        assert world.pass_by("TEST1") == []

    def test_deletions_that_are_not_recorded_leave_the_entries_standing(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.source()
        world.take(TWO)

        def full(*_: object, **__: object) -> None:
            raise NotRecorded("the disk is full")

        monkeypatch.setattr(world.ledger, "append", full)
        with pytest.raises(NotRecorded):
            world.take(f"{HEADER}TEST1,OH,Stolen,26-1\n", mode=ListMode.DELETES)
        monkeypatch.undo()
        assert len(world.pass_by("TEST1")) == 1

    def test_an_older_list_is_refused(self, world: World) -> None:
        world.source()
        world.take(TWO)
        report = read_list(TWO.encode(), at=world.clock())
        earlier = world.clock() - timedelta(days=1)
        signed = world.sign(replacing(report.sha256, earlier), "c1")
        with pytest.raises(WrongStep, match="older"):
            world.hotlists.lists.take(
                STATE_LIST,
                report,
                by=world.officer("c1"),
                signed=signed,
                listed_at=earlier,
            )
        assert len(world.pass_by("TEST1")) == 1

    def test_a_row_that_is_still_listed_is_asked_for_anew_in_time(self, world: World) -> None:
        world.source()
        world.take(TWO)
        world.clock.move(timedelta(days=50))
        taken = world.take(TWO)
        assert (taken.ended, taken.states) == (2, Counter({SearchState.RELEASED: 2}))
        assert {row.until - world.clock.at > timedelta(days=80) for row in world.tables.standing()} == {True}
        assert len(world.pass_by("TEST1")) == 1

    def test_a_source_that_is_not_authoritative_has_five_plates_a_case(self, world: World) -> None:
        world.source(authoritative=False)
        rows = "".join(f"TEST{at},OH,Stolen,26-1\n" for at in range(7))
        assert world.take(HEADER + rows).states == {SearchState.RELEASED: 5, SearchState.DENIED: 2}

    @pytest.mark.parametrize("text", [HEADER, f"{HEADER}TEST1,OH,Gang,26-1\n"])
    def test_a_full_list_without_a_row_ends_nothing(self, world: World, text: str) -> None:
        world.source()
        world.take(TWO)
        events = world.events()
        with pytest.raises(ListEmpty):
            world.take(text)
        assert world.events() == events
        assert world.take(text, mode=ListMode.ADDS).ended == 0
        assert len(world.pass_by("TEST1")) == 1

    def test_a_full_list_that_ends_nearly_everything_has_to_be_meant(self, world: World) -> None:
        world.source()
        rows = [f"TEST{at},OH,Stolen,26-{at}\n" for at in range(21)]
        world.take(HEADER + "".join(rows))
        few = HEADER + "".join(rows[:2])
        with pytest.raises(ListShrinks) as refused:
            world.take(few)
        assert (refused.value.expected, refused.value.got) == ("at least 3 rows, as 21 stand", "2 rows")
        assert len(world.pass_by("TEST20")) == 1
        assert world.take(few, shrinks=True).ended == 19
        assert len(world.pass_by("TEST20")) == 0

    def test_that_it_is_meant_is_part_of_what_is_signed(self, world: World) -> None:
        world.source()
        report = read_list(TWO.encode(), at=world.clock())
        at = world.clock()
        signed = world.sign(replacing(report.sha256, at), "c1")
        with pytest.raises(Refused, match="signs exactly"):
            world.hotlists.lists.take(
                STATE_LIST,
                report,
                by=world.officer("c1"),
                signed=signed,
                listed_at=at,
                shrinks=True,
            )

    def test_plates_of_a_case_count_over_all_its_lists(self, world: World) -> None:
        world.source(authoritative=False)
        taken = [
            world.take(f"{HEADER}TEST{at},OH,Stolen,26-1\n", mode=ListMode.ADDS).states for at in range(6)
        ]
        assert taken == [{SearchState.RELEASED: 1}] * 5 + [{SearchState.DENIED: 1}]

    def test_what_an_earlier_list_left_open_is_asked_for_again(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.source()
        submit, left = world.ledger.submit, iter(range(3))

        def full(*given: Any, **more: Any) -> Pending:
            if next(left, None) is None:
                raise NotRecorded("the disk is full")
            return submit(*given, **more)

        monkeypatch.setattr(world.ledger, "submit", full)
        with pytest.raises(NotRecorded):
            world.take(f"{TWO}TEST3,OH,Stolen,26-3\nTEST4,OH,Stolen,26-4\n")
        monkeypatch.undo()
        assert world.take(TWO).states == {SearchState.RELEASED: 1}
        assert {row.state for row in world.tables.entries("1")} == {SearchState.RELEASED}
        assert [len(world.pass_by(plate)) for plate in ("TEST1", "TEST2")] == [1, 1]

    def test_a_list_of_no_source_is_refused(self, world: World) -> None:
        with pytest.raises(Refused, match="a custodian"):
            world.take(TWO)

    def test_a_list_that_nobody_signed_is_refused(self, world: World) -> None:
        world.source()
        report = read_list(TWO.encode(), at=world.clock())
        at = world.clock()
        other = world.sign(replacing("0" * 64, at), "c1")
        for signed in (None, other):
            with pytest.raises(Refused, match="signs exactly"):
                world.hotlists.lists.take(
                    STATE_LIST, report, by=world.officer("c1"), signed=signed, listed_at=at
                )

    def test_a_scope_wider_than_serves_the_purpose_is_narrowed(self, world: World) -> None:
        world.hotlists.lists.set_source(
            STATE_LIST,
            by=CUSTODIANS[0],
            officer=world.officer("o1"),
            second=CUSTODIANS[1],
            authoritative=True,
            scope=Scope.NETWORK,
        )
        taken = world.take(TWO)
        assert taken.states == {SearchState.RELEASED: 2}


class TestDeniedBefore:
    """Rows that are denied are asked for again once what that rests on is another."""

    @pytest.fixture
    def denied(self, world: World) -> World:
        """Return a world in which no owner permits."""
        for owner in world.registry.cameras:
            world.registry.bans[owner] = frozenset(BANS)
        world.source()
        assert world.take(TWO).states == {SearchState.DENIED: 2}
        return world

    def test_they_are_counted_and_not_recorded_again(self, denied: World) -> None:
        entries = denied.events("hotlist:entry:")
        taken = denied.take(f"{TWO}TEST3,OH,Stolen,26-3\n")
        assert (taken.kept, taken.denied_before, taken.states) == (0, 2, {SearchState.DENIED: 1})
        assert denied.events("hotlist:entry:")[len(entries) :] == ["requested", "denied"]
        counts = denied.values(taken.index)["counts"]
        assert isinstance(counts, dict)
        assert (counts["rows"], counts["new"], counts["denied_before"]) == (3, 1, 2)
        assert denied.take(TWO).denied_before == 2

    def test_another_rule_has_them_asked_for_again(self, denied: World) -> None:
        denied.registry.bans.clear()
        assert denied.take(TWO).states == {SearchState.RELEASED: 2}

    def test_another_day_has_them_asked_for_again(self, denied: World) -> None:
        denied.clock.move(timedelta(days=1))
        assert denied.take(TWO).states == {SearchState.DENIED: 2}

    def test_another_setting_of_the_source_has_them_asked_for_again(self, denied: World) -> None:
        denied.hotlists.lists.set_source(STATE_LIST, by=CUSTODIANS[0], officer=denied.officer("o2"))
        assert denied.take(TWO).states == {SearchState.DENIED: 2}

    def test_a_restart_has_them_asked_for_again(self, denied: World) -> None:
        denied.reopen()
        assert denied.take(TWO).states == {SearchState.DENIED: 2}

    def test_a_failure_is_not_remembered(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_: object, **__: object) -> None:
            raise RuntimeError

        world.source()
        monkeypatch.setattr("gatehouse.hotlist.deciding.judge", fail)
        assert world.take(TWO).states == {SearchState.DENIED: 2}
        monkeypatch.undo()
        assert world.take(TWO).states == {SearchState.RELEASED: 2}

    def test_a_case_that_has_room_again_takes_one_that_was_too_many(self, world: World) -> None:
        world.source(authoritative=False)
        rows = [f"TEST{at},OH,Stolen,26-1\n" for at in range(7)]
        assert world.take(HEADER + "".join(rows)).states == {SearchState.RELEASED: 5, SearchState.DENIED: 2}
        assert world.take(HEADER + "".join(rows)).denied_before == 2
        taken = world.take(HEADER + "".join(rows[1:]))
        assert (taken.ended, taken.kept, taken.states) == (
            1,
            4,
            {SearchState.RELEASED: 1, SearchState.DENIED: 1},
        )
