from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import cv2
import numpy as np
import pytest

from gatehouse.capture.adapters.foreign import ForeignRead, Skip
from gatehouse.capture.adapters.platerecognizer import parse
from tests.unit.capture.adapters.payloads import BOX, as_bytes, form, picture, recognition

CHICAGO = ZoneInfo("America/Chicago")
AT = datetime(2021, 9, 29, 5, 56, 13, 606935, UTC)


def test_recognition_is_a_read_in_its_own_letters() -> None:
    assert parse(as_bytes(recognition())) == [
        ForeignRead(
            camera="camera-1",
            event="camera-1_screenshots/21-09-29/05-56-13.606935.jpg",
            captured_at=AT,
            plate="test9",
            confidence=0.839,
            state="CA",
            state_confidence=0.413,
        )
    ]


def test_form_with_a_picture_keeps_the_plates_part_of_it() -> None:
    body, media = form(recognition(), picture())

    (read,) = parse(body, media_type=media)

    assert isinstance(read, ForeignRead)
    assert read.image is not None
    crop = cv2.imdecode(np.frombuffer(read.image, np.uint8), cv2.IMREAD_COLOR)
    assert crop is not None
    assert crop.shape == (30, 116, 3)
    assert crop.mean() > 190  # of a white plate on gray


def test_form_without_a_picture_is_a_read_without_one() -> None:
    body, media = form(recognition(), None)

    (read,) = parse(body, media_type=media)

    assert isinstance(read, ForeignRead)
    assert read.image is None


@pytest.mark.parametrize(
    "box",
    [
        None,
        {},
        {**BOX, "xmin": "a"},
        {**BOX, "xmin": 900, "xmax": 950},
        {**BOX, "ymin": 82, "ymax": 57},
        {**BOX, "xmax": 1e300},
    ],
)
def test_box_that_makes_no_sense_costs_the_picture_only(box: object) -> None:
    body, media = form(recognition({"plate": "test9", "box": box}), picture())

    (read,) = parse(body, media_type=media)

    assert isinstance(read, ForeignRead)
    assert read.image is None


@pytest.mark.parametrize(
    ("times", "zone", "at"),
    [
        ({"timestamp": "2021-09-29 05:56:13.606935+00:00"}, None, AT),
        ({"timestamp": "2021-09-29 05:56:13.606935"}, None, AT),  # the local time has its offset
        (
            {"timestamp": "2021-09-29 00:56:13.606935", "timestamp_local": None},
            ZoneInfo("America/Chicago"),
            AT,
        ),
        (
            {"timestamp": "2021-09-29 05:56:13.606935", "timestamp_local": "2021-09-29 05:56:13"},
            UTC,
            AT,
        ),
    ],
)
def test_time_is_the_one_whose_zone_is_known(
    times: dict[str, Any], zone: ZoneInfo | None, at: datetime
) -> None:
    (read,) = parse(as_bytes(recognition(**times)), zone=zone)

    assert isinstance(read, ForeignRead)
    assert read.captured_at == at


def test_time_whose_zone_nobody_knows_is_not_guessed() -> None:
    told = recognition(timestamp="2021-09-29 05:56:13.606935", timestamp_local=None)

    assert parse(as_bytes(told)) == [Skip.NO_ZONE]


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (recognition(event="image.done") | {"data": {"results": []}}, Skip.NO_PLATE),
        (recognition(event="camera.heartbeat"), Skip.OTHER_KIND),
        (recognition({"plate": ""}), Skip.NO_PLATE),
        (recognition({"plate": "test9", "score": 2}), Skip.MALFORMED),
        (recognition(timestamp="yesterday"), Skip.MALFORMED),
        (recognition(timestamp="9999-12-31T23:59:59-12:00"), Skip.MALFORMED),
        (recognition(timestamp=None), Skip.MALFORMED),
        (recognition(camera_id=""), None),  # the hook names it
        ({"data": {"results": [{"plate": "test9"}]}}, Skip.MALFORMED),
        ({}, Skip.MALFORMED),
    ],
)
def test_webhook_without_a_read_says_why(told: dict[str, Any], why: Skip | None) -> None:
    (found,) = parse(as_bytes(told))

    assert found == why if why is not None else isinstance(found, ForeignRead)


@pytest.mark.parametrize(
    "media",
    ["multipart/form-data", "multipart/form-data; boundary=other", "multipart/form-data; boundary=\r\nX: y"],
)
def test_form_without_its_edges_is_malformed(media: str) -> None:
    assert parse(form(recognition(), None)[0], media_type=media) == [Skip.MALFORMED]
