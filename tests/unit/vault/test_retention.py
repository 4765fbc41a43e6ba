"""Retention classes: buckets, and when their keys end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.model import BadUse
from gatehouse.vault import RetentionClass

DAY = 24 * 60
times = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))
classes = st.builds(RetentionClass, st.integers(1, 100 * 365 * DAY))


@pytest.mark.parametrize(
    ("minutes", "width"),
    [
        (3, 1),
        (DAY - 1, 1),
        (DAY, 60),
        (30 * DAY - 1, 60),
        (30 * DAY, DAY),
        (100 * 365 * DAY, DAY),
    ],
)
def test_bucket_minutes_of_each_period(minutes: int, width: int) -> None:
    assert RetentionClass(minutes).bucket_minutes == width


def test_bucket_begins_with_the_utc_day_hour_or_minute() -> None:
    at = datetime(2026, 11, 23, 16, 4, 5, 678901, UTC)
    minute = int(at.timestamp()) // 60
    assert RetentionClass(30 * DAY).bucket(at) == minute - 16 * 60 - 4
    assert RetentionClass(DAY).bucket(at) == minute - 4
    assert RetentionClass(3).bucket(at) == minute
    assert RetentionClass(3).bucket(at.astimezone(timezone(timedelta(hours=-6)))) == minute


@given(classes, times)
def test_keys_end_after_the_bucket_began_and_never_late(retention: RetentionClass, at: datetime) -> None:
    bucket = retention.bucket(at)
    period = timedelta(minutes=retention.minutes)
    assert bucket % retention.bucket_minutes == 0
    assert at + period - timedelta(minutes=retention.bucket_minutes) < retention.destroy_at(bucket)
    assert retention.destroy_at(bucket) <= at + period


@pytest.mark.parametrize("minutes", [0, -1, 100 * 365 * DAY + 1])
def test_period_out_of_bounds_is_refused(minutes: int) -> None:
    with pytest.raises(BadUse, match="no retention"):
        RetentionClass(minutes)


def test_period_of_an_owner_is_cut_off_to_minutes() -> None:
    assert RetentionClass.of(timedelta(days=30)) == RetentionClass(30 * DAY)
    assert RetentionClass.of(timedelta(minutes=3, seconds=59)) == RetentionClass(3)
    with pytest.raises(BadUse):
        RetentionClass.of(timedelta(seconds=59))
