"""Statistics against published tables, exact enumeration and simulations with a fixed seed."""

from __future__ import annotations

from math import comb, lgamma

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.audit.statistics import (
    MINIMUM_FOR_PERCENT,
    MINIMUM_SEARCHES,
    BetaPrior,
    Interval,
    adjusted_p_values,
    benjamini_hochberg,
    false_positive_note,
    fit_prior,
    funnel_limits,
    intra_correlation,
    outliers,
    shrink_rates,
    unusual_hours,
    wilson,
)
from gatehouse.model import BadUse

counts = st.lists(
    st.integers(0, 2000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))),
    min_size=1,
    max_size=40,
)


def upper_tail_by_enumeration(count: int, total: int, rate: float) -> float:
    return sum(comb(total, k) * rate**k * (1 - rate) ** (total - k) for k in range(count, total + 1))


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


class TestBenjaminiHochberg:
    # The worked example of Benjamini and Hochberg 1995, section 4.2.
    published = (
        *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344),
        *(0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000),
    )

    def test_benjamini_hochberg_published_example_finds_four(self) -> None:
        assert benjamini_hochberg(self.published, 0.05).tolist() == [True] * 4 + [False] * 11

    def test_benjamini_hochberg_any_order_gives_the_same_discoveries(self) -> None:
        order = np.random.default_rng(3).permutation(15)
        shuffled = np.array(self.published)[order]
        assert benjamini_hochberg(shuffled).tolist() == benjamini_hochberg(self.published)[order].tolist()

    def test_adjusted_p_values_small_case_matches_hand_calculation(self) -> None:
        assert adjusted_p_values([0.04, 0.01, 0.03]).tolist() == pytest.approx([0.04, 0.03, 0.04])

    def test_adjusted_p_values_no_tests_gives_none(self) -> None:
        assert adjusted_p_values([]).tolist() == []

    def test_benjamini_hochberg_simulated_holds_the_false_discovery_rate(self) -> None:
        from scipy.special import ndtr

        generator = np.random.default_rng(20250611)
        shares, powers = [], []
        for _ in range(400):
            z = generator.normal(size=200)
            z[:40] += 3.0
            found = benjamini_hochberg(ndtr(-z), 0.1)
            shares.append(found[40:].sum() / max(found.sum(), 1))
            powers.append(found[:40].mean())
        # The expected share is q times the share of true null hypotheses: 0.1 * 160 / 200.
        assert float(np.mean(shares)) == pytest.approx(0.08, abs=0.01)
        assert float(np.mean(powers)) > 0.7

    def test_adjusted_p_values_outside_the_unit_interval_are_refused(self) -> None:
        with pytest.raises(BadUse, match="between 0 and 1"):
            adjusted_p_values([0.2, 1.2])


