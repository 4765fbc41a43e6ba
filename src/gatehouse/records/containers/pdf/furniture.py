"""What stands on a page beside the table: page numbers, running titles, dates of printing."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from gatehouse.records.containers.pdf.text import Run

# How many lines at each end of a page may be furniture.
_REACH = 6
# Furniture stands at one height on at least this part of the pages looked at.
_SHARE = 0.6
# Furniture stands apart from the table by more than its lines do from each other, in line heights.
_APART = 1.6
# Text further below the table than this many times the widest gap inside of it is no part of it.
_FAR = 2.0

_DIGITS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(r"(?:page\s*)?#(?:\s*(?:of|/)\s*#)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PageLine:
    """Everything on one baseline of a page."""

    y: float
    runs: tuple[Run, ...]

    @property
    def size(self) -> float:
        """Return the line height."""
        return max(run.size for run in self.runs)

    @property
    def shape(self) -> str:
        """Return the text with every number as `#`."""
        return _DIGITS.sub("#", " ".join(run.text for run in self.runs))


def page_lines(runs: Sequence[Run]) -> list[PageLine]:
    """Return the lines of a page from the top, each with its runs from the left."""
    lines: list[list[Run]] = []
    for run in sorted(runs, key=lambda run: run.y):
        if lines and run.y - lines[-1][0].y <= 0.2 * run.size:
            lines[-1].append(run)
        else:
            lines.append([run])
    return [PageLine(line[0].y, tuple(sorted(line, key=lambda run: run.x0))) for line in lines]


@dataclass(frozen=True, slots=True)
class Furniture:
    """The lines that recur at one height on many pages, and how a table line differs from them.

    `full` is the number of runs from which a line is a record's; `gap` is the widest white between two
    lines inside the table, in points.
    """

    recurring: frozenset[tuple[str, int]]
    full: int
    gap: float

    def strip(self, runs: Sequence[Run], *, top: bool) -> tuple[list[Run], int]:
        """Return a page's runs without the furniture, and how many lines that was.

        `top` says whether furniture may stand above the table, which it cannot below a header.
        """
        lines = page_lines(runs)
        last = len(lines)
        while last and self._outside(lines[:last], -1):
            last -= 1
        first = 0
        while top and first < last and self._outside(lines[first:last], 0):
            first += 1
        kept = [run for line in lines[first:last] for run in line.runs]
        return kept, len(lines) - (last - first)

    def _outside(self, lines: Sequence[PageLine], end: int) -> bool:
        line = lines[end]
        if len(line.runs) >= self.full:
            return False
        neighbour = lines[end + 1 if end == 0 else end - 1] if len(lines) > 1 else None
        apart = abs(line.y - neighbour.y) if neighbour else float("inf")
        if apart <= _APART * line.size:
            return False
        if (line.shape, round(line.y)) in self.recurring or _PAGE_NUMBER.fullmatch(line.shape):
            return True
        return end == -1 and neighbour is not None and apart > max(_FAR * self.gap, 3 * line.size)


def learn_furniture(pages: Sequence[tuple[Sequence[Run], Sequence[Run]]], *, columns: int) -> Furniture:
    """Learn from a sample of pages, each as all of its runs and those of them below the header."""
    full = max(3, (columns + 1) // 2)
    seen: Counter[tuple[str, int]] = Counter()
    gap = 0.0
    for everything, body in pages:
        lines = page_lines(everything)
        ends = {*lines[:_REACH], *lines[-_REACH:]}
        # A title may shift by a fraction of a point between pages.
        seen.update({(line.shape, round(line.y) + near) for line in ends for near in (-1, 0, 1)})
        table = page_lines(body)
        rich = [index for index, line in enumerate(table) if len(line.runs) >= full]
        if rich:
            inside = table[rich[0] : rich[-1] + 1]
            gap = max([gap, *(low.y - high.y for high, low in itertools.pairwise(inside))])
    least = max(2, _SHARE * len(pages))
    return Furniture(frozenset(key for key, count in seen.items() if count >= least), full, gap)
