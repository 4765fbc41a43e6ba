"""Attack: use a hold to keep more than one named read, to keep it longer, or to get at another's."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from gatehouse.model import Error
from gatehouse.reads.rows import SealedRead
from gatehouse.search.errors import HoldFailed, OutOfOrder, Refused, UnknownHold
from gatehouse.search.holding import opening_intent
from gatehouse.search.state import micros
from tests.unit.search.test_holding import Desk
from tests.unit.search.world import ALDER, PLATE, World

OTHER = "TEST456"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    world = World(tmp_path)
    yield Desk(world)
    world.close()


def altered(desk: Desk, statement: str, *values: object) -> None:
    """Change the door's tables behind its back, as a thief of the node could."""
    with closing(sqlite3.connect(desk.world.ledger.folder.log)) as connection, connection:
        assert connection.execute(statement, values).rowcount == 1


def test_hold_of_one_read_keeps_no_other_of_the_bucket_and_owner(desk: Desk) -> None:
    desk.world.take(*[OTHER] * 5, PLATE, owner=ALDER)
    hold = desk.place()
    desk.pass_days(40)
    for plate in (OTHER, PLATE):
        found = desk.world.ask(plate=plate, window=desk.world.back(days=50))
        assert found.reads == ()
    assert desk.open(hold.id).read.read_id == desk.read.read_id


@pytest.mark.parametrize("name", ["", "*", "%", "0" * 32, "all"])
def test_hold_takes_no_name_of_many_reads(desk: Desk, name: str) -> None:
    with pytest.raises(UnknownHold):
        desk.place(read=name)


def test_hold_of_a_read_that_another_search_got_is_none(desk: Desk) -> None:
    desk.world.take(OTHER, owner=ALDER)
    (other,) = desk.world.ask(plate=OTHER, officer="o2", entered_by="o2").reads
    with pytest.raises(UnknownHold):
        desk.place(read=other.read_id)
    found = desk.world.ask(plate=OTHER, officer="o2", entered_by="o2")
    with pytest.raises(UnknownHold):
        desk.place(search=found.id, read=other.read_id)


def test_hold_of_another_row_than_recorded_is_refused_by_the_vault(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.world.take(OTHER, owner=ALDER)
    found = desk.world.ask(plate=OTHER)
    other = desk.world.parts.handed.find(found.id, found.reads[0].read_id)
    assert other is not None
    hold = type(desk.world.vault).hold

    def swapped(vault: object, row: SealedRead, **more: object) -> str:
        return hold(vault, other.row, **more)  # type: ignore[arg-type]  # what a stolen node would send

    monkeypatch.setattr(type(desk.world.vault), "hold", swapped)
    with pytest.raises(HoldFailed):
        desk.place()
    assert desk.world.events()[-1] == "evidence:hold:failed"


def test_hold_extended_in_the_tables_ends_with_its_recorded_date(desk: Desk) -> None:
    hold = desk.place()
    later = micros(desk.world.clock() + timedelta(days=3_000))
    altered(desk, "UPDATE search_hold SET until = ? WHERE id = ?", later, hold.id)
    desk.world.clock.move(timedelta(days=61))
    for swept in (False, True):
        with pytest.raises(HoldFailed):
            desk.open(hold.id)
        assert desk.world.events()[-1] == "evidence:hold:undelivered"
        if not swept:
            assert desk.world.vault.sweep().holds == 1


def test_hold_placed_twice_lives_no_longer_than_the_owner_lets(desk: Desk) -> None:
    with pytest.raises(Refused):
        desk.place(until=desk.world.clock() + timedelta(days=91))
    desk.place()
    desk.pass_days(40)
    # The read is gone, and what is held cannot be held again from.
    with pytest.raises(HoldFailed):
        desk.place(until=desk.world.clock() + timedelta(days=80))


def test_hold_opened_after_its_end_is_gone_whoever_asks(desk: Desk) -> None:
    hold = desk.place()
    desk.pass_days(61)
    size = desk.world.ledger.log.size
    for by in ("o1", "o2"):
        with pytest.raises(OutOfOrder):
            desk.open(hold.id, by=by)
    assert desk.world.ledger.log.size == size


def test_hold_of_another_agency_opens_for_nobody_else(desk: Desk) -> None:
    hold, kept = desk.place(), desk.preserve()
    attempts = {"alder-o": hold, "alder-c": hold, "birch-c": hold, "dune-s": hold, "o1": kept}
    for by, each in attempts.items():
        for act in (desk.open, desk.end):
            with pytest.raises(Error):
                act(each.id, by)
    # Also where the tables name another agency: the vault knows whose it is.
    altered(desk, "UPDATE search_hold SET agency = ? WHERE id = ?", ALDER, hold.id)
    altered(desk, "UPDATE search_hold SET ground = 'preservation' WHERE id = ?", hold.id)
    with pytest.raises(HoldFailed):
        desk.open(hold.id, by="alder-c")


def test_hold_opened_with_the_signature_of_another_opening_is_refused(desk: Desk) -> None:
    hold, other = desk.place(), desk.place()
    size = desk.world.ledger.log.size
    signed = desk.world.signed(opening_intent(other.id, case_number="26-01234", reason="trial"), "o1")
    with pytest.raises(Refused):
        desk.holds.open(hold.id, by=desk.person("o1"), case_number="26-01234", reason="trial", signed=signed)
    assert desk.world.ledger.log.size == size


def test_tables_of_holds_tell_no_plate_and_no_read(desk: Desk) -> None:
    desk.place()
    with closing(sqlite3.connect(desk.world.ledger.folder.log)) as connection:
        told = repr(connection.execute("SELECT * FROM search_hold").fetchall())
    assert PLATE not in told and desk.read.read_id not in told
