from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gatehouse.capture.adapters.bridge import Bridge
from gatehouse.capture.adapters.foreign import ForeignRead, Skip
from gatehouse.model import PartUnavailable
from tests.unit.capture.adapters.keeping import Camera

READ = ForeignRead("gate", "event-1", datetime(2026, 11, 24, 12, tzinfo=UTC), "TEST 123", 0.9)


def test_plate_told_again_for_an_event_is_taken_once() -> None:
    camera = Camera()
    bridge = Bridge({"gate": camera.take})
    other_plate, other_event = replace(READ, plate="TEST124"), replace(READ, event="event-2")

    taken = bridge.take([READ, replace(READ, plate="test-123"), other_plate, other_event, READ])

    assert taken == (3, {Skip.REPEAT: 2})
    assert camera.reads == [READ, other_plate, other_event]


def test_read_of_a_camera_that_is_fed_nowhere_is_counted() -> None:
    camera = Camera()
    bridge = Bridge({"gate": camera.take})

    assert bridge.take([replace(READ, camera="garage"), Skip.PREVIEW]) == (
        0,
        {Skip.OTHER_CAMERA: 1, Skip.PREVIEW: 1},
    )
    assert not camera.reads


def test_text_without_a_sign_of_a_plate_is_no_read() -> None:
    assert Bridge({"gate": Camera().take}).take([replace(READ, plate="--")]) == (0, {Skip.NO_PLATE: 1})


def test_read_that_could_not_be_kept_is_taken_when_it_is_told_again() -> None:
    camera = Camera()
    bridge = Bridge({"gate": camera.take})
    camera.full = True
    with pytest.raises(PartUnavailable):
        bridge.take([READ])
    camera.full = False

    assert bridge.take([READ]) == (1, {})
    assert camera.reads == [READ]
    assert (bridge.taken, bridge.skipped) == (1, {})


def test_counts_go_on_over_messages() -> None:
    bridge = Bridge({"gate": Camera().take})
    bridge.take([READ])
    bridge.take([READ, Skip.MALFORMED])

    assert (bridge.taken, bridge.skipped) == (1, {Skip.REPEAT: 1, Skip.MALFORMED: 1})
