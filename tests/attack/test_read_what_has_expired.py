"""Attempts to read what has expired: from every copy made before a sweep, and from the vault itself."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatehouse.vault import ReadRefusal, RetentionClass
from gatehouse.vault.errors import ClockBehind, NotPermitted, RootMissing
from gatehouse.vault.local import LocalVault
from tests.unit.ledger.logs import Clock
from tests.unit.vault.thief import Thief, opened, root_of, tokens, vault_files
from tests.unit.vault.world import (
    AT,
    DAY,
    OTHER,
    OWNER,
    PLATE,
    World,
    a_camera,
    a_read,
    signed,
    text,
)

EXPIRING, LASTING = "GONE111", "STAY222"
BEGAN = AT.replace(hour=0, minute=0, second=0, microsecond=0)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "vault")


@pytest.fixture
def stolen(tmp_path: Path) -> Thief:
    folder = tmp_path / "stolen"
    folder.mkdir()
    return Thief(folder)


def everything(world: World) -> tuple[datetime, datetime]:
    return BEGAN - timedelta(days=400), world.clock()


class TestEveryCopy:
    """A thief keeps everything from before the sweep but the root, and gets everything after it."""

    def test_thief_with_the_root_of_the_time_reads_all(self, world: World, stolen: Thief) -> None:
        """What follows fails for want of the root alone: the same search over keys succeeds with it."""
        world.take(EXPIRING, at=AT - timedelta(days=29))
        world.take(LASTING)
        stolen.take(world)
        keys = stolen.keys(root_of(world))
        assert opened(stolen.rows, keys) == stolen.rows
        assert {row.token for row in stolen.rows} <= tokens([EXPIRING, LASTING], keys)

    def test_before_the_sweep_with_root_and_copies_from_after_it(self, world: World, stolen: Thief) -> None:
        world.take(EXPIRING, at=AT - timedelta(days=29))
        world.take(EXPIRING, owner=OTHER, at=AT - timedelta(days=29))
        world.take(LASTING)
        stolen.take(world)
        expired = world.reads.rows[:2]
        world.clock.at = BEGAN + timedelta(days=1)
        world.vault.sweep()
        stolen.take(world)
        keys = stolen.keys(root_of(world))
        assert opened(stolen.rows, keys) == world.reads.rows[2:]
        assert not {row.token for row in expired} & tokens([EXPIRING, LASTING], keys)

    def test_over_many_days_with_the_root_of_each_last_day(self, world: World, stolen: Thief) -> None:
        """Whatever day the root is stolen, it opens what had not expired then, and nothing older."""
        world.retention[OWNER] = 30 * DAY
        for _ in range(6):
            world.take(PLATE)
            stolen.take(world)
            world.clock.move(10 * 86_400)
            world.vault.sweep()
            stolen.take(world)
        now = world.clock()
        keys = stolen.keys(root_of(world))
        alive = [row for row in stolen.rows if (row.bucket + 30 * DAY) * 60 > now.timestamp()]
        assert opened(stolen.rows, keys) == alive
        assert 0 < len(alive) < len(stolen.rows)

    def test_of_a_retention_that_was_shortened(self, world: World, stolen: Thief) -> None:
        """The owner's keys had been wrapped to last longer; that copy is dead too."""
        for owner in (OWNER, OTHER):
            world.take(PLATE, owner=owner, at=AT - timedelta(days=20))
        stolen.take(world)
        world.retention[OWNER] = 10 * DAY
        world.vault.sweep()
        stolen.take(world)
        keys = stolen.keys(root_of(world))
        assert [row.owner_id for row in opened(stolen.rows, keys)] == [OTHER]

    def test_of_a_retention_that_was_shortened_to_end_later(self, world: World, stolen: Thief) -> None:
        """Between shortening and end the key moves; the shelf that it left must not open its older copy."""
        for owner in (OWNER, OTHER):
            world.take(PLATE, owner=owner, at=AT - timedelta(days=5))
        stolen.take(world)
        world.retention[OWNER] = 10 * DAY
        world.vault.sweep()
        stolen.take(world)
        world.clock.at = BEGAN + timedelta(days=5)
        world.vault.sweep()
        stolen.take(world)
        keys = stolen.keys(root_of(world))
        assert [row.owner_id for row in opened(stolen.rows, keys)] == [OTHER]

    def test_by_the_tokens_of_a_class_that_nobody_keeps_any_more(self, world: World, stolen: Thief) -> None:
        """Once no read of a bucket can be opened, none can be found by its plate either."""
        world.take(EXPIRING, at=AT - timedelta(days=5))
        # Its keys stand on the same shelf, so that the shelf outlives those of the shorter retention.
        world.retention[OTHER] = 60 * DAY
        world.take(LASTING, owner=OTHER, at=AT - timedelta(days=35))
        stolen.take(world)
        world.retention[OWNER] = 10 * DAY
        world.vault.sweep()
        stolen.take(world)
        world.clock.at = BEGAN + timedelta(days=5)
        world.vault.sweep()
        stolen.take(world)
        keys = stolen.keys(root_of(world))
        assert [row.owner_id for row in opened(stolen.rows, keys)] == [OTHER]
        found = tokens([EXPIRING, LASTING], keys)
        assert [row.owner_id for row in stolen.rows if row.token in found] == [OTHER]

    def test_of_a_hold_that_was_ended(self, world: World, stolen: Thief) -> None:
        rows = world.take(PLATE, PLATE)
        holds = []
        for row in rows:
            detail = {"owner": OWNER, "read": row.read_id.hex(), "ground": "order"}
            entry = world.hold_entry("placed", **detail, until=text(AT + timedelta(days=900)))
            holds.append(world.vault.hold(row, **world.proof(entry)))
        stolen.take(world)
        world.vault.end_hold(holds[0], **world.proof(world.hold_entry("ended", hold=holds[0])))
        world.clock.at = AT + timedelta(days=31)
        world.vault.sweep()
        stolen.take(world)
        keys = stolen.keys(root_of(world))
        assert opened(stolen.rows, keys) == []
        with closing(sqlite3.connect(stolen.copies[0] / "keys.sqlite")) as connection:
            held = connection.execute("SELECT id, agency, owner, read_id, sealed FROM hold").fetchall()
        found = []
        for (hold, agency, owner, read_id, sealed), key in product(held, keys):
            bound = f"gatehouse-hold/1\n{hold}\n{agency}\n{owner}\n{read_id.hex()}".encode()
            try:
                AESGCM(key).decrypt(sealed[:12], sealed[12:], bound)
            except InvalidTag:
                continue
            found.append(hold)
        assert found == [holds[1]]

    def test_by_putting_the_copies_back(self, world: World, stolen: Thief) -> None:
        world.take(EXPIRING, at=AT - timedelta(days=29))
        world.take(LASTING)
        stolen.take(world)
        world.clock.at = BEGAN + timedelta(days=1)
        world.vault.sweep()
        world.vault.close()
        for each in vault_files(world.folder):
            each.unlink()
        for each in vault_files(stolen.copies[0]):
            shutil.copy(each, world.folder / each.name)
        with pytest.raises(RootMissing):
            world.opened()

    def test_by_searching_files_for_a_key_in_clear(self, world: World, stolen: Thief) -> None:
        world.take(EXPIRING, at=AT - timedelta(days=29))
        stolen.take(world)
        keys = stolen.keys(root_of(world)) - {root_of(world)}
        assert len(keys) == 3
        world.clock.at = BEGAN + timedelta(days=1)
        world.vault.sweep()
        for copy in [*stolen.copies, world.folder]:
            for each in copy.iterdir():
                data = each.read_bytes()
                assert not [key for key in keys if key in data or key.hex().encode() in data], each.name

    def test_by_searching_the_swept_database_for_what_it_held(self, world: World, stolen: Thief) -> None:
        """Defence in depth: neither database nor write-ahead log holds the old wrapped keys any more."""
        world.take(EXPIRING, at=AT - timedelta(days=29))
        stolen.take(world)
        wrapped = stolen.wrapped()
        assert len(wrapped) == 3
        assert all(
            each in b"".join(path.read_bytes() for path in vault_files(stolen.copies[0])) for each in wrapped
        )
        world.clock.at = BEGAN + timedelta(days=1)
        world.vault.sweep()
        left = b"".join(path.read_bytes() for path in vault_files(world.folder))
        assert not [each for each in wrapped if each in left]


