"""Measure the outlier test on drawn records: how often it is wrong, and how often it finds what is there.

    python tools/measure_outliers.py --records 200

The tables of `docs/statistics.md` are what it prints. The draws are seeded: the same number of records gives
the same tables.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gatehouse.audit.statistics import outliers

LEAST, MOST = 30, 5000
# Thousands of agencies take long: a fifth of the records will do.
MANY = 1000
# An agency with hardly any searches proves nothing, whatever its rate.
LEAST_OF_HIGH = 100
THIRTY_TO_SIX = (0.30, 0.30, *(0.06, 0.07, 0.08, 0.09) * 3)


class Kind(Protocol):
    """How the true rates of one kind of agencies are drawn."""

    @property
    def name(self) -> str:
        """Return what the table calls it."""

    def draw(self, generator: np.random.Generator, number: int) -> NDArray[np.float64]:
        """Draw the true rates of so many agencies."""


@dataclass(frozen=True, slots=True)
class Beta:
    """Rates from a beta distribution."""

    alpha: float
    beta: float

    @property
    def name(self) -> str:
        return f"beta({self.alpha:g}, {self.beta:g})"

    def draw(self, generator: np.random.Generator, number: int) -> NDArray[np.float64]:
        return generator.beta(self.alpha, self.beta, number)


@dataclass(frozen=True, slots=True)
class Constant:
    """One rate for all agencies: their counts are binomial."""

    rate: float

    @property
    def name(self) -> str:
        return f"all {100 * self.rate:g} %"

    def draw(self, generator: np.random.Generator, number: int) -> NDArray[np.float64]:
        return np.full(number, self.rate, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class LogitNormal:
    """Rates whose log-odds are normal: no beta distribution, and a longer tail."""

    median: float
    spread: float

    @property
    def name(self) -> str:
        return f"log-odds normal around {100 * self.median:g} %, spread {self.spread:g}"

    def draw(self, generator: np.random.Generator, number: int) -> NDArray[np.float64]:
        middle = np.log(self.median / (1 - self.median))
        return np.asarray(1 / (1 + np.exp(-generator.normal(middle, self.spread, number))))


@dataclass(frozen=True, slots=True)
class Case:
    """Records of so many agencies of one kind, some of which have the rates `high` instead."""

    usual: Kind
    agencies: int
    high: tuple[float, ...] = ()


ONE_KIND = (
    Constant(0.001),
    Constant(0.02),
    Beta(200, 9800),
    Beta(5, 95),
    Beta(2, 60),
    Beta(1, 20),
    Beta(0.5, 50),
    Beta(0.1, 10),
    Beta(0.02, 5),
    LogitNormal(0.01, 0.5),
    LogitNormal(0.01, 1),
)
SIZES = (5, 10, 30, 200, 1000, 5000)
TWO_KINDS = (
    *(Case(usual, 590, THIRTY_TO_SIX) for usual in (Constant(0), Constant(1e-4), Constant(1e-3))),
    Case(Beta(1, 1000), 590, THIRTY_TO_SIX),
    Case(Beta(0.1, 100), 590, THIRTY_TO_SIX),
    Case(Beta(2, 60), 400, (0.25,) * 10),
    Case(Constant(0), 5000, (0.1,) * 50),
    Case(Constant(1e-4), 5000, (0.1,) * 50),
    Case(Constant(0), 100, (0.1,) * 3),
    Case(Constant(0), 10, (0.1,)),
    Case(Constant(0.02), 10, (0.15,)),
    Case(Constant(0.02), 5, (0.15,)),
    Case(Constant(0.01), 200, (0.1,) * 50),
    Case(Constant(0.01), 200, (0.1,) * 100),
)


def measure(name: str, case: Case, records: int) -> tuple[float, float, float]:
    """Return how many records hold a false mark, which share of the marks is false, how many high are found.

    All three are shares, the latter two means over the records. `name` seeds the draws.
    """
    records = -(-records // 5) if case.agencies >= MANY else records
    wrong, false_share, found = 0, 0.0, 0.0
    for record in range(records):
        generator = np.random.default_rng([*name.encode(), record])
        sizes = generator.uniform(np.log(LEAST), np.log(MOST), case.agencies)
        totals = np.floor(np.exp(sizes)).astype(int)
        rates = case.usual.draw(generator, case.agencies)
        high = np.arange(case.agencies) < len(case.high)
        rates[high], totals[high] = case.high, np.maximum(totals[high], LEAST_OF_HIGH)
        marked = np.array(outliers(generator.binomial(totals, rates).tolist(), totals.tolist()).outlier)
        wrong += bool((marked & ~high).any())
        false_share += (marked & ~high).sum() / max(int(marked.sum()), 1)
        found += (marked & high).sum() / max(len(case.high), 1)
    return wrong / records, false_share / records, found / records


def percent(share: float) -> str:
    """Write a share without decimals: so many records tell no more."""
    return f"{100 * share:.0f} %"


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description="Measure the outlier test on drawn records.")
    parser.add_argument(
        "--records",
        type=int,
        default=200,
        help="records drawn for each figure; a fifth from 1,000 agencies on",
    )
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    alone = {kind.name: [Case(kind, size) for size in SIZES] for kind in ONE_KIND}
    two_names = [f"{case.usual.name}, {case.agencies}, {len(case.high)}" for case in TWO_KINDS]
    with ProcessPoolExecutor(options.processes) as pool:
        print("| one kind | " + " | ".join(f"{size:,} agencies" for size in SIZES) + " |")
        print("| --- " * (len(SIZES) + 1) + "|")
        for name, cases in alone.items():
            names = [f"{name}, {case.agencies}" for case in cases]
            wrong = [each[0] for each in pool.map(partial(measure, records=options.records), names, cases)]
            print(f"| {name} | " + " | ".join(map(percent, wrong)) + " |", flush=True)
        print("\n| usual kind | agencies | of them high | false share of the marks | high ones found |")
        print("| --- " * 5 + "|")
        measured = pool.map(partial(measure, records=options.records), two_names, TWO_KINDS)
        for case, (_, false_share, found) in zip(TWO_KINDS, measured, strict=True):
            low, top = f"{100 * min(case.high):g}", f"{100 * max(case.high):g}"
            high = f"{len(case.high)} with {low if low == top else f'{low} to {top}'} %"
            cells = (case.usual.name, f"{case.agencies:,}", high, percent(false_share), percent(found))
            print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
