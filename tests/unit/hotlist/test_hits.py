"""Hits: on the record before they are delivered, confirmed by people, stopped when nobody does."""

from __future__ import annotations

import sqlite3
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Never

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatehouse.hotlist.errors import UnknownEntry, WrongStep
from gatehouse.hotlist.leads import Disposition, Hit, Refutation, lead_data, lead_of
from gatehouse.hotlist.matching import StateFit
from gatehouse.hotlist.raising import NotRaised
from gatehouse.ledger.canonical import to_canonical
from gatehouse.ledger.committer import NotRecorded
from gatehouse.ledger.folder import Ledger
from gatehouse.model import BadUse, HitState, Process, ProcessKind, Purpose, SearchState
from gatehouse.search.errors import Refused
from gatehouse.search.registry import OwnerRules
from tests.unit.hotlist.world import World
from tests.unit.ledger.folders import rely_on_a_dead_witness
from tests.unit.search.world import ALDER, CEDAR, ELM, PLATE

MINUTES = timedelta(minutes=1)


def confirm(world: World, hit: Hit, by: str = "o1") -> Hit:
    return world.hotlists.hits.confirm_plate(hit.id, by=world.officer(by), plate=True, state=True, image=True)


class TestRaise:
    def test_a_hit_tells_what_was_read_and_what_is_listed(self, world: World) -> None:
        entry = world.ask(state="OH").id
        (hit,) = world.pass_by(state="OH")
        assert (hit.entry, hit.agency, hit.owner, hit.state) == (entry, CEDAR, ALDER, HitState.RAISED)
        assert (hit.plate, hit.plate_state, hit.purpose) == (PLATE, "OH", Purpose.STOLEN_VEHICLE_OR_PLATE)
        assert (hit.exact, hit.fit, hit.candidate) == (True, StateFit.SAME, False)
        assert hit.read is not None and (hit.read.camera, hit.read.image) == ("a1", "ab" * 32)
        assert hit.receipt.index == hit.id
        assert world.counted == [hit.id]

    def test_its_entry_is_on_the_record_with_the_age_of_the_list(self, world: World) -> None:
        world.source()
        world.take("Plate,State,Type,Case\nTEST123,OH,Stolen,26-7\n")
        world.clock.move(timedelta(hours=5))
        (hit,) = world.pass_by()
        values = world.values(hit.id)
        detail = values["detail"]
        assert isinstance(detail, dict)
        assert (values["owners"], values["counts"]) == ([ALDER], {"plates": 1, "reads": 1})
        assert detail["list_age_seconds"] == 5 * 3600 + 180
        assert hit.list_age // MINUTES == 303
        assert (hit.fit, hit.candidate) == (StateFit.NOT_READ, True)

    def test_the_record_of_a_hit_tells_neither_camera_nor_what_was_read(self, world: World) -> None:
        world.ask("TEST1", confusables=True)
        (hit,) = world.pass_by("TESTI", camera="cam-77")
        kept = to_canonical(dict(world.values(hit.id))).decode()
        assert "cam-77" not in kept
        assert "TESTI" not in kept
        assert not hit.exact

    def test_the_same_car_before_the_same_camera_is_one_hit(self, world: World) -> None:
        world.ask()
        reads = [world.read() for _ in range(3)]
        assert len(world.hotlists.on_reads(reads, world.camera(ALDER), world.clock())) == 1
        assert world.hotlists.hits.not_raised == {NotRaised.REPEATED: 2}
        assert len(world.pass_by(camera="a2")) == 1

    def test_a_list_that_is_too_old_stops_alerting(self, world: World) -> None:
        world.source()
        world.take("Plate,Type,Case\nTEST123,Stolen,26-7\n")
        world.clock.move(timedelta(hours=48))
        assert world.pass_by() == []
        assert world.hotlists.hits.not_raised == {NotRaised.STALE: 1}
        world.take("Plate,Type,Case\nTEST123,Stolen,26-7\n")
        assert len(world.pass_by()) == 1

    def test_what_was_captured_before_the_entry_stood_is_no_hit(self, world: World) -> None:
        old = world.read()
        world.ask()
        assert world.hotlists.on_reads([old], world.camera(ALDER), world.clock()) == []

    def test_an_entry_outlives_the_retention_of_its_owners(self, world: World) -> None:
        world.registry.rules[ALDER] = OwnerRules(timedelta(days=2))
        world.ask(days=7)
        world.clock.move(timedelta(days=6))
        assert len(world.pass_by()) == 1

    def test_hits_of_an_owner_without_retention_are_none(self, world: World) -> None:
        world.ask()
        assert world.pass_by(owner=ELM) == []


