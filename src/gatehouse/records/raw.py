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

    @classmethod
    def numbered(cls, cells: pl.DataFrame, first: int) -> RawBlock:
        """Return a block of records that stand one after the other from row `first` on."""
        rows = pl.int_range(first, first + cells.height, dtype=pl.UInt32, eager=True)
        return cls(cells, rows.alias("row"))


class Source(Protocol):
    """One readable file or archive member."""

    @property
    def path(self) -> str:
        """The path as given; members as "outer.zip!inner.csv", sheets as "book.xlsx!Sheet1" if several."""
        ...

    @property
    def sha256(self) -> str:
        """The SHA-256 of the file on disk."""
        ...

    @property
    def encoding(self) -> str | None:
        """The text encoding, where the container has one."""
        ...

    @property
    def notes(self) -> tuple[tuple[str, str], ...]:
        """What was met while reading, as (code, detail); complete once the blocks are exhausted."""
        ...

    @property
    def delimiter(self) -> str | None:
        """What separates the cells of delimited text, known once the first block is; else None."""
        ...

    @property
    def unterminated(self) -> bool:
        """Whether delimited text ends without a line end; known once the blocks are exhausted."""
        ...

    @property
    def consumed(self) -> int:
        """The bytes of the file on disk read so far; 0 where the container cannot tell."""
        ...

    def blocks(self) -> Iterator[RawBlock]:
        """Yield the records in file order; may be called again to read from the start."""
        ...
