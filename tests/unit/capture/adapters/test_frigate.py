from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gatehouse.capture.adapters.foreign import ForeignRead, Skip
from gatehouse.capture.adapters.frigate import parse
from tests.unit.capture.adapters.payloads import as_bytes, frigate_event, frigate_update

UPDATE, EVENT = "frigate/tracked_object_update", "frigate/events"


def test_update_of_a_plate_is_a_read() -> None:
    assert parse(as_bytes(frigate_update()), topic=UPDATE) == [
        ForeignRead(
            camera="driveway_cam",
            event="1607123955.475377-mxklsc",
            captured_at=datetime(2020, 12, 4, 23, 19, 18, 748393, UTC),
            plate="TEST123",
            confidence=0.95,
        )
    ]


def test_event_with_a_plate_is_a_read_at_its_frame() -> None:
    assert parse(as_bytes(frigate_event()), topic="home/frigate/events") == [
        ForeignRead(
            camera="driveway_cam",
            event="1607123955.475377-mxklsc",
            captured_at=datetime(2020, 12, 4, 23, 19, 21, 837752, UTC),
            plate="TEST123",
            confidence=0.912,
        )
    ]


def test_what_the_owner_named_a_plate_is_never_taken_for_one() -> None:
    told = frigate_event(sub_label="TEST999", recognized_license_plate=None)

    assert parse(as_bytes(told), topic=EVENT) == [Skip.NO_PLATE]


@pytest.mark.parametrize("kind", ["description", "face", "classification", None, 3])
def test_update_of_another_kind_is_counted_as_one(kind: object) -> None:
    assert parse(as_bytes(frigate_update(type=kind)), topic=UPDATE) == [Skip.OTHER_KIND]


@pytest.mark.parametrize("topic", ["frigate/stats", "frigate/reviews", "events/", ""])
def test_message_on_another_topic_is_counted_as_one(topic: str) -> None:
    assert parse(as_bytes(frigate_update()), topic=topic) == [Skip.OTHER_KIND]


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"plate": ""}, Skip.NO_PLATE),
        ({"plate": None}, Skip.NO_PLATE),
        ({"plate": 7}, Skip.MALFORMED),
        ({"plate": "A" * 65}, Skip.MALFORMED),
        ({"plate": "\ud800"}, Skip.MALFORMED),
        ({"score": 95}, Skip.MALFORMED),
        ({"score": True}, Skip.MALFORMED),
        ({"camera": ""}, Skip.MALFORMED),
        ({"camera": None}, Skip.MALFORMED),
        ({"id": "x" * 257}, Skip.MALFORMED),
        ({"timestamp": None}, Skip.MALFORMED),
        ({"timestamp": "2020-12-04"}, Skip.MALFORMED),
        ({"timestamp": -1}, Skip.MALFORMED),
        ({"timestamp": 0}, Skip.MALFORMED),
        ({"timestamp": 10**400}, Skip.MALFORMED),
    ],
)
def test_update_that_cannot_be_one_says_why(other: dict[str, Any], why: Skip) -> None:
    assert parse(as_bytes(frigate_update(**other)), topic=UPDATE) == [why]


def test_update_without_a_score_keeps_none() -> None:
    (read,) = parse(as_bytes(frigate_update(score=None)), topic=UPDATE)

    assert isinstance(read, ForeignRead)
    assert read.confidence is None


def test_time_in_milliseconds_is_the_same_time() -> None:
    (read,) = parse(as_bytes(frigate_update(timestamp=1607123958748)), topic=UPDATE)

    assert isinstance(read, ForeignRead)
    assert read.captured_at == datetime(2020, 12, 4, 23, 19, 18, 748000, UTC)


def test_read_shows_no_plate_in_its_repr() -> None:
    assert "TEST123" not in repr(parse(as_bytes(frigate_update()), topic=UPDATE))