class TestShrinkage:
    def test_fit_prior_published_families_match(self) -> None:
        # Sexes of the first 12 of 13 children in 6,115 families in Saxony (Geissler 1889); maximum likelihood
        # as given by J. K. Lindsey, "Modelling Frequency and Count Data", 1995.
        families = (3, 24, 104, 286, 670, 1033, 1343, 1112, 829, 478, 181, 45, 7)
        flagged = [males for males, number in enumerate(families) for _ in range(number)]
        prior = fit_prior(flagged, [12] * len(flagged))
        assert prior.alpha == pytest.approx(34.0956, abs=0.01)
        assert prior.beta == pytest.approx(31.5715, abs=0.01)

    def test_fit_prior_skewed_rates_are_likelier_than_any_neighbor(self) -> None:
        generator = np.random.default_rng(7)
        totals = generator.integers(20, 3000, 120)
        flagged = generator.binomial(totals, generator.beta(0.3, 40, 120))
        prior = fit_prior(flagged.tolist(), totals.tolist())

        def log_likelihood(alpha: float, beta: float) -> float:
            return sum(
                lgamma(f + alpha)
                + lgamma(n - f + beta)
                - lgamma(n + alpha + beta)
                + lgamma(alpha + beta)
                - lgamma(alpha)
                - lgamma(beta)
                for f, n in zip(flagged.tolist(), totals.tolist(), strict=True)
            )

        best = log_likelihood(prior.alpha, prior.beta)
        for up, aside in ((1.01, 1.0), (0.99, 1.0), (1.0, 1.01), (1.0, 0.99), (1.01, 1.01), (0.99, 0.99)):
            assert log_likelihood(prior.alpha * up, prior.beta * aside) < best

    def test_fit_prior_no_over_dispersion_is_worth_the_other_agencies_searches(self) -> None:
        prior = fit_prior([10, 20, 30, 40], [100, 200, 300, 400])
        assert prior.alpha + prior.beta == pytest.approx(600)
        assert prior.mean == pytest.approx(0.1, abs=0.002)

    @pytest.mark.parametrize(("flagged", "mean"), [((0, 0, 0), 0.5 / 301), ((100, 50, 150), 300.5 / 301)])
    def test_fit_prior_none_or_all_flagged_stays_inside(self, flagged: tuple[int, ...], mean: float) -> None:
        prior = fit_prior(flagged, [100, 50, 150])
        assert prior.mean == pytest.approx(mean)
        assert prior.alpha + prior.beta == pytest.approx(150)

    def test_fit_prior_two_agencies_borrow_nothing(self) -> None:
        assert fit_prior([1, 2, 0], [100, 100, 0]) == BetaPrior(0.5, 0.5)

    def test_shrink_rates_small_agency_moves_more_than_a_large_one(self) -> None:
        totals = [1000] * 20 + [10, 10_000]
        flagged = [*range(10, 30), 2, 2000]
        rates = shrink_rates(flagged, totals)
        small, large = rates[-2], rates[-1]
        assert small.rate == large.rate == 0.2
        assert small.point < 0.1
        assert large.point == pytest.approx(0.2, abs=0.003)
        assert small.high - small.low > large.high - large.low

    def test_shrink_rates_agency_without_searches_has_the_prior_and_no_rate(self) -> None:
        flagged, totals = [5, 9, 4, 0], [100, 120, 90, 0]
        idle = shrink_rates(flagged, totals)[-1]
        assert idle.rate is None
        assert idle.point == pytest.approx(fit_prior(flagged, totals).mean)

    @settings(max_examples=150, deadline=None)
    @given(counts)
    def test_shrink_rates_any_record_lies_between_its_rate_and_the_mean(
        self, pairs: list[tuple[int, int]]
    ) -> None:
        flagged, totals = [n for n, _ in pairs], [of for _, of in pairs]
        mean = fit_prior(flagged, totals).mean
        for shrunken in shrink_rates(flagged, totals):
            assert 0 <= shrunken.low <= shrunken.point <= shrunken.high <= 1
            raw = mean if shrunken.rate is None else shrunken.rate
            assert min(raw, mean) - 1e-12 <= shrunken.point <= max(raw, mean) + 1e-12

    def test_shrink_rates_simulated_intervals_cover_the_true_rates(self) -> None:
        generator = np.random.default_rng(11)
        true = generator.beta(2, 60, 3000)
        totals = generator.integers(30, 2000, 3000)
        rates = shrink_rates(generator.binomial(totals, true).tolist(), totals.tolist())
        covered = np.mean([r.low <= t <= r.high for r, t in zip(rates, true.tolist(), strict=True)])
        assert float(covered) == pytest.approx(0.95, abs=0.015)
        raw_error = np.mean([(r.rate or 0.0) - t for r, t in zip(rates, true.tolist(), strict=True)])
        assert abs(float(raw_error)) < 0.01
        squares = np.array(
            [
                [(r.point - t) ** 2, ((r.rate or 0.0) - t) ** 2]
                for r, t in zip(rates, true.tolist(), strict=True)
            ]
        )
        assert squares[:, 0].mean() < squares[:, 1].mean()

    def test_shrink_rates_count_above_total_is_refused(self) -> None:
        with pytest.raises(BadUse, match="exceeds its total"):
            shrink_rates([1, 6], [3, 5])

    def test_shrink_rates_unpaired_sequences_are_refused(self) -> None:
        with pytest.raises(BadUse, match="pair up"):
            shrink_rates([1], [3, 5])


