"""Two records of the same searches held against each other; see `docs/reconcile.md`."""

from gatehouse.audit.reconcile.compare import reconcile
from gatehouse.audit.reconcile.outputs import write
from gatehouse.audit.reconcile.result import (
    CellChange,
    Change,
    Comparison,
    Coverage,
    Kind,
    NotCompared,
    Outcome,
    Pair,
    Reconciliation,
    Side,
)

__all__ = [
    "CellChange",
    "Change",
    "Comparison",
    "Coverage",
    "Kind",
    "NotCompared",
    "Outcome",
    "Pair",
    "Reconciliation",
    "Side",
    "reconcile",
    "write",
]
