"""Activity outside an agency's own hours: each officer against the rest of the agency.

Quiet hours are those in which the rest of the agency hardly searches. The test is the binomial tail of the
officer's searches there, at the upper Wilson bound of the rest's share (so a small agency proves nothing),
adjusted for how much officers of that agency differ anyway: shifts make them differ, and without that
adjustment every night shift would be an outlier. Benjamini-Hochberg runs over all officers tested.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gatehouse.audit.statistics.discovery import adjusted_p_values
from gatehouse.audit.statistics.funnel import adjusted_tail, middle_z, upper_tail, variance_factor
from gatehouse.audit.statistics.intervals import MINIMUM_SEARCHES, normal_quantile
from gatehouse.model import BadUse

# The quiet hours together hold at most this share of the rest of the agency's searches.
QUIET_SHARE = 0.05
# How much officers differ is estimated from the officers themselves; under ten it cannot be told from chance.
MINIMUM_PEERS = 10
# Halving [0, 1] so often leaves the correlation exact to three digits of the smallest that matters.
_BISECTIONS = 25


@dataclass(frozen=True, slots=True)
class HourTest:
    """One officer's searches in the quiet hours of the rest of the agency.

    `expected` is the share of the rest's searches in those hours. `p_value` and `adjusted` are None where the
    officer has too few searches or the agency too few officers to compare with.
    """

    quiet: int
    total: int
    expected: float
    quiet_hours: tuple[int, ...]
    p_value: float | None
    adjusted: float | None
    outlier: bool


def unusual_hours(
    counts: NDArray[np.int64], agencies: Sequence[int], *, q: float = 0.05, minimum: int = MINIMUM_SEARCHES
) -> list[HourTest]:
    """Test every officer's hours against the rest of the same agency, in the order given.

    `counts[i, h]` is the number of searches of officer i in hour h of the agency's local day (or of its
    week: any number of columns); `agencies[i]` is the officer's agency, as an ordinal from 0.
    """
    count, agency = np.asarray(counts, dtype=np.float64), np.asarray(agencies, dtype=np.int64)
    if count.ndim != 2 or agency.shape != count.shape[:1] or bool(np.any(count < 0)):
        raise BadUse(
            "hours need one row of counts an officer, and one agency a row",
            expected="counts of officers by hours, agencies of officers",
            got=f"shapes {count.shape} and {agency.shape}",
        )
    if not count.size:
        return []
    size = int(agency.max()) + 1
    of_agency = np.zeros((size, count.shape[1]))
    np.add.at(of_agency, agency, count)
    rest = of_agency[agency] - count
    quiet_hours = _quiet_hours(rest)
    total, rest_total = count.sum(axis=1), rest.sum(axis=1)
    quiet, rest_quiet = (count * quiet_hours).sum(axis=1), (rest * quiet_hours).sum(axis=1)
    expected = np.divide(rest_quiet, rest_total, out=np.zeros_like(rest_total), where=rest_total > 0)

    enough = total >= max(minimum, 1)
    peers = np.bincount(agency, weights=enough, minlength=size)[agency]
    tested = enough & (peers >= MINIMUM_PEERS)
    p, adjusted = np.full(total.shape, np.nan), np.full(total.shape, np.nan)
    if tested.any():
        bound = _upper_wilson(rest_quiet[tested], rest_total[tested])
        correlation = _correlation(quiet[tested], total[tested], bound, agency[tested], size)
        p[tested] = adjusted_tail(upper_tail(quiet[tested], total[tested], bound), total[tested], correlation)
        adjusted[tested] = adjusted_p_values(p[tested])
    outlier = adjusted <= q
    hours = [tuple(hour) for hour in _column_lists(quiet_hours)]
    columns = (quiet.tolist(), total.tolist(), expected.tolist(), hours, p.tolist(), adjusted.tolist())
    return [
        HourTest(int(n), int(of), share, at, p_i if known else None, p_bh if known else None, out)
        for n, of, share, at, p_i, p_bh, known, out in zip(
            *columns, tested.tolist(), outlier.tolist(), strict=True
        )
    ]


def _column_lists(mask: NDArray[np.bool_]) -> list[list[int]]:
    """Return, per row, the columns that are set."""
    rows, columns = np.nonzero(mask)
    ends = np.cumsum(np.bincount(rows, minlength=mask.shape[0])).tolist()
    flat = columns.tolist()
    return [flat[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def _quiet_hours(rest: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return, per row, the quietest hours that together hold at most `QUIET_SHARE` of the row."""
    order = np.argsort(rest, axis=1, kind="stable")
    ascending = np.take_along_axis(rest, order, axis=1).cumsum(axis=1)
    within = ascending <= QUIET_SHARE * rest.sum(axis=1, keepdims=True)
    quiet = np.zeros(rest.shape, dtype=np.bool_)
    np.put_along_axis(quiet, order, within, axis=1)
    return quiet


def _upper_wilson(n: NDArray[np.float64], of: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the upper bound of Wilson's 95 % interval; 1 where there is nothing to compare with."""
    z, at_least_one = normal_quantile(0.95), np.maximum(of, 1)
    point = n / at_least_one
    spread = z * np.sqrt(point * (1 - point) / at_least_one + z * z / (4 * at_least_one**2))
    bound = (point + z * z / (2 * at_least_one) + spread) / (1 + z * z / at_least_one)
    return np.asarray(np.where(of > 0, np.minimum(bound, 1.0), 1.0))


def _correlation(
    quiet: NDArray[np.float64],
    total: NDArray[np.float64],
    rate: NDArray[np.float64],
    agency: NDArray[np.int64],
    size: int,
) -> NDArray[np.float64]:
    """Return, per officer, the correlation of hours within officers of that agency.

    As in the funnel, but not Winsorized: a shift that a tenth of the officers work is what must count.
    """
    squares = middle_z(quiet, total, rate) ** 2
    number = np.maximum(np.bincount(agency, minlength=size), 1)
    low, high = np.zeros(size), np.ones(size)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        scaled = squares / variance_factor(total, middle[agency])
        over = np.bincount(agency, weights=scaled, minlength=size) / number > 1
        low, high = np.where(over, middle, low), np.where(over, high, middle)
    return high[agency]
