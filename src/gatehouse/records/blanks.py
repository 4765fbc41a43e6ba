"""Why a blank cell is blank, where the whole file tells: a column withheld, or blanked by the vendor.

- A field that its layout always fills, blank in every record of the file, is `withheld`.
- Since 17 December 2025 the vendor leaves name, plate and filters blank in the rows of other agencies. In a
  network audit, a blank of these fields on or after that day is `redacted_vendor` if the field is blank in
  every such row of every organization but at most one (the file's owner sees its own rows whole).
  Filters are often blank of themselves, so theirs is taken so only where name or plate are blanked too.

Every other blank cell stays `empty`.
"""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl

from gatehouse.model import FieldState, Layout
from gatehouse.records.frame import STATE

BLANKED_SINCE = datetime(2025, 12, 17, tzinfo=UTC)
_BLANKED = ("officer", "plate", "filters")
_ALWAYS = {
    Layout.PORTAL: ("record_id", "user_id"),
    Layout.NETWORK_AUDIT: ("record_id", "officer", "org", "plate", "search_type"),
    Layout.ORGANIZATION_AUDIT: ("record_id", "officer", "org", "plate", "search_type"),
}
# Searches by picture or description have no plate, and a file of few rows may hold nothing else.
_ENOUGH_FOR_PLATES = 30
_FIELDS = ("record_id", "user_id", "officer", "org", "plate", "search_type", "filters")


class Blanks:
    """Counts of the filled cells of one file, gathered block by block."""

    def __init__(self) -> None:
        self._rows = 0
        self._filled = dict.fromkeys(_FIELDS, 0)
        self._late: list[pl.DataFrame] = []

    def add(self, frame: pl.DataFrame) -> None:
        """Count a block of the normal form."""
        self._rows += frame.height
        filled = frame.select(_is_filled(name).sum() for name in _FIELDS).row(0)
        for name, count in zip(_FIELDS, filled, strict=True):
            self._filled[name] += count
        late = frame.lazy().filter(pl.col("searched_at") >= BLANKED_SINCE)
        self._late.append(
            late.group_by("org")
            .agg(pl.len().alias("rows"), *(_is_filled(name).sum() for name in _BLANKED))
            .collect()
        )

    def corrections(self, layout: Layout, exported: frozenset[str]) -> dict[str, pl.Expr]:
        """Return the expressions that give blank cells of this file their reason, by state column."""
        found: dict[str, pl.Expr] = {}
        blanked = self._blanked(exported) if layout is Layout.NETWORK_AUDIT else {}
        for name in _FIELDS:
            if name not in exported or not self._rows:
                continue
            state = pl.col(f"{name}_state")
            becomes: pl.Expr | None = None
            if name in _ALWAYS.get(layout, ()) and not self._filled[name]:
                enough = name != "plate" or self._rows >= _ENOUGH_FOR_PLATES
                becomes = _literal(FieldState.WITHHELD) if enough else None
            if name in blanked:
                late = (pl.col("searched_at") >= BLANKED_SINCE).fill_null(False)
                owner = blanked[name]
                if owner is not None:
                    late &= pl.col("org").ne_missing(pl.lit(owner, dtype=pl.UInt64))
                becomes = (
                    pl.when(late)
                    .then(_literal(FieldState.REDACTED_VENDOR))
                    .otherwise(state if becomes is None else becomes)
                )
            if becomes is not None:
                empty = state == FieldState.EMPTY.value
                found[f"{name}_state"] = pl.when(empty).then(becomes).otherwise(state)
        return found

    def _blanked(self, exported: frozenset[str]) -> dict[str, int | None]:
        """Return the fields that the vendor blanks, each with the one organization whose rows are whole."""
        if not self._late:
            return {}
        late = pl.concat(self._late).group_by("org").sum()
        found: dict[str, int | None] = {}
        for name in _BLANKED:
            if name not in exported or (name == "filters" and not found):
                continue
            whole = late.filter(pl.col(name) > 0)
            if whole.height <= 1 and late.height > whole.height:
                found[name] = whole["org"][0] if whole.height else None
        return found


def _is_filled(name: str) -> pl.Expr:
    absent = (FieldState.EMPTY.value, FieldState.NOT_EXPORTED.value)
    return (~pl.col(f"{name}_state").is_in(absent)).alias(name)


def _literal(state: FieldState) -> pl.Expr:
    return pl.lit(state.value, dtype=STATE)
