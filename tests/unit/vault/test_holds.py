"""Evidence holds: one read, on the record, until a date or until it is ended."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gatehouse.ledger.canonical import Json
from gatehouse.model import Read
from gatehouse.reads.rows import SealedRead
from gatehouse.vault import OpenedRead, Swept
from gatehouse.vault.errors import (
    HoldMissing,
    NotPermitted,
    ReceiptSpent,
    ReceiptStale,
    RowAltered,
    VaultRefused,
)
from tests.unit.vault.world import AT, DAY, OTHER, OWNER, PLATE, SEARCHER, Entry, World, text

UNTIL = AT + timedelta(days=400)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "vault")


def detail(row: SealedRead, **changed: Json) -> dict[str, Json]:
    found: dict[str, Json] = {"owner": row.owner_id, "read": row.read_id.hex(), "ground": "order"}
    return {**found, "until": text(UNTIL), **changed}


def held(world: World, row: SealedRead, **changed: Json) -> str:
    entry = world.hold_entry("placed", **detail(row, **changed))
    return world.vault.hold(row, **world.proof(entry))


def opened(world: World, hold: str) -> OpenedRead:
    return world.vault.open_hold(hold, **world.proof(world.hold_entry("opened", hold=hold)))


def test_held_read_outlives_its_bucket_alone(world: World) -> None:
    row, _ = world.take(PLATE, PLATE)
    hold = held(world, row)
    world.clock.at = AT + timedelta(days=100)
    assert world.vault.sweep() == Swept(world.clock(), 1, 1, 0, truncated=True)
    world.reopen()
    read = Read(f"{OWNER}-1", AT, PLATE, PLATE, 0.93, "IL")
    assert opened(world, hold) == OpenedRead(read, OWNER, row.read_id.hex(), exact=True)
    found, reads = world.answer(window=(AT, AT))
    assert (found["reads"], reads) == (0, [])


def test_hold_ends_with_its_date(world: World) -> None:
    (row,) = world.take(PLATE)
    hold = held(world, row)
    world.clock.at = UNTIL - timedelta(microseconds=1)
    assert opened(world, hold).owner == OWNER
    world.clock.at = UNTIL
    with pytest.raises(HoldMissing):
        opened(world, hold)
    assert world.vault.sweep().holds == 1


def test_hold_that_is_ended_is_destroyed_and_others_of_its_date_stay(world: World) -> None:
    first, second = world.take(PLATE, PLATE)
    ended, kept = held(world, first), held(world, second)
    with closing(sqlite3.connect(world.folder / "keys.sqlite")) as connection:
        shelf = connection.execute("SELECT * FROM shelf ORDER BY destroy_at DESC").fetchone()
    root = (world.folder / "root").read_bytes()
    world.vault.end_hold(ended, **world.proof(world.hold_entry("ended", hold=ended)))
    with closing(sqlite3.connect(world.folder / "keys.sqlite")) as connection:
        assert connection.execute("SELECT id FROM hold").fetchall() == [(kept,)]
        assert connection.execute("SELECT * FROM shelf ORDER BY destroy_at DESC").fetchone() != shelf
    assert (world.folder / "root").read_bytes() != root
    with pytest.raises(HoldMissing):
        opened(world, ended)
    world.reopen()
    assert opened(world, kept).read_id == second.read_id.hex()


def test_opened_holds_are_counted(world: World) -> None:
    (row,) = world.take(PLATE)
    hold = held(world, row)
    for _ in range(2):
        opened(world, hold)
    assert world.vault.counters(AT.date())["counts"] == [
        {"agency": SEARCHER, "event": "evidence:hold:opened", "count": 2}
    ]


def test_read_sealed_under_an_earlier_retention_can_be_held(world: World) -> None:
    (row,) = world.take(PLATE)
    world.retention[OWNER] = 60 * DAY
    world.take(PLATE)
    assert opened(world, held(world, row)).read_id == row.read_id.hex()


def test_expired_read_cannot_be_held(world: World) -> None:
    (row,) = world.take(PLATE)
    world.retention[OWNER] = 60
    world.clock.move(3600)
    with pytest.raises(NotPermitted, match="has expired"):
        held(world, row)
    world.vault.sweep()
    with pytest.raises(NotPermitted, match="has expired"):
        held(world, row)


@pytest.mark.parametrize(
    "changed",
    [
        {"owner": OTHER},
        {"read": "00" * 16},
        {"read": "no hex"},
        {"ground": "curiosity"},
        {"ground": None},
        {"until": None},
        {"until": "2027-01-01"},
        {"until": text(AT)},
    ],
)
def test_entry_that_does_not_hold_this_read_is_refused(world: World, changed: dict[str, Json]) -> None:
    (row,) = world.take(PLATE)
    with pytest.raises(NotPermitted):
        held(world, row, **changed)
    with closing(sqlite3.connect(world.folder / "keys.sqlite")) as connection:
        assert connection.execute("SELECT count(*) FROM hold").fetchone() == (0,)


class TestReceipts:
    @pytest.fixture
    def hold(self, world: World) -> str:
        (row,) = world.take(PLATE)
        return held(world, row)

    def refused(self, world: World, hold: str, entry: Entry, error: type[VaultRefused]) -> None:
        with pytest.raises(error):
            world.vault.open_hold(hold, **world.proof(entry))

    def test_receipt_opens_once(self, world: World, hold: str) -> None:
        entry = world.hold_entry("opened", hold=hold)
        world.vault.open_hold(hold, **world.proof(entry))
        self.refused(world, hold, entry, ReceiptSpent)

    def test_receipt_grows_old(self, world: World, hold: str) -> None:
        entry = world.hold_entry("opened", hold=hold)
        world.clock.move(121)
        self.refused(world, hold, entry, ReceiptStale)

    def test_entry_about_another_hold_opens_nothing(self, world: World, hold: str) -> None:
        self.refused(world, hold, world.hold_entry("opened", hold="another"), NotPermitted)

    def test_entry_of_another_event_opens_nothing(self, world: World, hold: str) -> None:
        for event in ("placed", "ended"):
            self.refused(world, hold, world.hold_entry(event, hold=hold), NotPermitted)

    def test_another_agency_neither_opens_nor_ends_it(self, world: World, hold: str) -> None:
        fields: dict[str, Json] = {"detail": {"hold": hold}}
        entry = world.book.append("evidence:hold:opened", fields, agency="elm-pd")
        self.refused(world, hold, entry, NotPermitted)
        entry = world.book.append("evidence:hold:ended", fields, agency="elm-pd")
        with pytest.raises(NotPermitted):
            world.vault.end_hold(hold, **world.proof(entry))
        assert opened(world, hold).owner == OWNER

    def test_entry_under_another_rulebook_opens_nothing(self, world: World, hold: str) -> None:
        entry = world.hold_entry("opened", hold=hold)
        world.pack = b"\x22" * 32
        self.refused(world, hold, entry, NotPermitted)

    def test_refused_opening_is_not_counted(self, world: World, hold: str) -> None:
        with pytest.raises(HoldMissing):
            opened(world, "0" * 16)
        assert world.vault.counters(AT.date())["counts"] == []


@pytest.mark.parametrize(("column", "value"), [("sealed", "zeroblob(90)"), ("owner", "'birch-so'")])
def test_held_read_that_was_altered_does_not_open(world: World, column: str, value: str) -> None:
    (row,) = world.take(PLATE)
    hold = held(world, row)
    with closing(sqlite3.connect(world.folder / "keys.sqlite")) as connection:
        connection.execute(f"UPDATE hold SET {column} = {value}")
        connection.commit()
    with pytest.raises(RowAltered, match="held read was altered"):
        opened(world, hold)


def test_row_that_was_altered_is_not_held(world: World) -> None:

    (row,) = world.take(PLATE)
    changed: dict[str, Any] = {"token": b"x" * 16}
    with pytest.raises(RowAltered):
        held(world, row._replace(**changed))
