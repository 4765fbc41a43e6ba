"""Plausible rates, across batches and when a batch comes again."""

from __future__ import annotations

from gatehouse.vault.rates import Rates
from tests.unit.vault.world import a_camera

CAMERA = a_camera(peak=3)
OTHER = a_camera("birch-so", peak=3)


def test_reads_above_the_peak_of_their_minute_are_refused() -> None:
    assert Rates().admit(CAMERA, 1, [7, 7, 8, 7, 7, 8]) == [True, True, True, True, False, True]


def test_reads_of_a_minute_add_up_across_batches() -> None:
    rates = Rates()
    assert rates.admit(CAMERA, 1, [7, 7]) == [True, True]
    assert rates.admit(CAMERA, 2, [7, 7]) == [True, False]
    assert rates.admit(CAMERA, 3, [7]) == [False]
    assert rates.admit(OTHER, 1, [7, 7, 7]) == [True, True, True]


def test_batch_that_comes_again_counts_once() -> None:
    rates = Rates()
    for _ in range(3):
        assert rates.admit(CAMERA, 1, [7, 7]) == [True, True]
    assert rates.admit(CAMERA, 2, [7, 7]) == [True, False]
    # With other reads it takes the place of what it held before.
    assert rates.admit(CAMERA, 2, [8, 8, 8, 8]) == [True, True, True, False]
    assert rates.admit(CAMERA, 3, [7, 7]) == [True, False]


def test_batch_older_than_the_last_is_no_traffic() -> None:
    rates = Rates()
    assert rates.admit(CAMERA, 5, [7]) == [True]
    assert rates.admit(CAMERA, 4, [7, 7, 7]) == [True, True, False]
    assert rates.admit(CAMERA, 6, [7, 7]) == [True, True]


def test_camera_that_was_queued_for_days_may_send_all_of_it() -> None:
    minutes = [minute for minute in range(2000) for _ in range(3)]
    assert all(Rates().admit(CAMERA, 1, minutes))


def test_minutes_used_last_are_remembered() -> None:
    rates = Rates(remembered=2)
    rates.admit(CAMERA, 1, [1, 1, 1])
    rates.admit(CAMERA, 2, [2, 2, 2])
    assert rates.admit(CAMERA, 3, [1]) == [False]
    rates.admit(CAMERA, 4, [3, 3, 3])
    assert rates.admit(CAMERA, 5, [1, 3]) == [False, False]
    assert rates.admit(CAMERA, 6, [2]) == [True]
