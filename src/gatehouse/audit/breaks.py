"""Schema breaks: days from which a record shows something else, so that no trend may run across them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from gatehouse.model import Layout
from gatehouse.records.blanks import BLANKED_SINCE

if TYPE_CHECKING:
    from gatehouse.audit.ground import Ground

# From this day the largest vendor blanks name, plate and filters of other agencies in network audits.
VENDOR_MASKING = BLANKED_SINCE.date()

# A share of the searches must change by this much between the days before and the days after.
LEAST_CHANGE = 0.4
WINDOW_DAYS = 14
LEAST_SEARCHES = 100

# Columns of the days measure that count what a search shows, and what their change means.
WATCHED = {
    "readable": ("the reason becomes readable", "the reason is masked"),
    "officer": ("user names are shown", "user names are masked"),
    "plate": ("plates are shown", "plates are masked"),
    "case_known": ("case numbers are shown", "case numbers are masked"),
    "dropdown": ("reasons come from a drop-down list", "reasons are free text"),
}


@dataclass(frozen=True, slots=True, order=True)
class Break:
    """The first UTC day of the new state of affairs."""

    day: date
    change: str


def schema_breaks(ground: Ground) -> tuple[Break, ...]:
    """Find where the share of searches that show a field jumps, and the vendor's known date."""
    days = (
        ground.measures.days.filter(pl.col("day").is_not_null())
        .group_by("day")
        .agg(pl.col("n", *WATCHED).sum())
        .sort("day")
    )
    if days.is_empty():
        return ()
    found = {Break(day, change) for column in WATCHED for day, change in _jumps(days, column)}
    first, last = days["day"][0], days["day"][-1]
    networks = any(file.layout is Layout.NETWORK_AUDIT for file in ground.files)
    if networks and first < VENDOR_MASKING <= last:
        near = [item for item in found if abs((item.day - VENDOR_MASKING).days) <= WINDOW_DAYS]
        found -= {item for item in near if "user names" in item.change or "plates" in item.change}
        found.add(Break(VENDOR_MASKING, "the vendor masks user names, plates and filters of other agencies"))
    return tuple(sorted(found))


def _jumps(days: pl.DataFrame, column: str) -> list[tuple[date, str]]:
    """Return the days at which the share of `column` changes most, at least two weeks apart."""
    start, end = days["day"][0], days["day"][-1]
    length = (end - start).days + 1
    total, shown = np.zeros(length), np.zeros(length)
    at = (days["day"] - start).dt.total_days().to_numpy()
    total[at], shown[at] = days["n"].to_numpy(), days[column].to_numpy()
    sums = [np.concatenate([[0.0], np.cumsum(values)]) for values in (total, shown)]
    edges = np.arange(1, length)
    low, high = np.maximum(edges - WINDOW_DAYS, 0), np.minimum(edges + WINDOW_DAYS, length)
    before_n, after_n = sums[0][edges] - sums[0][low], sums[0][high] - sums[0][edges]
    enough = (before_n >= LEAST_SEARCHES) & (after_n >= LEAST_SEARCHES)
    before = (sums[1][edges] - sums[1][low]) / np.maximum(before_n, 1)
    after = (sums[1][high] - sums[1][edges]) / np.maximum(after_n, 1)
    change = np.where(enough, after - before, 0.0)
    more, less = WATCHED[column]
    found: list[tuple[date, str]] = []
    while change.size and float(np.abs(change).max()) >= LEAST_CHANGE:
        best = int(np.abs(change).argmax())
        found.append((start + timedelta(days=best + 1), more if change[best] > 0 else less))
        change[max(best - WINDOW_DAYS, 0) : best + WINDOW_DAYS + 1] = 0.0
    return found
