from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.audit.report import numbers


def plain(text: str) -> str:
    return text.replace(numbers.NO_BREAK, " ")


class TestPercent:
    @pytest.mark.parametrize(
        ("number", "base", "written"),
        [
            (312, 61_200, "0.5 %"),
            (0, 61_200, "0 %"),
            (100, 100, "100 %"),
            (1, 61_200, "under 0.1 %"),
            (61_199, 61_200, "over 99.9 %"),
            (50, 100, "50.0 %"),
        ],
    )
    def test_percent_of_enough_cases_has_one_decimal_at_most(
        self, number: int, base: int, written: str
    ) -> None:
        share = numbers.percent(number, base)
        assert share is not None
        assert plain(share) == written

    def test_percent_under_100_cases_is_not_given(self) -> None:
        assert numbers.percent(50, 99) is None

    @given(st.integers(100, 10**9), st.data())
    def test_percent_of_some_never_reads_like_none_or_all(self, base: int, data: st.DataObject) -> None:
        number = data.draw(st.integers(1, base - 1))
        assert plain(str(numbers.percent(number, base))) not in ("0 %", "0.0 %", "100 %", "100.0 %")


class TestCounts:
    def test_of_names_the_denominator(self) -> None:
        assert plain(numbers.of(312, 61_200)) == "312 of 61,200, 0.5 %"

    def test_of_few_cases_leaves_the_share_out(self) -> None:
        assert numbers.of(3, 45) == "3 of 45"

    def test_between_equal_bounds_is_one_number(self) -> None:
        assert [numbers.between(312, 940), numbers.between(1_312, 1_312)] == ["312 to 940", "1,312"]

    def test_plural_of_one_is_singular(self) -> None:
        assert [plain(numbers.searches(n)) for n in (0, 1, 2_000)] == [
            "0 searches",
            "1 search",
            "2,000 searches",
        ]

    @pytest.mark.parametrize(
        ("number", "written"),
        [(0, "0"), (999_999, "999,999"), (1_500_000, "1.5M"), (2_000_000_000, "2B"), (2.5, "2.5")],
    )
    def test_compact_shortens_from_a_million(self, number: float, written: str) -> None:
        assert numbers.compact(number) == written


class TestTimes:
    @pytest.mark.parametrize(
        ("given", "written"),
        [
            ("2026-11-01T14:05:59Z", "2026-11-01 14:05 UTC"),
            ("2026-11-01T09:05:00-05:00", "2026-11-01 14:05 UTC"),
            ("2026-11-01", "2026-11-01"),
            ("in autumn", "in autumn"),
            (None, "not measurable"),
        ],
    )
    def test_moment_is_written_in_utc(self, given: str | None, written: str) -> None:
        assert plain(numbers.moment(given)) == written

    def test_day_of_what_is_no_time_is_none(self) -> None:
        assert [numbers.day("2026-11-01T14:05:59Z"), numbers.day("soon"), numbers.day(None)] == [
            "2026-11-01",
            None,
            None,
        ]
