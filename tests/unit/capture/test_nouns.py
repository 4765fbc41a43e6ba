from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.capture import Box, Candidate, Reading, Why

BOXES = st.builds(Box, st.floats(-100, 100), st.floats(-100, 100), st.floats(0.5, 100), st.floats(0.5, 100))


@pytest.mark.parametrize(
    ("other", "shared"),
    [
        (Box(0, 0, 10, 10), 1.0),
        (Box(5, 0, 10, 10), 1 / 3),
        (Box(10, 0, 10, 10), 0.0),
        (Box(40, 40, 1, 1), 0.0),
        (Box(0, 0, 0, 0), 0.0),
    ],
)
def test_iou_boxes_share_returns_intersection_over_union(other: Box, shared: float) -> None:
    assert Box(0, 0, 10, 10).iou(other) == pytest.approx(shared)


def test_iou_two_empty_boxes_returns_zero() -> None:
    assert Box(1, 1, 0, 0).iou(Box(1, 1, 0, 0)) == 0.0


@given(BOXES, BOXES)
def test_iou_any_boxes_is_symmetric_and_a_share(one: Box, other: Box) -> None:
    assert one.iou(other) == pytest.approx(other.iou(one))
    assert 0.0 <= one.iou(other) <= 1.0 + 1e-9


def test_padded_share_grows_each_side() -> None:
    assert Box(10, 20, 100, 50).padded(0.1) == Box(0, 15, 120, 60)


@pytest.mark.parametrize(
    ("box", "clipped"),
    [
        (Box(-5, -5, 10, 10), Box(0, 0, 5, 5)),
        (Box(95, 45, 10, 10), Box(95, 45, 5, 5)),
        (Box(200, 200, 10, 10), Box(100, 50, 0, 0)),
        (Box(1, 2, 3, 4), Box(1, 2, 3, 4)),
    ],
)
def test_clipped_frame_keeps_what_lies_inside(box: Box, clipped: Box) -> None:
    assert box.clipped(100, 50) == clipped


def test_confidence_reading_is_that_of_its_least_certain_sign() -> None:
    assert Reading("ZZZ", (0.9, 0.4, 1.0)).confidence == 0.4
    assert Reading("", ()).confidence == 0.0


def test_repr_reading_and_candidate_show_no_plate() -> None:
    candidate = Candidate("ZZZ1234", 0.9, Why.READ)
    assert "ZZZ1234" not in repr(candidate)
    assert "ZZZ1234" not in repr(Reading("ZZZ1234", (0.9,) * 7, (candidate,)))
