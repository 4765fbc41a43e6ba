"""From the linked frame to one slim row a search: integers that every figure groups by.

Texts were classified once; here their signals come back by key, and organizations become small indices, so
that no later step touches a string.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from gatehouse.audit.counted import VISIBLE, counted_rows, in_states, reason_shown
from gatehouse.audit.roster import UNKNOWN
from gatehouse.audit.texts import BIT, CONTENT_BITS, SCANNED, ClassifiedTexts
from gatehouse.model import FieldState, Signal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gatehouse.audit.roster import Roster
    from gatehouse.records.frame import Linked

BLANK = (FieldState.EMPTY, FieldState.PLACEHOLDER)

_EMPTY_WORDS = BIT[Signal.NONE_STATED] | BIT[Signal.VAGUE]

SLIM: Mapping[str, pl.DataType | type[pl.DataType]] = {
    "file": pl.UInt16,
    "row": pl.UInt32,
    "search": pl.UInt32,
    "agency": pl.UInt32,  # who searched: index into Roster.agencies, 0 when not stated
    "outside": pl.Boolean,  # the searcher is known and is not the owner of the data
    "bits": pl.UInt32,  # signals, see texts.BIT
    "readable": pl.Boolean,  # the stated reason is visible
    "case": pl.Boolean,  # a case number stands in the row; null when that cannot be seen
    "officer": pl.UInt64,
    "plate": pl.UInt64,
    "reason": pl.UInt64,
    "offense": pl.UInt64,
    "at": pl.Datetime("ms", "UTC"),
    "networks": pl.Int32,
}


def annotate(linked: Linked, roster: Roster, texts: ClassifiedTexts) -> pl.LazyFrame:
    """Return one row a search, with the columns of `SLIM`, in file order."""
    return annotated(linked, roster, texts).select(*SLIM)


def annotated(linked: Linked, roster: Roster, texts: ClassifiedTexts) -> pl.LazyFrame:
    """Return one row a search, with the columns of `SLIM` beside those of the normal form, in file order."""
    frame = with_agency(counted_rows(linked, roster.owners), roster)
    for field in SCANNED:
        frame = _join_bits(frame, field, texts)
    owner = _lookup(pl.col("file"), pl.Series(roster.owners, dtype=pl.UInt32))
    return frame.with_columns(bits=_row_bits()).with_columns(
        outside=(pl.col("agency") != UNKNOWN) & (pl.col("agency") != owner),
        readable=reason_shown(),
        case=_case_stated(),
        officer=identity(),
        plate=pl.when(pl.col("plate_state") == FieldState.VALUE.value).then("plate"),
        at=pl.col("searched_at"),
    )


def with_agency(frame: pl.LazyFrame, roster: Roster) -> pl.LazyFrame:
    """Add `agency`, the index of who searched: as stated, or the owner in a record of its own searches."""
    owners = [
        owner if mine else UNKNOWN for owner, mine in zip(roster.owners, roster.own_record, strict=True)
    ]
    implied = pl.when(pl.col("org_state") == FieldState.NOT_EXPORTED.value).then(
        _lookup(pl.col("file"), pl.Series(owners, dtype=pl.UInt32))
    )
    return (
        frame.join(
            roster.by_key.lazy().rename({"agency": "_named"}), on="org", how="left", maintain_order="left"
        )
        .with_columns(agency=pl.coalesce("_named", implied).fill_null(UNKNOWN))
        .drop("_named")
    )


def _join_bits(frame: pl.LazyFrame, field: str, texts: ClassifiedTexts) -> pl.LazyFrame:
    table = texts.signals[field]
    name = f"_{field}"
    if table.is_empty():
        return frame.with_columns(pl.lit(0, dtype=pl.UInt32).alias(name))
    joined = frame.join(
        table.lazy().rename({"key": field, "bits": name}), on=field, how="left", maintain_order="left"
    )
    return joined.with_columns(pl.col(name).fill_null(0))


def _row_bits() -> pl.Expr:
    """Return the signals of a row.

    How well a reason is stated is read from the reason alone, or from the offense where the file has no
    reason column; what the search is about, from every visible field.
    """
    no_reason_column = pl.col("reason_state") == FieldState.NOT_EXPORTED.value
    stated = pl.when(no_reason_column).then("_offense").otherwise("_reason")
    blank = (
        pl.when(no_reason_column)
        .then(in_states("offense_state", BLANK))
        .otherwise(in_states("reason_state", BLANK))
    )
    # "test" fills a cell as "n/a" does, and says something all the same.
    empty = blank & ((stated & _mask(~_EMPTY_WORDS & 0xFFFF_FFFF)) == 0)
    status = pl.when(empty).then(_mask(BIT[Signal.NONE_STATED])).otherwise(stated)
    anywhere = pl.lit(0, dtype=pl.UInt32)
    for field in SCANNED:
        anywhere = anywhere | pl.col(f"_{field}")
    interface = pl.col("_text_prompt") & _mask(BIT[Signal.UI_GENERATED])
    return status | (anywhere & _mask(CONTENT_BITS)) | interface


def _mask(mask: int) -> pl.Expr:
    return pl.lit(mask, dtype=pl.UInt32)


def _case_stated() -> pl.Expr:
    """Return whether a case number is stated, in its field or as the whole reason; null if it cannot be seen.

    Where the field is absent or masked a number in the reason does not count either: only searches that could
    be without one may enter the rate.
    """
    in_reason = (pl.col("bits") & BIT[Signal.CASE_NUMBER_ONLY]) != 0
    stated = pl.col("case_number_state") == FieldState.VALUE.value
    return pl.when(in_states("case_number_state", VISIBLE)).then(stated | in_reason)


def identity() -> pl.Expr:
    """Return the key of who searched: the officer's name, else the user id; null when neither is shown."""
    value = FieldState.VALUE.value
    return (
        pl.when(pl.col("officer_state") == value)
        .then("officer")
        .when(pl.col("user_id_state") == value)
        .then("user_id")
    )


def _lookup(index: pl.Expr, table: pl.Series) -> pl.Expr:
    """Return `table[index]` row by row, null for null, also in a streaming plan."""
    values = table.to_numpy()

    def take(rows: pl.Series) -> pl.Series:
        found = pl.Series(values[rows.fill_null(0).to_numpy()], dtype=table.dtype)
        # The engine may null the rows that a condition around this expression excludes.
        return found.set(rows.is_null(), None) if rows.null_count() else found

    return index.map_batches(take, return_dtype=table.dtype, is_elementwise=True)
