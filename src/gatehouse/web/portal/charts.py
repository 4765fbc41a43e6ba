"""Bars of counts by day as places in an SVG drawing; the template draws them, with a table beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

WIDTH: Final = 720
HEIGHT: Final = 180
_LEFT: Final = 44
_BOTTOM: Final = 22
_TOP: Final = 8


@dataclass(frozen=True, slots=True)
class Bar:
    """A day's bar, in units of the drawing."""

    day: date
    count: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Bars:
    """A drawing of counts by day, from zero; `ticks` are (y, count) of the lines behind it."""

    bars: tuple[Bar, ...]
    ticks: tuple[tuple[float, int], ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT

    @property
    def most(self) -> int:
        """Return the highest count."""
        return max((bar.count for bar in self.bars), default=0)

    @property
    def total(self) -> int:
        """Return the sum of the counts."""
        return sum(bar.count for bar in self.bars)

    @property
    def ground(self) -> float:
        """Return where zero lies."""
        return float(HEIGHT - _BOTTOM)


def bars(days: Sequence[tuple[date, int]]) -> Bars:
    """Return the drawing of days in their order; days without anything have a bar of no height."""
    if not days:
        return Bars((), ())
    step = _step(max(count for _, count in days))
    top = step * max(1, -(-max(count for _, count in days) // step))
    room, span = (WIDTH - _LEFT) / len(days), HEIGHT - _BOTTOM - _TOP
    made = []
    for place, (day, count) in enumerate(days):
        height = span * count / top
        left = _LEFT + room * place
        made.append(
            Bar(
                day,
                count,
                round(left + room * 0.1, 2),
                round(_TOP + span - height, 2),
                round(room * 0.8, 2),
                round(height, 2),
            )
        )
    ticks = tuple((round(_TOP + span * (1 - value / top), 2), value) for value in range(0, top + 1, step))
    return Bars(tuple(made), ticks)


def _step(most: int) -> int:
    """Return a round distance between lines that gives two to five of them."""
    step = 1
    while most / step > 5:
        step *= 5 if str(step)[0] == "1" else 2
    return step
