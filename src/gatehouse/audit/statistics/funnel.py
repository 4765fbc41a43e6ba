"""Funnel plots and outliers: which rates lie above what chance, and the usual variety of agencies, explain.

D. J. Spiegelhalter, "Funnel plots for comparing institutional performance", Statistics in Medicine 24, 2005:
exact binomial limits, and over-dispersion estimated from Winsorized z-scores. The additive (random effects)
model is used, since totals of agencies span orders of magnitude: the variance of a rate is
`1 + (total - 1) * correlation` times the binomial one, where `correlation` is that between two searches of
one agency. Without it every large agency is an outlier. Instead of the normal approximation, which misleads
for rare events, z-scores are those of the exact binomial tail, so limits and p-values are exact where the
correlation is 0.

Agencies' rates are mostly lopsided, and then these z-scores mark too many. So an outlier must also lie beyond
what the beta distribution of all agencies' rates (`shrinkage.fit_prior`) explains: the larger of the two
p-values counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gatehouse.audit.statistics.discovery import adjusted_p_values
from gatehouse.audit.statistics.intervals import MINIMUM_SEARCHES, checked_counts, normal_quantile
from gatehouse.audit.statistics.shrinkage import BetaPrior, fit_prior
from gatehouse.model import BadUse

_WINSORIZED = 0.1
# Nodes of a smooth integral, and the share of a distribution beyond its ends that no tail can show.
_NODES = 400
_NEGLIGIBLE = 1e-15
_LOG_ODDS = np.linspace(-40, 40, 8001)
# Halving [0, 1] so often leaves an error far below what any limit shows.
_BISECTIONS = 50
# A tail below the smallest normal double would become an infinite z-score.
SMALLEST = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True, slots=True)
class Outliers:
    """The test of each agency against all agencies, in the order given.

    `rate` is the pooled rate, `correlation` that between searches of one agency (0: binomial). `p_values` and
    `adjusted` (the false-discovery rate at which the agency is first an outlier) are None for agencies with
    too few searches to test, and those are never outliers.
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

    One-sided binomial tails against the pooled rate, adjusted for over-dispersion, and where those are small
    beta-binomial tails, then Benjamini-Hochberg over the agencies with at least `minimum` searches.
    """
    count, total = checked_counts(flagged, totals)
    tested = total >= max(minimum, 1)
    if not tested.any() or count.sum() in (0.0, total.sum()):
        none = (None,) * count.size
        rate = float(count.sum() / total.sum()) if total.sum() else 0.0
        return Outliers(rate, 0.0, none, none, (False,) * count.size)
    rate = float(count.sum() / total.sum())
    correlation = intra_correlation(count[tested], total[tested], rate)
    p = adjusted_tail(upper_tail(count[tested], total[tested], rate), total[tested], correlation)
    # An adjusted p-value is never below its own, so the others cannot become outliers either way.
    near = p <= q
    if near.any():
        prior = fit_prior(count[tested].astype(int).tolist(), total[tested].astype(int).tolist())
        p[near] = np.maximum(p[near], beta_binomial_tail(count[tested][near], total[tested][near], prior))
    adjusted = adjusted_p_values(p)
    every_p, every_adjusted = np.full(count.size, np.nan), np.full(count.size, np.nan)
    every_p[tested], every_adjusted[tested] = p, adjusted
    return Outliers(
        rate=rate,
        correlation=correlation,
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


def intra_correlation(
    flagged: Sequence[int] | NDArray[np.float64],
    totals: Sequence[int] | NDArray[np.float64],
    rate: float,
    *,
    winsorized: float = _WINSORIZED,
) -> float:
    """Return the correlation between two searches of one agency that explains how much rates vary.

    It is the one at which the mean square z-score is as expected (R. C. Paule and J. Mandel, 1982), with the
    most extreme share `winsorized` on either side pulled in: the outliers sought must not hide themselves.
    Units that are expected to have less than one search on either side cannot tell and are left out.
    """
    count, total = np.asarray(flagged, dtype=np.float64), np.asarray(totals, dtype=np.float64)
    telling = (total * rate >= 1) & (total * (1 - rate) >= 1)
    if int(telling.sum()) < 2:
        return 0.0
    total = total[telling]
    z = middle_z(count[telling], total, np.full(total.shape, rate))
    expected = _winsorized_variance(winsorized)

    def excess(correlation: float) -> float:
        scaled = z / np.sqrt(variance_factor(total, correlation))
        low, high = np.quantile(scaled, [winsorized, 1 - winsorized])
        return float(np.mean(np.clip(scaled, low, high) ** 2)) - expected

    low, high = 0.0, 1.0
    if excess(low) <= 0:
        return 0.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return high


def variance_factor(
    total: NDArray[np.float64], correlation: float | NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how many times more than binomially a rate of so many searches varies."""
    return np.asarray(1 + np.maximum(total - 1, 0) * correlation)