class TestConfirm:
    def test_a_lead_is_confirmed_by_plate_then_origin_then_closed(self, world: World) -> None:
        world.ask()
        (hit,) = world.pass_by()
        assert confirm(world, hit).state is HitState.PLATE_CONFIRMED
        hits, officer = world.hotlists.hits, world.officer("o1")
        asked = hits.confirm_origin(hit.id, by=officer, origin="Cedar PD", reference="call 7")
        assert asked.state is HitState.ORIGIN_CONFIRMED
        closed = hits.close(hit.id, by=officer, disposition=Disposition.LOCATED, ori="WY0000000")
        assert closed.state is HitState.CLOSED
        assert world.events("hotlist:hit:") == ["raised", "plate_confirmed", "origin_confirmed", "closed"]
        detail = world.values(closed.receipt.index + 3)["detail"]
        assert isinstance(detail, dict)
        assert (detail["disposition"], detail["ori"]) == ("located", "WY0000000")

    def test_a_part_of_the_three_confirms_nothing(self, world: World) -> None:
        world.ask()
        (hit,) = world.pass_by()
        with pytest.raises(BadUse, match="together"):
            world.hotlists.hits.confirm_plate(
                hit.id, by=world.officer("o1"), plate=True, state=False, image=True
            )
        assert world.events("hotlist:hit:") == ["raised"]

    def test_the_origin_is_not_asked_before_the_plate_is_confirmed(self, world: World) -> None:
        world.ask()
        (hit,) = world.pass_by()
        officer = world.officer("o1")
        with pytest.raises(WrongStep):
            world.hotlists.hits.confirm_origin(hit.id, by=officer, origin="x", reference="y")
        with pytest.raises(WrongStep):
            world.hotlists.hits.close(hit.id, by=officer, disposition=Disposition.NO_HIT)

    def test_a_hit_of_another_agency_is_none(self, world: World) -> None:
        world.ask()
        (hit,) = world.pass_by()
        with pytest.raises(UnknownEntry):
            confirm(world, hit, "alder-o")

    def test_misreads_are_kept_by_camera_as_signs(self, world: World) -> None:
        world.ask("TEST8O", confusables=True)
        (first,) = world.pass_by("TEST80", camera="a1")
        world.hotlists.hits.refute(first.id, by=world.officer("o1"), why=Refutation.MISREAD, really="TESTB0")
        (second,) = world.pass_by("TEST8O", camera="a1")
        confirm(world, second)
        assert world.tables.feedback() == {"a1": {"wrong": 1, "8>B": 1, "right": 1}}


class TestStop:
    def test_three_hits_that_nobody_confirms_stop_delivery(self, world: World) -> None:
        world.ask()
        found = [len(world.pass_by()) for _ in range(5)]
        assert found == [1, 1, 1, 0, 0]
        assert world.hotlists.hits.not_raised == {NotRaised.STOPPED: 2}

    def test_confirmed_hits_do_not_count(self, world: World) -> None:
        world.ask()
        for _ in range(5):
            (hit,) = world.pass_by()
            confirm(world, hit)

    def test_confirming_late_does_not_let_it_go_on(self, world: World) -> None:
        world.ask()
        hits = [hit for _ in range(3) for hit in world.pass_by()]
        confirm(world, hits[0])
        assert world.pass_by() == []

    def test_a_hit_that_waits_for_48_hours_stops_delivery_for_good(self, world: World) -> None:
        world.ask()
        (hit,) = world.pass_by()
        world.clock.move(timedelta(hours=48))
        assert world.pass_by() == []
        confirm(world, hit)
        assert world.pass_by() == []

    def test_a_second_person_renews_it(self, world: World) -> None:
        entry = world.ask().id
        for _ in range(4):
            world.pass_by()
        assert world.renew(entry, "s1").index > 0
        assert world.events("hotlist:entry:")[-1] == "renewed"
        assert len(world.pass_by()) == 1

    @pytest.mark.parametrize("by", ["o1", "o2", "c1"])
    def test_nobody_else_renews_it(self, world: World, by: str) -> None:
        entry = world.ask().id
        with pytest.raises(Refused, match="supervisor other than"):
            world.renew(entry, by)

    def test_a_courts_order_renews_it(self, world: World) -> None:
        from gatehouse.hotlist.asking import renew_intent

        entry = world.ask().id
        for _ in range(4):
            world.pass_by()
        order = Process(ProcessKind.COURT_ORDER, "District Court", "26-CV-1")
        signed = world.sign(renew_intent(entry, order), "o1")
        invented = Process(ProcessKind.WARRANT, "District Court", "26-CV-1")
        with pytest.raises(Refused, match="signs"):
            world.hotlists.entries.renew(entry, by=world.officer("o1"), signed=signed, order=invented)
        world.hotlists.entries.renew(entry, by=world.officer("o1"), signed=signed, order=order)
        assert len(world.pass_by()) == 1

    def test_stops_outlast_a_restart(self, world: World) -> None:
        world.ask()
        for _ in range(3):
            world.pass_by()
        world.reopen()
        assert world.pass_by() == []


