"""The files of a reconciliation: `reconcile.json` and `reconcile.csv`."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

from gatehouse.audit.reconcile.result import Reconciliation
from gatehouse.audit.spreadsheet import place

CSV_COLUMNS = ("comparison", "kind", "outcome", "tier", "file_a", "row_a", "file_b", "row_b", "differs")


def write(reconciliation: Reconciliation, directory: Path) -> list[Path]:
    """Write both files into `directory`, which is made if need be, and return their paths.

    The CSV has a line for every pair and for every row without a partner. Same inputs, same bytes.
    """
    directory.mkdir(parents=True, exist_ok=True)
    document, table = directory / "reconcile.json", directory / "reconcile.csv"
    text = json.dumps(reconciliation.as_document(), ensure_ascii=False, indent=1)
    document.write_text(text + "\n", encoding="utf-8")
    with table.open("wb") as stream:
        stream.write((",".join(CSV_COLUMNS) + "\n").encode())
        for ordinal, comparison in enumerate(reconciliation.comparisons, start=1):
            file_a, file_b = pl.lit(place(comparison.a.path)), pl.lit(place(comparison.b.path))
            comparison.pairs.select(
                comparison=pl.lit(ordinal),
                kind=pl.lit(comparison.kind.value),
                outcome="outcome",
                tier="tier",
                file_a=pl.when(pl.col("row_a").is_not_null()).then(file_a),
                row_a="row_a",
                file_b=pl.when(pl.col("row_b").is_not_null()).then(file_b),
                row_b="row_b",
                differs="differs",
            ).write_csv(stream, include_header=False)
    return [document, table]
