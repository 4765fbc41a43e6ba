"""How the table of a document is laid out, learned from a sample of its pages."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pypdfium2 as pdfium

from gatehouse.model import BadInput
from gatehouse.records.columns import SEARCH_DATE, role_of
from gatehouse.records.containers.pdf.columns import Columns, find_columns
from gatehouse.records.containers.pdf.fit import ColumnFit, Line, learn_fit
from gatehouse.records.containers.pdf.furniture import Furniture, learn_furniture
from gatehouse.records.containers.pdf.header import Header, find_header
from gatehouse.records.containers.pdf.parts import PageContent, TablePart, table_part
from gatehouse.records.containers.pdf.rows import (
    Alignment,
    Fragment,
    Mark,
    MarkKind,
    aligned,
    alignment_score,
    ruled,
)
from gatehouse.records.containers.pdf.rules import Rules, page_rules
from gatehouse.records.containers.pdf.text import Run, page_text

# The fields whose text begins every record, best first: the time of a search is never withheld.
_MARKS = (
    ("searched_at", MarkKind.TIME),
    (SEARCH_DATE, MarkKind.TIME),
    ("record_id", MarkKind.UUID),
)
# Part of the cells that must stand as the alignment says; the rest are cut by a page's end.
_AGREE = 0.85
# Where no column marks records, a band whose every cell has more lines than this holds several.
_TALLEST = 3
# Part of the ruled bands that may hold several records or none; beyond it the lines do not divide records.
_STRAY = 0.05


@dataclass(frozen=True, slots=True)
class TableLayout:
    """Everything needed to cut a page of one table into records."""

    header: Header
    columns: Columns
    furniture: Furniture
    mark: Mark | None
    checks: tuple[Mark, ...]
    alignment: Alignment | None  # None: horizontal lines divide the records
    pitch: float  # the distance of the lines of one cell
    fit: tuple[ColumnFit, ...]

    def fragments(
        self, page: PageContent, runs: Sequence[Run], *, before: str = "", last: bool = False
    ) -> tuple[list[Fragment], list[Run]]:
        """Cut the table's runs on a page into records or parts of records; also return what is outside.

        `before` is the mark that the page before left unfinished; `last` says that no page follows.
        """
        if self.alignment is None:
            edges = page.rules.rows(self.columns.left, self.columns.right)
            return ruled(runs, self.columns, self.mark, edges, before=before, reach=self._reach, last=last)
        assert self.mark is not None, "cells are aligned to a mark"
        return (
            aligned(runs, self.columns, self.mark, self.alignment, before=before, pitch=self.pitch),
            [],
        )

    @property
    def _reach(self) -> float:
        """Return how far from the ruled area a record cut by a page's end may stand."""
        return max(self.furniture.gap, 2 * self.pitch)


def read_page(document: pdfium.PdfDocument, index: int, *, where: str) -> PageContent:
    """Read one page; nothing of it stays in the library's memory."""
    try:
        page = document[index]
    except pdfium.PdfiumError as error:
        raise BadInput(
            "a page of the PDF is damaged",
            where=f"{where}, page {index + 1}",
            hint="ask for the native export (CSV or XLSX) of the same audit",
        ) from error
    try:
        text = page_text(page)
        rules = page_rules(page, text.turn) if text.runs else Rules()
        return PageContent(index, tuple(text.runs), rules, text.turned, text.unmapped)
    finally:
        page.close()


def learn_layout(
    pages: Sequence[PageContent], *, where: str, header: Header | None = None
) -> TableLayout | None:
    """Return the layout of the table with a header on one of some pages; None when no page shows a header.

    `header`, if it is known, stands on the first of the pages. Raises `BadInput` when there is a table whose
    columns or records cannot be told apart.
    """
    if header is None:
        headers = (find_header(page.runs, page.rules, page=page.index) for page in pages)
        header = next((found for found in headers if found is not None), None)
    if header is None:
        return None
    parts: list[TablePart] = []
    for page in pages:
        if page.index >= header.page and not (parts and parts[-1].following):
            parts.append(table_part(page, header))
    furniture = learn_furniture([(part.page.runs, part.runs) for part in parts], columns=len(header.labels))
    bodies = [(part.page, furniture.strip(part.runs, top=not part.headed)[0]) for part in parts]
    body = [run for _, runs in bodies for run in runs]
    columns = find_columns(header, parts[0].page.rules, body, where=where)
    marks = _marks(columns, bodies)
    mark = marks[0] if marks else None
    alignment = None
    if body and not _ruled(bodies, columns, mark):
        if mark is None:
            raise BadInput(
                "the records of the table cannot be told apart",
                where=where,
                expected="lines between the records, or a column of search times or ids",
                hint="ask for the native export (CSV or XLSX) of the same audit",
            )
        alignment = _alignment(bodies, columns, mark, where=where)
    layout = TableLayout(
        header=header,
        columns=columns,
        furniture=furniture,
        mark=mark,
        checks=tuple(marks),
        alignment=alignment,
        pitch=_pitch(bodies, columns),
        fit=(),
    )
    return replace(layout, fit=_fit(layout, bodies))