def upper_tail(
    count: NDArray[np.float64], total: NDArray[np.float64], rate: float | NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the probability of at least `count` of `total` at `rate`."""
    from scipy.special import betainc

    inside = betainc(np.maximum(count, 1), total - np.maximum(count, 1) + 1, rate)
    return np.asarray(np.where(count > 0, inside, 1.0))


def adjusted_tail(
    p: NDArray[np.float64], total: NDArray[np.float64], correlation: float | NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return one-sided p-values whose z-scores are narrowed for the correlation between searches."""
    from scipy.special import ndtr, ndtri

    factor = variance_factor(total, correlation)
    return np.asarray(np.where(factor > 1, ndtr(ndtri(np.maximum(p, SMALLEST)) / np.sqrt(factor)), p))


def beta_binomial_tail(
    count: NDArray[np.float64], total: NDArray[np.float64], prior: BetaPrior
) -> NDArray[np.float64]:
    """Return the probability of at least `count` of `total` for an agency whose rate is drawn from the prior.

    The binomial tail as a function of the rate is the distribution of a beta, so the probability is the mean
    of the prior's upper tail over that beta, taken by the trapezoidal rule in the log-odds.
    """
    from scipy.special import betaincc, betaincinv, expit, logit

    k = np.maximum(count, 1)[:, None]
    rest = total[:, None] - k + 1
    ends = logit(betaincinv(k, rest, np.array([_NEGLIGIBLE, 0.5, 1 - _NEGLIGIBLE])))
    # Where nothing or everything is flagged an end may round to 0 or 1.
    low = np.where(np.isfinite(ends[:, :1]), ends[:, :1], ends[:, 1:2] - 40)
    high = np.where(np.isfinite(ends[:, 2:]), ends[:, 2:], ends[:, 1:2] + 40)
    odds = low + (high - low) * np.linspace(0, 1, _NODES)
    # The beta's density in the log-odds, up to a factor: p^k (1 - p)^rest.
    height = -k * np.logaddexp(0, -odds) - rest * np.logaddexp(0, odds)
    weight = np.exp(height - height.max(axis=1, keepdims=True))
    # One prior serves every agency: its tail is computed once, and read off in between.
    tail = np.maximum(betaincc(prior.alpha, prior.beta, expit(_LOG_ODDS)), SMALLEST)
    beyond = np.exp(np.interp(odds, _LOG_ODDS, np.log(tail)))
    mean = (weight * beyond).sum(axis=1) / weight.sum(axis=1)
    return np.asarray(np.where(count > 0, mean, 1.0))


def middle_z(
    count: NDArray[np.float64], total: NDArray[np.float64], rate: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return z-scores of the mid-p upper tail, whose mean is 0 although counts are whole."""
    from scipy.special import ndtri

    at_least = upper_tail(count, total, rate)
    more = np.where(count < total, upper_tail(np.minimum(count + 1, total), total, rate), 0.0)
    middle = np.clip((at_least + more) / 2, SMALLEST, 1 - 2**-53)
    return np.asarray(-ndtri(middle))


def _winsorized_variance(share: float) -> float:
    """Return the variance of a standard normal whose `share` on either side is pulled in to the quantile."""
    from scipy.special import ndtri

    if share <= 0:
        return 1.0
    edge = float(-ndtri(share))
    density = float(np.exp(-edge * edge / 2) / np.sqrt(2 * np.pi))
    return 1 - 2 * share - 2 * edge * density + 2 * share * edge * edge