@pytest.fixture(scope="module")
def moments(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("moments") / "vault", clock=Clock(BEGAN - timedelta(days=4000)))
    yield world
    world.vault.close()


class TestTheVaultItself:
    @pytest.mark.parametrize(
        ("minutes", "bucket_minutes"), [(3, 1), (DAY - 1, 1), (DAY, 60), (29 * DAY, 60), (30 * DAY, DAY)]
    )
    def test_read_at_the_microsecond_of_its_end(
        self, world: World, minutes: int, bucket_minutes: int
    ) -> None:
        world.retention[OWNER] = minutes
        world.take(PLATE)
        began = world.reads.rows[0].bucket
        assert began % bucket_minutes == 0
        ends = datetime.fromtimestamp(0, AT.tzinfo) + timedelta(minutes=began + minutes)
        assert AT + timedelta(minutes=minutes - bucket_minutes) < ends <= AT + timedelta(minutes=minutes)
        world.clock.at = ends - timedelta(microseconds=1)
        assert len(world.answer(window=everything(world))[1]) == 1
        world.clock.at = ends
        assert world.answer(window=everything(world))[1] == []

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        minutes=st.sampled_from([1, 3, 59, DAY - 1, DAY, 7 * DAY, 30 * DAY, 365 * DAY]),
        offset=st.integers(0, 3 * DAY * 60_000_000),
        late=st.integers(-60_000_000, 90_000_000),
        after=st.integers(-90_000_000, 90_000_000) | st.integers(-DAY * 60_000_000, DAY * 60_000_000),
    )
    def test_no_read_is_returned_past_its_time(
        self, moments: World, minutes: int, offset: int, late: int, after: int
    ) -> None:
        """`late` is receipt after capture, `after` the search's time from the read's end (microseconds)."""
        world = moments
        world.retention[OWNER] = minutes
        world.reads.rows.clear()
        captured = world.clock.at + timedelta(days=800, microseconds=offset)
        received = captured + timedelta(microseconds=late)
        world.clock.at = max(captured, received)
        camera = a_camera()
        number = world.numbers[camera.id] = world.numbers.get(camera.id, 0) + 1
        batch = signed(camera, number, [a_read(PLATE, captured)])
        sealed = world.seal(batch, camera=camera, received_at=received)
        ends = min(captured, received) + timedelta(minutes=minutes)
        if not sealed.rows:
            assert sealed.refused == {ReadRefusal.EXPIRED: 1}
            return
        world.reads.rows += sealed.rows
        asked = ends + timedelta(microseconds=after)
        world.clock.at = max(world.clock.at, asked)
        found, reads = world.answer(window=(captured, captured))
        assert found["reads"] == len(reads)
        if world.clock.at >= ends:
            assert reads == []
        elif world.clock.at < ends - timedelta(minutes=RetentionClass(minutes).bucket_minutes):
            assert len(reads) == 1

    def test_between_search_and_release(self, world: World) -> None:
        """What expires while the release is recorded is not handed out."""
        world.retention[OWNER] = 3
        world.take(PLATE)
        world.take(PLATE, owner=OTHER)
        world.clock.at = (
            AT.replace(second=0, microsecond=0) + timedelta(minutes=3) - timedelta(microseconds=1)
        )
        search = world.search(window=everything(world))
        opened_ = world.vault.open(world.ask(search))
        found = world.vault.examine(opened_.id, world.reads.lookup(opened_.lookups, owners=opened_.owners))
        assert found.counts["owners"] == {OWNER: 1, OTHER: 1}
        entry = world.released(search, found.counts)
        world.clock.move(1e-6)
        assert [each.owner for each in world.release(opened_.id, entry)] == [OTHER]

    def test_between_opening_and_examining(self, world: World) -> None:
        world.retention[OWNER] = 3
        world.take(PLATE)
        search = world.search()
        opened_ = world.vault.open(world.ask(search))
        rows = world.reads.lookup(opened_.lookups, owners=opened_.owners)
        assert len(rows) == 1
        world.clock.move(119)
        world.vault.sweep()
        assert world.vault.examine(opened_.id, rows).counts["reads"] == 1
        search = world.search()
        opened_ = world.vault.open(world.ask(search))
        world.clock.move(61)
        world.vault.sweep()
        found = world.vault.examine(opened_.id, rows).counts
        assert (found["reads"], found["expired"]) == (0, 1)

    def test_with_a_clock_set_back(self, world: World) -> None:
        world.take(PLATE, at=AT - timedelta(days=29))
        world.clock.at = BEGAN + timedelta(days=1)
        world.answer()
        world.clock.at = AT
        for _ in range(2):
            with pytest.raises(ClockBehind):
                world.answer(window=everything(world))
            with pytest.raises(ClockBehind):
                world.vault.sweep()
            with pytest.raises(ClockBehind):
                world.take(PLATE)
            world.reopen()

    def test_by_holding_it(self, world: World) -> None:
        (row,) = world.take(PLATE)
        world.clock.at = BEGAN + timedelta(days=30)
        detail: dict[str, Any] = {"owner": OWNER, "read": row.read_id.hex(), "ground": "exculpatory"}
        entry = world.hold_entry("placed", **detail, until=text(AT + timedelta(days=99)))
        with pytest.raises(NotPermitted, match="has expired"):
            world.vault.hold(row, **world.proof(entry))

    def test_by_lengthening_the_retention(self, world: World) -> None:
        world.take(PLATE)
        world.retention[OWNER] = 365 * DAY
        world.clock.at = BEGAN + timedelta(days=30)
        assert world.answer(window=everything(world))[1] == []
        world.vault.sweep()
        assert world.answer(window=everything(world))[1] == []

    def test_by_sending_it_in_again(self, world: World) -> None:
        """A camera's old batch has no keys, and makes none."""
        camera = a_camera()
        batch = signed(camera, 1, [a_read(PLATE)])
        world.clock.at = BEGAN + timedelta(days=30)
        for received in (AT, world.clock()):
            sealed = world.seal(batch, camera=camera, received_at=received)
            assert (list(sealed.rows), sealed.refused) == ([], {ReadRefusal.EXPIRED: 1})
        assert world.vault.sweep().sealing_keys == 0


