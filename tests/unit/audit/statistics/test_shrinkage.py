"""Shrunken rates against a published fit, a likelihood and simulated coverage."""

from __future__ import annotations

from collections.abc import Sequence
from math import lgamma

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.audit.statistics import (
    BetaPrior,
    fit_prior,
    shrink_rates,
)
from gatehouse.model import BadUse

counts = st.lists(
    st.integers(0, 2000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))),
    min_size=1,
    max_size=40,
)


def log_likelihood(flagged: Sequence[int], totals: Sequence[int], prior: BetaPrior) -> float:
    """Return the beta-binomial log-likelihood of the counts, up to a constant."""
    alpha, beta = prior.alpha, prior.beta
    return sum(
        lgamma(f + alpha)
        + lgamma(n - f + beta)
        - lgamma(n + alpha + beta)
        + lgamma(alpha + beta)
        - lgamma(alpha)
        - lgamma(beta)
        for f, n in zip(flagged, totals, strict=True)
    )


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

        best = log_likelihood(flagged.tolist(), totals.tolist(), prior)
        for up, aside in ((1.01, 1.0), (0.99, 1.0), (1.0, 1.01), (1.0, 0.99), (1.01, 1.01), (0.99, 0.99)):
            beside = BetaPrior(prior.alpha * up, prior.beta * aside)
            assert log_likelihood(flagged.tolist(), totals.tolist(), beside) < best

    def test_fit_prior_few_large_among_many_zeros_reaches_the_top(self) -> None:
        # Steps cut off axis by axis lead down here.
        zeros = [76, 172, 1319, 911, 46, 1797, 30, 831, 275, 100, 156, 37, 485, 65, 588, 1911, 32, 127, 43]
        zeros += [1522, 3041, 1022, 72, 806, 793, 3114, 140, 800]
        flagged, totals = [298, 185, *[0] * len(zeros)], [4849, 2810, *zeros]
        prior = fit_prior(flagged, totals)
        best = log_likelihood(flagged, totals, prior)
        for size in (0.5, 2, 8, 30):
            for mean in (0.005, 0.01, 0.02, 0.03):
                assert log_likelihood(flagged, totals, BetaPrior(mean * size, (1 - mean) * size)) <= best

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
