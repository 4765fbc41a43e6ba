"""Local hours of the day for rows in many time zones, by a table of offsets instead of per-row arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

HOUR_MS = 3_600_000
# An export with one absurd date must not cost a table of centuries; hours outside are not placed.
LONGEST_SPAN = timedelta(days=366 * 30)


@dataclass(frozen=True, slots=True)
class LocalHours:
    """Offsets of every time zone for every hour that a record spans.

    `offsets[zone, hour]` is in minutes; row 0 is for agencies whose zone is not known and never read.
    """

    first_hour: int
    offsets: NDArray[np.int32]
    zone_of_agency: NDArray[np.intp]

    def zone(self, agency: pl.Expr) -> pl.Expr:
        """Return the row of `offsets` of each agency (UInt8), 0 where its zone is not known."""
        zones = self.zone_of_agency.astype(np.uint8)
        return agency.map_batches(
            lambda who: pl.Series(zones[who.fill_null(0).to_numpy()]),
            return_dtype=pl.UInt8,
            is_elementwise=True,
        )

    def week(self, counted: pl.DataFrame) -> pl.DataFrame:
        """Turn `n` and `place` by `zone` and `utc_hour` into those by local `weekday` (0 = Monday) and hour.

        Groups of no known zone or hour are left out.
        """
        at = pl.col("utc_hour") - self.first_hour
        known = counted.filter((pl.col("zone") > 0) & at.is_between(0, self.offsets.shape[1] - 1))
        column = (known["utc_hour"] - self.first_hour).to_numpy()
        local = known["utc_hour"] + pl.Series(self.offsets[known["zone"].to_numpy(), column]) // 60
        return (
            known.select(
                "n",
                "place",
                # 1970-01-01 was a Thursday.
                weekday=((local // 24 + 3) % 7).cast(pl.Int8),
                hour=(local % 24).cast(pl.Int8),
            )
            .group_by("weekday", "hour")
            .agg(pl.col("n").sum(), pl.col("place").min())
        )

    def place(self, agency: pl.Expr, at: pl.Expr) -> pl.Expr:
        """Return the local time in minutes since 1970-01-01T00:00 local (Int64); null where unknown.

        Zones change their offset at whole UTC hours in the United States, so an hour has one offset.
        """

        def convert(columns: Sequence[pl.Series]) -> pl.Series:
            who, when = columns
            known = when.is_not_null().to_numpy()
            stamp = when.to_physical().fill_null(0).to_numpy()
            zone = self.zone_of_agency[who.fill_null(0).to_numpy()]
            hour = stamp // HOUR_MS - self.first_hour
            inside = known & (zone > 0) & (hour >= 0) & (hour < self.offsets.shape[1])
            offset = self.offsets[zone, np.where(inside, hour, 0)]
            local = stamp // 60_000 + offset
            return pl.Series(local, dtype=pl.Int64).set(pl.Series(~inside), None)

        return pl.map_batches([agency, at], convert, return_dtype=pl.Int64, is_elementwise=True)


def utc_hour(at: pl.Expr) -> pl.Expr:
    """Return the hours since 1970-01-01T00:00Z of each time (Int32)."""
    return (at.dt.epoch("ms") // HOUR_MS).cast(pl.Int32)


def local_hours(zones: Sequence[str | None], first: datetime | None, last: datetime | None) -> LocalHours:
    """Build the table for agencies with these zones and a record from `first` to `last` (UTC)."""
    names = sorted({zone for zone in zones if zone is not None})
    order = {name: position for position, name in enumerate(names, start=1)}
    of_agency = np.array([order.get(zone or "", 0) for zone in zones], dtype=np.intp)
    start = (first or datetime(2020, 1, 1, tzinfo=UTC)).replace(minute=0, second=0, microsecond=0)
    end = min(last or start, start + LONGEST_SPAN)
    hours = pl.datetime_range(start, end, "1h", time_unit="ms", time_zone="UTC", eager=True)
    rows = [np.zeros(len(hours), dtype=np.int32)]
    for name in names:
        local = hours.dt.convert_time_zone(name)
        offset = (local.dt.base_utc_offset() + local.dt.dst_offset()).dt.total_minutes()
        rows.append(offset.to_numpy().astype(np.int32))
    return LocalHours(int(start.timestamp()) // 3600, np.stack(rows), of_agency)
