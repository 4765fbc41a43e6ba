"""Local minutes across time zones and clock changes."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from gatehouse.audit.local_time import local_hours

ZONES = (None, "America/Chicago", "America/Phoenix")


@pytest.mark.parametrize(
    ("agency", "at", "expected"),
    [
        (1, datetime(2025, 11, 2, 6, 59, tzinfo=UTC), datetime(2025, 11, 2, 1, 59)),  # still summer time
        (1, datetime(2025, 11, 2, 7, 0, tzinfo=UTC), datetime(2025, 11, 2, 1, 0)),
        (1, datetime(2025, 3, 9, 8, 0, tzinfo=UTC), datetime(2025, 3, 9, 3, 0)),
        (2, datetime(2025, 7, 1, 12, 30, tzinfo=UTC), datetime(2025, 7, 1, 5, 30)),
        (0, datetime(2025, 7, 1, 12, 30, tzinfo=UTC), None),
        (1, None, None),
    ],
)
def test_place_gives_the_wall_clock(agency: int, at: datetime | None, expected: datetime | None) -> None:
    hours = local_hours(ZONES, datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 12, 31, tzinfo=UTC))
    rows = pl.DataFrame(
        {"agency": [agency], "at": [at]}, schema={"agency": pl.UInt32, "at": pl.Datetime("ms", "UTC")}
    )
    minute = rows.select(hours.place(pl.col("agency"), pl.col("at"))).item()
    wanted = None if expected is None else int((expected - datetime(1970, 1, 1)).total_seconds()) // 60
    assert minute == wanted


def test_place_does_not_place_a_time_beyond_the_table() -> None:
    hours = local_hours(ZONES, datetime(1990, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC))
    rows = pl.DataFrame(
        {"agency": [1], "at": [datetime(2098, 6, 1, tzinfo=UTC)]},
        schema={"agency": pl.UInt32, "at": pl.Datetime("ms", "UTC")},
    )
    assert rows.select(hours.place(pl.col("agency"), pl.col("at"))).item() is None


def test_local_hours_without_any_time_places_nothing() -> None:
    hours = local_hours(ZONES, None, None)
    rows = pl.DataFrame(
        {"agency": [1], "at": [None]}, schema={"agency": pl.UInt32, "at": pl.Datetime("ms", "UTC")}
    )
    assert rows.select(hours.place(pl.col("agency"), pl.col("at"))).item() is None
