"""Write a network audit of an invented town, chunk by chunk, with its truth, sharing list and rules."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gatehouse.model import BadUse, Layout
from gatehouse.records.synth import plants as planting
from gatehouse.records.synth import quirks as damaging
from gatehouse.records.synth import release
from gatehouse.records.synth import vocabulary as words
from gatehouse.records.synth.agencies import DAYS, FIRST_DAY, LAST_DAY, OWNER, build
from gatehouse.records.synth.marker import FILE_PREFIX, MARKER
from gatehouse.records.synth.render import HEADER, MASKED_FROM, Renderer
from gatehouse.records.synth.searches import Drawer, rows_per_day
from gatehouse.records.synth.town import write_policies, write_sharing
from gatehouse.records.synth.truth import FileTruth, Tallies, Truth

FILE_NAME = (
    f"{FILE_PREFIX}_{OWNER.replace(' ', '_')}_Network_Audit_{FIRST_DAY:%-m_%-d_%Y}_{LAST_DAY:%-m_%-d_%Y}.csv"
)

# Rows drawn and written at a time: bounds the memory, and fixes the random streams.
_CHUNK = 400_000
_MOST_ROWS = 1_000_000_000
_BOM = b"\xef\xbb\xbf"


def generate(
    *,
    rows: int,
    seed: int,
    directory: Path,
    quirks: bool = False,
    advance: Callable[[int], None] | None = None,
) -> Truth:
    """Write the export, `truth.json`, `sharing.csv` and `policies.json` into `directory`.

    `rows` counts searches; `quirks` add other records and a second file. The same arguments give the same
    bytes (with the same NumPy). `advance` is told the searches written since its last call.
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
    released: list[pl.DataFrame] = []
    first_row = 0
    with (directory / FILE_NAME).open("wb") as file:
        export = _Export(file, rows=rows, seed=seed, quirks=quirks)
        for days in _chunks(rows_per_day(rows, seed)):
            searches = drawer.draw(days, first_row=first_row)
            masked = (searches.day >= MASKED_FROM) & (searches.agency != 0)
            cells = renderer.cells(searches, masked=masked)
            if quirks:
                released.append(cells.filter(pl.Series(release.covers(searches.day))))
            damage = export.write(_mark(cells) if first_row == 0 else cells, first_row=first_row)
            tallies.add(searches, masked=masked | damage.hides_actor, reason_masked=damage.hides_reason)
            first_row += len(searches)
            if advance:
                advance(len(searches))
        export.end()
    again, encoding = release.write(released, directory)
    write_sharing(agencies, directory / "sharing.csv")
    write_policies(agencies, directory / "policies.json", marker=MARKER)
    files = (export.truth(), _release_truth(again, encoding)) if again else (export.truth(),)
    truth = Truth(seed, quirks, MARKER, OWNER, files, tallies.counts())
    (directory / "truth.json").write_text(json.dumps(truth.as_document(), indent=1) + "\n", "utf-8")
    return truth


class _Export:
    """The main file in the making: plain, or damaged and in two parts."""

    def __init__(self, file: IO[bytes], *, rows: int, seed: int, quirks: bool):
        self._file, self._rows, self._seed, self._quirks = file, rows, seed, quirks
        self._counts = damaging.Counts()
        self._stacked = False
        if quirks:
            file.write(_BOM + f"{damaging.TITLE} - {OWNER} - {MARKER}\n\n".encode())
        self._line(HEADER)

    def write(self, cells: pl.DataFrame, *, first_row: int) -> damaging.Damage:
        """Write a chunk of searches and return what was done to them."""
        if not self._quirks:
            cells.write_csv(self._file, include_header=False)
            return damaging.no_damage(len(cells))
        damage = damaging.plan(len(cells), seed=self._seed, first_row=first_row, rows=self._rows)
        cells = damaging.hide(cells, damage)
        above = damaging.first_export(cells, damage, self._counts, seed=self._seed, first_row=first_row)
        above.write_csv(self._file, include_header=False)
        if damage.stacked_at < len(cells):
            if not self._stacked:
                self._stacked = True
                self._counts.non_search += 1
                self._line(damaging.STACKED)
            damaging.second_export(cells, damage, self._counts).write_csv(self._file, include_header=False)
        return damage

    def end(self) -> None:
        """End the file, in the middle of a record where it is damaged."""
        if self._quirks:
            self._counts.rejects += 1
            self._file.write(damaging.CUT_RECORD.encode())

    def truth(self) -> FileTruth:
        """Return the file's balance."""
        counts = self._counts
        extra = counts.duplicates + counts.rejects + counts.non_search
        return FileTruth(
            path=FILE_NAME,
            owner=OWNER,
            layout=Layout.NETWORK_AUDIT.value,
            rows=self._rows + extra,
            searches=self._rows,
            duplicates=counts.duplicates,
            rejects=counts.rejects,
            non_search=counts.non_search,
            repaired=counts.repaired,
        )

    def _line(self, cells: tuple[str, ...] | dict[str, str]) -> None:
        self._file.write((",".join(cells) + "\n").encode())


def _release_truth(rows: int, encoding: str) -> FileTruth:
    return FileTruth(
        path=release.FILE_NAME,
        owner=OWNER,
        layout=Layout.NETWORK_AUDIT.value,
        rows=rows,
        searches=0,
        duplicates=rows,
        encoding=encoding,
    )


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
