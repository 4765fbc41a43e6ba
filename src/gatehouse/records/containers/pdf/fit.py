"""Whether a line of a cell ends where a word ends, or where the column does.

A word wider than its column is broken between any two letters, and nothing on the page says so. A line
that is one word and fills its column may be such a piece; then the words seen whole elsewhere in the column
decide.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

# A token with a digit is a number or code: it is broken where the column ends, words are not joined to it.
_CODE = re.compile(r"[A-Za-z0-9_./#-]*\d[A-Za-z0-9_./#-]*")
# A hyphen at the end of a line belongs to the word on both sides unless a space stood before it.
_HYPHENATED = re.compile(r"[^\s-]-$")
# A word is seldom wider than its column by more letters than this; a longer rest is the next word.
_REST = 3


class Line(NamedTuple):
    """One line of a cell; `width` is its length and `lead` that of its first character, in points."""

    text: str
    width: float
    lead: float


@dataclass(frozen=True, slots=True)
class ColumnFit:
    """A column's widest line, in points, and the words that were seen whole in it."""

    width: float = 0.0
    whole: frozenset[str] = frozenset()

    def glue(self, last: Line, line: Line) -> str:
        """Return what stands between two lines of one cell: a space, or nothing within a broken word."""
        if _HYPHENATED.search(last.text) and not line.text.startswith("-"):
            return ""
        if not _fills(last, line, self.width):
            return " "
        following = line.text.split(" ", 1)[0]
        if _CODE.fullmatch(last.text) and _CODE.fullmatch(following):
            return ""
        return "" if self._broken(last.text, following) else " "

    def _broken(self, piece: str, following: str) -> bool:
        if not (piece[-1].isalpha() and following[0].isalpha()):
            return False
        if piece + following in self.whole:
            return True
        if piece in self.whole or following in self.whole:
            return False
        return len(following) <= _REST and following[0].islower() == piece[-1].islower()


def _fills(last: Line, line: Line, width: float) -> bool:
    """Return whether a line is one word and had no room for the first character of the next."""
    return " " not in last.text and width - last.width < line.lead


def learn_fit(cells: Iterable[Sequence[Line]]) -> ColumnFit:
    """Learn a column's fit from its cells on a sample of pages."""
    cells = [cell for cell in cells if cell]
    width = max((line.width for cell in cells for line in cell), default=0.0)
    whole: set[str] = set()
    for cell in cells:
        after_full = False
        for line, following in itertools.zip_longest(cell, cell[1:]):
            full = following is not None and _fills(line, following, width)
            words = line.text.split()
            whole.update(words[after_full : len(words) - full])
            after_full = full
    return ColumnFit(width, frozenset(whole))
