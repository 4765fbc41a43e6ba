"""Requests in plain words, one for each owner and kind of record, that ask for exactly what is missing.

A portal is no export that an agency can complete, so a portal's gaps become a request for the organization
audit of the same period.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from gatehouse.audit.requests.laws import records_law
from gatehouse.audit.requests.needs import Need, needs
from gatehouse.model import Layout
from gatehouse.records.organizations import parse

if TYPE_CHECKING:
    from jinja2 import Environment

    from gatehouse.audit.document import Audit, FileSummary
    from gatehouse.records.frame import RecordSet

_EXPORTS = {
    Layout.NETWORK_AUDIT: "Network Audit",
    Layout.ORGANIZATION_AUDIT: "Organization Audit",
    Layout.PORTAL: "Organization Audit",
}
_MEANING = {
    "Network Audit": "the log of searches of your cameras by any agency",
    "Organization Audit": "the log of searches by your agency's own users",
}
_HELD_AS = {
    Layout.NETWORK_AUDIT: "Network Audit",
    Layout.ORGANIZATION_AUDIT: "Organization Audit",
    Layout.PORTAL: "search audit of the transparency portal",
}


@dataclass(frozen=True, slots=True)
class _Held:
    """A file that is already held, and what it lacks."""

    summary: FileSummary
    layout: Layout
    owner: str | None
    need: Need

    @property
    def name(self) -> str:
        return PurePath(self.summary.path).name

    @property
    def rows(self) -> int:
        return self.summary.rows

    @property
    def count(self) -> str:
        return "1 row" if self.rows == 1 else f"{self.rows:,} rows"

    @property
    def sha256(self) -> str:
        return self.summary.sha256

    @property
    def period(self) -> str:
        return _period([self])


def draft_requests(audit: Audit, records: RecordSet) -> dict[str, str]:
    """Return drafts as `{file name: Markdown}`, sorted by name; nothing to ask for gives none.

    `audit` MUST be of `records`: the same files in the same order.
    """
    held = [
        _Held(summary, facts.layout, summary.owner or facts.owner, need)
        for summary, facts, need in zip(audit.files, records.files, needs(records), strict=True)
        if facts.layout in _EXPORTS
    ]
    drafts: dict[str, str] = {}
    for files in _grouped(held, by_layout=True):
        layout = files[0].layout.value
        if any(file.need.missing or file.need.masked for file in files):
            drafts[_name(files, layout)] = _ask_for_columns(audit, files)
        gaps, cuts = list(_gaps(audit, files)), list(_cuts(audit, files))
        if gaps or cuts:
            drafts[_name(files, f"{layout}-missing-rows")] = _ask_for_rows(audit, files, gaps, cuts)
    if _sharing_unknown(audit):
        for files in _grouped(held, by_layout=False):
            drafts[_name(files, "sharing-list")] = _render(
                audit, "sharing.md.j2", "whom the data was shared with, and when", files
            )
    return dict(sorted(drafts.items()))


def _grouped(held: Sequence[_Held], *, by_layout: bool) -> Iterator[Sequence[_Held]]:
    """Yield the files of each owner (and layout) together, in the order given."""
    groups: dict[tuple[str, Layout | None], list[_Held]] = {}
    for file in held:
        key = parse(file.owner).key if file.owner else ""
        groups.setdefault((key, file.layout if by_layout else None), []).append(file)
    yield from groups.values()


def _ask_for_columns(audit: Audit, files: Sequence[_Held]) -> str:
    missing: dict[str, dict[str, Any]] = {}
    masked: dict[str, dict[str, Any]] = {}
    for file in files:
        for column in file.need.missing:
            entry = {"label": column.label, "needed": column.needed, "note": column.note, "files": 0}
            missing.setdefault(column.label, entry)["files"] += 1
        for column, cells in file.need.masked:
            entry = {"label": column.label, "note": column.note, "cells": 0}
            masked.setdefault(column.label, entry)["cells"] += cells
    return _render(
        audit,
        "columns.md.j2",
        f"columns of the {_EXPORTS[files[0].layout]}",
        files,
        from_portal=files[0].layout is Layout.PORTAL,
        missing=list(missing.values()),
        masked=list(masked.values()),
        rows=sum(file.rows for file in files),
    )


def _ask_for_rows(
    audit: Audit,
    files: Sequence[_Held],
    gaps: Sequence[Mapping[str, str]],
    cuts: Sequence[Mapping[str, str]],
) -> str:
    title = f"missing rows of the {_EXPORTS[files[0].layout]}"
    return _render(audit, "rows.md.j2", title, files, gaps=gaps, cuts=cuts)


def _gaps(audit: Audit, files: Sequence[_Held]) -> Iterator[Mapping[str, str]]:
    """Yield the spans of days that the finding `coverage_gap` found empty in these files."""
    names = {file.summary.path: file.name for file in files}
    for path, first, last in _rows_of(audit, "coverage_gap", ("file", "first", "last")):
        if path in names:
            yield {"name": names[path], "days": first if first == last else f"{first} to {last}"}


def _cuts(audit: Audit, files: Sequence[_Held]) -> Iterator[Mapping[str, str]]:
    """Yield the files that the finding `truncation` found cut off."""
    names = {file.summary.path: file.name for file in files}
    for path, rows in _rows_of(audit, "truncation", ("file", "rows")):
        if path in names:
            yield {"name": names[path], "rows": f"{int(rows):,}"}


def _rows_of(audit: Audit, finding_id: str, columns: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the named columns of a finding's table, which has no rows where nothing was found."""
    for finding in audit.findings:
        if finding.id == finding_id and finding.table is not None:
            at = [finding.table.columns.index(name) for name in columns]
            for row in finding.table.rows:
                yield tuple(str(row[position]) for position in at)


def _sharing_unknown(audit: Audit) -> bool:
    """Return whether a sharing list would tell more about front and back door than the record does."""
    return any(
        pathway.n is None or pathway.unknown > 0
        for name, pathway in audit.pathways.items()
        if name in ("front", "back")
    )


def _period(files: Sequence[_Held]) -> str:
    """Return the days that the rows of these files span."""
    firsts = sorted(file.summary.first_at[:10] for file in files if file.summary.first_at)
    lasts = sorted(file.summary.last_at[:10] for file in files if file.summary.last_at)
    if not firsts or not lasts:
        return "[period]"
    return f"{firsts[0]} (UTC)" if firsts[0] == lasts[-1] else f"{firsts[0]} to {lasts[-1]} (UTC)"


def _name(files: Sequence[_Held], subject: str) -> str:
    """Return a file name of lower-case letters, digits and hyphens."""
    return f"{_slug(files[0].owner or '') or 'agency'}-{_slug(subject)}.md"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _render(audit: Audit, template: str, title: str, files: Sequence[_Held], **more: object) -> str:
    owner = files[0].owner
    return (
        _environment()
        .get_template(template)
        .render(
            title=title,
            synthetic=audit.synthetic,
            owner=owner,
            law=records_law(parse(owner) if owner else None),
            export=_EXPORTS[files[0].layout],
            meaning=_MEANING[_EXPORTS[files[0].layout]],
            period=_period(files),
            held=files,
            held_as=_HELD_AS,
            **more,
        )
    )


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    return Environment(
        loader=PackageLoader("gatehouse.audit.requests"),
        autoescape=select_autoescape(),  # by extension: Markdown is left as it is
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
