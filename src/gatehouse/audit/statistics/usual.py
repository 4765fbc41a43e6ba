"""What is usual among agencies: the distribution of their rates, without a group that is of another kind.

A few agencies that do what all others hardly do would, fitted together with them, look like the far end of
one lopsided distribution. So two beta distributions are tried, the lower one for the larger group
(classification maximum likelihood: G. Celeux and G. Govaert, "A classification EM algorithm for clustering",
Computational Statistics and Data Analysis 14, 1992). They are taken only where they explain the counts much
better than one. How much better two explain what comes of one is known from simulation alone (G. J.
McLachlan, "On bootstrapping the likelihood ratio test statistic for the number of components", Applied
Statistics 36, 1987): the usual limits of the likelihood ratio do not hold for mixtures.

One beta whose parameters are both far below 1 has nearly all of its weight at rates of 0 and of 1. It
explains such counts as well as two kinds do, because it is two kinds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gatehouse.audit.statistics.shrinkage import BetaPrior, fit_prior
from gatehouse.audit.statistics.tails import upper_tail

# Twice the logarithm of the ratio of the likelihoods. About 1 of 100 records of 30 to 2,000 agencies of one
# kind reaches it (`tools/measure_outliers.py`), and no more do with more agencies.
_CONVINCING = 12.0
# Agencies whose tail at the rate of all is this small are tried as the second group first.
_FIRST_TAIL = 1e-3
_MOST_ROUNDS = 20
# Both parameters of a beta below this: hardly any rates but those near 0 and near 1. Among fewer agencies a
# single rate of 1 looks like that, and shows only that agencies differ.
_TWO_ENDED = 0.5
_FEWEST_TWO_ENDED = 12


def usual_prior(count: NDArray[np.float64], total: NDArray[np.float64]) -> BetaPrior:
    """Return the distribution of rates of the agencies that are not of another, higher kind."""
    single = _fit(count, total)
    apart = upper_tail(count, total, count.sum() / total.sum()) < _FIRST_TAIL
    for _ in range(_MOST_ROUNDS):
        # A group of half or more is no exception to what is usual.
        if not 0 < apart.sum() < len(count) / 2:
            return single
        usual, higher = _fit(count[~apart], total[~apart]), _fit(count[apart], total[apart])
        share = apart.mean()
        below = np.log1p(-share) + _log_likelihood(count, total, usual)
        above = np.log(share) + _log_likelihood(count, total, higher)
        moved = (above > below) & (count > total * usual.mean)
        if np.array_equal(moved, apart):
            break
        apart = moved
    gained = 2 * (np.logaddexp(below, above).sum() - _log_likelihood(count, total, single).sum())
    two_ended = max(single.alpha, single.beta) < _TWO_ENDED and len(count) >= _FEWEST_TWO_ENDED
    return usual if two_ended or gained > _CONVINCING else single


def _fit(count: NDArray[np.float64], total: NDArray[np.float64]) -> BetaPrior:
    return fit_prior(count.astype(int).tolist(), total.astype(int).tolist())


def _log_likelihood(
    count: NDArray[np.float64], total: NDArray[np.float64], prior: BetaPrior
) -> NDArray[np.float64]:
    """Return each agency's log-likelihood, without the binomial coefficient that all priors share."""
    from scipy.special import betaln

    return np.asarray(
        betaln(prior.alpha + count, prior.beta + total - count) - betaln(prior.alpha, prior.beta)
    )
