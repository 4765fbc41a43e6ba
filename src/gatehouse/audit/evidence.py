"""Rows behind a finding: all of them lazily, and a stratified sample that is the same on every run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from gatehouse.audit.document import Cite
from gatehouse.audit.measures import file_and_row
from gatehouse.audit.options import EVIDENCE_LIMIT, EVIDENCE_SEED
from gatehouse.audit.sharing import owner_day
from gatehouse.audit.texts import BIT, FAMILY_BITS, bits_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gatehouse.audit.findings.lead import Measured
    from gatehouse.audit.ground import Ground

# A finding may have millions of rows; the sample is drawn from about so many of them, thinned evenly.
CANDIDATES = 20_000
EXAMPLES = 3
_FRACTION = 1 << 32


def rows_of(ground: Ground, measured: Measured) -> pl.LazyFrame:
    """Return `file` (index), `row`, `agency` and `at` of every row behind a measurement, in file order."""
    columns = ("file", "row", "agency", "at")
    source = ground.measures.flagged.lazy() if measured.flagged else ground.slim
    if measured.count == 0:
        found = ground.slim.clear()
    elif measured.where is not None:
        found = source.filter(measured.where)
    elif measured.match is not None:
        names = measured.match.columns
        slim = ground.slim
        if "hour" in names:
            minute = ground.hours.place(pl.col("agency"), pl.col("at"))
            slim = slim.with_columns(hour=(minute // 60 % 24).cast(pl.Int8))
        if "day" in names:
            slim = slim.with_columns(day=owner_day(ground))
        found = slim.join(
            measured.match.lazy(), on=names, how="semi", nulls_equal=True, maintain_order="left"
        )
    elif measured.rows is not None:
        keys = measured.rows.lazy().with_columns(
            pl.col("file").cast(pl.UInt16), pl.col("row").cast(pl.UInt32)
        )
        found = source.join(keys, on=["file", "row"], how="semi", maintain_order="left")
    else:
        found = ground.slim.clear()
    return found.select(columns)


def all_rows(ground: Ground, measured: Measured) -> pl.LazyFrame:
    """Return path and row of every row behind a measurement, in file order."""
    paths = [file.path for file in ground.files]
    return rows_of(ground, measured).select(
        pl.col("file").replace_strict(list(range(len(paths))), paths, return_dtype=pl.String), "row"
    )


def samples(ground: Ground, found: Sequence[Measured]) -> list[pl.DataFrame]:
    """Return at most 100 rows a finding (`file`, `row`, `agency`), every finding's in one pass.

    Strata are files and months; every stratum gives in turn, so a rare month is seen beside a busy one.
    """
    queries = [_ranked(rows_of(ground, measured), measured.count).head(EVIDENCE_LIMIT) for measured in found]
    tables = pl.collect_all(queries, engine="streaming")
    return [table.sort("file", "row").select("file", "row", "agency") for table in tables]


def cite(ground: Ground, place: int) -> Cite:
    """Return a place of the measures as a citation."""
    file, row = file_and_row(place)
    return Cite(ground.files[file].path, row)


def examples(ground: Ground) -> Mapping[str, tuple[Cite, ...]]:
    """Return, for every signal and family that occurs, its first search of up to three agencies."""
    masks = {signal.value: bit for signal, bit in BIT.items()} | dict(FAMILY_BITS)
    found: dict[str, tuple[Cite, ...]] = {}
    for name, mask in masks.items():
        first = (
            ground.measures.signals.filter(bits_of(mask))
            .group_by("file", "agency")
            .agg(pl.col("place").min())["place"]
            .sort()
            .head(EXAMPLES)
        )
        if len(first):
            found[name] = tuple(cite(ground, place) for place in first)
    return found


def cites(ground: Ground, sample: pl.DataFrame) -> tuple[Cite, ...]:
    """Return a sample as citations."""
    paths = [file.path for file in ground.files]
    return tuple(Cite(paths[file], row) for file, row in sample.select("file", "row").iter_rows())


def _ranked(rows: pl.LazyFrame, count: int) -> pl.LazyFrame:
    """Return candidates, the first of every stratum first, then the second of every one, and so on."""
    keep = min(1.0, CANDIDATES / max(count, 1))
    return (
        rows.with_columns(_draw=_draw())
        .filter(pl.col("_draw") <= int(keep * _FRACTION))
        .with_columns(_month=pl.col("at").dt.truncate("1mo"))
        .with_columns(_turn=pl.col("_draw").rank("ordinal").over("file", "_month"))
        .sort("_turn", "_draw", "file", "row")
    )


def _draw() -> pl.Expr:
    """Return a fixed pseudo-random 32-bit number of each row (a multiplicative hash, mixed twice)."""
    odd = 0x9E3779B97F4A7C15
    base = pl.col("file").cast(pl.UInt64) * (1 << 40) + pl.col("row").cast(pl.UInt64) + EVIDENCE_SEED
    first = base * odd
    return ((first ^ (first // (1 << 29))) * 0xBF58476D1CE4E5B9) // (1 << 32)