def _marks(columns: Columns, bodies: Sequence[tuple[PageContent, list[Run]]]) -> list[Mark]:
    """Return the columns that mark records, those that mark the most first."""
    counted = []
    roles = [role_of(name) for name in columns.names]
    for role, kind in _MARKS:
        if role in roles:
            mark = Mark(roles.index(role), kind)
            counted.append((sum(len(mark.spans(runs, columns, before="")) for _, runs in bodies), mark))
    most = max((count for count, _ in counted), default=0)
    # A record cut by a page's end may show its mark in one column only.
    enough = max(1, 0.95 * most - 2)
    return [mark for count, mark in counted if count >= enough]


def _ruled(bodies: Sequence[tuple[PageContent, list[Run]]], columns: Columns, mark: Mark | None) -> bool:
    """Return whether horizontal lines divide the records: one mark between two lines, nearly always."""
    bands = strays = 0
    for page, runs in bodies:
        edges = page.rules.rows(columns.left, columns.right)
        if len(edges) < 2:
            continue
        fragments, _ = ruled(runs, columns, mark, edges, before="", reach=0, last=True)
        for fragment in fragments:
            bands += 1
            if mark:
                strays += mark.count(fragment.lines.get(mark.column, ())) != 1
            else:
                strays += min(len(lines) for lines in fragment.lines.values()) > _TALLEST
        # A page may cut a record at either end.
        strays -= min(2, sum(not fragment.marked for fragment in fragments))
    return bands > 0 and strays <= _STRAY * bands


def _alignment(
    bodies: Sequence[tuple[PageContent, list[Run]]], columns: Columns, mark: Mark, *, where: str
) -> Alignment:
    scores = {}
    for alignment in Alignment:
        good = total = 0
        for _, runs in bodies:
            page_good, page_total = alignment_score(runs, columns, mark, alignment)
            good, total = good + page_good, total + page_total
        scores[alignment] = good / total if total else 1.0
    best = max(scores, key=lambda alignment: scores[alignment])
    if scores[best] < _AGREE:
        raise BadInput(
            "the records of the table cannot be told apart",
            where=where,
            expected="cells of one record set at one height, or lines between the records",
            got=f"{scores[best]:.0%} of the cells at one height",
            hint="ask for the native export (CSV or XLSX) of the same audit",
        )
    return best


def _pitch(bodies: Sequence[tuple[PageContent, list[Run]]], columns: Columns) -> float:
    """Return the distance of the lines of one cell: the least that is common between lines of one column."""
    steps: list[float] = []
    sizes = [run.size for _, runs in bodies for run in runs]
    for _, runs in bodies:
        by_column: dict[int, list[float]] = {}
        for run in runs:
            by_column.setdefault(columns.of(run), []).append(run.y)
        for baselines in by_column.values():
            steps += [
                low - high
                for high, low in itertools.pairwise(sorted(baselines))
                if low - high > 0.5 * min(sizes)
            ]
    steps.sort()
    return steps[len(steps) // 20] if steps else max(sizes, default=0.0)


def _fit(layout: TableLayout, bodies: Sequence[tuple[PageContent, list[Run]]]) -> tuple[ColumnFit, ...]:
    cells: list[list[Sequence[Line]]] = [[] for _ in layout.columns.names]
    for page, runs in bodies:
        for fragment in layout.fragments(page, runs)[0]:
            for column, lines in fragment.lines.items():
                cells[column].append(lines)
    return tuple(learn_fit(column) for column in cells)
