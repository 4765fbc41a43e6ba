"""How the table of a document is laid out, learned from a sample of its pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pypdfium2 as pdfium

from gatehouse.model import BadInput
from gatehouse.records.containers.pdf.columns import Columns, find_columns
from gatehouse.records.containers.pdf.furniture import Furniture, learn_furniture
from gatehouse.records.containers.pdf.header import Header, find_header
from gatehouse.records.containers.pdf.rows import Alignment, Mark, MarkKind, alignment_score, ruled
from gatehouse.records.containers.pdf.rules import Rules, page_rules
from gatehouse.records.containers.pdf.text import Run, page_text

# The columns whose text begins every record, best first: the time of a search is never withheld.
_MARKS = (
    ("Search Time", MarkKind.TIME),
    ("Search Date", MarkKind.TIME),
    ("ID", MarkKind.UUID),
)
# Part of the cells that must stand as the alignment says; the rest are cut by a page's end.
_AGREE = 0.85
# Where no column marks records, a band whose every cell has more lines than this holds several.
_TALLEST = 3
# Part of the ruled bands that may hold several records or none; beyond it the lines do not divide records.
_STRAY = 0.05


@dataclass(frozen=True, slots=True)
class PageContent:
    """A page's runs and lines in reading coordinates; `turned` counts glyphs of stamps and watermarks."""

    index: int
    runs: tuple[Run, ...]
    rules: Rules
    turned: int


@dataclass(frozen=True, slots=True)
class TableLayout:
    """Everything needed to cut a page of one table into records."""

    header: Header
    columns: Columns
    furniture: Furniture
    mark: Mark | None
    checks: tuple[Mark, ...]
    alignment: Alignment | None  # None: horizontal lines divide the records
    widths: tuple[float, ...]


def read_page(document: pdfium.PdfDocument, index: int) -> PageContent:
    """Read one page; nothing of it stays in the library's memory."""
    page = document[index]
    try:
        runs, turn, turned = page_text(page)
        rules = page_rules(page, turn) if runs else Rules()
        return PageContent(index, tuple(runs), rules, turned)
    finally:
        page.close()


def below_headers(content: PageContent, header: Header) -> tuple[list[Run], int, bool]:
    """Return a page's runs without repeats of the header and what stands above the first of them.

    Also returned: how many repeats there were, and whether one stood at the top of the page's table.
    """
    shifts = sorted(header.repeats(content.runs))
    runs = list(content.runs)
    if shifts:
        runs = [run for run in runs if run.y > header.top + shifts[0]]
        for shift in shifts:
            runs = [run for run in runs if not header.top < run.y - shift < header.bottom]
    return runs, len(shifts), bool(shifts)


def learn_layout(pages: Sequence[PageContent], *, where: str) -> tuple[int, TableLayout] | None:
    """Return the page on which a table begins and its layout; None when no page shows a header.

    Raises `BadInput` when there is a table whose columns or records cannot be told apart.
    """
    found = next(((page, header) for page in pages if (header := find_header(page.runs, page.rules))), None)
    if found is None:
        return None
    first, header = found
    pages = [page for page in pages if page.index >= first.index]
    raw_bodies = [(page, *below_headers(page, header)) for page in pages]
    furniture = learn_furniture(
        [(page.runs, body) for page, body, _, _ in raw_bodies], columns=len(header.labels)
    )
    bodies = [(page, furniture.strip(body, top=not headed)[0]) for page, body, _, headed in raw_bodies]
    body = [run for _, runs in bodies for run in runs]
    columns = find_columns(header, first.rules, body, where=where)
    marks = _marks(columns, bodies)
    mark = marks[0] if marks else None
    alignment = None
    if not _ruled(bodies, columns, mark):
        if mark is None:
            raise BadInput(
                "The records of the table cannot be told apart.",
                where=where,
                expected="lines between the records, or a column of search times or ids",
                hint="Ask for the native export (CSV or XLSX) of the same audit.",
            )
        alignment = _alignment(bodies, columns, mark, where=where)
    return first.index, TableLayout(
        header=header,
        columns=columns,
        furniture=furniture,
        mark=mark,
        checks=tuple(marks),
        alignment=alignment,
        widths=_widths(body, columns),
    )


def _marks(columns: Columns, bodies: Sequence[tuple[PageContent, list[Run]]]) -> list[Mark]:
    """Return the columns that mark records, those that mark the most first."""
    counted = []
    for name, kind in _MARKS:
        if name in columns.names:
            mark = Mark(columns.names.index(name), kind)
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
        fragments, _ = ruled(runs, columns, mark, edges, before="")
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
            "The records of the table cannot be told apart.",
            where=where,
            expected="cells of one record set at one height, or lines between the records",
            got=f"{scores[best]:.0%} of the cells at one height",
            hint="Ask for the native export (CSV or XLSX) of the same audit.",
        )
    return best


def _widths(body: Sequence[Run], columns: Columns) -> tuple[float, ...]:
    widths = [0.0] * len(columns.names)
    for run in body:
        column = columns.of(run)
        widths[column] = max(widths[column], run.x1 - run.x0)
    return tuple(widths)
