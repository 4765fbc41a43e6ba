"""The certain tiers: the same record id, or the same row without one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gatehouse.model import LinkTier
from gatehouse.records.frame import FileFacts
from gatehouse.records.link.columns import SAME_ID_WITHIN, no_units, repeated, rows_with, runs, units, value

_SAME_ID_WITHIN_MS = SAME_ID_WITHIN // timedelta(milliseconds=1)
_A_SECOND_MS = 1_000
_TWICE = ("key", "sha256", "occurrence")


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
    found = found.with_columns(pl.col("at").dt.timestamp("ms")).sort("key", maintain_order=True)
    within = pl.Series("within", _copies_within(found))
    wide = pl.Series(_spread(found, ["key"])) > within
    near = found.filter(~wide)
    # A row without a time goes with the earliest that has one.
    far = found.with_columns(within).filter(wide).sort("key", "at", nulls_last=False)
    elsewhen = (pl.col("at").diff() > pl.col("within")).fill_null(False)
    events = far.with_columns(event=(elsewhen | pl.col("key").ne_missing(pl.col("key").shift())).cum_sum())
    return pl.concat([units(near, ["key"], LinkTier.ID), units(events, ["key", "event"], LinkTier.ID)])


def _copies_within(rows: pl.DataFrame) -> NDArray[np.int64]:
    """Return how far apart in time, in milliseconds, rows of a row's key (sorted) may be one search.

    A file writes the time of a search in one way: an id that stands in it at two times is the id of several
    searches, and then only rows of one second are copies.
    """
    starts, sizes = runs(rows, ["key"])
    several = np.maximum.reduceat(_spread(rows, ["key", "file"]), starts) >= _A_SECOND_MS
    return np.where(several, _A_SECOND_MS - 1, _SAME_ID_WITHIN_MS).repeat(sizes)


def _spread(rows: pl.DataFrame, by: Sequence[str]) -> NDArray[np.int64]:
    """Return, per row, the milliseconds between first and last time of the (sorted) rows that share `by`."""
    starts, sizes = runs(rows, by)
    earliest = np.minimum.reduceat(rows["at"].fill_null(2**62).to_numpy(), starts)
    latest = np.maximum.reduceat(rows["at"].fill_null(-(2**62)).to_numpy(), starts)
    return np.asarray((latest - earliest).repeat(sizes))


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

    merged = units(with_time.sort("key"), ["key"], LinkTier.EXACT)
    # One row a file of what only looks like a coincidence is certain: each file tells of it once.
    uncertain = (
        with_time.filter(~pl.col("identified"))
        .group_by("key", "file")
        .len()
        .group_by("key")
        .agg(pl.col("len").max() - 1)["len"]
        .sum()
    )
    twice = _rows_of_files_given_twice(without, files).sort(*_TWICE)
    apart = twice.select(*_TWICE).unique().group_by("key").len()["len"] - 1
    return Exact(
        pl.concat([merged, units(twice, list(_TWICE), LinkTier.EXACT)]),
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
