"""The report: one self-contained HTML page from an `Audit`, without scripts and without references."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from gatehouse.audit.document import Audit
from gatehouse.audit.report.evidence import breakable
from gatehouse.audit.report.numbers import unbroken
from gatehouse.audit.report.page import build

__all__ = ["render"]


def render(audit: Audit) -> str:
    """Return the report as HTML; the same audit gives the same text."""
    return _environment().get_template("report.html.j2").render(page=build(audit))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("gatehouse.audit.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"unbroken": unbroken, "breakable": breakable}
    return environment