class TestTokensByIngest:
    """Reads of one's own choice tell the tokens of plates; that is bounded, and is bounded in time."""

    def test_by_a_stranger(self, world: World) -> None:
        camera = a_camera(key=bytes(32))
        for number in range(1, 4):
            sealed = world.seal(signed(camera, number, [a_read(PLATE)]), camera=camera, received_at=AT)
            assert not sealed.rows

    def test_faster_than_a_camera_reads(self, world: World) -> None:
        """Whoever holds a camera's key learns as many tokens a minute as the camera can read."""
        camera = a_camera(peak=10)
        learnt = set()
        for number in range(1, 30):
            reads = [a_read(f"T{number:02}{each:03}") for each in range(50)]
            sealed = world.seal(signed(camera, number, reads), camera=camera, received_at=AT)
            learnt |= {row.token for row in sealed.rows}
            assert len(sealed.rows) + sealed.refused[ReadRefusal.IMPLAUSIBLE_RATE] == 50
        assert len(learnt) == 10

    def test_for_buckets_to_come_or_gone(self, world: World) -> None:
        camera = a_camera()
        for at in (AT + timedelta(days=1), AT - timedelta(days=31)):
            sealed = world.seal(signed(camera, 1, [a_read(PLATE, at)]), camera=camera, received_at=AT)
            assert not sealed.rows

    def test_for_owners_of_another_retention(self, world: World) -> None:
        world.retention[OTHER] = 60 * DAY
        (mine,), (theirs,) = world.take(PLATE), world.take(PLATE, owner=OTHER)
        assert mine.bucket == theirs.bucket
        assert mine.token != theirs.token


def test_vault_of_another_folder_opens_no_row(world: World, tmp_path: Path) -> None:
    """Two vaults share nothing, so rows that were carried over are noise."""
    world.take(PLATE)
    other = World(tmp_path / "other")
    other.reads.rows = world.reads.rows
    assert other.answer()[0]["reads"] == 0
    assert isinstance(other.vault, LocalVault)
