"""Many tests at once: the false-discovery rate, and what a small error rate means at the size of a record.

Y. Benjamini and Y. Hochberg, "Controlling the false discovery rate: a practical and powerful approach to
multiple testing", JRSS B 57, 1995. The bound holds for independent tests and for positively dependent ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gatehouse.model import BadUse


def adjusted_p_values(p_values: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Return, per test, the smallest false-discovery rate at which Benjamini-Hochberg rejects it."""
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1 or not bool(np.all((p >= 0) & (p <= 1))):
        raise BadUse("p-values must be a sequence of numbers between 0 and 1")
    if p.size == 0:
        return p.copy()
    descending = np.argsort(-p, kind="stable")
    ranks = np.arange(p.size, 0, -1)
    stepped = np.minimum.accumulate(p[descending] * p.size / ranks)
    adjusted = np.empty_like(p)
    adjusted[descending] = np.minimum(stepped, 1.0)
    return adjusted


def benjamini_hochberg(p_values: Sequence[float] | NDArray[np.float64], q: float = 0.05) -> NDArray[np.bool_]:
    """Return which tests are discoveries when at most a share `q` of discoveries may be false."""
    if not 0 < q < 1:
        raise BadUse("a false-discovery rate lies between 0 and 1", got=str(q))
    return np.asarray(adjusted_p_values(p_values) <= q, dtype=np.bool_)


def false_positive_note(total: int, rate: float = 0.001) -> str:
    """Say what a false-positive rate of `rate` would mean among `total` searches, to print beside a count."""
    expected = total * rate
    about = f"{expected:,.0f}" if expected >= 1 else "fewer than one"
    return (
        f"If the classification were wrong on {rate * 100:g} % of the searches, "
        f"about {about} of {total:,} would be flagged in error."
    ).replace("about fewer", "fewer")
