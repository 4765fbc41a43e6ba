"""Shorthands of the tests of findings: measure one lead over rows made by hand."""

from __future__ import annotations

from collections.abc import Sequence

from gatehouse.audit.evidence import rows_of
from gatehouse.audit.findings.lead import Lead, Measured, NotMeasured
from gatehouse.audit.options import AuditOptions
from gatehouse.records.frame import FileFacts
from tests.unit.audit.builders import Row, ground


def measured(
    lead: Lead,
    rows: Sequence[Row],
    *,
    files: Sequence[FileFacts] | None = None,
    options: AuditOptions | None = None,
) -> tuple[Measured, list[int]]:
    """Return what the lead measured, and the rows that it rests on."""
    made = ground(rows, files=files, options=options)
    outcome = lead.measure(made)
    assert isinstance(outcome, Measured), outcome
    return outcome, rows_of(made, outcome).collect()["row"].to_list()


def not_measured(
    lead: Lead,
    rows: Sequence[Row],
    *,
    files: Sequence[FileFacts] | None = None,
    options: AuditOptions | None = None,
) -> str:
    """Return why the lead could not be measured."""
    outcome = lead.measure(ground(rows, files=files, options=options))
    assert isinstance(outcome, NotMeasured), outcome
    return outcome.why
