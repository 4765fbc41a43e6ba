"""Columns and keys that every tier of the linkage uses, taken lazily from a record set's frame.

`index` (UInt32) is a row's place in the whole frame: files in the order given, then row order. A *unit* is
what one tier has found to be one search so far; its `root` is the smallest index in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gatehouse.model import FieldState, LinkTier
from gatehouse.records.frame import FIELDS, TIER

INDEX = pl.UInt32
# Rows of units that have more than one: which unit, and by which tier they are copies within it.
UNITS_SCHEMA: Mapping[str, pl.DataType | type[pl.DataType]] = {
    "index": INDEX,
    "file": pl.UInt16,
    "root": INDEX,
    "tier": TIER,
}

# Some systems number their rows from 1 in every file. The same id further apart in time is another search; a
# spreadsheet that saved times as serials moves them by less than a second.
SAME_ID_WITHIN = timedelta(seconds=60)

# Keys sorted at a time: bounds the memory to a quarter of a gigabyte.
_KEYS_AT_A_TIME = 1 << 24


def indexed(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Number the rows."""
    return frame.with_row_index("index")


def value(field: str) -> pl.Expr:
    """Return a field where its state is `value`, else null: only then is it comparable."""
    assert field in FIELDS
    return pl.when(pl.col(f"{field}_state") == FieldState.VALUE.value).then(pl.col(field)).alias(field)


def tier(which: LinkTier) -> pl.Expr:
    """Return the tier as a literal column."""
    return pl.lit(which.value, TIER).alias("tier")


def repeated(frame: pl.LazyFrame, key: pl.Expr, *, rows: int) -> pl.Series:
    """Return the values of a UInt64 key that occur more than once, sorted; nulls aside.

    The usual answer is "none", and it must be cheap: sorting bare integers takes a fifth of the time of a
    hash table and a tenth of its memory. Above 16 million rows the keys are taken in parts.
    """
    parts = 1 + rows // _KEYS_AT_A_TIME
    found = []
    for part in range(parts):
        keys = frame.select(key.alias("key")).filter(pl.col("key").is_not_null())
        if parts > 1:
            keys = keys.filter(pl.col("key") % parts == part)
        column = np.sort(keys.collect(engine="streaming")["key"].to_numpy())
        again = column[1:][column[1:] == column[:-1]]
        found.append(again[np.append(True, again[1:] != again[:-1])] if len(again) else again)
    return pl.Series("key", np.sort(np.concatenate(found)), dtype=pl.UInt64)


def rows_with(frame: pl.LazyFrame, keys: pl.Series, key: pl.Expr, columns: Sequence[pl.Expr]) -> pl.DataFrame:
    """Return the given columns and `key` of the rows whose key is among `keys`, in row order."""
    # Chosen before the columns are computed: few rows are.
    wanted = frame.with_columns(key=key).join(keys.to_frame().lazy(), on="key", how="semi")
    return wanted.select(*columns, "key").collect(engine="streaming").sort("index")


def runs(rows: pl.DataFrame, by: Sequence[str]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return where the runs of equal `by` start in sorted rows, and how long they are."""
    if rows.is_empty():
        return np.empty(0, np.intp), np.empty(0, np.intp)
    changed = rows.select(pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift()) for name in by))
    marks = changed.to_series().to_numpy().copy()
    marks[0] = True
    starts = np.flatnonzero(marks)
    return starts, np.diff(starts, append=len(rows))


def units(rows: pl.DataFrame, group: Sequence[str], which: LinkTier) -> pl.DataFrame:
    """Make a unit of the rows that share `group`, by which they are sorted; rows alone are left out."""
    starts, sizes = runs(rows, group)
    if len(starts) == len(rows):
        return no_units()
    roots = np.minimum.reduceat(rows["index"].to_numpy(), starts)
    return (
        rows.select(
            "index",
            "file",
            tier(which),
            root=pl.Series(roots.repeat(sizes)),
            size=pl.Series(sizes.repeat(sizes)),
        )
        .filter(pl.col("size") > 1)
        .select(*UNITS_SCHEMA)
    )


def no_units() -> pl.DataFrame:
    """Return no units."""
    return pl.DataFrame(schema=UNITS_SCHEMA)
