"""How the cells of two matched rows differ, told by field and state, never by text."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from gatehouse.audit.reconcile.result import CellChange, Change
from gatehouse.model import MASKED, FieldState
from gatehouse.records.frame import STATE, TIME_FIELDS

_SHOWN = (FieldState.VALUE, FieldState.PLACEHOLDER)
_CHANGE = pl.Enum([change.value for change in Change])


def change(field: str) -> pl.Expr:
    """Return how the field differs between `<field>_a` and `<field>_b`; null where it does not.

    Cells that either file does not export cannot differ. Times are compared to the second, since a portal
    gives milliseconds and an audit none.
    """
    before, after = pl.col(f"{field}_state_a"), pl.col(f"{field}_state_b")
    value_a, value_b = pl.col(f"{field}_a"), pl.col(f"{field}_b")
    if field in TIME_FIELDS:
        value_a, value_b = value_a.dt.truncate("1s"), value_b.dt.truncate("1s")
    masked_a, masked_b = before.is_in(_labels(MASKED)), after.is_in(_labels(MASKED))
    shown_a, shown_b = before.is_in(_labels(_SHOWN)), after.is_in(_labels(_SHOWN))
    not_exported = pl.lit(FieldState.NOT_EXPORTED.value, dtype=STATE)
    return (
        pl.when((before == not_exported) | (after == not_exported))
        .then(None)
        .when((before == after) & value_a.eq_missing(value_b))
        .then(None)
        .when(masked_a & masked_b)
        .then(_label(Change.MARKER))
        .when(masked_b)
        .then(_label(Change.MASKED))
        .when(masked_a)
        .then(_label(Change.UNMASKED))
        .when(shown_a & shown_b & value_a.ne_missing(value_b))
        .then(_label(Change.VALUE))
        .when(shown_a & ~shown_b)
        .then(_label(Change.EMPTIED))
        .when(~shown_a & shown_b)
        .then(_label(Change.FILLED))
        .otherwise(None)
        .alias(f"{field}_change")
    )


def describe(fields: Sequence[str]) -> pl.Expr:
    """Return a pair's differences in words, such as `plate: value > redacted_agency; networks: differs`."""
    parts = [
        pl.when(pl.col(f"{field}_change").is_null())
        .then(None)
        .when(pl.col(f"{field}_change") == _label(Change.VALUE))
        .then(pl.lit(f"{field}: differs"))
        .otherwise(
            pl.format(
                f"{field}: {{}} > {{}}",
                pl.col(f"{field}_state_a").cast(pl.String),
                pl.col(f"{field}_state_b").cast(pl.String),
            )
        )
        for field in fields
    ]
    if not parts:
        return pl.lit("").alias("differs")
    return pl.concat_str(parts, separator="; ", ignore_nulls=True).alias("differs")


def tally(pairs: pl.DataFrame, fields: Sequence[str]) -> tuple[CellChange, ...]:
    """Count the changes of `pairs` (columns of `change`) by field and states, most frequent first."""
    counted: list[CellChange] = []
    for field in fields:
        groups = (
            pairs.filter(pl.col(f"{field}_change").is_not_null())
            .group_by(f"{field}_state_a", f"{field}_state_b", f"{field}_change")
            .len()
        )
        counted += [
            CellChange(field, FieldState(before), FieldState(after), Change(changed), n)
            for before, after, changed, n in groups.iter_rows()
        ]
    return tuple(sorted(counted, key=lambda cell: (-cell.n, cell.field, cell.before, cell.after)))


def _label(value: Change) -> pl.Expr:
    return pl.lit(value.value, dtype=_CHANGE)


def _labels(states: Sequence[FieldState]) -> pl.Expr:
    return pl.lit(pl.Series([state.value for state in states], dtype=STATE)).implode()
