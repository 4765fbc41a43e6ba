"""When a row of one file can be expected in the other: a gap in a file is not an omission."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from gatehouse.audit.reconcile.result import Coverage


@dataclass(frozen=True, slots=True)
class Overlap:
    """The time that two files cover together.

    `hourly` files (portals) publish a choice of an hour's searches, so their first and last hours may be cut
    and do not count.
    """

    start: datetime | None
    end: datetime | None
    days: pl.Series  # Date, UTC, present in both
    local_days: pl.Series | None  # Date, local, present in both
    time_zone: str | None
    hourly: bool
    days_only_a: int
    days_only_b: int

    def covers(self, at: pl.Expr) -> pl.Expr:
        """Return whether a row of this time can be expected in both files; null times are not covered."""
        if self.start is None or self.end is None:
            return pl.lit(False)
        if self.hourly:
            hour = at.dt.truncate("1h")
            within = (hour > self.start) & (hour < self.end)
        else:
            within = (at >= self.start) & (at <= self.end)
        within &= at.dt.date().is_in(self.days.implode())
        if self.local_days is not None and self.time_zone is not None:
            within &= at.dt.convert_time_zone(self.time_zone).dt.date().is_in(self.local_days.implode())
        return within.fill_null(False)

    def as_coverage(self) -> Coverage:
        """Return the overlap as the document states it."""
        return Coverage(
            start=None if self.start is None else f"{self.start:%Y-%m-%dT%H:%M:%SZ}",
            end=None if self.end is None else f"{self.end:%Y-%m-%dT%H:%M:%SZ}",
            days=len(self.days),
            days_only_a=self.days_only_a,
            days_only_b=self.days_only_b,
            time_zone=self.time_zone,
        )


def overlap(a: pl.Series, b: pl.Series, *, time_zone: str | None, hourly: bool) -> Overlap:
    """Return what two files cover together, from the times (UTC) of all their rows.

    A day counts as covered where the file has any row of it: a day without one may have been left out.
    """
    a, b = a.drop_nulls(), b.drop_nulls()
    days_a, days_b = a.dt.date().unique(), b.dt.date().unique()
    days = days_a.filter(days_a.is_in(days_b.implode())).sort()
    only_a, only_b = len(days_a) - len(days), len(days_b) - len(days)
    start, end = _span(a, b, hourly=hourly)
    local = None
    if time_zone is not None:
        local_a, local_b = (s.dt.convert_time_zone(time_zone).dt.date().unique() for s in (a, b))
        local = local_a.filter(local_a.is_in(local_b.implode())).sort()
    return Overlap(start, end, days, local, time_zone, hourly, only_a, only_b)


def _span(a: pl.Series, b: pl.Series, *, hourly: bool) -> tuple[datetime | None, datetime | None]:
    if a.is_empty() or b.is_empty():
        return None, None
    if hourly:
        a, b = a.dt.truncate("1h"), b.dt.truncate("1h")
    start, end = max(_at(a.min()), _at(b.min())), min(_at(a.max()), _at(b.max()))
    return (start, end) if start <= end else (None, None)


def _at(value: object) -> datetime:
    assert isinstance(value, datetime)
    return value
