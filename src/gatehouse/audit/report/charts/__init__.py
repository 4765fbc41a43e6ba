"""One chart a module, each drawn from a `Figure` alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gatehouse.audit.document import Figure
from gatehouse.audit.report.charts import funnel, hours, networks, organizations, timeline, us_map
from gatehouse.audit.report.svg import Drawing

# Figure id -> its drawing. Every figure of `gatehouse.audit.document` has one.
CHARTS: Mapping[str, Callable[[Figure], Drawing]] = {
    "searches_over_time": timeline.draw,
    "top_organizations": organizations.draw,
    "states": us_map.draw,
    "hours": hours.draw,
    "networks": networks.draw,
    "funnel": funnel.draw,
}

__all__ = ["CHARTS"]
