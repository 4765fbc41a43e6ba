"""Funnel plots and outliers: which rates lie above what chance, and the usual variety of agencies, explain.

D. J. Spiegelhalter, "Funnel plots for comparing institutional performance", Statistics in Medicine 24, 2005:
exact binomial limits, widened for over-dispersion in the additive (random effects) model, since totals of
agencies span orders of magnitude: the variance of a rate is `1 + (total - 1) * correlation` times the
binomial one, where `correlation` is that between two searches of one agency. Without it every large agency is
an outlier. Rates of agencies are mostly lopsided, so outliers are tested by the beta-binomial tail itself and
not by a widened normal one, against the distribution of what is usual (`usual.usual_prior`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gatehouse.audit.statistics.discovery import adjusted_p_values
from gatehouse.audit.statistics.intervals import MINIMUM_SEARCHES, checked_counts, normal_quantile
from gatehouse.audit.statistics.shrinkage import MINIMUM_AGENCIES
from gatehouse.audit.statistics.tails import beta_binomial_tail, upper_tail
from gatehouse.audit.statistics.usual import usual_prior
from gatehouse.model import BadUse


@dataclass(frozen=True, slots=True)
class Outliers:
    """The test of each agency against what is usual, in the order given.

    `rate` is the mean of the usual rates, `correlation` that between two searches of one agency (0:
    binomial). `p_values` and `adjusted` (the false-discovery rate at which the agency is first an outlier)
    are None for agencies with too few searches to test, and those are never outliers.
    """

    rate: float
    correlation: float
    p_values: tuple[float | None, ...]
    adjusted: tuple[float | None, ...]
    outlier: tuple[bool, ...]


def outliers(
    flagged: Sequence[int], totals: Sequence[int], *, q: float = 0.05, minimum: int = MINIMUM_SEARCHES
) -> Outliers:
    """Find the agencies whose flagged rate is high, with at most a share `q` of them expected to be wrong.

    One-sided beta-binomial tails against the usual rates, then Benjamini-Hochberg over the agencies with at
    least `minimum` searches. Fewer than three such agencies have no usual rate: none is tested.
    """
    count, total = checked_counts(flagged, totals)
    tested = total >= max(minimum, 1)
    if tested.sum() < MINIMUM_AGENCIES or count[tested].sum() in (0.0, total[tested].sum()):
        none = (None,) * count.size
        rate = float(count.sum() / total.sum()) if total.sum() else 0.0
        return Outliers(rate, 0.0, none, none, (False,) * count.size)
    prior = usual_prior(count[tested], total[tested])
    p = beta_binomial_tail(count[tested], total[tested], prior)
    adjusted = adjusted_p_values(p)
    every_p, every_adjusted = np.full(count.size, np.nan), np.full(count.size, np.nan)
    every_p[tested], every_adjusted[tested] = p, adjusted
    return Outliers(
        rate=prior.mean,
        correlation=1 / (prior.alpha + prior.beta + 1),
        p_values=tuple(None if np.isnan(value) else value for value in every_p.tolist()),
        adjusted=tuple(None if np.isnan(value) else value for value in every_adjusted.tolist()),
        outlier=tuple((every_adjusted <= q).tolist()),
    )


def funnel_limits(
    overall_rate: float,
    totals: Sequence[int],
    *,
    confidence: float = 0.95,
    correlation: float = 0.0,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lower and upper limit of a rate at each total; draw them at 0.95 and at 0.998.

    Exact binomial limits, interpolated between counts as in Spiegelhalter's appendix A.1.1, at z-scores
    widened for `correlation`. The upper limit is the lower one of the searches that are not
    flagged, so a rate lies outside exactly when its adjusted tail is below `(1 - confidence) / 2`.
    """
    from scipy.special import ndtr

    total = np.asarray(totals, dtype=np.float64)
    if not 0 <= overall_rate <= 1 or not 0 <= correlation <= 1 or bool(np.any(total < 1)):
        raise BadUse(
            "there is no funnel around such a rate",
            expected="a rate and a correlation in [0, 1], totals of at least 1",
            got=f"rate {overall_rate:g}, correlation {correlation:g}",
        )
    if overall_rate in (0.0, 1.0):
        return np.full(total.shape, overall_rate), np.full(total.shape, overall_rate)
    tail = ndtr(-normal_quantile(confidence) * np.sqrt(variance_factor(total, correlation)))
    return _lower_limit(overall_rate, total, tail), 1 - _lower_limit(1 - overall_rate, total, tail)


def _lower_limit(rate: float, total: NDArray[np.float64], tail: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share at which the lower binomial tail reaches `tail`, interpolated between counts."""
    # The smallest count whose lower tail is at least `tail`, by bisection over whole counts.
    below, count = np.full(total.shape, -1.0), total.copy()
    while bool(np.any(count - below > 1)):
        middle = np.floor((below + count) / 2)
        enough = _lower_tail(middle, total, rate) >= tail
        below, count = np.where(enough, below, middle), np.where(enough, middle, count)
    reached, before = _lower_tail(count, total, rate), _lower_tail(count - 1, total, rate)
    # A tail too small for a double is reached at no count at all: the limit is then 0.
    fraction = np.divide(reached - tail, reached - before, out=np.zeros_like(tail), where=reached > before)
    return np.asarray(np.clip((count - fraction) / total, 0.0, 1.0))


def _lower_tail(count: NDArray[np.float64], total: NDArray[np.float64], rate: float) -> NDArray[np.float64]:
    """Return the probability of at most `count` of `total` at `rate`; 0 below no search at all."""
    return np.where(count < 0, 0.0, upper_tail(total - np.maximum(count, 0), total, 1 - rate))


def variance_factor(
    total: NDArray[np.float64], correlation: float | NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how many times more than binomially a rate of so many searches varies."""
    return np.asarray(1 + np.maximum(total - 1, 0) * correlation)
