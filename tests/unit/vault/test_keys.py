"""Keys and their destruction: at each sweep, when a retention is shortened, and cut off at any step."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from gatehouse.model import BadInput
from gatehouse.vault import Swept
from gatehouse.vault.database import Database
from gatehouse.vault.errors import RootMissing
from gatehouse.vault.keys import Keys
from tests.unit.vault.world import AT, DAY, OTHER, OWNER, PLATE, World

BEGAN = AT.replace(hour=0, minute=0, second=0, microsecond=0)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "vault")


def rows(world: World, table: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(world.folder / "keys.sqlite")) as connection:
        return connection.execute(f"SELECT * FROM {table}").fetchall()  # a table of this test


def everything(world: World) -> tuple[Any, Any]:
    return BEGAN - timedelta(days=400), world.clock()


def swept(world: World, *, sealing_keys: int = 0, token_keys: int = 0, holds: int = 0) -> Swept:
    return Swept(world.clock(), sealing_keys, token_keys, holds, truncated=True)


def test_sweep_destroys_keys_from_the_moment_they_are_due(world: World) -> None:
    world.take(PLATE)
    world.take(PLATE, owner=OTHER, at=AT - timedelta(days=1))
    world.clock.at = BEGAN + timedelta(days=29) - timedelta(microseconds=1)
    assert world.vault.sweep() == swept(world)
    world.clock.move(1e-6)
    assert world.vault.sweep() == swept(world, sealing_keys=1, token_keys=1)
    assert world.vault.sweep() == swept(world)
    assert [row[0] for row in rows(world, "sealing_key")] == [OWNER]
    assert len(rows(world, "token_key")) == len(rows(world, "shelf")) == 1


def test_each_sweep_replaces_root_and_wrapped_shelves(world: World) -> None:
    world.take(PLATE)
    root, (shelf,), keys = (
        (world.folder / "root").read_bytes(),
        rows(world, "shelf"),
        rows(world, "sealing_key"),
    )
    world.vault.sweep()
    assert (world.folder / "root").read_bytes() != root
    ((at, wrapped),) = rows(world, "shelf")
    assert (at, wrapped != shelf[1]) == (shelf[0], True)
    assert rows(world, "sealing_key") == keys


def test_sweep_empties_the_write_ahead_log(world: World) -> None:
    world.take(PLATE)
    wal = world.folder / "keys.sqlite-wal"
    assert wal.stat().st_size
    world.vault.sweep()
    assert wal.stat().st_size == 0


def test_sweep_beside_another_reader_says_that_the_log_is_not_empty(world: World) -> None:
    world.take(PLATE)
    with closing(sqlite3.connect(world.folder / "keys.sqlite", isolation_level=None)) as reader:
        reader.execute("PRAGMA busy_timeout = 0")
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM shelf").fetchall()
        world.vault._database._connection.execute("PRAGMA busy_timeout = 0")
        assert not world.vault.sweep().truncated
    assert world.vault.sweep().truncated
    assert world.answer()[0]["reads"] == 1


class TestShorterRetention:
    def test_counts_at_once_without_a_sweep(self, world: World) -> None:
        world.take(PLATE, at=AT - timedelta(days=20))
        assert world.answer(window=everything(world))[0]["reads"] == 1
        world.retention[OWNER] = 10 * DAY
        found, reads = world.answer(window=everything(world))
        assert (found["reads"], found["expired"], reads) == (0, 1, [])

    def test_brings_the_end_of_keys_forward(self, world: World) -> None:
        for days in (20, 5):
            world.take(PLATE, at=AT - timedelta(days=days))
        world.take(PLATE, owner=OTHER, at=AT - timedelta(days=20))
        world.retention[OWNER] = 10 * DAY
        # The token key stays for the other owner of the class.
        assert world.vault.sweep() == swept(world, sealing_keys=1)
        found, _ = world.answer(window=everything(world))
        assert found["owners"] == {OWNER: 1, OTHER: 1}
        assert found["expired"] == 1
        world.clock.at = BEGAN + timedelta(days=5)
        assert world.vault.sweep() == swept(world, sealing_keys=1, token_keys=1)

    def test_takes_back_no_destruction_when_it_is_lengthened_again(self, world: World) -> None:
        world.take(PLATE, at=AT - timedelta(days=20))
        world.retention[OWNER] = 10 * DAY
        world.vault.sweep()
        world.retention[OWNER] = 60 * DAY
        assert world.answer(window=everything(world))[0]["reads"] == 0

    def test_retires_the_shelf_that_keys_leave(self, world: World) -> None:
        """A shelf key that lives on must not open an older copy of a key that has ended."""
        for owner in (OWNER, OTHER):
            world.take(PLATE, owner=owner, at=AT - timedelta(days=20))
        before = dict(rows(world, "shelf"))
        with world.vault._database.locked() as connection:
            (ends,) = before
            old = world.vault._keys._shelf(connection, ends, make=False)
        mine = next(row for row in rows(world, "sealing_key") if row[0] == OWNER)
        world.retention[OWNER] = 10 * DAY
        world.vault.sweep()
        world.reopen()
        with world.vault._database.locked() as connection:
            now = world.vault._keys._shelf(connection, ends, make=False)
        probe = b"\0" * 12
        assert old.encrypt(probe, b"", None) != now.encrypt(probe, b"", None)
        assert mine[0] not in [row[0] for row in rows(world, "sealing_key")]
        assert world.answer(window=everything(world))[0]["owners"] == {OTHER: 1}

    def test_of_an_owner_to_another_bucket_width(self, world: World) -> None:
        world.take(PLATE)
        world.retention[OWNER] = 2 * DAY
        world.take(PLATE)
        assert world.answer()[0]["owners"] == {OWNER: 2}
        world.clock.at = BEGAN + timedelta(days=2)
        # Its reads of the day bucket end two days after that began, those of the hour with their hour.
        assert world.answer()[0] == {**world.answer()[0], "reads": 1, "expired": 1}
        assert world.vault.sweep() == swept(world, sealing_keys=1, token_keys=1)

    def test_longer_retention_affects_new_buckets_alone(self, world: World) -> None:
        world.take(PLATE)
        world.retention[OWNER] = 60 * DAY
        world.take(PLATE)
        world.clock.at = BEGAN + timedelta(days=30)
        found, reads = world.answer(window=everything(world))
        assert (found["reads"], found["expired"], len(reads)) == (1, 0, 1)
        assert world.vault.sweep() == swept(world, sealing_keys=1, token_keys=1)


def test_database_of_another_root_is_refused(world: World, tmp_path: Path) -> None:
    other = World(tmp_path / "other")
    other.vault.close()
    world.vault.close()
    shutil.copy(other.folder / "root", world.folder / "root")
    with pytest.raises(RootMissing):
        world.opened()
    # The failed attempt left the folder free and as it was.
    with pytest.raises(RootMissing):
        world.opened()


def test_key_that_was_altered_opens_nothing(world: World) -> None:
    world.take(PLATE)
    world.vault.close()
    with closing(sqlite3.connect(world.folder / "keys.sqlite")) as connection:
        connection.execute("UPDATE sealing_key SET wrapped = zeroblob(60)")
        connection.commit()
    world.vault = world.opened()
    search = world.search()
    opened = world.vault.open(world.ask(search))
    with pytest.raises(BadInput, match="was altered"):
        world.vault.examine(opened.id, world.reads.lookup(opened.lookups, owners=opened.owners))


def test_batch_whose_keys_cannot_be_stored_leaves_no_key_in_memory(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(Exception):
        pass

    def fail(*_: object) -> None:
        raise Full

    with monkeypatch.context() as patched:
        patched.setattr(Keys, "_seal", fail)
        with pytest.raises(Full):
            world.take(PLATE)
    assert rows(world, "token_key") == rows(world, "shelf") == []
    world.take(PLATE)
    world.reopen()
    assert world.answer()[0]["reads"] == 1


def test_sweep_that_fails_between_two_steps_is_finished_by_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("the disk is full")

    world.take(PLATE)
    for name in ("prepare_root", "install_root"):
        with monkeypatch.context() as patched:
            patched.setattr(f"gatehouse.vault.keys.{name}", fail)
            with pytest.raises(OSError, match="disk is full"):
                world.vault.sweep()
        assert world.answer()[0]["reads"] == 1
    with monkeypatch.context() as patched:
        patched.setattr(Keys, "_rewrap", fail)
        with pytest.raises(OSError, match="disk is full"):
            world.vault.sweep()
    assert world.answer()[0]["reads"] == 1
    world.vault.sweep()
    assert [each.name for each in world.folder.glob("root*")] == ["root"]
    world.reopen()
    assert world.answer()[0]["reads"] == 1


STEPS: tuple[tuple[type, str], ...] = (
    (Path, "hardlink_to"),
    (Path, "replace"),
    (Path, "unlink"),
    (Keys, "_under"),
    (Keys, "_rewrap"),
    (Database, "truncate_wal"),
)


def cut_at(number: int) -> None:
    """End this process, as if killed, at the start or end of a step of those that are patched in."""
    steps = count()

    def step() -> None:
        if next(steps) == number:
            os._exit(9)

    def watched(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            step()
            result = function(*args, **named)
            step()
            return result

        return call

    for owner, name in STEPS:
        setattr(owner, name, watched(getattr(owner, name)))
    os.fsync = watched(os.fsync)
    os.link = watched(os.link)


def killed_in_sweep(world: World, number: int) -> bool:
    """Sweep in a process that ends at a step; return False once there are no more steps."""
    child = os.fork()
    if child == 0:
        try:
            vault = world.opened()
            cut_at(number)
            vault.sweep()
        except BaseException:
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, 9), code
    return code == 9


def test_sweep_killed_at_any_step_opens_again_and_brings_nothing_back(world: World, tmp_path: Path) -> None:
    world.take(PLATE, at=AT - timedelta(days=29))
    world.take(PLATE)
    world.vault.close()
    before = tmp_path / "before"
    shutil.copytree(world.folder, before)
    world.clock.at = BEGAN + timedelta(days=1)
    for number in count():
        shutil.rmtree(world.folder)
        shutil.copytree(before, world.folder)
        killed = killed_in_sweep(world, number)
        world.vault = world.opened()
        assert [each.name for each in world.folder.glob("root*")] == ["root"]
        found = world.answer(window=everything(world))[0]
        assert found["owners"] == {OWNER: 1}
        world.vault.sweep()
        assert [row[2] for row in rows(world, "sealing_key")] == [world.reads.rows[1].bucket]
        world.vault.close()
        # Neither an older copy of the keys nor a newer one opens with the root that is left.
        for each in before.glob("keys.sqlite*"):
            shutil.copy(each, world.folder / each.name)
        with pytest.raises(RootMissing):
            world.opened()
        if not killed:
            break
    assert number > 20
