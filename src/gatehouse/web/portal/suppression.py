"""Cross-tabulations in which no small count can be read, nor worked out from the totals beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

# Counts below it are not told; the same number stands in the portal's text.
LEAST: Final = 5


@dataclass(frozen=True, slots=True)
class Table:
    """Counts by two things. A cell is None where it is suppressed; totals are open."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[int | None, ...], ...]
    row_totals: tuple[int, ...]
    column_totals: tuple[int, ...]

    @property
    def total(self) -> int:
        """Return how many there are in all."""
        return sum(self.row_totals)

    @property
    def suppressed(self) -> bool:
        """Return whether any count is not told."""
        return any(cell is None for line in self.cells for cell in line)


def cross_table(counts: Mapping[tuple[str, str], int]) -> Table:
    """Return counts by (row, column) with small ones suppressed.

    Zeros are told: that nobody asked for something names nobody. A count from 1 to `LEAST` - 1 is not. Where
    one cell alone of a row or column would be missing, the total less the others would give it, so a second
    one is left out, the smallest that is not zero, or a zero if there is no other.
    """
    rows = tuple(sorted({row for row, _ in counts}))
    columns = tuple(sorted({column for _, column in counts}))
    cells: list[list[int | None]] = [[counts.get((row, column), 0) for column in columns] for row in rows]
    full = [[each or 0 for each in line] for line in cells]
    for line in cells:
        for place, each in enumerate(line):
            if each is not None and 0 < each < LEAST:
                line[place] = None
    while _lone(cells, full):
        pass
    return Table(
        rows,
        columns,
        tuple(map(tuple, cells)),
        tuple(map(sum, full)),
        tuple(sum(line[place] for line in full) for place in range(len(columns))),
    )


def _lone(cells: list[list[int | None]], full: Sequence[Sequence[int]]) -> bool:
    """Suppress a second cell where one stands alone in its row or column; say whether one did."""
    height, width = len(cells), len(cells[0]) if cells else 0
    lines = [[(row, column) for column in range(width)] for row in range(height)]
    lines += [[(row, column) for row in range(height)] for column in range(width)]
    for line in lines:
        hidden = [place for place in line if cells[place[0]][place[1]] is None]
        open_ = [place for place in line if cells[place[0]][place[1]] is not None]
        if len(hidden) == 1 and open_:
            row, column = min(
                open_, key=lambda place: (full[place[0]][place[1]] == 0, full[place[0]][place[1]])
            )
            cells[row][column] = None
            return True
    return False
