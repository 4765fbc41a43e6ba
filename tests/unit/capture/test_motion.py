from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from gatehouse.capture import Box
from gatehouse.capture.motion import MOST_REGIONS, MotionGate, grouped, joined

WHOLE = Box(0, 0, 1280, 720)


def street(*cars: tuple[int, int], noise: int | None = None) -> NDArray[np.uint8]:
    """Return a gray frame with dark vehicles, 160 x 120 pixels each, at their upper left corners."""
    frame = np.full((720, 1280, 3), 120, np.uint8)
    if noise is not None:
        frame = (frame + np.random.default_rng(noise).normal(0, 6, frame.shape)).clip(0, 255).astype(np.uint8)
    for x, y in cars:
        frame[y : y + 120, x : x + 160] = 40
    return frame


def test_moved_first_frame_is_the_whole() -> None:
    assert MotionGate().moved(street()) == [WHOLE]


def test_moved_still_street_with_noise_is_nowhere() -> None:
    gate = MotionGate()
    gate.moved(street((300, 300), noise=1))
    assert [gate.moved(street((300, 300), noise=seed)) for seed in (2, 3)] == [[], []]


def test_moved_vehicle_is_in_a_region_with_room_around() -> None:
    gate = MotionGate()
    gate.moved(street((300, 300), noise=1))
    (region,) = gate.moved(street((330, 300), noise=2))
    assert (region.width, region.height) == (544, 384)
    assert region.x < 280 and region.x + region.width > 510
    assert region.y < 300 and region.y + region.height > 420


def test_moved_two_vehicles_apart_are_two_regions_within_the_frame() -> None:
    gate = MotionGate()
    gate.moved(street((0, 600), (1100, 0)))
    regions = gate.moved(street((30, 600), (1070, 0)))
    assert sorted((each.x, each.y) for each in regions) == [(0, 336), (892, 0)]
    assert all(each.clipped(1280, 720) == each for each in regions)


@pytest.mark.parametrize("other", [np.zeros((360, 640, 3), np.uint8), np.full((720, 1280, 3), 10, np.uint8)])
def test_moved_other_camera_or_other_light_is_the_whole_once(other: NDArray[np.uint8]) -> None:
    gate = MotionGate()
    gate.moved(street())
    height, width = other.shape[:2]
    found = gate.moved(other)
    # Light that changes everywhere shows no vehicle, and a detector would be asked for nothing.
    assert found in ([Box(0, 0, width, height)], [])
    assert gate.moved(other) == []


def test_grouped_many_boxes_become_few_that_hold_all() -> None:
    boxes = [Box(100 * place, 10, 60, 60) for place in range(9)]
    found = grouped(boxes)
    assert len(found) == MOST_REGIONS
    assert all(any(joined(each, one) == each for each in found) for one in boxes)


def test_grouped_boxes_that_overlap_become_one() -> None:
    assert grouped([Box(0, 0, 10, 10), Box(2, 0, 10, 10)]) == [Box(0, 0, 12, 10)]
