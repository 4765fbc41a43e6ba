"""A rule tried on a historic record: what it would have refused, permitted, sent to review, or not known."""

from gatehouse.audit.backtest.document import as_document
from gatehouse.audit.backtest.plan import ASSUMABLE, Plan
from gatehouse.audit.backtest.run import STEPS, Backtest, backtest

__all__ = ["ASSUMABLE", "STEPS", "Backtest", "Plan", "as_document", "backtest"]
