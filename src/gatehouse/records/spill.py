"""Where the rows of the normal form are kept while files are read: in memory, or in Parquet files."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from gatehouse.records.frame import SCHEMA

# Rows of one Parquet file: enough to compress, few enough to hold.
_PART_ROWS = 1_000_000


class Rows:
    """The rows of all files in the order they are added; beyond a limit they are written to disk.

    Without a folder, a temporary one is made when it is needed and removed when the program ends.
    """

    def __init__(self, folder: Path | None, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        self._held = 0  # rows in memory, of all files
        self._loose: list[pl.DataFrame] = []  # of the file at hand, not yet on disk
        self._written: list[Path] = []  # of the file at hand
        self._files: list[pl.LazyFrame] = []
        self._parts = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Keep a block of the file at hand."""
        self._loose.append(frame)
        self._held += frame.height
        if self._held > self._limit and sum(each.height for each in self._loose) >= min(
            _PART_ROWS, self._limit
        ):
            self._write()

    def finish(self, corrections: Mapping[str, pl.Expr]) -> None:
        """End the file at hand, giving its columns their last correction."""
        if self._loose and (self._written or self._held > self._limit):
            self._write()
        columns = [each.alias(name) for name, each in corrections.items()]
        if self._written:
            self._files.append(pl.scan_parquet(self._written).with_columns(columns))
        elif self._loose:
            self._files.append(pl.concat(self._loose).with_columns(columns).lazy())
        self._loose, self._written = [], []

    def frame(self) -> pl.LazyFrame:
        """Return all rows, in order."""
        if not self._files:
            return pl.LazyFrame(schema=dict(SCHEMA))
        return self._files[0] if len(self._files) == 1 else pl.concat(self._files)

    def _write(self) -> None:
        part = pl.concat(self._loose)
        path = self._place() / f"part-{self._parts:05d}.parquet"
        part.write_parquet(path, compression="lz4", statistics=False)
        self._parts += 1
        self._held -= part.height
        self._written.append(path)
        self._loose = []

    def _place(self) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="gatehouse-"))
            atexit.register(shutil.rmtree, self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder
