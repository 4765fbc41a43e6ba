"""Rows of cells as they stand in a file, before anything is known about their meaning.

Every container (CSV, workbook, archive member, PDF) becomes a `Source` that yields `RawBlock`s, so that
layout recognition and the normal form are written once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import polars as pl


@dataclass(frozen=True, slots=True)
class RawBlock:
    """Consecutive records of one file.

    `cells` has String columns `c0`, `c1`, ... (as many as the widest record of the block); a cell that the
    record does not have is null, an empty cell is "". Text is as exported: no trimming. `rows` (UInt32)
    holds each record's row number as a spreadsheet shows it. Records whose cells are all blank are left out
    (their numbers are skipped).
    """

    cells: pl.DataFrame
    rows: pl.Series


class Source(Protocol):
    """One readable file or archive member."""

    path: str  # as given; members as "outer.zip!inner.csv", sheets as "book.xlsx!Sheet1" when more than one
    sha256: str  # of the file on disk
    encoding: str | None
    notes: tuple[tuple[str, str], ...]  # (code, detail) met while opening

    def blocks(self) -> Iterator[RawBlock]:
        """Yield the records in file order; may be called again to read from the start."""
        ...
