from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.capture import Box
from gatehouse.capture.adapters.crops import LARGEST_CROP, cropped, is_jpeg, jpeg_size
from tests.unit.capture.adapters.payloads import picture

WHOLE = picture(640, 360)


def test_size_of_a_jpeg_is_told_by_its_header() -> None:
    assert jpeg_size(WHOLE) == (640, 360)


@pytest.mark.parametrize(
    "image", [b"", b"\xff\xd8", b"\x89PNG\r\n\x1a\n", WHOLE[:20], WHOLE[:2] + b"\xff\xc0\x00\x01"]
)
def test_what_has_no_frame_header_has_no_size(image: bytes) -> None:
    assert jpeg_size(image) is None
    assert cropped(image, Box(0, 0, 5, 5)) is None


def test_picture_whose_header_claims_more_than_memory_is_not_decoded() -> None:
    at = WHOLE.index(b"\xff\xc0") + 5
    bomb = WHOLE[:at] + b"\xff\xff\xff\xff" + WHOLE[at + 4 :]

    assert jpeg_size(bomb) is None
    assert cropped(bomb, Box(0, 0, 5, 5)) is None


def test_picture_that_breaks_off_after_its_header_costs_nothing() -> None:
    at = WHOLE.index(b"\xff\xc0") + 20

    assert cropped(WHOLE[:at], Box(0, 0, 50, 50)) is None


def test_crop_is_longer_than_one_may_be() -> None:
    assert is_jpeg(WHOLE)
    assert not is_jpeg(WHOLE + b"\0" * LARGEST_CROP)


@given(image=st.binary(max_size=100))
def test_any_bytes_have_a_size_or_none(image: bytes) -> None:
    size = jpeg_size(b"\xff\xd8" + image)
    assert size is None or (size[0] > 0 and size[1] > 0)
