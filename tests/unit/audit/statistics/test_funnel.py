"""Limits and outliers against exact enumeration and simulations with a fixed seed."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest

from gatehouse.audit.statistics import (
    MINIMUM_SEARCHES,
    BetaPrior,
    fit_prior,
    funnel_limits,
    outliers,
)
from gatehouse.audit.statistics.tails import beta_binomial_tail
from gatehouse.audit.statistics.usual import usual_prior
from gatehouse.model import BadUse


def upper_tail_by_enumeration(count: int, total: int, rate: float) -> float:
    return sum(comb(total, k) * rate**k * (1 - rate) ** (total - k) for k in range(count, total + 1))


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


class TestOutliers:
    def test_outliers_one_agency_far_above_is_found_alone(self) -> None:
        generator = np.random.default_rng(2)
        totals = generator.integers(100, 2000, 300)
        flagged = generator.binomial(totals, 0.02)
        totals[17], flagged[17] = 500, 60
        result = outliers(flagged.tolist(), totals.tolist())
        assert np.flatnonzero(result.outlier).tolist() == [17]

    def test_outliers_p_value_is_the_tail_of_the_usual_rates(self) -> None:
        from scipy.stats import betabinom

        flagged, totals = [3, 4, 5, 12], [100, 100, 100, 100]
        result = outliers(flagged, totals)
        prior = fit_prior(flagged, totals)
        assert result.rate == pytest.approx(prior.mean)
        assert result.correlation == 1 / (prior.alpha + prior.beta + 1)
        summed = [betabinom.sf(n - 1, 100, prior.alpha, prior.beta) for n in flagged]
        assert result.p_values == pytest.approx(summed, rel=0.01)

    def test_outliers_few_searches_are_not_tested(self) -> None:
        result = outliers([29, 3, 3, 3], [MINIMUM_SEARCHES - 1, 300, 300, 300])
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
        # 5 % of 30 runs are 1.5; at most 4 are seen in 98 of 100 such experiments.
        assert wrong <= 4
        assert naive > 30 * 200 * 0.2

    # Beta distributions of the agencies' rates, from all alike to most of them near zero.
    @pytest.mark.parametrize(
        ("alpha", "beta"), [(200, 9800), (5, 95), (1, 20), (0.5, 50), (0.1, 10), (0.02, 5)]
    )
    def test_outliers_any_variety_of_one_kind_holds_the_false_discovery_rate(
        self, alpha: float, beta: float
    ) -> None:
        generator = np.random.default_rng(17)
        wrong = 0
        for _ in range(40):
            totals = np.floor(np.exp(generator.uniform(np.log(30), np.log(5000), 100))).astype(int)
            flagged = generator.binomial(totals, generator.beta(alpha, beta, 100))
            wrong += any(outliers(flagged.tolist(), totals.tolist()).outlier)
        # 5 % of 40 runs are 2; at most 5 are seen in 97 of 100 such experiments.
        assert wrong <= 5

    def test_outliers_twelve_agencies_one_of_another_kind_is_found(self) -> None:
        generator = np.random.default_rng(23)
        totals = generator.integers(100, 3000, 12)
        flagged = generator.binomial(totals, 0.02)
        totals[4], flagged[4] = 500, 60
        assert np.flatnonzero(outliers(flagged.tolist(), totals.tolist()).outlier).tolist() == [4]

    # One in forty agencies does often what the others hardly do, never do, or do in every measure.
    @pytest.mark.parametrize("usual", [(0.0, 0.0), (0.0002, 0.0), (2.0, 60.0)])
    def test_outliers_a_group_of_another_kind_does_not_hide_itself(self, usual: tuple[float, float]) -> None:
        generator = np.random.default_rng(37)
        totals = generator.integers(300, 3000, 400)
        rates = generator.beta(*usual, 400) if usual[1] else np.full(400, usual[0])
        rates[:10] = 0.25
        result = outliers(generator.binomial(totals, rates).tolist(), totals.tolist())
        assert all(result.outlier[:10])
        assert sum(result.outlier[10:]) <= 2

    def test_outliers_two_agencies_have_no_usual_rate(self) -> None:
        result = outliers([5, 500], [1000, 1000])
        assert (result.rate, result.correlation) == (0.2525, 0.0)
        assert (result.p_values, result.outlier) == ((None, None), (False, False))

    def test_outliers_half_of_the_agencies_are_no_exception(self) -> None:
        flagged, totals = [0] * 20 + [100] * 20, [1000] * 40
        assert not any(outliers(flagged, totals).outlier)


class TestUsualPrior:
    def test_usual_prior_of_one_kind_is_that_of_all(self) -> None:
        generator = np.random.default_rng(41)
        totals = generator.integers(30, 3000, 300).astype(float)
        flagged = generator.binomial(totals.astype(int), generator.beta(0.1, 10, 300)).astype(float)
        every = fit_prior(flagged.astype(int).tolist(), totals.astype(int).tolist())
        assert usual_prior(flagged, totals) == every

    def test_usual_prior_beside_a_higher_kind_is_that_of_the_others(self) -> None:
        generator = np.random.default_rng(43)
        totals = generator.integers(300, 3000, 300).astype(float)
        flagged = generator.binomial(totals.astype(int), [0.15] * 9 + [0.01] * 291).astype(float)
        others = fit_prior(flagged[9:].astype(int).tolist(), totals[9:].astype(int).tolist())
        assert usual_prior(flagged, totals) == others


class TestBetaBinomialTail:
    @pytest.mark.parametrize(("alpha", "beta"), [(5.0, 95.0), (0.5, 50.0), (0.1, 10.0), (200.0, 9800.0)])
    @pytest.mark.parametrize(("count", "total"), [(0, 40), (1, 1), (3, 30), (9, 30), (60, 300), (600, 3000)])
    def test_beta_binomial_tail_is_the_sum_over_all_counts(
        self, count: int, total: int, alpha: float, beta: float
    ) -> None:
        from scipy.stats import betabinom

        summed = float(betabinom.sf(count - 1, total, alpha, beta))
        tail = beta_binomial_tail(np.array([float(count)]), np.array([float(total)]), BetaPrior(alpha, beta))
        # The sum itself is exact to about 1e-11.
        assert tail[0] == pytest.approx(summed, rel=0.01, abs=1e-10)


@pytest.mark.parametrize("high", [1, 5])
@pytest.mark.parametrize("flagged", [90, 100])
def test_outliers_among_agencies_that_flag_nothing_find_those_that_flag_everything(
    high: int, flagged: int
) -> None:
    found = outliers([0] * 99 + [flagged] * high, [100] * (99 + high))
    assert found.outlier == (False,) * 99 + (True,) * high


def test_outliers_among_a_handful_mark_no_rate_of_one() -> None:
    assert not any(outliers([0] * 4 + [50], [50] * 5).outlier)
