"""Rates that borrow strength: an agency with few searches is drawn toward all agencies together.

Empirical Bayes with a beta-binomial model: each agency's true rate comes from one beta distribution, fitted
to all agencies by maximum likelihood (D. A. Griffiths, Biometrics 29, 1973; starting values by moments as in
J. C. Kleinman, JASA 68, 1973); an agency's shrunken rate is its posterior mean, its interval the equal-tailed
credible interval. The intervals take the fitted prior as known, so they are a little narrow when agencies are
few (B. P. Carlin and T. A. Louis, "Bayesian Methods for Data Analysis", chapter 5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log

import numpy as np
from numpy.typing import NDArray

from gatehouse.audit.statistics.intervals import checked_counts

# With fewer agencies there is no between-agency variance to speak of (James and Stein need three means).
MINIMUM_AGENCIES = 3
_JEFFREYS = 0.5
_MAXIMUM_STEPS = 100
_LONGEST_STEP = 2.0
_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class BetaPrior:
    """The distribution of agencies' true rates; `alpha + beta` is worth that many searches."""

    alpha: float
    beta: float

    @property
    def mean(self) -> float:
        """Return the rate toward which agencies are drawn."""
        return self.alpha / (self.alpha + self.beta)


@dataclass(frozen=True, slots=True)
class ShrunkenRate:
    """An agency's rate as counted and as shrunken; `low <= point <= high` is its credible interval.

    `rate` is None where there was nothing to count; `point` is then the mean of the prior.
    """

    flagged: int
    total: int
    rate: float | None
    point: float
    low: float
    high: float


def shrink_rates(
    flagged: Sequence[int], totals: Sequence[int], *, confidence: float = 0.95
) -> list[ShrunkenRate]:
    """Return the shrunken rate of each agency, in the order given.

    `flagged[i]` of the `totals[i]` searches of agency i are flagged. A posterior so skewed that its mean lies
    beyond its upper quantile has the interval extended to the mean.
    """
    from scipy.special import betaincinv

    count, total = checked_counts(flagged, totals)
    prior = fit_prior(flagged, totals)
    alpha, beta = prior.alpha + count, prior.beta + total - count
    point = alpha / (alpha + beta)
    tail = (1 - confidence) / 2
    low = np.minimum(betaincinv(alpha, beta, tail), point)
    high = np.maximum(betaincinv(alpha, beta, 1 - tail), point)
    return [
        ShrunkenRate(int(c), int(t), c / t if t else None, p, lo, hi)
        for c, t, p, lo, hi in zip(
            count.tolist(), total.tolist(), point.tolist(), low.tolist(), high.tolist(), strict=True
        )
    ]


def fit_prior(flagged: Sequence[int], totals: Sequence[int]) -> BetaPrior:
    """Return the beta distribution from which the agencies' rates look drawn.

    With fewer than three agencies that searched, return Jeffreys' prior: nothing is borrowed. Where the rates
    vary no more than chance would make them, the likelihood rises without end in `alpha + beta`; it is held
    at the number of searches of all agencies but the largest, since a prior cannot know more than it saw.
    """
    count, total = checked_counts(flagged, totals)
    count, total = count[total > 0], total[total > 0]
    if count.size < MINIMUM_AGENCIES:
        return BetaPrior(_JEFFREYS, _JEFFREYS)
    # Half a search on either side keeps the mean inside (0, 1) when nothing or everything is flagged.
    mean = float((count.sum() + _JEFFREYS) / (total.sum() + 2 * _JEFFREYS))
    cap = max(float(total.sum() - total.max()), 2 * _JEFFREYS)
    if count.sum() == 0 or count.sum() == total.sum():
        return BetaPrior(mean * cap, (1 - mean) * cap)
    size = min(_size_by_moments(count, total), cap)
    mean, size = _maximize_likelihood(count, total, mean, size, cap)
    return BetaPrior(mean * size, (1 - mean) * size)


def _size_by_moments(count: NDArray[np.float64], total: NDArray[np.float64]) -> float:
    """Return `alpha + beta` from the weighted variance of the rates; infinity without over-dispersion."""
    share = count.sum() / total.sum()
    spread = float((total * (count / total - share) ** 2).sum() / (share * (1 - share)))
    excess = float(((1 - total / total.sum()) * (total - 1)).sum())
    if excess <= 0:
        return float("inf")
    correlation = (spread - (total.size - 1)) / excess
    return float("inf") if correlation <= 0 else max((1 - correlation) / correlation, 1e-3)


