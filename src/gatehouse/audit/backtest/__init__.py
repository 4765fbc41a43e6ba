"""A rule tried on a historic record: what it would have refused, permitted, sent to review, or not known."""

from gatehouse.audit.backtest.document import as_document
from gatehouse.audit.backtest.run import Backtest, Plan, backtest

__all__ = ["Backtest", "Plan", "as_document", "backtest"]
