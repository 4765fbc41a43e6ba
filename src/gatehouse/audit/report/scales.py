"""From data to positions and classes: linear and logarithmic scales, round ticks, stated classes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gatehouse.audit.report.numbers import between, count


@dataclass(frozen=True, slots=True)
class Linear:
    """Map `[0, top]` to `[start, end]`."""

    top: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the position of a value."""
        return self.start + (self.end - self.start) * (value / self.top if self.top else 0)


@dataclass(frozen=True, slots=True)
class Logarithmic:
    """Map `[low, high]`, both positive, to `[start, end]` on a logarithmic scale."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the position of a value; what lies outside is moved to the nearer end."""
        clipped = min(max(value, self.low), self.high)
        span = math.log(self.high / self.low)
        return self.start + (self.end - self.start) * (math.log(clipped / self.low) / span if span else 0)


def round_ticks(top: float, most: int, *, whole: bool = True) -> list[float]:
    """Return at most `most` + 1 round ticks from 0 to the first one at or above `top`.

    With `whole` the step is never below 1, since counts have no halves.
    """
    if top <= 0:
        return [0, 1]
    raw = top / most
    power = 10 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw * (1 - 1e-9))
    if whole:
        step = max(1.0, float(math.ceil(step)))
    steps = math.ceil(top / step - 1e-9)
    return [round(step * index, 10) for index in range(steps + 1)]


def round_top(top: float) -> int:
    """Return the first round whole number at or above `top`, for an axis that names only its end."""
    if top <= 1:
        return 1
    power: float = 10 ** math.floor(math.log10(top))
    factors = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
    return next(math.ceil(factor * power) for factor in factors if factor * power >= top)


def decade_ticks(low: float, high: float) -> list[int]:
    """Return the powers of ten within `[low, high]`, with 3s between when there would be fewer than three."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    tens = [10**power for power in range(first, last + 1) if low <= 10**power <= high]
    if len(tens) >= 3:
        return tens
    return [
        factor * 10**power
        for power in range(first, last + 1)
        for factor in (1, 3)
        if low <= factor * 10**power <= high
    ]


@dataclass(frozen=True, slots=True)
class Classes:
    """Classes of whole counts for one sequential hue; class 1 begins at 1, and 0 stands alone.

    `starts` are the first counts of each class; `words` says how they were made.
    """

    starts: tuple[int, ...]
    top: int
    words: str

    def __call__(self, value: int) -> int:
        """Return the class of a count, from 1; 0 for no searches."""
        return sum(1 for start in self.starts if value >= start)

    def labels(self) -> list[str]:
        """Return one label a class: "1 to 9", "10 to 99", ..."""
        ends = [start - 1 for start in self.starts[1:]] + [max(self.top, self.starts[-1])]
        return [between(low, high) for low, high in zip(self.starts, ends, strict=True)]


MOST_CLASSES = 5


def classes_by_factor(values: Sequence[int]) -> Classes:
    """Class skewed counts by a constant factor, so that few large ones do not hide the rest."""
    top = max(max(values, default=0), 1)
    series = (1, 3, 10, 30, 100) if top < 300 else tuple(10**power for power in range(len(str(top))))
    words = "about 3" if top < 300 else "10"
    starts = tuple(start for start in series if start <= top)[-MOST_CLASSES:]
    return Classes((1, *starts[1:]), top, f"each class begins at {words} times the one before")


def classes_by_step(values: Sequence[int]) -> Classes:
    """Class counts in equal steps from 1 to the largest."""
    top = max(max(values, default=0), 1)
    step = int(round_ticks(top, MOST_CLASSES)[1])
    return Classes(tuple(range(1, top + 1, step)), top, f"equal steps of {count(step)}")
