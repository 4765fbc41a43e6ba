"""Matches to hits across crashes: none that was acknowledged is lost, none is raised twice."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from gatehouse.hotlist.raising import NotRaised
from gatehouse.hotlist.waiting import NAME, WaitingFile
from gatehouse.ledger.committer import NotRecorded
from gatehouse.model import PartUnavailable, Read
from gatehouse.search.registry import OwnerRules
from tests.unit.hotlist.world import World
from tests.unit.search.world import ALDER, PLATE

SECONDS = timedelta(seconds=1)


class Crash(BaseException):
    """The process ends here."""


def crash(*_: object, **__: object) -> Any:
    raise Crash


def full(*_: object, **__: object) -> Any:
    raise NotRecorded("the disk is full")


def take_in(world: World, *reads: Read) -> int:
    """Take reads of one camera in, and return how many hits that raised."""
    return len(world.hotlists.on_reads(reads, world.camera(ALDER), world.clock()))


def waiting(world: World) -> list[tuple[Any, ...]]:
    path = world.folder / "leads" / NAME
    if not path.exists():
        return []
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT lead, entry, owner FROM waiting").fetchall()


def raised(world: World) -> int:
    return len(world.events("hotlist:hit:"))


@pytest.fixture
def waits(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Return a world whose ledger takes nothing until `monkeypatch.undo`, and where a match waits."""
    world.ask()
    world.clock.move(SECONDS)
    monkeypatch.setattr(world.ledger, "append", full)
    assert take_in(world, world.read()) == 0
    return world


