"""Two days of the export released again: no ids, other masking, another encoding. Every row is a copy."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gatehouse.records.synth.agencies import OWNER, day_index
from gatehouse.records.synth.render import HEADER

FIRST, LAST = date(2025, 11, 3), date(2025, 11, 4)
FILE_NAME = (
    f"SYNTHETIC_{OWNER.replace(' ', '_')}_Network_Audit_{FIRST:%-m_%-d_%Y}_{LAST:%-m_%-d_%Y}_REDACTED.csv"
)
ENCODING = "cp1252"
COLUMNS = tuple(label for label in HEADER if label not in ("ID", "Text Prompt", "Moderation"))


def covers(days: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return which searches the second release holds."""
    return (days >= day_index(FIRST)) & (days <= day_index(LAST))


def write(cells: list[pl.DataFrame], directory: Path) -> tuple[int, str]:
    """Write the second release of these rows; return how many, and the encoding that its bytes show.

    Without rows nothing is written.
    """
    encoding = "utf-8"
    rows = pl.concat(cells) if cells else pl.DataFrame()
    if not rows.is_empty():
        hidden = rows.select(COLUMNS).with_columns(
            pl.when(pl.col(name).is_not_null()).then(pl.lit("REDACTED")).alias(name)
            for name in ("Name", "License Plate")
        )
        text = hidden.write_csv(line_terminator="\r\n")
        (directory / FILE_NAME).write_bytes(text.encode(ENCODING))
        encoding = "utf-8" if text.isascii() else ENCODING
    return len(rows), encoding
