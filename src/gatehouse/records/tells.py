"""What a file's rows tell about the file: whether it was cut off, and where its columns stop being filled.

A tell is a note beside the figures, never a change to them.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from gatehouse.model import FieldState

# Limits of spreadsheets and of exports; a file with exactly so many records was probably cut there.
ROW_LIMITS = {
    1_048_575: "a worksheet holds 1,048,576 rows with its header",
    1_000_000: "a round limit of exports",
    65_535: "an old worksheet holds 65,536 rows with its header",
    55_000: "a limit seen in other exports",
    20_000: "a limit seen in other exports",
}
_BREAK_FIELDS = ("devices", "text_prompt", "moderation", "officer", "plate", "filters", "case_number")
# A month with fewer records says nothing about a column's end.
_ENOUGH = 30
# `Category - detail` is what the offense menu writes into the reason.
_MENU = r"^\p{Lu}[\p{L}()/.,&' ]{2,60} - ?"
_MENU_BEFORE, _MENU_AFTER = 0.2, 0.6


def truncation(rows: int) -> tuple[tuple[str, str], ...]:
    """Return the note that a file of exactly so many records calls for, if any."""
    limit = ROW_LIMITS.get(rows)
    return (("truncated", f"exactly {rows:,} records: {limit}"),) if limit else ()


class Months:
    """Per month of a file: the records, and those that say something in each field."""

    def __init__(self) -> None:
        self._parts: list[pl.DataFrame] = []

    def add(self, frame: pl.DataFrame, reasons: pl.DataFrame) -> None:
        """Count a block of the normal form; `reasons` holds the texts of its reasons by key."""
        menu = reasons.filter(pl.col("text").str.contains(_MENU))["key"]
        from_menu = pl.col("reason").is_in(menu.implode()).sum() if len(menu) else pl.lit(0, dtype=pl.UInt32)
        at = pl.col("searched_at").dt
        self._parts.append(
            frame.lazy()
            .filter(pl.col("searched_at").is_not_null())
            .group_by(month=at.year() * 12 + at.month() - 1)
            .agg(
                pl.len().alias("records"),
                *(_says(name).sum().alias(name) for name in _BREAK_FIELDS),
                pl.col("reason").is_not_null().sum().alias("reasons"),
                from_menu.alias("menu"),
            )
            .collect()
        )

    def notes(self, exported: Iterable[str]) -> list[tuple[str, str]]:
        """Return where a column that was filled is filled no more, and where reasons come from a menu."""
        if not self._parts:
            return []
        table = (
            pl.concat(self._parts)
            .group_by("month")
            .sum()
            .sort("month")
            .with_columns(
                month=pl.format(
                    "{}-{}", pl.col("month") // 12, (pl.col("month") % 12 + 1).cast(pl.String).str.zfill(2)
                )
            )
        )
        table = table.filter(pl.col("records") >= _ENOUGH)
        notes = []
        present = set(exported)
        for name in _BREAK_FIELDS:
            if name in present and (since := _emptied(table, name)):
                notes.append(("schema_break", f"{name} is not filled from {since} on"))
        if since := _menu_since(table):
            notes.append(("schema_break", f"reasons are chosen from a menu from {since} on"))
        return notes


def _says(name: str) -> pl.Expr:
    if name == "devices":
        return pl.col(name) > 0
    return pl.col(f"{name}_state") != FieldState.EMPTY.value


def _emptied(table: pl.DataFrame, name: str) -> str | None:
    filled = [(month, count) for month, count in table.select("month", name).iter_rows() if count]
    if not filled:
        return None
    last = filled[-1][0]
    after = [month for month in table["month"] if month > last]
    return str(after[0]) if after else None


def _menu_since(table: pl.DataFrame) -> str | None:
    shares = [
        (month, menu / reasons)
        for month, menu, reasons in table.select("month", "menu", "reasons").iter_rows()
        if reasons >= _ENOUGH
    ]
    for at in range(1, len(shares)):
        before = [share for _, share in shares[:at]]
        if max(before) < _MENU_BEFORE and shares[at][1] > _MENU_AFTER:
            return str(shares[at][0])
    return None