def _maximize_likelihood(
    count: NDArray[np.float64], total: NDArray[np.float64], mean: float, size: float, cap: float
) -> tuple[float, float]:
    """Return mean and size of the likeliest beta, by Newton in (logit mean, log size) with halved steps."""
    pairs, repeats = np.unique(np.stack([count, total]), axis=1, return_counts=True)
    successes, trials = pairs
    weights = repeats.astype(np.float64)
    theta, phi = log(mean / (1 - mean)), log(size)
    ceiling = log(cap)
    best = _log_likelihood(successes, trials, weights, theta, phi)
    for _ in range(_MAXIMUM_STEPS):
        gradient, hessian = _derivatives(successes, trials, weights, theta, phi)
        step = _ascent(gradient, hessian, at_ceiling=phi >= ceiling)
        length = 1.0
        while length > _TOLERANCE:
            tried = (theta + length * step[0], min(phi + length * step[1], ceiling))
            value = _log_likelihood(successes, trials, weights, *tried)
            if value > best:
                break
            length /= 2
        else:
            break
        gained, best = value - best, value
        theta, phi = tried
        if gained < _TOLERANCE:
            break
    return 1 / (1 + exp(-theta)), exp(phi)


def _ascent(
    gradient: NDArray[np.float64], hessian: NDArray[np.float64], *, at_ceiling: bool
) -> NDArray[np.float64]:
    """Return Newton's step, of bounded length and always uphill: with the curvatures taken as downward.

    It is shortened as a whole, since cut off axis by axis it could lead down.
    """
    if at_ceiling and gradient[1] > 0:
        # Only the mean can still move; the size stays at its bound.
        return _shortened(np.array([gradient[0] / max(abs(hessian[0, 0]), _TOLERANCE), 0.0]))
    curvatures, axes = np.linalg.eigh(hessian)
    return _shortened(axes @ ((axes.T @ gradient) / np.maximum(np.abs(curvatures), _TOLERANCE)))


def _shortened(step: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(step * min(1.0, _LONGEST_STEP / max(float(np.abs(step).max()), _TOLERANCE)))


def _log_likelihood(
    count: NDArray[np.float64],
    total: NDArray[np.float64],
    weights: NDArray[np.float64],
    theta: float,
    phi: float,
) -> float:
    from scipy.special import betaln

    alpha, beta = _shape(theta, phi)
    return float((weights * (betaln(count + alpha, total - count + beta) - betaln(alpha, beta))).sum())


def _derivatives(
    count: NDArray[np.float64],
    total: NDArray[np.float64],
    weights: NDArray[np.float64],
    theta: float,
    phi: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return gradient and Hessian of the log-likelihood in (logit mean, log size)."""
    from scipy.special import psi, zeta

    alpha, beta = _shape(theta, phi)
    size = alpha + beta
    mean = alpha / size
    both = weights.sum() * psi(size) - (weights * psi(total + size)).sum()
    by_alpha = (weights * psi(count + alpha)).sum() - weights.sum() * psi(alpha) + both
    by_beta = (weights * psi(total - count + beta)).sum() - weights.sum() * psi(beta) + both
    # zeta(2, x) is the trigamma function.
    mixed = weights.sum() * zeta(2, size) - (weights * zeta(2, total + size)).sum()
    twice_alpha = (weights * zeta(2, count + alpha)).sum() - weights.sum() * zeta(2, alpha) + mixed
    twice_beta = (weights * zeta(2, total - count + beta)).sum() - weights.sum() * zeta(2, beta) + mixed
    # d(alpha)/d(theta) = slope = -d(beta)/d(theta); d(alpha)/d(phi) = alpha; d(beta)/d(phi) = beta.
    slope = size * mean * (1 - mean)
    gradient = np.array([slope * (by_alpha - by_beta), alpha * by_alpha + beta * by_beta])
    across = slope * (alpha * twice_alpha + (beta - alpha) * mixed - beta * twice_beta) + gradient[0]
    hessian = np.array(
        [
            [
                slope**2 * (twice_alpha - 2 * mixed + twice_beta) + gradient[0] * (1 - 2 * mean),
                across,
            ],
            [
                across,
                alpha**2 * twice_alpha + 2 * alpha * beta * mixed + beta**2 * twice_beta + gradient[1],
            ],
        ]
    )
    return gradient, hessian


def _shape(theta: float, phi: float) -> tuple[float, float]:
    mean, size = 1 / (1 + exp(-theta)), exp(phi)
    return mean * size, (1 - mean) * size