class TestDelivery:
    def test_subscribers_get_hits_in_order_behind_the_last_they_saw(self, world: World) -> None:
        world.ask()
        world.ask("TEST9")
        first = [hit.id for plate in (PLATE, "TEST9") for hit in world.pass_by(plate)]
        listening = world.hotlists.subscribe(CEDAR)
        assert [hit.id for hit in listening.wait(0)] == first
        assert listening.wait(0) == []
        again = world.hotlists.subscribe(CEDAR, after=first[0])
        assert [hit.id for hit in again.wait(0)] == first[1:]
        assert world.hotlists.subscribe(ALDER).wait(0) == []

    def test_a_subscriber_that_waits_is_woken(self, world: World) -> None:
        world.ask()
        listening = world.hotlists.subscribe(CEDAR)
        found: list[Hit] = []
        waiting = threading.Thread(target=lambda: found.extend(listening.wait(30)))
        waiting.start()
        raised = world.pass_by()
        waiting.join(30)
        assert [hit.id for hit in found] == [hit.id for hit in raised]

    def test_a_closed_subscription_ends_its_wait(self, world: World) -> None:
        listening = world.hotlists.subscribe(CEDAR)
        waiting = threading.Thread(target=listening.wait, args=(60,))
        waiting.start()
        listening.close()
        waiting.join(30)
        assert not waiting.is_alive()

    def test_without_witnesses_no_hit_is_delivered(self, world: World) -> None:
        world.ask()
        world.close()
        rely_on_a_dead_witness(world.folder / "ledger")
        grace = timedelta(milliseconds=1)
        opened = Ledger.open

        def impatient(path: Path, *, clock: object) -> Ledger:
            return opened(path, clock=world.clock, receipt_wait=grace, release_grace=timedelta())

        Ledger.open = impatient  # type: ignore[method-assign, assignment]  # put back below
        try:
            world.open()
        finally:
            Ledger.open = opened  # type: ignore[method-assign]
        assert world.pass_by() == []
        assert world.hotlists.subscribe(CEDAR).wait(0) == []
        assert world.events("hotlist:hit:") == []
        world.clock.move(timedelta(minutes=16))
        assert world.hotlists.hits.retry() == []
        assert world.hotlists.hits.not_raised == {NotRaised.LATE: 1}

    def test_a_hit_that_the_record_does_not_take_is_tried_again(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.ask()

        def full(*_: object, **__: object) -> None:
            raise NotRecorded("the disk is full")

        monkeypatch.setattr(world.ledger, "append", full)
        assert world.pass_by() == []
        monkeypatch.undo()
        (hit,) = world.hotlists.hits.retry()
        assert world.events("hotlist:hit:") == ["raised"]
        assert [each.id for each in world.hotlists.subscribe(CEDAR).wait(0)] == [hit.id]

    def test_a_match_outlasts_a_database_that_answers_nothing(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.ask()

        def locked(*_: object) -> Never:
            raise sqlite3.OperationalError("database is locked")

        with monkeypatch.context() as patched:
            patched.setattr(world.tables, "entry", locked)
            assert world.pass_by() == []
        assert len(world.hotlists.hits.retry()) == 1

    def test_an_entry_that_cannot_be_read_holds_up_no_other(self, world: World) -> None:
        world.ask("TEST1")
        world.ask("TEST2")
        parts = world.hotlists.parts
        broken, _ = world.tables.standing()
        unseal = parts.key.unseal

        def opened(entry: str, sealed: bytes) -> bytes:
            return unseal(entry, sealed[1:] if entry == broken.id else sealed)

        parts.key.unseal = opened  # type: ignore[method-assign]  # this world's own
        assert world.pass_by("TEST1") == []
        assert len(world.pass_by("TEST2")) == 1
        assert world.hotlists.hits.not_raised == {NotRaised.FAILED: 1}

    def test_hits_are_counted_again_after_a_restart(self, world: World) -> None:
        world.ask()
        (hit,) = world.pass_by()
        world.counted.clear()
        world.reopen()
        assert world.counted == [hit.id]


class TestRetention:
    def test_what_was_read_goes_with_the_owners_retention(self, world: World) -> None:
        world.registry.rules[ALDER] = OwnerRules(timedelta(days=1))
        world.ask(days=30)
        (hit,) = world.pass_by()
        assert hit.read is not None
        world.clock.move(timedelta(days=1))
        (later,) = world.hotlists.subscribe(CEDAR).wait(0)
        assert (later.id, later.read) == (hit.id, None)
        assert world.hotlists.sweep() == 1
        row = world.tables.hit(hit.id)
        assert row.sealed is not None
        keys = world.hotlists.parts.leads
        day = datetime.fromisoformat(row.day).date()
        assert keys.unseal(row.lead, row.sealed, owner=ALDER, day=day) is None

    def test_an_owner_that_keeps_minutes_has_nothing_at_rest(self, world: World) -> None:
        world.registry.rules[ALDER] = OwnerRules(timedelta(minutes=3))
        world.ask()
        (hit,) = world.pass_by()
        assert hit.read is not None
        assert world.tables.hit(hit.id).sealed is None
        world.clock.move(timedelta(minutes=3))
        (later,) = world.hotlists.subscribe(CEDAR).wait(0)
        assert later.read is None

    def test_a_lead_is_read_as_it_was_sealed(self, world: World) -> None:
        read = world.read(state="OH")
        assert lead_of(lead_data(read, read.captured_at, b"x" * 16)) == (read, read.captured_at)


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["pass", "pass", "pass", "ask", "end", "deny", "wait", "confirm", "renew", "restart"]
        ),
        st.integers(0, 2),
    ),
    max_size=14,
)


