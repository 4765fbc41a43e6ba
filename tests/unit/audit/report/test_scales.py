from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.audit.report.scales import (
    Linear,
    Logarithmic,
    classes_by_factor,
    classes_by_step,
    decade_ticks,
    round_ticks,
    round_top,
)

COUNTS = st.lists(st.integers(0, 10**9), min_size=1, max_size=60)


class TestTicks:
    @pytest.mark.parametrize(
        ("top", "most", "ticks"),
        [
            (7_575, 3, [0, 5_000, 10_000]),
            (1, 3, [0, 1]),
            (0, 4, [0, 1]),
            (18_000, 4, [0, 5_000, 10_000, 15_000, 20_000]),
        ],
    )
    def test_round_ticks_reach_the_top_from_zero(self, top: int, most: int, ticks: list[float]) -> None:
        assert round_ticks(top, most) == ticks

    @given(st.integers(1, 10**12), st.integers(1, 8))
    def test_round_ticks_of_any_count_are_whole_and_few(self, top: int, most: int) -> None:
        ticks = round_ticks(top, most)
        assert ticks[0] == 0
        assert ticks[-1] >= top
        assert len(ticks) <= most + 1
        assert all(tick == int(tick) for tick in ticks)

    @given(st.floats(0.01, 100))
    def test_round_ticks_of_a_share_reach_it(self, top: float) -> None:
        ticks = round_ticks(top, 4, whole=False)
        assert ticks[-1] >= top * (1 - 1e-9)
        assert len(ticks) <= 5

    @given(st.integers(0, 10**12))
    def test_round_top_is_at_or_above_and_less_than_doubles(self, top: int) -> None:
        assert max(top, 1) <= round_top(top) <= max(2 * top, 1)

    def test_decade_ticks_of_a_short_range_have_threes_between(self) -> None:
        assert decade_ticks(30, 9_000) == [30, 100, 300, 1_000, 3_000]
        assert decade_ticks(26, 110_000) == [100, 1_000, 10_000, 100_000]


class TestScales:
    def test_linear_begins_at_zero(self) -> None:
        scale = Linear(200, 10, 110)
        assert [scale(0), scale(100), scale(200)] == [10, 60, 110]

    def test_logarithmic_moves_what_lies_outside_to_the_nearer_end(self) -> None:
        scale = Logarithmic(10, 1_000, 0, 100)
        assert [scale(1), scale(10), round(scale(100), 9), scale(5_000)] == [0, 0, 50, 100]

    def test_scales_of_nothing_stay_at_the_start(self) -> None:
        assert Linear(0, 5, 50)(0) == 5
        assert Logarithmic(7, 7, 5, 50)(7) == 5


class TestClasses:
    @given(COUNTS)
    def test_classes_by_factor_hold_every_count(self, counts: list[int]) -> None:
        classes = classes_by_factor(counts)
        assert classes.starts[0] == 1
        assert len(classes.labels()) == len(classes.starts) <= 5
        assert all(0 <= classes(value) <= len(classes.starts) for value in counts)
        assert all((classes(value) == 0) == (value == 0) for value in counts)

    @given(COUNTS)
    def test_classes_by_step_hold_every_count(self, counts: list[int]) -> None:
        classes = classes_by_step(counts)
        assert classes.starts[0] == 1
        assert len(classes.starts) <= 5
        assert all((classes(value) == 0) == (value == 0) for value in counts)

    def test_labels_name_the_bounds(self) -> None:
        assert classes_by_factor([3, 14_207]).labels() == [
            "1 to 9",
            "10 to 99",
            "100 to 999",
            "1,000 to 9,999",
            "10,000 to 14,207",
        ]
        assert classes_by_step([1_024]).labels() == [
            "1 to 250",
            "251 to 500",
            "501 to 750",
            "751 to 1,000",
            "1,001 to 1,024",
        ]

    def test_classes_by_factor_of_very_large_counts_join_the_small(self) -> None:
        assert classes_by_factor([12_000_000]).labels()[:2] == ["1 to 9,999", "10,000 to 99,999"]
