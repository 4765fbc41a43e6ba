"""Taking in batches: every read is sealed, or refused and counted."""

from __future__ import annotations

import dataclasses
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gatehouse.model import Camera, CameraStatus
from gatehouse.model.batch import MOST_READS, SignedBatch, signed_message
from gatehouse.vault import ReadRefusal, SealedBatch
from gatehouse.vault.errors import ClockBehind
from tests.unit.vault.world import AT, CAMERA_KEY, DAY, OWNER, PLATE, World, a_camera, a_read, signed

CAMERA = a_camera()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "vault")


def sealed(world: World, batch: SignedBatch, *, camera: Camera = CAMERA, **changed: Any) -> SealedBatch:
    return world.seal(batch, camera=camera, **{"received_at": AT, **changed})


def test_batch_becomes_rows_and_reads_in_one_order(world: World) -> None:
    earlier = AT - timedelta(days=1)
    found = sealed(world, signed(CAMERA, 1, [a_read(PLATE), a_read("T-2", earlier), a_read(PLATE)]))
    assert found.refused == Counter()
    assert [(each.text, each.captured_at) for each in found.reads] == [
        (PLATE, AT),
        ("T-2", earlier),
        (PLATE, AT),
    ]
    today, yesterday, again = found.rows
    assert (today.bucket - yesterday.bucket, today.owner_id) == (DAY, OWNER)
    assert today.token == again.token != yesterday.token
    assert len({each.read_id for each in found.rows}) == 3
    assert {(len(each.token), len(each.read_id)) for each in found.rows} == {(16, 16)}


def test_sealing_a_batch_again_gives_the_same_tokens_and_other_rows(world: World) -> None:
    batch = signed(CAMERA, 1, [a_read(PLATE)])
    (first,), (second,) = sealed(world, batch).rows, sealed(world, batch).rows
    assert (first.token, first.bucket) == (second.token, second.bucket)
    assert first.read_id != second.read_id
    assert first.sealed != second.sealed


def test_reads_lie_in_the_bucket_of_the_earlier_of_capture_and_receipt(world: World) -> None:
    world.retention[OWNER] = 3
    batch = signed(
        CAMERA, 1, [a_read(PLATE, AT - timedelta(seconds=61)), a_read(PLATE, AT + timedelta(seconds=60))]
    )
    minute = int(AT.timestamp()) // 60
    assert [each.bucket for each in sealed(world, batch).rows] == [minute - 1, minute]


def test_each_refused_read_is_counted_with_its_reason(world: World) -> None:
    world.retention[OWNER] = 60
    camera = a_camera(peak=2)
    batch = signed(
        camera,
        1,
        [
            a_read(PLATE),
            {"plate": PLATE},
            a_read("?"),
            a_read(PLATE, AT + timedelta(seconds=60, microseconds=1)),
            a_read(PLATE, AT - timedelta(minutes=61)),
            a_read(PLATE),
            a_read(PLATE),
        ],
    )
    found = sealed(world, batch, camera=camera)
    assert len(found.rows) == 2
    assert found.refused == Counter(
        {
            ReadRefusal.MALFORMED: 1,
            ReadRefusal.NO_PLATE: 1,
            ReadRefusal.CLOCK_AHEAD: 1,
            ReadRefusal.EXPIRED: 1,
            ReadRefusal.IMPLAUSIBLE_RATE: 1,
        }
    )


def test_read_whose_bucket_ends_now_is_expired(world: World) -> None:
    world.retention[OWNER] = 3
    began = AT.replace(second=0, microsecond=0) - timedelta(minutes=3)
    world.clock.at = AT.replace(second=0, microsecond=0)
    batch = signed(
        CAMERA, 1, [a_read(PLATE, began + timedelta(seconds=59)), a_read(PLATE, began + timedelta(minutes=1))]
    )
    found = sealed(world, batch, received_at=world.clock.at)
    assert (len(found.rows), found.refused) == (1, Counter({ReadRefusal.EXPIRED: 1}))


