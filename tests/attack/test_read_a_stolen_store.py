"""Attempts to read expired reads from copies of the read store itself: its files, backups and archives."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from gatehouse.reads.open import init_reads, open_reads
from gatehouse.reads.rows import ReadBatch, SealedRead
from gatehouse.reads.store import ReadStore
from tests.unit.vault.thief import Thief, opened, root_of, tokens
from tests.unit.vault.world import AT, DAY, OWNER, World, a_camera

EXPIRING, LASTING = "GONE111", "STAY222"
BEGAN = AT.replace(hour=0, minute=0, second=0, microsecond=0)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "vault")


@pytest.fixture
def thief(tmp_path: Path) -> Thief:
    folder = tmp_path / "stolen"
    folder.mkdir()
    return Thief(folder)


def filled(world: World, store: ReadStore) -> None:
    """Store one read that is about to expire, and one that lasts."""
    expiring = world.take(EXPIRING, at=AT - timedelta(days=29))
    lasting = world.take(LASTING)
    camera = a_camera().id
    assert store.add([ReadBatch(camera, 1, expiring), ReadBatch(camera, 2, lasting)]) == [True, True]


def swept(world: World, store: ReadStore) -> None:
    """Let a day pass and do what a node does then."""
    world.clock.at = BEGAN + timedelta(days=1)
    world.vault.sweep()
    before = int(world.clock().timestamp()) // 60 - 30 * DAY + 1
    assert store.expire(owner=OWNER, before=before) == 1


def sqlite_rows(path: Path) -> list[SealedRead]:
    """Read every row of a copy, in whatever table it stands."""
    with closing(sqlite3.connect(path)) as connection:
        named = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        found = []
        for (table,) in named:
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            if "sealed" in columns:
                asked = f"SELECT token, bucket, owner_id, read_id, sealed FROM {table}"
                found += [SealedRead(*row) for row in connection.execute(asked)]
    return found


def test_files_of_a_sqlite_store_from_before_and_after_the_sweep(
    world: World, thief: Thief, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/reads.sqlite"
    init_reads(url)
    store = open_reads(url)
    filled(world, store)
    gone, stays = world.reads.rows
    thief.take(world)
    before = tmp_path / "before"
    before.mkdir()
    for each in tmp_path.glob("reads.sqlite*"):
        shutil.copy(each, before / each.name)
    swept(world, store)
    thief.take(world)
    store.close()

    rows = sqlite_rows(before / "reads.sqlite")
    assert sorted(rows, key=lambda row: row.bucket) == [gone, stays]
    keys = thief.keys(root_of(world))
    assert opened(rows, keys) == [stays]
    assert {row.token for row in rows} & tokens([EXPIRING, LASTING], keys) == {stays.token}
    # Of the live store's own files, nothing of the row is left to be dug out.
    left = b"".join(each.read_bytes() for each in tmp_path.glob("reads.sqlite*"))
    assert stays.sealed in left
    assert not [part for part in (gone.sealed, gone.token, gone.read_id) if part in left]
