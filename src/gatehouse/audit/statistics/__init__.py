"""Rates, intervals and outliers as a statistician would sign them; see `docs/statistics.md`."""

from gatehouse.audit.statistics.discovery import adjusted_p_values, benjamini_hochberg, false_positive_note
from gatehouse.audit.statistics.funnel import Outliers, funnel_limits, outliers
from gatehouse.audit.statistics.hours import MINIMUM_PEERS, QUIET_SHARE, HourTest, unusual_hours
from gatehouse.audit.statistics.intervals import (
    MINIMUM_FOR_PERCENT,
    MINIMUM_SEARCHES,
    Interval,
    wilson,
)
from gatehouse.audit.statistics.shrinkage import (
    MINIMUM_AGENCIES,
    BetaPrior,
    ShrunkenRate,
    fit_prior,
    shrink_rates,
)

__all__ = [
    "MINIMUM_AGENCIES",
    "MINIMUM_FOR_PERCENT",
    "MINIMUM_PEERS",
    "MINIMUM_SEARCHES",
    "QUIET_SHARE",
    "BetaPrior",
    "HourTest",
    "Interval",
    "Outliers",
    "ShrunkenRate",
    "adjusted_p_values",
    "benjamini_hochberg",
    "false_positive_note",
    "fit_prior",
    "funnel_limits",
    "outliers",
    "shrink_rates",
    "unusual_hours",
    "wilson",
]
