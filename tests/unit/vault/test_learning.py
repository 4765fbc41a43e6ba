"""What the vault keeps of the record: cameras and retentions, through restarts and from older folders."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from gatehouse.ledger.canonical import Json
from gatehouse.model import BadInput, CameraStatus
from gatehouse.vault import ReadRefusal
from gatehouse.vault.errors import NotPermitted
from gatehouse.vault.local import counters_in
from gatehouse.vault.protocol import Learned
from tests.unit.ledger.made import log_key
from tests.unit.vault.world import AT, DAY, OTHER, OWNER, PLATE, Book, World, a_camera, a_read, signed

CAMERA = a_camera()
# A vault as the first schema had it: nothing learned, and nothing said of what was handed out.
OLDER = """
DROP TABLE camera;
DROP TABLE owner_rule;
ALTER TABLE counted DROP COLUMN handed_out;
UPDATE vault SET schema = 1;
"""


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "vault")


def older(world: World) -> None:
    """Set a vault's folder back to the first schema."""
    world.vault.close()
    with closing(sqlite3.connect(world.folder / "keys.sqlite")) as connection:
        connection.executescript(OLDER)


def test_what_was_learned_outlives_a_restart(world: World) -> None:
    world.take(PLATE)
    world.take(PLATE, owner=OTHER)
    known = world.vault.learned()
    assert known == Learned({f"{OWNER}-1": 0, f"{OTHER}-1": 3}, {OWNER: 2, OTHER: 5})
    world.reopen()
    assert world.vault.learned() == known
    assert not world.vault.enroll(world.shown(world.book.entries[0]))
    assert len(world.take(PLATE)) == 1


def test_newest_entry_of_a_camera_counts_in_whatever_order_it_is_shown(world: World) -> None:
    added = world.camera_entry(CAMERA)
    suspended = world.camera_entry(dataclasses.replace(CAMERA, status=CameraStatus.SUSPENDED))
    world.rule(DAY)
    shown = [world.shown(each) for each in (suspended, added)]
    assert [world.vault.enroll(each) for each in shown] == [True, False]
    sealed = world.vault.seal(signed(CAMERA, 1, [a_read(PLATE)]), received_at=AT)
    assert dict(sealed.refused) == {ReadRefusal.CAMERA_SUSPENDED: 1}


@pytest.mark.parametrize(
    "changed",
    [
        {"id": ""},
        {"id": "a" * 256},
        {"key": "00"},
        {"key": "AB" * 32},
        {"status": "unknown"},
        {"peak": 0},
        {"peak": "9"},
    ],
)
def test_camera_that_cannot_be_read_is_refused(world: World, changed: Mapping[str, Json]) -> None:
    entry = world.camera_entry(CAMERA)
    match entry.openings.values["detail"]:
        case {"camera": dict() as said}:
            odd = world.again(entry, {"detail": {"camera": {**said, **changed}}})
    with pytest.raises(NotPermitted, match="names no camera"):
        world.vault.enroll(world.shown(odd))


def test_record_of_a_new_log_counts_once_the_old_one_is_trusted_no_more(world: World) -> None:
    world.enroll(CAMERA)
    moved = log_key("moved.example/log")
    world.book = Book(world.clock, origin="moved.example/log", signers=[moved])
    world.policy = world.policy.of_log(moved.vkey)
    assert world.vault.enroll(world.shown(world.camera_entry(CAMERA, event="registry:camera:added")))


def test_shorter_of_record_and_bound_counts_for_what_is_there_too(world: World) -> None:
    world.take(PLATE)
    world.clock.move(2 * DAY * 60)
    assert world.answer(window=(AT, AT))[0]["reads"] == 1
    assert world.rule(DAY)
    found = world.answer(window=(AT, AT))[0]
    assert (found["reads"], found["expired"]) == (0, 1)


def test_folder_of_an_earlier_version_opens_and_learns(world: World) -> None:
    world.take(PLATE)
    world.answer()
    older(world)
    with pytest.raises(BadInput, match="another version") as refusal:
        counters_in(world.folder, AT.date())
    assert refusal.value.hint == "one of an earlier version is brought up to date when it is started"
    world.vault = world.opened()
    assert world.vault.learned() == Learned({}, {})
    assert world.answer()[0]["reads"] == 1
    batch = signed(CAMERA, 2, [a_read(PLATE)])
    assert dict(world.vault.seal(batch, received_at=AT).refused) == {ReadRefusal.CAMERA_UNKNOWN: 1}
    for entry in world.book.entries[:1]:
        assert world.vault.enroll(world.shown(entry))
    proposed, in_force = (world.shown(each) for each in world.book.entries[1:3])
    assert world.vault.retain(proposed=proposed, in_force=in_force)
    assert len(world.vault.seal(batch, received_at=AT).rows) == 1
    assert "undelivered" not in world.vault.counters(AT.date())


def test_folder_of_a_later_version_is_left_alone(world: World) -> None:
    world.vault.close()
    with closing(sqlite3.connect(world.folder / "keys.sqlite")) as connection:
        connection.execute("UPDATE vault SET schema = 99")
        connection.commit()
    with pytest.raises(BadInput, match="another version"):
        world.opened()
