"""Times as exports write them: whole columns at once, to the millisecond, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.records.times import TimeReader, split_frames

MOMENTS = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2099, 12, 31, 23, 59, 59)).map(
    lambda at: at.replace(microsecond=0, tzinfo=UTC)
)
PADDED = "%m/%d/%Y, %I:%M:%S %p UTC"
ISO = "%Y-%m-%dT%H:%M:%SZ"


def read(texts: list[str | None], reader: TimeReader | None = None) -> list[datetime | None]:
    ms = (reader or TimeReader()).read(pl.Series("time", texts, dtype=pl.String))
    return ms.cast(pl.Datetime("ms", "UTC")).to_list()


def unpadded(at: datetime) -> str:
    half = "AM" if at.hour < 12 else "PM"
    return f"{at.month}/{at.day}/{at.year}, {at.hour % 12 or 12}:{at:%M:%S} {half} UTC"


@settings(deadline=None, max_examples=60)
@given(moments=st.lists(MOMENTS, min_size=1, max_size=40), form=st.sampled_from([PADDED, ISO, None]))
def test_read_of_a_written_column_gives_its_moments(moments: list[datetime], form: str | None) -> None:
    texts: list[str | None] = [at.strftime(form) if form else unpadded(at) for at in moments]
    assert read(texts) == moments


@settings(deadline=None, max_examples=60)
@given(texts=st.lists(st.none() | st.text(max_size=30), max_size=20))
def test_read_of_any_text_fails_on_none(texts: list[str | None]) -> None:
    assert len(read(texts)) == len(texts)


@settings(deadline=None, max_examples=40)
@given(moment=MOMENTS)
def test_read_of_a_spreadsheet_serial_gives_the_second(moment: datetime) -> None:
    days = (moment - datetime(1899, 12, 30, tzinfo=UTC)) / timedelta(days=1)
    [found] = read([f"{days:.8f}"])
    assert found is not None
    assert abs(found - moment) < timedelta(seconds=0.1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "02/30/2025, 09:00:00 AM UTC",
        "02/29/2025, 09:00:00 AM UTC",
        "13/01/2025, 09:00:00 AM UTC",
        "00/10/2025, 09:00:00 AM UTC",
        "11/14/2025, 13:00:00 PM UTC",
        "11/14/2025, 00:00:00 AM UTC",
        "2025-11-14T24:00:00Z",
        "2025-11-14T09:60:00Z",
        "1925-11-14T09:00:00Z",
        "2025-11-14",
        "11/14/2025, 09:00:00 AM EST",
        "99999.5",
        "840",
    ],
)
def test_read_of_an_impossible_time_gives_none(text: str) -> None:
    assert read([text, "2025-11-14T09:00:00Z"])[0] is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12/31/2025, 12:00:00 AM UTC", datetime(2025, 12, 31, tzinfo=UTC)),
        ("12/31/2025, 12:00:00 PM UTC", datetime(2025, 12, 31, 12, tzinfo=UTC)),
        ("2/29/2024 0:00", datetime(2024, 2, 29, tzinfo=UTC)),
        ("3/4/25 17:05", datetime(2025, 3, 4, 17, 5, tzinfo=UTC)),
        ("2025-06-18 00:02:04.789", datetime(2025, 6, 18, 0, 2, 4, 789000, tzinfo=UTC)),
        ("2025-06-18T00:02:04.789123Z", datetime(2025, 6, 18, 0, 2, 4, 789000, tzinfo=UTC)),
        ("2025-06-18T00:02:04+0530", datetime(2025, 6, 17, 18, 32, 4, tzinfo=UTC)),
        ("45826", datetime(2025, 6, 18, tzinfo=UTC)),
    ],
)
def test_read_of_a_form_gives_its_moment(text: str, expected: datetime) -> None:
    assert read([text]) == [expected]


def test_read_of_many_forms_in_one_column_reads_each() -> None:
    at = datetime(2025, 1, 2, 15, 4, 5, tzinfo=UTC)
    texts: list[str | None] = [
        at.strftime(PADDED),
        unpadded(at),
        at.strftime(ISO),
        None,
        " 2025-01-02 15:04:05",
    ]
    assert read(texts) == [at, at, at, None, at]


def test_read_with_a_zone_converts_wall_clock_times() -> None:
    reader = TimeReader(zone="America/Chicago")
    assert read(["2025-07-01 00:00:00", "2025-03-09 02:30:00", "2025-11-02 01:30:00"], reader) == [
        datetime(2025, 7, 1, 5, tzinfo=UTC),
        None,
        datetime(2025, 11, 2, 6, 30, tzinfo=UTC),
    ]


def test_read_with_a_format_reads_that_form_alone() -> None:
    reader = TimeReader(format="%d.%m.%Y %H:%M")
    assert read(["14.11.2025 09:01", "11/14/2025 09:01"], reader) == [
        datetime(2025, 11, 14, 9, 1, tzinfo=UTC),
        None,
    ]


def test_split_frames_of_each_joint_gives_both_ends() -> None:
    first, second = split_frames(pl.Series(["a\nb", "a\r\nb", "a to b", " a - b ", "a", "", None]))
    assert first.to_list() == ["a", "a", "a", "a", "a", "", None]
    assert second.to_list() == ["b", "b", "b", "b", None, None, None]
