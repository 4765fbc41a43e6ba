"""What stands on a page beside the table: page numbers, running titles, dates of printing."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gatehouse.records.containers.pdf.text import Run

# Words of one text stand nearer than this, in line heights.
_WORD_GAP = 0.5
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
_PAGE_OF_PAGES = re.compile(r"(?<![#/])#\s*(?:of|/)\s*#$", re.IGNORECASE)


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
    def cells(self) -> int:
        """Return how many columns the line seems to reach: its runs, words of one text counted once."""
        return 1 + sum(
            right.x0 - left.x1 > _WORD_GAP * left.size for left, right in itertools.pairwise(self.runs)
        )

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

    `titles` stand above the header where there is one. `full` is the number of cells from which a line is a
    record's; `gap` is the widest white between two lines inside the table, in points.
    """

    recurring: frozenset[tuple[str, int]]
    titles: frozenset[tuple[str, int]]
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
        key = (line.shape, round(line.y))
        if key in self.recurring and (key in self.titles or _PAGE_OF_PAGES.search(line.shape)):
            return True
        if line.cells >= self.full:
            return False
        neighbor = lines[end + 1 if end == 0 else end - 1] if len(lines) > 1 else None
        apart = abs(line.y - neighbor.y) if neighbor else float("inf")
        if apart <= _APART * line.size:
            return False
        if key in self.recurring or _PAGE_NUMBER.fullmatch(line.shape):
            return True
        return end == -1 and neighbor is not None and apart > max(_FAR * self.gap, 3 * line.size)


def full_line(columns: int) -> int:
    """Return how many cells a line has at least that is a record's and no title."""
    return max(3, (columns + 1) // 2)


def learn_furniture(pages: Sequence[tuple[Sequence[Run], Sequence[Run]]], *, columns: int) -> Furniture:
    """Learn from a sample of pages, each as all of its runs and those of them below the header."""
    full = full_line(columns)
    seen: Counter[tuple[str, int]] = Counter()
    titles: set[tuple[str, int]] = set()
    gap = 0.0
    for everything, body in pages:
        lines = page_lines(everything)
        table = page_lines(body)
        seen.update(_places({*lines[:_REACH], *lines[-_REACH:]}))
        if table:
            titles |= _places(line for line in lines if line.y < table[0].y - table[0].size)
        rich = [index for index, line in enumerate(table) if line.cells >= full]
        if rich:
            inside = table[rich[0] : rich[-1] + 1]
            gap = max([gap, *(low.y - high.y for high, low in itertools.pairwise(inside))])
    least = max(2, _SHARE * len(pages))
    recurring = frozenset(key for key, count in seen.items() if count >= least)
    return Furniture(recurring, frozenset(titles), full, gap)


def _places(lines: Iterable[PageLine]) -> set[tuple[str, int]]:
    """Return shape and height of lines; a title may shift by a fraction of a point between pages."""
    return {(line.shape, round(line.y) + near) for line in lines for near in (-1, 0, 1)}
