"""The rendered clip of traffic: its determinism, and that its truth is what its frames show."""

from __future__ import annotations

from itertools import islice

import numpy as np
from training.scenes.traffic import RATE, Lane, Traffic

SMALL = (480, 270)


def test_traffic_same_seed_draws_the_same_clip() -> None:
    one, two = (Traffic(3, seconds=8, size=SMALL) for _ in range(2))
    assert one.passings == two.passings
    pairs = zip(islice(one, 40, 44), islice(two, 40, 44), strict=True)
    assert all(np.array_equal(here, there) for here, there in pairs)


def test_traffic_other_seed_has_other_plates() -> None:
    one, two = ({each.text for each in Traffic(seed, seconds=20).passings} for seed in (3, 4))
    assert one and two and not one & two


def test_traffic_passings_are_all_over_before_the_end() -> None:
    clip = Traffic(3, seconds=20)
    assert len(clip.passings) > 8
    assert {each.lane for each in clip.passings} == {0, 1, 2}
    assert all(0 < each.first < each.last < clip.frames - 1 for each in clip.passings)


def test_traffic_frames_have_the_size_and_show_a_vehicle_and_then_night() -> None:
    clip = Traffic(3, seconds=8, size=SMALL)
    frames = [each.astype(np.int16) for each in clip]
    assert (len(frames), frames[0].shape) == (8 * RATE, (270, 480, 3))
    (first, *_) = clip.passings
    middle = (first.first + first.last) // 2
    assert np.abs(frames[middle] - frames[0]).max(2).mean() > 5
    assert frames[clip.night].mean() < 0.4 * frames[clip.night - 1].mean()


def test_lane_that_halts_stands_still_for_so_long() -> None:
    lane = Lane(0.0, 10.0, 3.0, (2.0, 4.0))
    assert [lane.clock(each) for each in (1.0, 2.0, 5.9, 7.0)] == [1.0, 2.0, 2.0, 3.0]
