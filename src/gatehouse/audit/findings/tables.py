"""Breakdowns behind findings: agencies and officers, with rates that a small number cannot distort."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from gatehouse.audit.document import Cell, Table
from gatehouse.audit.roster import UNKNOWN
from gatehouse.audit.statistics import MINIMUM_SEARCHES, outliers, shrink_rates

if TYPE_CHECKING:
    from gatehouse.audit.ground import Ground

ROWS_SHOWN = 25
RATE_COLUMNS = (
    "organization",
    "state",
    "officer",
    "searches",
    "flagged",
    "rate",
    "shrunken",
    "low",
    "high",
    "outlier",
)


@dataclass(frozen=True, slots=True)
class Unit:
    """An agency, or one officer of it, with the searches that count and those that are flagged."""

    agency: int
    officer: int | None
    total: int
    flagged: int


@dataclass(frozen=True, slots=True)
class RateTable:
    """Units as a table, largest counts first, and which of all units stand out."""

    table: Table
    outliers: int


def rate_table(ground: Ground, *groups: Sequence[Unit]) -> RateTable:
    """Return agencies, then officers, each group tested against its own kind.

    Rates stand in [0, 1]; none is given for fewer than 30 searches. `shrunken`, `low` and `high` borrow
    strength from the group; `outlier` is 1 where the rate is high at a false-discovery rate of 5 %.
    """
    rows: list[tuple[Cell, ...]] = []
    found = 0
    for units in groups:
        if not units:
            continue
        flagged, totals = [unit.flagged for unit in units], [unit.total for unit in units]
        shrunken, tested = shrink_rates(flagged, totals), outliers(flagged, totals)
        found += sum(tested.outlier)
        order = sorted(range(len(units)), key=lambda at: (not tested.outlier[at], -units[at].flagged, at))
        for at in order[:ROWS_SHOWN]:
            unit, rate = units[at], shrunken[at]
            if not unit.flagged:
                continue
            enough = unit.total >= MINIMUM_SEARCHES
            agency = ground.roster.agencies[unit.agency]
            rows.append(
                (
                    agency.name,
                    agency.state,
                    None if unit.officer is None else f"officer {unit.officer}",
                    unit.total,
                    unit.flagged,
                    round(unit.flagged / unit.total, 4) if enough else None,
                    round(rate.point, 4) if enough else None,
                    round(rate.low, 4) if enough else None,
                    round(rate.high, 4) if enough else None,
                    int(tested.outlier[at]),
                )
            )
    return RateTable(Table(RATE_COLUMNS, tuple(rows)), found)


def agency_units(ground: Ground, flagged: str, total: str) -> list[Unit]:
    """Return every named agency with any search in column `total` of the agencies measure."""
    grouped = (
        ground.measures.agencies.group_by("agency")
        .agg(flagged=pl.col(flagged).sum(), total=pl.col(total).sum())
        .filter((pl.col("total") > 0) & (pl.col("agency") != UNKNOWN))
        .sort("agency")
    )
    return [Unit(agency, None, total_, flagged_) for agency, flagged_, total_ in grouped.iter_rows()]


def officer_units(ground: Ground, flagged: str, total: str) -> list[Unit]:
    """Return every officer shown with any search in column `total` of the officers measure."""
    rows = (
        ground.measures.officers.select("agency", "officer", flagged=flagged, total=total)
        .filter(pl.col("total") > 0)
        .iter_rows()
    )
    ordinals = ground.officer_number
    return [
        Unit(agency, ordinals[agency, officer], total_, flagged_)
        for agency, officer, flagged_, total_ in rows
    ]