STRANGER = Ed25519PrivateKey.from_private_bytes(b"\x08" * 32)
TWO = [a_read(PLATE), a_read(PLATE)]


@pytest.mark.parametrize(
    ("batch", "camera", "reason"),
    [
        (signed(CAMERA, 1, TWO, key=STRANGER), CAMERA, ReadRefusal.BAD_SIGNATURE),
        (dataclasses.replace(signed(CAMERA, 1, TWO), number=2), CAMERA, ReadRefusal.BAD_SIGNATURE),
        (dataclasses.replace(signed(CAMERA, 1, TWO), signature=b""), CAMERA, ReadRefusal.BAD_SIGNATURE),
        (signed(CAMERA, 0, TWO), CAMERA, ReadRefusal.MALFORMED),
        (signed(CAMERA, 1, TWO), a_camera(status=CameraStatus.SUSPENDED), ReadRefusal.CAMERA_SUSPENDED),
        (signed(CAMERA, 1, TWO), a_camera(status=CameraStatus.RETIRED), ReadRefusal.CAMERA_RETIRED),
    ],
)
def test_batch_that_is_not_to_be_trusted_gives_no_row(
    world: World, batch: SignedBatch, camera: Camera, reason: ReadRefusal
) -> None:
    assert sealed(world, batch, camera=camera) == SealedBatch((), Counter({reason: 2}), ())


def test_owner_without_a_retention_keeps_nothing(world: World) -> None:
    del world.retention[OWNER]
    assert sealed(world, signed(CAMERA, 1, TWO)) == SealedBatch(
        (), Counter({ReadRefusal.NO_RETENTION: 2}), ()
    )


def test_batch_that_is_too_large_is_not_read(world: World) -> None:
    body = b"{}\n" * (MOST_READS + 1)
    batch = SignedBatch(CAMERA.id, 1, body, CAMERA_KEY.sign(signed_message(CAMERA.id, 1, body)))
    assert sealed(world, batch).refused == Counter({ReadRefusal.TOO_LARGE: MOST_READS + 1})


def test_camera_that_nobody_has_shown_is_unknown(world: World) -> None:
    batch = signed(a_camera("birch-so"), 1, TWO)
    found = world.vault.seal(batch, received_at=AT)
    assert found == SealedBatch((), Counter({ReadRefusal.CAMERA_UNKNOWN: 2}), ())


def test_owner_whose_rule_nobody_has_shown_keeps_nothing(world: World) -> None:
    world.enroll(CAMERA)
    found = world.vault.seal(signed(CAMERA, 1, TWO), received_at=AT)
    assert found == SealedBatch((), Counter({ReadRefusal.NO_RETENTION: 2}), ())


def test_reads_from_before_the_camera_are_taken_within_the_backlog(world: World) -> None:
    world.backlog = timedelta(days=1)
    edge = AT - world.backlog
    reads = [a_read(PLATE, edge - timedelta(microseconds=1)), a_read(PLATE, edge)]
    found = sealed(world, signed(CAMERA, 1, reads))
    assert ([each.captured_at for each in found.reads], found.refused) == (
        [edge],
        Counter({ReadRefusal.BEFORE_ENROLLMENT: 1}),
    )


def test_batch_received_in_a_time_to_come_is_refused_whole(world: World) -> None:
    with pytest.raises(ClockBehind, match="a time to come"):
        sealed(world, signed(CAMERA, 1, TWO), received_at=AT + timedelta(seconds=60, microseconds=1))
    assert len(sealed(world, signed(CAMERA, 1, TWO), received_at=AT + timedelta(seconds=60)).rows) == 2


def test_empty_batch_makes_no_key(world: World) -> None:
    assert sealed(world, signed(CAMERA, 1, [])) == SealedBatch([], Counter(), [])
    assert world.vault.sweep().sealing_keys == 0
