"""The certain tiers: the same record id, or the same row without one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from gatehouse.model import LinkTier
from gatehouse.records.frame import FileFacts
from gatehouse.records.link.columns import no_units, repeated, rows_with, units, value

# Some systems number their rows from 1 in every file. The same id further apart in time is another search; a
# spreadsheet that saved times as serials moves them by less than a second.
_SAME_ID_WITHIN_MS = 60_000


@dataclass(frozen=True, slots=True)
class Exact:
    """Units of rows that are equal in every cell, and what that leaves open.

    `uncertain` counts the rows merged that may be coincidences (adds to the most searches there can be);
    `possible` the rows kept apart that may be copies (takes from the fewest).
    """

    units: pl.DataFrame
    uncertain: int
    possible: int


def by_id(frame: pl.LazyFrame, *, rows: int) -> pl.DataFrame:
    """Return units of rows that share a record id, within and across files."""
    keys = repeated(frame, value("record_id"), rows=rows)
    if keys.is_empty():
        return no_units()
    found = rows_with(
        frame, keys, value("record_id"), (pl.col("index"), pl.col("file"), value("searched_at").alias("at"))
    )
    found = found.with_columns(
        at=pl.col("at").fill_null(pl.col("at").min().over("key")).dt.timestamp("ms").fill_null(0)
    ).sort("key", "at")
    elsewhen = (pl.col("key") != pl.col("key").shift()) | (pl.col("at").diff() > _SAME_ID_WITHIN_MS)
    return units(found.with_columns(event=elsewhen.fill_null(True).cum_sum()), ["event"], LinkTier.ID)


def by_content(frame: pl.LazyFrame, files: Sequence[FileFacts], *, rows: int) -> Exact:
    """Return units of rows without an id whose cells are all equal.

    Without a time of day the same cells are no evidence of the same search: then only rows of one and the
    same file, given twice, are merged.
    """
    key = pl.when(value("record_id").is_null()).then("content")
    keys = repeated(frame, key, rows=rows)
    if keys.is_empty():
        return Exact(no_units(), 0, 0)
    columns = (
        pl.col("index"),
        pl.col("file"),
        value("searched_at").alias("at"),
        (value("plate").is_not_null() & value("officer").is_not_null()).alias("identified"),
    )
    found = rows_with(frame, keys, key, columns)
    timed = pl.col("at").is_not_null() & pl.col("file").is_in(_files_with_clock(frame).implode())
    with_time, without = found.filter(timed), found.filter(~timed)

    merged = units(with_time, ["key"], LinkTier.EXACT)
    # One row a file of what only looks like a coincidence is certain: each file tells of it once.
    uncertain = (
        with_time.filter(~pl.col("identified"))
        .group_by("key", "file")
        .len()
        .group_by("key")
        .agg(pl.col("len").max() - 1)["len"]
        .sum()
    )
    twice = _rows_of_files_given_twice(without, files)
    apart = twice.select("key", "sha256", "occurrence").unique().group_by("key").len()["len"] - 1
    return Exact(
        pl.concat([merged, units(twice, ["key", "sha256", "occurrence"], LinkTier.EXACT)]),
        int(uncertain),
        int(apart.sum()),
    )


def _files_with_clock(frame: pl.LazyFrame) -> pl.Series:
    """Return the files whose times are more than dates."""
    at = value("searched_at")
    has_clock = (at != at.dt.truncate("1d")).any()
    clocks = frame.group_by("file").agg(has_clock.alias("clock")).collect(engine="streaming")
    return clocks.filter("clock")["file"]


def _rows_of_files_given_twice(rows: pl.DataFrame, files: Sequence[FileFacts]) -> pl.DataFrame:
    """Add the file's hash, and which occurrence of its content within the file a row is."""
    hashes = pl.DataFrame(
        # Members of one archive share its hash, so what names the member counts too.
        {"sha256": [file.sha256 + file.path.partition("!")[2] for file in files]}
    ).with_row_index("file")
    return rows.join(hashes.with_columns(pl.col("file").cast(pl.UInt16)), on="file", how="left").with_columns(
        occurrence=pl.int_range(pl.len()).over("key", "file")
    )
