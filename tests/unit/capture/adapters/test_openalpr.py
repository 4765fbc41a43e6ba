from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gatehouse.capture.adapters.foreign import ForeignRead, Skip
from gatehouse.capture.adapters.openalpr import parse
from tests.unit.capture.adapters.payloads import as_bytes, openalpr_group, openalpr_results, picture


def test_group_is_one_read_at_its_best_frame() -> None:
    assert parse(as_bytes(openalpr_group())) == [
        ForeignRead(
            camera="1234",
            event="AGENT1-1234-1562681121543",
            captured_at=datetime(2019, 7, 9, 14, 5, 21, 543000, UTC),
            plate="TEST55",
            confidence=92.9 / 100,
            state="MO",
            state_confidence=57.28 / 100,
            image=picture(557, 100),
        )
    ]


def test_group_whose_best_frame_lies_outside_of_it_is_read_at_its_start() -> None:
    (read,) = parse(as_bytes(openalpr_group(best_uuid="AGENT1-1234-1562681199999")))

    assert isinstance(read, ForeignRead)
    assert read.captured_at == datetime(2019, 7, 9, 14, 5, 21, 504000, UTC)


def test_results_are_taken_only_where_frames_are_asked_for() -> None:
    message = as_bytes(openalpr_results())

    assert parse(message) == [Skip.OTHER_FORM]
    assert parse(message, frames=True) == [
        ForeignRead(
            camera="1234",
            event="AGENT1-1234-1476716853320",
            captured_at=datetime(2016, 10, 17, 15, 7, 33, 320000, UTC),
            plate="TEST77",
            confidence=94.338623 / 100,
            state="WA",
            state_confidence=82 / 100,
        )
    ]
    assert parse(as_bytes(openalpr_group()), frames=True) == [Skip.OTHER_FORM]


def test_results_without_a_type_are_known_by_what_they_hold() -> None:
    told = openalpr_results(data_type=None, uuid=None)

    (read,) = parse(as_bytes(told), frames=True)

    assert isinstance(read, ForeignRead)
    assert read.event == "1476716853320"


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (openalpr_group(is_preview=True), Skip.PREVIEW),
        ({"data_type": "heartbeat", "video_streams": []}, Skip.OTHER_KIND),
        ({"data_type": "alpr_alert", "group": openalpr_group()}, Skip.OTHER_KIND),
        ({}, Skip.OTHER_KIND),
        (openalpr_group(best_plate_number="", best_plate={}), Skip.NO_PLATE),
        (openalpr_group(best_confidence=101), Skip.MALFORMED),
        (openalpr_group(best_uuid=None), Skip.MALFORMED),
        (openalpr_group(epoch_start=1562681124479, epoch_end=1562681121504), Skip.MALFORMED),
        (openalpr_group(best_plate=[]), Skip.MALFORMED),
    ],
)
def test_group_that_gives_no_read_says_why(told: dict[str, Any], why: Skip) -> None:
    assert parse(as_bytes(told)) == [why]


def test_frame_without_results_has_no_plate() -> None:
    assert parse(as_bytes(openalpr_results() | {"results": []}), frames=True) == [Skip.NO_PLATE]


def test_result_that_cannot_be_one_costs_only_itself() -> None:
    told = openalpr_results({"plate": "TEST1"}, {"plate": 5}, {"plate": "TEST2", "confidence": "high"})

    first, *others = parse(as_bytes(told), frames=True)

    assert isinstance(first, ForeignRead)
    assert first.plate == "TEST1"
    assert others == [Skip.MALFORMED, Skip.MALFORMED]


@pytest.mark.parametrize(
    ("region", "country", "state"),
    [
        ("us-mo", "us", "MO"),
        ("mo", None, "MO"),
        ("mo", "us", "MO"),
        ("mo", "eu", None),
        ("eu-de", "eu", None),
    ],
)
def test_region_is_a_state_only_where_it_is_one(region: str, country: str | None, state: str | None) -> None:
    (read,) = parse(as_bytes(openalpr_group(best_region=region, country=country)))

    assert isinstance(read, ForeignRead)
    assert read.state == state
    assert (read.state_confidence is None) == (state is None)


@pytest.mark.parametrize("crop", ["", None, "!!", "bm90IGEgcGljdHVyZQ==", 5])
def test_crop_that_is_no_picture_costs_the_picture_only(crop: object) -> None:
    told = openalpr_group()
    told["best_plate"]["plate_crop_jpeg"] = crop

    (read,) = parse(as_bytes(told))

    assert isinstance(read, ForeignRead)
    assert read.image is None
