"""Damage an export the way real ones are damaged, in known number.

What each quirk imitates stands in `docs/synthetic-data.md`. Nothing here changes what was searched: the
truth stays, but for what redactions hide.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gatehouse.records.synth.render import HEADER

TITLE = "Network Audit"
# A second export below the first: other order, other labels, three columns fewer.
STACKED = {
    "Search Time": "Search Time",
    "ID": "ID",
    " Org Name": "Org Name",
    "Name": "Name",
    "License Plates": "License Plate",
    "Reason_1": "Reason",
    "Case Number": "Case #",
    "Time Frame": "Time Frame",
    "Total Networks Searched": "Total Networks Searched",
    "Total Devices Searched": "Total Devices Searched",
    "Search Type": "Search Type",
}
# Of the searches, by time, those below this share stand in the first export.
STACKED_FROM = 0.9
# The end of the file stands in the middle of a record.
CUT_RECORD = '00000000-0000-4000-8000-000000000000,Wren,Kelmholt TX PD,12,140,"02/28/2026, 11:5'

MARKS = ("REDACTED", "REDACTED ", " REDACTED", "[REDACTED]", "###", "* * *", "7923.600 GC")
_REASON_MARKS = (*MARKS, "***", "REDACTED, see case")
_NAME_MARKS = (*MARKS, "W. Ske")
_CASE_PLACEHOLDERS = ("n/a", "none", "0", "-")
_GARBLED_TIMES = ("31/31/2025, 25:61:00 UTC", "see attachment", "11/31/2025, 10:00:00 AM UTC")

_NONE, _RIGHT, _LEFT = range(3)


@dataclass(frozen=True, slots=True)
class Damage:
    """Which rows of one chunk are damaged, and how; -1, 0 or False where not.

    `reason`, `name` and `plate` index the marks put over the cell; `shift` moves the record one column;
    `copied` repeats it; `garbled` adds a record like it whose time cannot be read.
    """

    reason: NDArray[np.int8]
    name: NDArray[np.int8]
    plate: NDArray[np.int8]
    case: NDArray[np.int8]
    org: NDArray[np.int8]
    shift: NDArray[np.int8]
    copied: NDArray[np.bool_]
    garbled: NDArray[np.bool_]
    stacked_at: int  # rows before this one stand in the first export

    @property
    def hides_reason(self) -> NDArray[np.bool_]:
        """Rows whose reason cannot be read."""
        return self.reason >= 0

    @property
    def hides_actor(self) -> NDArray[np.bool_]:
        """Rows whose officer or plate cannot be read."""
        return (self.name >= 0) | (self.plate >= 0)


@dataclass(slots=True)
class Counts:
    """What the damage adds to the balance of the main file."""

    duplicates: int = 0
    rejects: int = 0
    non_search: int = 0
    repaired: int = 0


def no_damage(n: int) -> Damage:
    """Leave a chunk as it is."""
    unmarked, clean = np.full(n, -1, np.int8), np.zeros(n, np.bool_)
    return Damage(unmarked, unmarked, unmarked, unmarked, unmarked, np.zeros(n, np.int8), clean, clean, n)


def plan(n: int, *, seed: int, first_row: int, rows: int) -> Damage:
    """Choose the damaged rows of the chunk of `n` searches that begins at `first_row` of `rows`."""
    rng = np.random.default_rng([seed, 5, first_row])

    def mark(share: float, choices: int) -> NDArray[np.int8]:
        return np.where(rng.random(n) < share, rng.integers(0, choices, n), -1).astype(np.int8)

    stacked_at = int(np.clip(rows * STACKED_FROM - first_row, 0, n))
    above = np.arange(n) < stacked_at
    # The first record carries the mark that all is invented, in its last column: it stays whole.
    movable = above & (np.arange(n) + first_row > 0)
    shift = np.where(movable & (rng.random(n) < 0.0005), rng.integers(1, 3, n), _NONE).astype(np.int8)
    return Damage(
        reason=mark(0.004, len(_REASON_MARKS)),
        name=mark(0.004, len(_NAME_MARKS)),
        plate=mark(0.004, len(MARKS)),
        case=mark(0.03, len(_CASE_PLACEHOLDERS)),
        org=mark(0.01, 2),
        shift=shift,
        copied=(rng.random(n) < 0.005) & (shift == _NONE),
        garbled=above & (rng.random(n) < 0.0002),
        stacked_at=stacked_at,
    )


def hide(cells: pl.DataFrame, damage: Damage) -> pl.DataFrame:
    """Put redactions, placeholders and other spellings into the cells."""
    org = pl.col("Org Name")
    spelled = pl.Series(damage.org)
    placeholder = _marked("Case #", damage.case, _CASE_PLACEHOLDERS)
    return cells.with_columns(
        _marked("Reason", damage.reason, _REASON_MARKS),
        _marked("Name", damage.name, _NAME_MARKS),
        _marked("License Plate", damage.plate, MARKS),
        pl.coalesce("Case #", placeholder).alias("Case #"),
        pl.when(spelled == 0)
        .then(org + " ")
        .when(spelled == 1)
        .then(org.str.replace(" ", "  ", literal=True))
        .otherwise(org)
        .alias("Org Name"),
    )


def first_export(
    cells: pl.DataFrame, damage: Damage, counts: Counts, *, seed: int, first_row: int
) -> pl.DataFrame:
    """Return the first export's lines: shifted, repeated and garbled records, headers and blank lines."""
    n = damage.stacked_at
    rng = np.random.default_rng([seed, 6, first_row])
    shift = damage.shift[:n]
    lines = _shifted(cells[:n], shift).with_columns(order=pl.int_range(n).cast(pl.Float64))
    copied, garbled = np.flatnonzero(damage.copied[:n]), np.flatnonzero(damage.garbled[:n])
    later = np.minimum(copied + rng.integers(0, 2_000, len(copied)), max(n - 1, 0))
    times = pl.Series(_GARBLED_TIMES, dtype=pl.String).gather(
        rng.integers(0, len(_GARBLED_TIMES), len(garbled))
    )
    headers = rng.uniform(0, n, n // 60_000 + 1) if n else np.empty(0)
    blanks = rng.uniform(0, n, n // 40_000 + 1) if n else np.empty(0)
    counts.duplicates += len(copied)
    counts.rejects += len(garbled)
    counts.non_search += len(headers)
    counts.repaired += int((shift != _NONE).sum())
    return (
        pl.concat(
            [
                lines,
                cells[copied].with_columns(order=pl.Series(later + 0.5)),
                cells[garbled].with_columns(times.alias("Search Time"), order=pl.Series(garbled + 0.25)),
                pl.DataFrame({name: [name] * len(headers) for name in HEADER}).with_columns(
                    order=pl.Series(headers, dtype=pl.Float64)
                ),
                pl.DataFrame(schema=dict.fromkeys(HEADER, pl.String))
                .clear(len(blanks))
                .with_columns(order=pl.Series(blanks, dtype=pl.Float64)),
            ]
        )
        .sort("order", maintain_order=True)
        .drop("order")
    )


def second_export(cells: pl.DataFrame, damage: Damage, counts: Counts) -> pl.DataFrame:
    """Return the lines of the stacked export, columns as in `STACKED`."""
    n = damage.stacked_at
    copied = np.flatnonzero(damage.copied[n:])
    counts.duplicates += len(copied)
    rows = cells[n:].select(pl.col(name).alias(label) for label, name in STACKED.items())
    rows = rows.with_columns(pl.col("Time Frame").str.replace("\n", " to ", literal=True))
    return rows[np.sort(np.concatenate([np.arange(len(rows)), copied]))]


def _marked(name: str, mark: NDArray[np.int8], marks: tuple[str, ...]) -> pl.Expr:
    texts = pl.Series([*marks, None]).gather(np.where(mark < 0, len(marks), mark).astype(np.int64))
    return pl.coalesce(pl.lit(texts), pl.col(name)).alias(name)


def _shifted(cells: pl.DataFrame, shift: NDArray[np.int8]) -> pl.DataFrame:
    """Move records one column to the right (their last cell is lost) or to the left (the first one is)."""
    kind = pl.Series(shift)
    columns = cells.columns
    blank = pl.lit(None, pl.String)
    before = [blank, *(pl.col(name) for name in columns[:-1])]
    after = [*(pl.col(name) for name in columns[1:]), blank]
    return cells.select(
        pl.when(kind == _RIGHT).then(left).when(kind == _LEFT).then(right).otherwise(pl.col(name)).alias(name)
        for name, left, right in zip(columns, before, after, strict=True)
    )