class TestFunnel:
    @pytest.mark.parametrize("total", [1, 5, 30, 200])
    @pytest.mark.parametrize("rate", [0.004, 0.1, 0.5, 0.93])
    def test_funnel_limits_a_rate_is_outside_exactly_when_its_tail_is_small(
        self, rate: float, total: int
    ) -> None:
        low, high = funnel_limits(rate, [total], confidence=0.95)
        for count in range(total + 1):
            at_least = upper_tail_by_enumeration(count, total, rate)
            at_most = 1 - upper_tail_by_enumeration(count + 1, total, rate)
            assert (count / total > high[0]) == (at_least < 0.025)
            assert (count / total < low[0]) == (at_most < 0.025)

    def test_funnel_limits_wider_confidence_and_correlation_are_wider(self) -> None:
        totals = [30, 100, 1000, 10_000]
        plain = funnel_limits(0.05, totals)
        for wider in (
            funnel_limits(0.05, totals, confidence=0.998),
            funnel_limits(0.05, totals, correlation=0.01),
        ):
            assert np.all(wider[0] <= plain[0])
            assert np.all(wider[1] > plain[1])

    def test_funnel_limits_large_total_equals_the_normal_approximation(self) -> None:
        low, high = funnel_limits(0.3, [1_000_001], correlation=3e-6)
        spread = 1.959964 * np.sqrt(4 * 0.3 * 0.7 / 1_000_000)
        assert (low[0], high[0]) == pytest.approx((0.3 - spread, 0.3 + spread), abs=2e-6)

    def test_funnel_limits_of_a_tail_beyond_doubles_are_the_whole_range(self) -> None:
        low, high = funnel_limits(0.05, [90_000], correlation=0.9)
        assert (low[0], high[0]) == (0, 1)

    def test_funnel_limits_certain_rate_has_no_width(self) -> None:
        low, high = funnel_limits(0.0, [10, 20])
        assert (low.tolist(), high.tolist()) == ([0.0, 0.0], [0.0, 0.0])

    def test_funnel_limits_impossible_rate_is_refused(self) -> None:
        with pytest.raises(BadUse, match="no funnel"):
            funnel_limits(1.4, [10])


class TestIntraCorrelation:
    def test_intra_correlation_binomial_rates_is_nearly_none(self) -> None:
        generator = np.random.default_rng(5)
        totals = generator.integers(200, 3000, 4000)
        flagged = generator.binomial(totals, 0.05)
        assert intra_correlation(flagged.tolist(), totals.tolist(), 0.05) < 1e-4

    def test_intra_correlation_beta_binomial_rates_is_that_of_the_beta(self) -> None:
        generator = np.random.default_rng(5)
        totals = generator.integers(30, 20_000, 4000)
        # The correlation of a beta-binomial is 1 / (alpha + beta + 1).
        flagged = generator.binomial(totals, generator.beta(0.2 * 199, 0.8 * 199, 4000))
        found = intra_correlation(flagged.tolist(), totals.tolist(), 0.2)
        assert found == pytest.approx(1 / 200, rel=0.15)

    def test_intra_correlation_too_few_expected_searches_tell_nothing(self) -> None:
        assert intra_correlation([5, 5, 5], [20, 20, 20], 0.01) == 0.0


