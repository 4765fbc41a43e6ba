"""Attempts to read expired reads from copies of the read store itself: its files, backups and archives."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from gatehouse.reads.open import init_reads, open_reads
from gatehouse.reads.rows import ReadBatch, SealedRead
from gatehouse.reads.store import ReadStore
from tests.conftest import missing_part
from tests.postgres import UNSAFE_BUT_QUICK, Postgres, _account, programs, running
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


@contextmanager
def archiving() -> Iterator[Postgres]:
    """Run a server that archives its write-ahead log beside its data."""
    command = "archive_command=mkdir -p ../archive && cp %p ../archive/%f"
    with running(settings=(*UNSAFE_BUT_QUICK, "archive_mode=on", command, "wal_level=replica")) as server:
        yield server


def ran(server: Postgres, program: str, *options: str) -> None:
    """Run one of the server's programs, as its account."""
    folder = programs()
    assert folder is not None
    subprocess.run(
        [folder / program, *options], check=True, capture_output=True, cwd=server.folder, **_account()
    )


@contextmanager
def restored(server: Postgres, backup: str) -> Iterator[Postgres]:
    """Start a second server on a base backup, as it was when it was taken."""
    data, place = server.folder / backup, server.folder / "restored"
    place.mkdir()
    (data / "recovery.signal").touch()
    if owner := _account():
        for each in (place, data / "recovery.signal"):
            os.chown(each, owner["user"], owner["group"])
    settings = {
        "restore_command": f"cp {server.folder}/archive/%f %p",
        "recovery_target": "immediate",
        "recovery_target_action": "promote",
        "unix_socket_directories": str(place),
        "archive_mode": "off",
        "listen_addresses": "",
    }
    options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
    ran(server, "pg_ctl", "start", "-w", "-D", str(data), "-l", str(place / "log"), "-o", options)
    try:
        yield Postgres(place)
    finally:
        ran(server, "pg_ctl", "stop", "-m", "immediate", "-D", str(data))


def postgres_rows(dsn: str) -> list[SealedRead]:
    with psycopg.connect(dsn) as connection:
        found = connection.execute("SELECT token, bucket, owner_id, read_id, sealed FROM reads").fetchall()
    return sorted((SealedRead(*row) for row in found), key=lambda row: row.bucket)


def test_base_backup_and_archive_of_a_postgresql_store(world: World, thief: Thief) -> None:
    if programs() is None:
        missing_part("PostgreSQL", "no /usr/lib/postgresql/*/bin/initdb; Debian's package is `postgresql`")
    with archiving() as server:
        dsn = server.new_database()
        init_reads(dsn)
        store = open_reads(dsn)
        filled(world, store)
        gone, stays = world.reads.rows
        thief.take(world)
        ran(server, "pg_basebackup", "-h", str(server.folder), "-U", "postgres", "-D", "backup", "-c", "fast")
        swept(world, store)
        thief.take(world)
        store.close()
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("SELECT pg_switch_wal()")
        assert postgres_rows(dsn) == [stays]
        keys = thief.keys(root_of(world))

        # The archive has the deleted row, in clear columns and sealed text.
        archive = b"".join(each.read_bytes() for each in (server.folder / "backup" / "pg_wal").glob("0*"))
        archive += b"".join(each.read_bytes() for each in (server.folder / "archive").iterdir())
        assert gone.sealed in archive
        assert not [key for key in keys | {root_of(world)} if key in archive or key.hex().encode() in archive]

        # And the backup brings it back, as a row that opens with none of the keys.
        with restored(server, "backup") as copy:
            rows = postgres_rows(copy.dsn(str(conninfo_to_dict(dsn)["dbname"])))
        assert rows == [gone, stays]
        assert opened(rows, keys) == [stays]
        assert {row.token for row in rows} & tokens([EXPIRING, LASTING], keys) == {stays.token}
