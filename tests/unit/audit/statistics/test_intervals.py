"""One proportion: Wilson's interval against published tables and exact coverage, and the minimums."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.audit.statistics import (
    MINIMUM_FOR_PERCENT,
    MINIMUM_SEARCHES,
    Interval,
    wilson,
)
from gatehouse.model import BadUse


class TestWilson:
    # R. G. Newcombe, Statistics in Medicine 17, 1998, table I, method 3.
    @pytest.mark.parametrize(
        ("n", "of", "low", "high"),
        [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ],
    )
    def test_wilson_published_examples_match(self, n: int, of: int, low: float, high: float) -> None:
        interval = wilson(n, of)
        assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)

    def test_wilson_nothing_or_all_flagged_touches_the_end(self) -> None:
        assert wilson(0, 30).low == 0.0
        assert wilson(30, 30) == Interval(1 - wilson(0, 30).high, 1.0, 1.0)

    @given(st.integers(1, 10**8).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
    def test_wilson_any_proportion_holds_its_point(self, pair: tuple[int, int]) -> None:
        n, of = pair
        interval = wilson(n, of)
        assert 0 <= interval.low <= interval.point <= interval.high <= 1
        assert interval.point == n / of

    @given(st.integers(1, 500), st.floats(0.5, 0.98))
    def test_wilson_more_confidence_is_wider(self, of: int, confidence: float) -> None:
        narrow, wide = wilson(of // 3, of, confidence=confidence), wilson(of // 3, of)
        if confidence < 0.95:
            assert wide.low <= narrow.low
            assert narrow.high <= wide.high

    def test_wilson_bounds_rise_with_the_count(self) -> None:
        intervals = [wilson(n, 60) for n in range(61)]
        assert [i.low for i in intervals] == sorted(i.low for i in intervals)
        assert [i.high for i in intervals] == sorted(i.high for i in intervals)

    def test_wilson_true_rate_is_covered_about_as_often_as_claimed(self) -> None:
        # Exact coverage by enumeration, averaged over rates: Agresti and Coull report 0.95 to 0.96.
        def coverage(of: int, rate: float) -> float:
            return sum(
                comb(of, n) * rate**n * (1 - rate) ** (of - n)
                for n in range(of + 1)
                if wilson(n, of).low <= rate <= wilson(n, of).high
            )

        rates = np.linspace(0.005, 0.995, 199).tolist()
        assert 0.94 < float(np.mean([coverage(30, rate) for rate in rates])) < 0.97

    @pytest.mark.parametrize(("n", "of"), [(0, 0), (3, 2), (-1, 5)])
    def test_wilson_no_such_proportion_is_refused(self, n: int, of: int) -> None:
        with pytest.raises(BadUse, match="no such proportion"):
            wilson(n, of)

    def test_wilson_impossible_confidence_is_refused(self) -> None:
        with pytest.raises(BadUse, match="between 0 and 1"):
            wilson(1, 2, confidence=1.0)


class TestMinimums:
    def test_minimums_one_search_below_moves_more_than_its_unit(self) -> None:
        assert (MINIMUM_SEARCHES, MINIMUM_FOR_PERCENT) == (30, 100)
