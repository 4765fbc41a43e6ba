"""Which of a portal's columns is the reason, which the offense and which the case number, by values alone.

Portals publish any of the three, in four widths; without a header only what stands in the columns tells:
labels of the offense menu, numbers, or words.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from enum import Enum
from functools import cache
from importlib import resources

from gatehouse.records.values import Kind, kind_of

# Offense columns hold labels of the menu throughout; agencies may add some of their own.
_MENU = 0.8
# Case columns of portals hold 65 to 99 % numbers, reasons up to 79 %, half a column being the usual most:
# what lies between tells nothing.
_NUMBERS, _WORDS = 0.9, 0.5
# A share of fewer cells is chance.
_ENOUGH = 10
_FEWEST_DIGITS = 5
_NUMBER = re.compile(
    r"(?:[A-Za-z]{1,6}[ .:#-]{0,2})?[0-9]{1,8}(?:[-/. ]{0,2}[A-Za-z]{0,4}[0-9]{1,10}){0,4}[A-Za-z]?"
)


class _Holds(Enum):
    MENU = "offense"
    NUMBERS = "case_number"
    WORDS = "reason"
    UNSURE = ""


def told_apart(
    variants: Sequence[Sequence[str]], columns: Sequence[Sequence[str | None]]
) -> tuple[Sequence[str], bool]:
    """Return the variant whose fields the columns hold, and whether their values leave no other.

    `variants` name a field for each column, the likelier first: it is taken where the values do not tell.
    """
    held = [_holds(column) for column in columns]

    def fitting(variant: Sequence[str]) -> int:
        return sum(each.value == field for each, field in zip(held, variant, strict=True))

    best = max(variants, key=fitting)
    alone = sum(fitting(variant) == fitting(best) for variant in variants) == 1
    return best, alone and fitting(best) == len(columns)


def _holds(column: Sequence[str | None]) -> _Holds:
    cells = [(cell or "").strip() for cell in column if kind_of(cell) not in (Kind.BLANK, Kind.MARKER)]
    if len(cells) < _ENOUGH:
        return _Holds.UNSURE
    if sum(map(_is_menu, cells)) >= _MENU * len(cells):
        return _Holds.MENU
    numbers = sum(map(_is_number, cells)) / len(cells)
    if numbers >= _NUMBERS:
        return _Holds.NUMBERS
    return _Holds.WORDS if numbers <= _WORDS else _Holds.UNSURE


def _is_menu(cell: str) -> bool:
    return all(label in _labels() for label in cell.split(", "))


def _is_number(cell: str) -> bool:
    return sum(map(str.isdigit, cell)) >= _FEWEST_DIGITS and _NUMBER.fullmatch(cell) is not None


@cache
def _labels() -> frozenset[str]:
    text = resources.files("gatehouse.records").joinpath("data/offense_menu.toml").read_text("utf-8")
    return frozenset(tomllib.loads(text)["labels"])
