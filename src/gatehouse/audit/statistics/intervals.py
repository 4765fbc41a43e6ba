"""The interval of a proportion, and how many searches a rate or a percentage needs.

Wilson's score interval (E. B. Wilson, "Probable inference, the law of succession, and statistical
inference", JASA 22, 1927) rather than Wald's, which is empty at 0 of n and covers badly for rare events
(A. Agresti and B. A. Coull, "Approximate is better than exact", The American Statistician 52, 1998).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from gatehouse.model import BadUse

# At 30 searches a 95 % interval is still up to 34 points wide, and one search moves the rate by 3.3 points;
# below it a rate says more about chance than about an agency.
MINIMUM_SEARCHES = 30
# Under 100 searches a whole percent claims more than was counted: one search is more than one point.
MINIMUM_FOR_PERCENT = 100


@dataclass(frozen=True, slots=True)
class Interval:
    """A proportion with its bounds: `low <= point <= high`, each in [0, 1]."""

    low: float
    point: float
    high: float


def wilson(n: int, of: int, *, confidence: float = 0.95) -> Interval:
    """Return Wilson's score interval of the proportion `n` of `of`.

    Raise `BadUse` unless `0 <= n <= of`, `of >= 1` and `0 < confidence < 1`: nothing of nothing has no rate.
    """
    if not 0 <= n <= of or of < 1:
        raise BadUse("there is no such proportion", expected="0 <= n <= of and of >= 1", got=f"{n} of {of}")
    z = normal_quantile(confidence)
    point = n / of
    spread = z * sqrt(point * (1 - point) / of + z * z / (4 * of * of))
    center, scale = point + z * z / (2 * of), 1 + z * z / of
    # At the ends the bound is the point itself; rounding must not put it beside it.
    low = 0.0 if n == 0 else max(0.0, (center - spread) / scale)
    high = 1.0 if n == of else min(1.0, (center + spread) / scale)
    return Interval(low, point, high)


def normal_quantile(confidence: float) -> float:
    """Return the z of a two-sided interval: 1.96 for 0.95. Raise `BadUse` outside (0, 1)."""
    if not 0 < confidence < 1:
        raise BadUse("a confidence lies between 0 and 1", got=str(confidence))
    return NormalDist().inv_cdf((1 + confidence) / 2)


def checked_counts(
    flagged: Sequence[int], totals: Sequence[int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return both as float arrays of one length. Raise `BadUse` unless `0 <= flagged <= total` throughout."""
    count, total = np.asarray(flagged, dtype=np.float64), np.asarray(totals, dtype=np.float64)
    if count.ndim != 1 or count.shape != total.shape:
        raise BadUse(
            "flagged searches and totals must pair up",
            expected="two sequences of one length",
            got=f"shapes {count.shape} and {total.shape}",
        )
    bad = np.flatnonzero(~((count >= 0) & (count <= total)))
    if bad.size:
        at = int(bad[0])
        raise BadUse(
            "a count exceeds its total",
            where=f"position {at}",
            expected="0 <= flagged <= total",
            got=f"{count[at]:g} of {total[at]:g}",
        )
    return count, total
