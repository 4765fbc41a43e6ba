"""Write a network audit of an invented town, chunk by chunk, with its truth, sharing list and rules."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gatehouse.model import BadUse, Layout
from gatehouse.records.synth import plants as planting
from gatehouse.records.synth import vocabulary as words
from gatehouse.records.synth.agencies import DAYS, FIRST_DAY, LAST_DAY, OWNER, build
from gatehouse.records.synth.render import HEADER, MASKED_FROM, Renderer
from gatehouse.records.synth.searches import Drawer, rows_per_day
from gatehouse.records.synth.town import write_policies, write_sharing
from gatehouse.records.synth.truth import FileTruth, Tallies, Truth

MARKER = "SYNTHETIC: invented agencies, people and searches"
FILE_NAME = (
    f"SYNTHETIC_{OWNER.replace(' ', '_')}_Network_Audit_{FIRST_DAY:%-m_%-d_%Y}_{LAST_DAY:%-m_%-d_%Y}.csv"
)

# Rows drawn and written at a time: bounds the memory, and fixes the random streams.
_CHUNK = 400_000
_MOST_ROWS = 1_000_000_000


def generate(
    *,
    rows: int,
    seed: int,
    directory: Path,
    quirks: bool = False,
    advance: Callable[[int], None] | None = None,
) -> Truth:
    """Write the export, `truth.json`, `sharing.csv` and `policies.json` into `directory`.

    `rows` counts searches. The same arguments give the same bytes (with the same NumPy). `advance` is told
    the rows written since its last call.
    """
    if not 1 <= rows <= _MOST_ROWS:
        raise BadUse("cannot generate so many rows", expected=f"1 to {_MOST_ROWS}", got=str(rows))
    if seed < 0:
        raise BadUse("cannot use this seed", expected="0 or more", got=str(seed))
    directory.mkdir(parents=True, exist_ok=True)
    vocabulary = words.load()
    agencies = build(vocabulary, seed)
    drawer = Drawer(vocabulary, agencies, planting.plan(agencies, rows=rows, seed=seed), rows=rows, seed=seed)
    renderer, tallies = Renderer(vocabulary, agencies), Tallies(vocabulary, agencies)
    first_row = 0
    with (directory / FILE_NAME).open("wb") as file:
        file.write((",".join(HEADER) + "\n").encode())
        for days in _chunks(rows_per_day(rows, seed)):
            searches = drawer.draw(days, first_row=first_row)
            masked = (searches.day >= MASKED_FROM) & (searches.agency != 0)
            tallies.add(searches, masked=masked, reason_masked=np.zeros(len(searches), np.bool_))
            cells = renderer.cells(searches, masked=masked)
            if first_row == 0:
                cells = _mark(cells)
            cells.write_csv(file, include_header=False)
            first_row += len(searches)
            if advance:
                advance(len(searches))
    write_sharing(agencies, directory / "sharing.csv")
    write_policies(agencies, directory / "policies.json", marker=MARKER)
    balance = FileTruth(FILE_NAME, OWNER, Layout.NETWORK_AUDIT.value, rows=rows, searches=rows)
    truth = Truth(seed, quirks, MARKER, OWNER, (balance,), tallies.counts())
    (directory / "truth.json").write_text(json.dumps(truth.as_document(), indent=1) + "\n", "utf-8")
    return truth


def _chunks(per_day: NDArray[np.int64]) -> Iterator[NDArray[np.int32]]:
    """Yield day indexes, one a row, in chunks of at most `_CHUNK` rows."""
    days = np.arange(DAYS, dtype=np.int32)
    edges = np.concatenate([[0], per_day.cumsum()])
    for first in range(0, int(edges[-1]), _CHUNK):
        end = min(first + _CHUNK, int(edges[-1]))
        inside = np.diff(edges.clip(first, end))
        yield np.repeat(days, inside)


def _mark(cells: pl.DataFrame) -> pl.DataFrame:
    """Say in the first record that all of this is invented."""
    first = pl.int_range(pl.len()) == 0
    return cells.with_columns(pl.when(first).then(pl.lit(MARKER)).otherwise("Moderation").alias("Moderation"))