class TestWaiting:
    def test_a_match_that_waits_outlasts_a_restart_and_is_raised_once(
        self, waits: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ((_, entry, owner),) = waiting(waits)
        assert (entry, owner) == (waits.tables.standing()[0].id, ALDER)
        monkeypatch.undo()
        waits.reopen()
        (hit,) = waits.hotlists.hits.hits("cedar-pd")
        assert hit.read is not None and (hit.read.camera, hit.read.plate) == ("a1", PLATE)
        assert waiting(waits) == []
        waits.reopen()
        assert raised(waits) == 1

    def test_a_crash_between_the_record_and_the_file_raises_no_second_hit(
        self, waits: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.undo()
        with monkeypatch.context() as patched:
            patched.setattr(WaitingFile, "replace", crash)
            with pytest.raises(Crash):
                waits.hotlists.hits.retry()
        assert (raised(waits), len(waiting(waits))) == (1, 1)
        waits.reopen()
        assert (raised(waits), waiting(waits)) == (1, [])
        assert waits.hotlists.hits.not_raised == {NotRaised.REPEATED: 1}

    def test_a_crash_before_the_file_has_it_loses_no_match_since_its_batch_comes_again(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.ask()
        world.clock.move(SECONDS)
        read = world.read()
        with monkeypatch.context() as patched:
            patched.setattr(world.ledger, "append", full)
            patched.setattr(WaitingFile, "replace", crash)
            with pytest.raises(Crash):
                take_in(world, read)
        world.reopen()
        assert raised(world) == 0
        assert [take_in(world, read), take_in(world, read)] == [1, 0]

    def test_matches_beyond_what_may_wait_are_counted_and_the_newest_kept(
        self, waits: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("gatehouse.hotlist.raising._MOST", 2)
        first = waiting(waits)
        for _ in range(3):
            waits.clock.move(SECONDS)
            take_in(waits, waits.read())
        assert len(waiting(waits)) == 2
        assert not set(first) & set(waiting(waits))
        assert waits.hotlists.hits.not_raised == {NotRaised.LATE: 2}

    def test_a_match_in_the_file_whose_batch_comes_again_is_one_hit(
        self, waits: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        again = waits.read()
        assert take_in(waits, again) == 0
        assert len(waiting(waits)) == 2
        monkeypatch.undo()
        waits.reopen()
        assert take_in(waits, again) == 0
        assert raised(waits) == 1
        assert waits.hotlists.hits.not_raised == {NotRaised.REPEATED: 2}

    def test_what_waits_too_long_is_no_lead_after_a_restart_either(
        self, waits: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.undo()
        waits.clock.move(timedelta(minutes=16))
        waits.reopen()
        assert waits.hotlists.hits.not_raised == {NotRaised.LATE: 1}
        assert (raised(waits), waiting(waits)) == (0, [])

    def test_an_entry_that_ended_meanwhile_raises_nothing(
        self, waits: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.undo()
        (entry,) = waits.tables.standing()
        waits.hotlists.entries.end(entry.id, by=waits.officer("o1"), reason="found")
        waits.reopen()
        assert waits.hotlists.hits.not_raised == {NotRaised.ENDED: 1}
        assert (raised(waits), waiting(waits)) == (0, [])

    def test_the_file_shows_neither_plate_nor_camera(self, waits: World) -> None:
        path = waits.folder / "leads" / NAME
        assert path.stat().st_mode & 0o777 == 0o600
        kept = path.read_bytes()
        assert ALDER.encode() in kept
        assert PLATE.encode() not in kept and b"camera" not in kept and b"captured_at" not in kept

    def test_a_row_that_was_changed_holds_up_no_other(
        self, waits: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        waits.clock.move(timedelta(minutes=3))
        assert take_in(waits, waits.read()) == 0
        with closing(sqlite3.connect(waits.folder / "leads" / NAME)) as connection, connection:
            connection.execute("UPDATE waiting SET sealed = zeroblob(600) WHERE rowid = 1")
        monkeypatch.undo()
        waits.reopen()
        assert waits.hotlists.hits.not_raised == {NotRaised.FAILED: 1}
        assert (raised(waits), waiting(waits)) == (1, [])

    def test_what_waits_goes_with_the_owners_retention(
        self, waits: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.undo()
        waits.hotlists.parts.leads.sweep(waits.clock(), {ALDER: None})
        waits.reopen()
        assert waits.hotlists.hits.not_raised == {NotRaised.EXPIRED: 1}
        assert (raised(waits), waiting(waits)) == (0, [])

    def test_of_an_owner_that_keeps_hours_nothing_waits_at_rest(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.registry.rules[ALDER] = OwnerRules(timedelta(hours=2))
        world.ask()
        world.clock.move(SECONDS)
        with monkeypatch.context() as patched:
            patched.setattr(world.ledger, "append", full)
            assert take_in(world, world.read()) == 0
        assert waiting(world) == []
        assert len(world.hotlists.hits.retry()) == 1

    def test_a_file_that_fails_is_said_and_the_match_waits_in_memory(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.ask()
        world.clock.move(SECONDS)
        (world.folder / "leads" / NAME).mkdir()
        with monkeypatch.context() as patched:
            patched.setattr(world.ledger, "append", full)
            with pytest.raises(PartUnavailable, match="file of matches"):
                take_in(world, world.read())
        assert len(world.hotlists.hits.retry()) == 1


class TestRepeated:
    @pytest.mark.parametrize("retention", [timedelta(days=30), timedelta(hours=2)])
    def test_a_batch_that_comes_again_after_its_hit_raises_none(
        self, world: World, retention: timedelta
    ) -> None:
        world.registry.rules[ALDER] = OwnerRules(retention)
        world.ask()
        world.clock.move(SECONDS)
        read = world.read()
        assert take_in(world, read) == 1
        world.reopen()
        world.clock.move(timedelta(minutes=30))
        assert take_in(world, read) == 0
        assert world.hotlists.hits.not_raised == {NotRaised.REPEATED: 1}
        assert raised(world) == 1

    def test_the_same_car_at_another_time_or_camera_is_another_hit(self, world: World) -> None:
        world.ask()
        world.clock.move(SECONDS)
        read = world.read()
        assert take_in(world, read) == 1
        world.reopen()
        assert take_in(world, world.read(camera="a2", at=read.captured_at)) == 1
        world.clock.move(timedelta(minutes=2))
        assert take_in(world, world.read()) == 1

    def test_a_crash_in_the_middle_of_a_batch_is_made_good_by_the_batch_alone(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        plates = ("TEST1", "TEST2", "TEST3")
        for plate in plates:
            world.ask(plate)
        world.clock.move(SECONDS)
        reads = [world.read(plate) for plate in plates]
        append, left = world.ledger.append, [1]

        def ends(*given: Any, **named: Any) -> Any:
            if not left:
                raise Crash
            left.pop()
            return append(*given, **named)

        monkeypatch.setattr(world.ledger, "append", ends)
        with pytest.raises(Crash):
            take_in(world, *reads)
        monkeypatch.undo()
        world.reopen()
        assert raised(world) == 1
        assert take_in(world, *reads) == 2
        assert sorted(hit.plate for hit in world.hotlists.hits.hits("cedar-pd")) == list(plates)
