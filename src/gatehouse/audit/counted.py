"""The row that stands for a search: the first one, or the first copy that shows the reason which it hides.

An agency may release a period twice and mask the reasons in one release only. A search counts once, in the
file in which it was first seen; it is judged by the row that says why it was made, and that row is cited.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from gatehouse.model import FieldState, LinkTier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gatehouse.records.frame import Linked

# A cell in one of these states shows what the agency wrote, if it wrote anything.
VISIBLE = (FieldState.VALUE, FieldState.EMPTY, FieldState.PLACEHOLDER)
_FIRST = pl.col("tier") == LinkTier.FIRST.value


def counted_rows(linked: Linked, owners: Sequence[int]) -> pl.LazyFrame:
    """Return one row of the linked frame a search, in file order.

    `owners[i]` is the owner of file i; a copy in another owner's file does not stand for the search, since
    whose data was searched depends on the file.
    """
    shown = _shown_elsewhere(linked, owners)
    if shown is None:
        return linked.frame.filter(_FIRST)
    stands = (pl.col("file") == pl.col("_file")) & (pl.col("row") == pl.col("_row"))
    return (
        linked.frame.join(shown.lazy(), on="search", how="left", maintain_order="left")
        .filter(pl.when(pl.col("_row").is_null()).then(_FIRST).otherwise(stands))
        .drop("_file", "_row")
    )


def reason_shown(states: tuple[FieldState, ...] = VISIBLE) -> pl.Expr:
    """Return whether the stated reason is in one of `states`: the offense, of files with no reason column."""
    no_reason_column = pl.col("reason_state") == FieldState.NOT_EXPORTED.value
    return (
        pl.when(no_reason_column)
        .then(in_states("offense_state", states))
        .otherwise(in_states("reason_state", states))
    )


def in_states(column: str, states: tuple[FieldState, ...]) -> pl.Expr:
    """Return whether a column of states holds one of these."""
    expression = pl.col(column) == states[0].value
    for state in states[1:]:
        expression = expression | (pl.col(column) == state.value)
    return expression


def _shown_elsewhere(linked: Linked, owners: Sequence[int]) -> pl.DataFrame | None:
    """Return `search`, `_file` and `_row` of the copies that stand for their search; None if there are none.

    An empty cell stands for nothing: a release may have been emptied where another was masked.
    """
    if not any(linked.duplicates):
        return None
    hidden, stated = _FIRST & ~reason_shown(), ~_FIRST & reason_shown((FieldState.VALUE,))
    # Most records hide no reason or copy none that is shown; two columns tell, and no table is built.
    asked = linked.frame.select(hidden=hidden.any(), stated=stated.any()).collect(engine="streaming")
    if not all(asked.row(0)):
        return None
    of_file = pl.LazyFrame(
        {"file": range(len(owners)), "_owner": owners}, schema={"file": pl.UInt16, "_owner": pl.UInt32}
    )
    rows = linked.frame.select("search", "file", "row", hidden=hidden, stated=stated).join(of_file, on="file")
    copies = rows.filter("stated").select("search", "_owner", _file="file", _row="row")
    found = (
        rows.filter("hidden")
        .select("search", "_owner")
        .join(copies, on=["search", "_owner"])
        .collect(engine="streaming")
        .sort("_file", "_row")
        .unique("search", keep="first")
        .select("search", "_file", "_row")
    )
    return found if found.height else None
