"""Activity outside an agency's own hours: each officer against the rest of the agency.

Quiet hours are those in which the rest of the agency hardly searches. An officer stands out who makes at
least half of all searches there, and whose binomial tail is small beside how much officers differ anyway:
shifts make them differ. The tail is taken at the upper Wilson bound of the rest's share, so that a small
agency proves nothing. The variety is estimated without the officer tested, from the rest of the agency in the
same hours and from all officers of the other agencies in theirs; the larger counts. So nobody hides behind a
variety that is only their own. As it is estimated, the tail is Student's (P. McCullagh and J. A. Nelder,
"Generalized Linear Models", 1989, section 4.5). Benjamini-Hochberg runs over all officers tested.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gatehouse.audit.statistics.discovery import adjusted_p_values
from gatehouse.audit.statistics.funnel import variance_factor
from gatehouse.audit.statistics.intervals import MINIMUM_SEARCHES, normal_quantile
from gatehouse.audit.statistics.tails import SMALLEST, upper_tail
from gatehouse.model import BadUse

# The quiet hours together hold at most this share of the rest of the agency's searches.
QUIET_SHARE = 0.05
# How much officers differ is estimated from the officers themselves; under ten it cannot be told from chance.
MINIMUM_PEERS = 10
# Whoever makes fewer of their searches in quiet hours has not moved out of the agency's day.
LEAST_SHARE = 0.5
# Officers tested at a time: bounds the memory where an agency has thousands.
_OFFICERS_AT_A_TIME = 1024


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
    others = np.bincount(agency, weights=total > 0, minlength=size)[agency] - 1
    tested = enough & (peers >= MINIMUM_PEERS)
    p, adjusted = np.full(total.shape, np.nan), np.full(total.shape, np.nan)
    if tested.any():
        bound = _upper_wilson(rest_quiet[tested], rest_total[tested])
        correlation = _correlation(count, quiet_hours, quiet, expected, agency)[tested]
        tail = upper_tail(quiet[tested], total[tested], bound)
        p[tested] = _students_tail(tail, variance_factor(total[tested], correlation), others[tested])
        adjusted[tested] = adjusted_p_values(p[tested])
    outlier = (adjusted <= q) & (quiet >= LEAST_SHARE * total)
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


def _students_tail(
    tail: NDArray[np.float64], factor: NDArray[np.float64], others: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return tails whose z-scores are narrowed by a variance that so many other officers tell."""
    from scipy.special import ndtri, stdtr

    z = ndtri(np.clip(tail, SMALLEST, 1 - 2**-53)) / np.sqrt(factor)
    return np.asarray(stdtr(np.maximum(others - 1, 1), z))


def _correlation(
    count: NDArray[np.float64],
    quiet_hours: NDArray[np.bool_],
    quiet: NDArray[np.float64],
    expected: NDArray[np.float64],
    agency: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return, per officer, the correlation between two searches of one officer that the others show.

    By moments: Pearson's statistic of n officers is expected to be n - 1 plus the correlation times the
    number of their searches but one each.
    """
    total = count.sum(axis=1)
    active = total > 0
    pairs = np.where(active, total - 1, 0.0)
    excess = np.where(active, _pearson(quiet, total, expected) - 1, 0.0)
    of_agency = [np.bincount(agency, weights=each) for each in (excess, pairs)]
    elsewhere = [each.sum() - each[agency] for each in of_agency]
    found = _ratio(*elsewhere)
    for index in range(len(of_agency[0])):
        members = np.flatnonzero((agency == index) & active)
        for start in range(0, len(members), _OFFICERS_AT_A_TIME):
            tested = members[start : start + _OFFICERS_AT_A_TIME]
            there = count[members] @ quiet_hours[tested].T.astype(np.float64)
            squares = _pearson(there, total[members, None], expected[None, tested])
            own = np.arange(start, start + len(tested)), np.arange(len(tested))
            left = squares.sum(axis=0) - squares[own] - (len(members) - 2)
            found[tested] = np.maximum(found[tested], _ratio(left, pairs[members].sum() - pairs[tested]))
    return np.minimum(found, 1.0)


def _pearson(
    n: NDArray[np.float64], of: NDArray[np.float64], share: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the squared distance from the expected number, in binomial variances; 0 where that is 0."""
    variance = of * share * (1 - share)
    apart = np.asarray((n - of * share) ** 2)
    return np.divide(
        apart, variance, out=np.zeros_like(apart), where=np.broadcast_to(variance > 0, apart.shape)
    )


def _ratio(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the quotient where it is positive and defined, else 0."""
    quotient = np.divide(above, below, out=np.zeros_like(above), where=below > 0)
    return np.maximum(quotient, 0.0)
