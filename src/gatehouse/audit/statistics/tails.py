"""Upper tails: how likely so many flagged searches are, at one rate or at a rate drawn from a beta."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gatehouse.audit.statistics.shrinkage import BetaPrior

# A tail below the smallest normal double would become an infinite z-score.
SMALLEST = float(np.finfo(np.float64).tiny)
# Nodes of a smooth integral, and the share of a distribution beyond its ends that no tail can show.
_NODES = 400
_NEGLIGIBLE = 1e-15
_LOG_ODDS = np.linspace(-40, 40, 8001)
# Agencies at a time: bounds the memory.
_AT_A_TIME = 4096


def upper_tail(
    count: NDArray[np.float64], total: NDArray[np.float64], rate: float | NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the probability of at least `count` of `total` at `rate`."""
    from scipy.special import betainc

    inside = betainc(np.maximum(count, 1), total - np.maximum(count, 1) + 1, rate)
    return np.asarray(np.where(count > 0, inside, 1.0))


def beta_binomial_tail(
    count: NDArray[np.float64], total: NDArray[np.float64], prior: BetaPrior
) -> NDArray[np.float64]:
    """Return the probability of at least `count` of `total` for an agency whose rate is drawn from the prior.

    The binomial tail as a function of the rate is the distribution of a beta, so the probability is the mean
    of the prior's upper tail over that beta, taken by the trapezoidal rule in the log-odds.
    """
    from scipy.special import betaincc, expit

    # One prior serves every agency: its tail is computed once, and read off in between.
    beyond = np.log(np.maximum(betaincc(prior.alpha, prior.beta, expit(_LOG_ODDS)), SMALLEST))
    parts = [
        _mean_beyond(count[start : start + _AT_A_TIME], total[start : start + _AT_A_TIME], beyond)
        for start in range(0, len(count), _AT_A_TIME)
    ]
    return np.where(count > 0, np.concatenate(parts), 1.0) if parts else np.ones(0)


def _mean_beyond(
    count: NDArray[np.float64], total: NDArray[np.float64], beyond: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the mean of a tail given at `_LOG_ODDS` (as its logarithm) over each agency's beta."""
    from scipy.special import betaincinv, logit

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
    mean = (weight * np.exp(np.interp(odds, _LOG_ODDS, beyond))).sum(axis=1) / weight.sum(axis=1)
    return np.asarray(np.minimum(mean, 1.0))