@given(_STEPS)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_hit_is_delivered_without_its_record_or_of_an_entry_that_does_not_stand(
    steps: list[tuple[str, int]],
) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        try:
            _walk(world, steps)
        finally:
            world.close()


def _walk(world: World, steps: list[tuple[str, int]]) -> None:
    """Take steps beside a model that knows of each plate's entries only: until when, and hits unconfirmed."""
    plates = ["TEST0", "TEST1", "TEST2"]
    until: dict[str, datetime] = {}
    ids: dict[str, str] = {}
    open_hits: dict[str, list[Hit]] = {}
    stopped: set[str] = set()
    for step, number in steps:
        plate = plates[number]
        stands = plate in until and world.clock.at < until[plate]
        if step == "ask" and plate not in until:
            answer = world.ask(plate, days=2)
            assert answer.state is SearchState.RELEASED
            until[plate] = world.clock.at + timedelta(days=2)
            ids[plate], open_hits[plate] = answer.id, []
        elif step == "deny" and plate not in until:
            assert world.ask(plate, case_number=None).state is SearchState.DENIED
        elif step == "end" and plate in until:
            world.hotlists.entries.end(ids[plate], by=world.officer("o1"), reason="x")
            del until[plate]
            stopped.discard(plate)
        elif step == "wait":
            world.clock.move(timedelta(hours=20))
        elif step == "confirm" and open_hits.get(plate):
            hit = open_hits[plate].pop(0)
            if world.clock.at - hit.at >= timedelta(hours=48) and plate in until:
                stopped.add(plate)
            confirm(world, hit)
        elif step == "renew" and stands:
            world.renew(ids[plate])
            stopped.discard(plate)
            open_hits[plate] = []
        elif step == "restart":
            world.reopen()
        elif step == "pass":
            recorded = len(world.events("hotlist:hit:raised"))
            hits = world.pass_by(plate)
            waiting = open_hits.get(plate, [])
            late = bool(waiting) and waiting[0].at + timedelta(hours=48) <= world.clock.at
            expected = plate in until and world.clock.at < until[plate] and plate not in stopped and not late
            assert len(hits) == expected
            assert len(world.events("hotlist:hit:raised")) == recorded + expected
            for hit in hits:
                hit.receipt.verify(world.ledger.entry(hit.id), policy=world.ledger.folder.policy())
                open_hits[plate].append(hit)
            if len(open_hits.get(plate, [])) >= 3:
                stopped.add(plate)
    raised = [hit.id for hit in world.hotlists.hits.hits(CEDAR, most=1_000)]
    assert sorted(world.counted) == raised
