"""Rows and comparisons that the tests of the reconciliation share."""

from __future__ import annotations

from collections.abc import Mapping

from gatehouse.audit.reconcile import Comparison, Outcome, reconcile
from gatehouse.model import Layout
from tests.unit.audit.record_sets import Cell, File, Row, at, record_set

AUDIT, NETWORK, PORTAL = Layout.ORGANIZATION_AUDIT, Layout.NETWORK_AUDIT, Layout.PORTAL
ALDER, BIRCH = "Alder Falls PD IL", "Birch County SO IL"


def search(number: int, time: str, **cells: Cell) -> dict[str, Cell]:
    return {
        "record_id": f"id-{number}",
        "org": ALDER,
        "searched_at": at(f"2025-03-{time}"),
        "networks": 100 + number,
        "reason": f"reason {number}",
        **cells,
    }


def without(row: Row, *names: str) -> dict[str, Cell]:
    return {name: cell for name, cell in row.items() if name not in names}


def compare(a: list[dict[str, Cell]], b: list[dict[str, Cell]], layout: Layout = AUDIT) -> Comparison:
    files = (File("a.csv", layout, a, ALDER), File("b.csv", layout, b, ALDER))
    [comparison] = reconcile(record_set(*files)).comparisons
    return comparison


def outcomes(comparison: Comparison) -> tuple[Mapping[Outcome, int], Mapping[Outcome, int]]:
    return comparison.a.outcomes, comparison.b.outcomes


# Three days, so that the middle one is covered whatever happens at the ends.
MONTH = [
    search(1, "01 15:00:00"),
    search(2, "01 16:00:00"),
    search(3, "02 15:00:00"),
    search(4, "02 16:00:00"),
    search(5, "02 17:00:00"),
    search(6, "03 15:00:00"),
    search(7, "03 16:00:00"),
]