class TestOutliers:
    def test_outliers_one_agency_far_above_is_found_alone(self) -> None:
        generator = np.random.default_rng(2)
        totals = generator.integers(100, 2000, 300)
        flagged = generator.binomial(totals, 0.02)
        totals[17], flagged[17] = 500, 60
        result = outliers(flagged.tolist(), totals.tolist())
        assert np.flatnonzero(result.outlier).tolist() == [17]

    def test_outliers_p_value_without_dispersion_is_the_exact_tail(self) -> None:
        result = outliers([3, 4, 5, 12], [100, 100, 100, 100])
        assert result.rate == 0.06
        assert result.correlation > 0
        alone = outliers([2, 10], [100, 100], minimum=100)
        assert alone.correlation > 0
        small = outliers([0, 2], [30, 40])
        assert small.correlation == 0.0
        assert small.p_values[1] == pytest.approx(upper_tail_by_enumeration(2, 40, 2 / 70))

    def test_outliers_few_searches_are_not_tested(self) -> None:
        result = outliers([29, 3, 3], [MINIMUM_SEARCHES - 1, 300, 300])
        assert (result.p_values[0], result.adjusted[0], result.outlier[0]) == (None, None, False)
        assert None not in result.p_values[1:]

    def test_outliers_nothing_flagged_finds_nothing(self) -> None:
        result = outliers([0, 0], [100, 200])
        assert (result.rate, result.p_values, result.outlier) == (0.0, (None, None), (False, False))

    def test_outliers_over_dispersed_agencies_hold_the_false_discovery_rate(self) -> None:
        generator = np.random.default_rng(13)
        wrong, naive = 0, 0
        for _ in range(30):
            totals = generator.integers(200, 3000, 200)
            flagged = generator.binomial(totals, generator.beta(5, 95, 200))
            wrong += any(outliers(flagged.tolist(), totals.tolist()).outlier)
            _, high = funnel_limits(0.05, totals.tolist())
            naive += int(np.sum(flagged / totals > high))
        assert wrong <= 10
        assert naive > 30 * 200 * 0.2


class TestUnusualHours:
    @staticmethod
    def day_shift(
        generator: np.random.Generator, officers: int
    ) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
        weights = np.array([0.2] * 6 + [6.0] * 14 + [0.4] * 4)
        return generator.multinomial(200, weights / weights.sum(), size=officers)

    def test_unusual_hours_one_officer_at_night_is_found_alone(self) -> None:
        counts = self.day_shift(np.random.default_rng(1), 40)
        counts[7] = 0
        counts[7, 3] = 50
        tests = unusual_hours(counts, [0] * 40)
        assert [i for i, test in enumerate(tests) if test.outlier] == [7]
        assert (tests[7].quiet, tests[7].total) == (50, 50)
        assert 3 in tests[7].quiet_hours
        assert tests[7].expected < 0.05

    def test_unusual_hours_a_night_shift_is_no_outlier(self) -> None:
        counts = self.day_shift(np.random.default_rng(1), 40)
        counts[:8] = np.roll(counts[:8], 12, axis=1)
        assert not any(test.outlier for test in unusual_hours(counts, [0] * 40))

    def test_unusual_hours_another_agencys_night_is_its_own(self) -> None:
        generator = np.random.default_rng(4)
        day, night = self.day_shift(generator, 20), np.roll(self.day_shift(generator, 20), 12, axis=1)
        together = unusual_hours(np.vstack([day, night]), [0] * 20 + [1] * 20)
        assert not any(test.outlier for test in together)

    def test_unusual_hours_too_few_peers_or_searches_are_not_tested(self) -> None:
        counts = self.day_shift(np.random.default_rng(1), 12)
        assert {test.p_value for test in unusual_hours(counts[:9], [0] * 9)} == {None}
        counts[0] = 0
        counts[0, 2] = MINIMUM_SEARCHES - 1
        tests = unusual_hours(counts, [0] * 12)
        assert [test.p_value is None for test in tests] == [True] + [False] * 11

    def test_unusual_hours_nobody_gives_nothing(self) -> None:
        assert unusual_hours(np.zeros((0, 24), dtype=np.int64), []) == []

    def test_unusual_hours_unpaired_agencies_are_refused(self) -> None:
        with pytest.raises(BadUse, match="one row of counts an officer"):
            unusual_hours(np.zeros((2, 24), dtype=np.int64), [0])


class TestNotes:
    def test_false_positive_note_large_record_counts_them(self) -> None:
        assert false_positive_note(12_000_000) == (
            "If the classification were wrong on 0.1 % of the searches, "
            "about 12,000 of 12,000,000 would be flagged in error."
        )

    def test_false_positive_note_small_record_says_fewer_than_one(self) -> None:
        assert false_positive_note(300) == (
            "If the classification were wrong on 0.1 % of the searches, "
            "fewer than one of 300 would be flagged in error."
        )

    def test_minimums_one_search_below_moves_more_than_its_unit(self) -> None:
        assert (MINIMUM_SEARCHES, MINIMUM_FOR_PERCENT) == (30, 100)
