"""Which part of a page belongs to a table: what stands below its header and above the next one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gatehouse.records.containers.pdf.furniture import full_line, page_lines
from gatehouse.records.containers.pdf.header import Header, find_header, may_hold_header
from gatehouse.records.containers.pdf.rules import Rules
from gatehouse.records.containers.pdf.text import Run


@dataclass(frozen=True, slots=True)
class PageContent:
    """A page's runs and lines in reading coordinates, and what was left out (see `PageText`)."""

    index: int
    runs: tuple[Run, ...]
    rules: Rules
    turned: int
    unmapped: int


@dataclass(frozen=True, slots=True)
class TablePart:
    """A table's runs on one page, without its header.

    `headers` counts how often the header stands on the page, `headed` says that one stands above all of the
    runs, so no title can. `following` is the header of another table, which begins below the runs.
    """

    page: PageContent
    runs: tuple[Run, ...]
    headers: int
    headed: bool
    following: Header | None


def table_part(page: PageContent, header: Header) -> TablePart:
    """Return the part of a page that belongs to the table with a header.

    Above a header that stands again in the middle of a page records of the table end, which are kept; above
    one at the top there are titles, which are not.
    """
    shifts = sorted(header.repeats(page.runs))
    runs = list(page.runs)
    for shift in shifts:
        runs = [run for run in runs if not header.top < run.y - shift < header.bottom]
    headed = False
    if shifts:
        top = header.top + shifts[0]
        above = [run for run in runs if run.y < top]
        headed = page.index == header.page or not _holds_record(above, header)
        if headed:
            runs = [run for run in runs if run.y > top]
    following = find_header(runs, page.rules, page=page.index) if may_hold_header(runs) else None
    if following is not None:
        runs = [run for run in runs if run.y < following.top]
        if not headed and not _holds_record(runs, header):
            runs = []
    return TablePart(page, tuple(runs), len(shifts), headed, following)


def _holds_record(runs: Sequence[Run], header: Header) -> bool:
    full = full_line(len(header.labels))
    return any(line.cells >= full for line in page_lines(runs))
