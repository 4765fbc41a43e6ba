"""The record's document: an audit as the JSON that other programs read (`docs/record-document.md`)."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gatehouse.audit.document import Audit, Figure, FileSummary, Finding, Pathway, Table, Tally


def as_document(audit: Audit) -> dict[str, Any]:
    """Return the audit as JSON-ready data. Keys may be added in later versions, never renamed."""
    bounds = audit.search_bounds
    return {
        "files": [_file(file) for file in audit.files],
        "rows": audit.rows,
        "searches": audit.searches,
        "exposures": audit.exposures,
        "search_bounds": {"low": bounds.low, "point": bounds.point, "high": bounds.high},
        "links": dict(audit.links),
        "signals": {name: _tally(tally) for name, tally in audit.signals.items()},
        "families": {name: _tally(tally) for name, tally in audit.families.items()},
        "pathways": {name: _pathway(way) for name, way in audit.pathways.items()},
        "findings": [_finding(finding) for finding in audit.findings],
        "figures": {name: _figure(figure) for name, figure in audit.figures.items()},
        "not_measurable": [{"what": item.what, "why": item.why} for item in audit.not_measurable],
        "examples": {
            name: [{"file": cite.file, "row": cite.row} for cite in cites]
            for name, cites in audit.examples.items()
        },
        "precision": {name: asdict(found) for name, found in audit.precision.items()},
        "facts": dict(audit.facts),
        "synthetic": audit.synthetic,
        "inputs_sha256": audit.inputs_sha256,
        "lexicon_sha256": audit.lexicon_sha256,
        "pack": dict(audit.pack),
    }


def _file(file: FileSummary) -> dict[str, Any]:
    return {
        "path": file.path,
        "sha256": file.sha256,
        "owner": file.owner,
        "layout": file.layout,
        "rows": file.rows,
        "searches": file.searches,
        "rejects": file.rejects,
        "duplicates": file.duplicates,
        "non_search": file.non_search,
        "encoding": file.encoding,
        "header_row": file.header_row,
        "first_at": file.first_at,
        "last_at": file.last_at,
        "repaired": file.repaired,
        "notes": [{"code": code, "detail": detail} for code, detail in file.notes],
    }


def _tally(tally: Tally | None) -> dict[str, int] | None:
    if tally is None:
        return None
    return {"n": tally.n, "readable": tally.readable, "masked": tally.masked, "total": tally.total}


def _pathway(way: Pathway) -> dict[str, Any]:
    return {"n": way.n, "unknown": way.unknown, "why": way.why}


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id,
        "title": finding.title,
        "count": finding.count,
        "of": finding.of,
        "among": finding.among,
        "unit": finding.unit.value,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "claim": finding.claim,
        "may_say": finding.may_say,
        "may_not_say": finding.may_not_say,
        "innocent_explanations": list(finding.innocent_explanations),
        "law": list(finding.law),
        "table": None if finding.table is None else _table(finding.table),
        "evidence": [{"file": cite.file, "row": cite.row} for cite in finding.evidence],
    }


def _figure(figure: Figure) -> dict[str, Any]:
    return {
        "title": figure.title,
        "unit": figure.unit,
        **_table(figure.table),
        "breaks": [{"period": period, "change": change} for period, change in figure.breaks],
        "note": figure.note,
        "not_measurable": figure.not_measurable,
    }


def _table(table: Table) -> dict[str, Any]:
    return {
        "columns": list(table.columns),
        "rows": [list(row) for row in table.rows],
        "evidence": [[{"file": cite.file, "row": cite.row} for cite in cites] for cites in table.cites],
    }
