"""Plausible rates, across batches and when a batch comes again."""

from __future__ import annotations

from gatehouse.vault.rates import Rates

CAMERA, OTHER = "alder-pd-1", "birch-so-1"


def admit(
    rates: Rates, number: int, minutes: list[int], *, camera: str = CAMERA, message: bytes | None = None
) -> list[bool]:
    """Ask for a batch of a camera that has three reads a minute at most."""
    said = f"{number} {minutes}".encode() if message is None else message
    return rates.admit(camera, number, minutes, message=said, peak=3)


def test_reads_above_the_peak_of_their_minute_are_refused() -> None:
    assert admit(Rates(), 1, [7, 7, 8, 7, 7, 8]) == [True, True, True, True, False, True]


def test_reads_of_a_minute_add_up_across_batches() -> None:
    rates = Rates()
    assert admit(rates, 1, [7, 7]) == [True, True]
    assert admit(rates, 2, [7, 7]) == [True, False]
    assert admit(rates, 3, [7]) == [False]
    assert admit(rates, 1, [7, 7, 7], camera=OTHER) == [True, True, True]


def test_batch_that_comes_again_counts_once() -> None:
    rates = Rates()
    for _ in range(3):
        assert admit(rates, 1, [7, 7]) == [True, True]
    assert admit(rates, 2, [7, 7]) == [True, False]


def test_other_reads_under_the_number_of_the_last_batch_count_too() -> None:
    rates = Rates()
    assert admit(rates, 1, [7, 7], message=b"one") == [True, True]
    assert admit(rates, 1, [7, 7], message=b"other") == [True, False]
    assert admit(rates, 1, [7, 7], message=b"one") == [False, False]


def test_batch_older_than_the_last_is_refused() -> None:
    rates = Rates()
    assert admit(rates, 5, [7]) == [True]
    assert admit(rates, 4, [7, 8]) == [False, False]
    assert admit(rates, 6, [7, 7]) == [True, True]


def test_camera_that_was_queued_for_days_may_send_all_of_it() -> None:
    minutes = [minute for minute in range(2000) for _ in range(3)]
    assert all(admit(Rates(), 1, minutes))


def test_minutes_used_last_are_remembered() -> None:
    rates = Rates(remembered=2)
    admit(rates, 1, [1, 1, 1])
    admit(rates, 2, [2, 2, 2])
    assert admit(rates, 3, [1]) == [False]
    admit(rates, 4, [3, 3, 3])
    assert admit(rates, 5, [1, 3]) == [False, False]
    assert admit(rates, 6, [2]) == [True]
