"""The rows of one file in a comparison: few columns of all of them, all columns of the few left over."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from gatehouse.audit.reconcile.plan import Task
from gatehouse.audit.roster import Roster
from gatehouse.model import FieldState, Layout
from gatehouse.records.frame import FIELDS, STATE, FileFacts, RecordSet
from gatehouse.records.link.columns import value

_JUSTIFICATION = ("reason", "offense", "case_number")
# Two cells of these states can be told apart or found equal; masked ones cannot.
_COMPARABLE = pl.Series(
    [FieldState.VALUE.value, FieldState.PLACEHOLDER.value, FieldState.EMPTY.value], dtype=STATE
)


@dataclass(frozen=True, slots=True)
class Part:
    """One file's part in a comparison.

    `slim` has `row`, `content` and `searched_at` of the rows compared, in row order; `times` holds the times
    of all rows of the file, which is what the file covers.
    """

    position: int
    facts: FileFacts
    slim: pl.DataFrame
    times: pl.Series

    @property
    def portal(self) -> bool:
        """Return whether the file is a portal's, which publishes one row for several searches of an hour."""
        return self.facts.layout is Layout.PORTAL


def part(records: RecordSet, roster: Roster, task: Task, position: int) -> Part:
    """Read a file's part: all rows, or of a network audit beside an own record only the owner's searches."""
    frame = records.frame.filter(pl.col("file") == position)
    every = (
        frame.select("row", "content", value("searched_at"), "org").collect(engine="streaming").sort("row")
    )
    slim = every.drop("org")
    if task.network == position and task.owner is not None:
        slim = slim.filter(every["org"].is_in(roster.spellings(task.owner).implode()))
    return Part(position, records.files[position], slim, every["searched_at"])


def without(
    own: Part,
    matched: pl.DataFrame,
    column: str,
    agencies: pl.DataFrame,
    records: RecordSet,
    *,
    one_agency: bool,
) -> pl.DataFrame:
    """Return all fields of the rows that `matched` does not hold, with the keys of the matching passes.

    Adds `second`, `hour` and `agency`; with `one_agency` all rows share an agency whatever their cells say.
    Two spellings of an agency become one `org`.
    """
    left = own.slim.join(matched, left_on="row", right_on=column, how="anti").select("row").lazy()
    states = [f"{field}_state" for field in FIELDS]
    frame = records.frame.filter(pl.col("file") == own.position).select("row", *FIELDS, *states)
    rows = frame.join(left, on="row", how="semi").collect(engine="streaming")
    named = rows.with_columns(value("org")).join(agencies, on="org", how="left").sort("row")
    at = value("searched_at")
    return named.with_columns(
        org=pl.col("agency").cast(pl.UInt64),
        agency=pl.lit(0, dtype=pl.UInt32) if one_agency else pl.col("agency"),
        second=at.dt.truncate("1s"),
        hour=at.dt.truncate("1h"),
    )


def justified(
    rows_a: pl.DataFrame, rows_b: pl.DataFrame, a: Part, b: Part
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Add `justification`, equal where every such field that both files publish is; null where one is masked.

    Two portals that publish none have the same everywhere; a portal without and an audit have none.
    """
    fields = [field for field in _JUSTIFICATION if field in a.facts.exported & b.facts.exported]
    if fields:
        comparable = pl.all_horizontal(
            pl.col(f"{field}_state").is_in(_COMPARABLE.implode()) for field in fields
        )
        key: pl.Expr = pl.when(comparable).then(
            pl.struct(pl.col(field).fill_null(0) for field in fields).hash()
        )
    else:
        key = pl.lit(0 if a.portal and b.portal else None, dtype=pl.UInt64)
    named = key.alias("justification")
    return rows_a.with_columns(named), rows_b.with_columns(named)


def copies(records: RecordSet, own: Part, alone: pl.DataFrame) -> pl.Series:
    """Return which rows of `alone` repeat, by content or by id, another row of their own file.

    Of rows that repeat each other and have no partner, the first is none.
    """
    if alone.is_empty():
        return alone["row"]
    frame = records.frame.filter(pl.col("file") == own.position)
    ids = frame.select("row", value("record_id")).join(alone.lazy().select("row"), on="row", how="semi")
    named = alone.join(ids.collect(engine="streaming"), on="row", how="left", maintain_order="left")
    found = []
    for column, everywhere in (
        ("content", own.slim.lazy()),
        ("record_id", frame.select("row", value("record_id"))),
    ):
        keyed = named.select("row", column).drop_nulls()
        elsewhere = (
            everywhere.select("row", column)
            .join(keyed.lazy().select(column).unique(), on=column, how="semi")
            .join(alone.lazy().select("row"), on="row", how="anti")
            .collect(engine="streaming")
        )
        again = keyed.filter(
            pl.col(column).is_in(elsewhere[column].implode()) | ~pl.col(column).is_first_distinct()
        )
        found.append(again["row"])
    return pl.concat(found).unique().sort()
