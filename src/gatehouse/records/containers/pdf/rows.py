"""Where one record ends and the next begins: at a ruling line, else by the column that marks records.

A *mark* is the text with which every record begins in its marking column: the date of the search time, or a
UUID. A record may be cut by the end of a page; its parts are `Fragment`s, joined by `assemble`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from gatehouse.records.containers.pdf.cells import Line, begins_time, begins_uuid, is_uuid, lines_of
from gatehouse.records.containers.pdf.columns import Columns
from gatehouse.records.containers.pdf.text import Run


class MarkKind(Enum):
    """What a marking column holds."""

    TIME = "time"
    UUID = "uuid"


class Alignment(Enum):
    """How the cells of one record stand to each other."""

    TOP = "top"
    MIDDLE = "middle"
    BOTTOM = "bottom"


@dataclass(frozen=True, slots=True)
class Mark:
    """The column that marks records, and how."""

    column: int
    kind: MarkKind

    def spans(self, runs: Iterable[Run], columns: Columns, *, before: str) -> list[tuple[float, float]]:
        """Return the first and last baseline of each record's mark on a page, from the top.

        `before` is the mark that the page before leaves unfinished. Lines of the column before the first
        mark continue a record of that page; they are left out.
        """
        found: list[tuple[float, float]] = []
        text = before
        for run in sorted((run for run in runs if columns.of(run) == self.column), key=lambda run: run.y):
            if self._begins(text, run.text):
                found.append((run.y, run.y))
                text = run.text
            else:
                text += run.text
                if found:
                    found[-1] = (found[-1][0], run.y)
        return found

    def unfinished(self, lines: Sequence[Line]) -> str:
        """Return the mark that the last lines of a page leave to be finished on the next, if any."""
        text = "".join(line.text for line in lines)
        return text if self.kind is MarkKind.UUID and begins_uuid(text) and not is_uuid(text) else ""

    def count(self, lines: Sequence[Line], *, before: str = "") -> int:
        """Return how many records begin among the lines of one cell of the column."""
        found, text = 0, before
        for line in lines:
            if self._begins(text, line.text):
                found, text = found + 1, line.text
            else:
                text += line.text
        return found

    def _begins(self, before: str, text: str) -> bool:
        if self.kind is MarkKind.TIME:
            return begins_time(text)
        return begins_uuid(text) and (not before or is_uuid(before) or not begins_uuid(before + text))


@dataclass(slots=True)
class Fragment:
    """A record, or the part of one that stands on one page: lines by column."""

    lines: dict[int, list[Line]]
    marked: bool

    def extend(self, other: Fragment) -> None:
        """Append the part of the same record that follows."""
        for column, lines in other.lines.items():
            self.lines.setdefault(column, []).extend(lines)
        self.marked = self.marked or other.marked


def _fragment(runs: Sequence[Run], columns: Columns, mark: Mark | None, before: str) -> Fragment:
    cells: dict[int, list[Run]] = {}
    for run in runs:
        cells.setdefault(columns.of(run), []).append(run)
    lines = {column: lines_of(cell) for column, cell in cells.items()}
    marked = mark is None or mark.count(lines.get(mark.column, ()), before=before) > 0
    return Fragment(lines, marked)


def ruled(
    runs: Sequence[Run], columns: Columns, mark: Mark | None, edges: Sequence[float], *, before: str
) -> tuple[list[Fragment], list[Run]]:
    """Return the records between the horizontal lines `edges`, and the runs outside of them.

    Where the page cuts the table without a closing line, what lies beyond the last line is a record if it
    holds a mark.
    """
    bands: list[list[Run]] = [[] for _ in range(len(edges) + 1)]
    for run in runs:
        # The middle of the letters, since a line may touch the baseline of a tight cell.
        bands[sum(edge < run.y - 0.25 * run.size for edge in edges)].append(run)
    outside: list[Run] = []
    found: list[Fragment] = []
    for index, band in enumerate(bands):
        if not band:
            continue
        fragment = _fragment(band, columns, mark, "" if found else before)
        if index in (0, len(edges)) and (mark is None or not fragment.marked):
            outside += band
        else:
            found.append(fragment)
    return found, outside


def aligned(
    runs: Sequence[Run], columns: Columns, mark: Mark, alignment: Alignment, *, before: str
) -> list[Fragment]:
    """Return the records of a page without horizontal lines, first what continues the page before."""
    spans = mark.spans(runs, columns, before=before)
    if not spans:
        return [_fragment(runs, columns, mark, before)] if runs else []
    edges = boundaries(runs, spans, alignment)
    bands: list[list[Run]] = [[] for _ in range(len(edges) + 1)]
    for run in runs:
        bands[sum(edge < run.y for edge in edges)].append(run)
    filled = [band for band in bands if band]
    return [_fragment(band, columns, mark, "" if index else before) for index, band in enumerate(filled)]


def boundaries(
    runs: Sequence[Run], spans: Sequence[tuple[float, float]], alignment: Alignment
) -> list[float]:
    """Return the heights that divide the records whose marks stand at `spans`.

    With top alignment the first stands above the first mark, with bottom alignment the last below the last.
    """
    slack = 0.3 * max(run.size for run in runs)
    if alignment is Alignment.TOP:
        return [first - slack for first, _ in spans]
    if alignment is Alignment.BOTTOM:
        return [last + slack for _, last in spans]
    baselines = sorted({run.y for run in runs})
    edges = []
    for (_, last), (first, _) in itertools.pairwise(spans):
        between = [y for y in baselines if last <= y <= first]
        low, high = max(itertools.pairwise(between), key=lambda pair: pair[1] - pair[0])
        edges.append((low + high) / 2)
    return edges


def alignment_score(
    runs: Sequence[Run], columns: Columns, mark: Mark, alignment: Alignment
) -> tuple[int, int]:
    """Return how many cells of a page stand to their record's mark as `alignment` says, and of how many."""
    spans = mark.spans(runs, columns, before="")
    if len(spans) < 2:
        return 0, 0
    edges = boundaries(runs, spans, alignment)
    tolerance = 0.25 * max(run.size for run in runs)
    cells: dict[tuple[int, int], list[float]] = {}
    for run in runs:
        cells.setdefault((sum(edge < run.y for edge in edges), columns.of(run)), []).append(run.y)
    # Top alignment divides above the first mark, so record 0 continues the page before.
    shift = 1 if alignment is Alignment.TOP else 0
    good = total = 0
    for (band, column), baselines in cells.items():
        if column == mark.column or not 0 <= band - shift < len(spans):
            continue
        first, last = spans[band - shift]
        total += 1
        off = {
            Alignment.TOP: min(baselines) - first,
            Alignment.BOTTOM: max(baselines) - last,
            Alignment.MIDDLE: (min(baselines) + max(baselines) - first - last) / 2,
        }[alignment]
        good += abs(off) <= tolerance
    return good, total


def assemble(pages: Iterable[Sequence[Fragment]], *, joins: bool) -> Iterator[Fragment]:
    """Yield whole records from the fragments of consecutive pages.

    A part without a mark at the top of a page continues the record before it; one at the bottom begins the
    record after it. Without `joins` (no column marks records) every part is a record.
    """
    pending: Fragment | None = None
    for fragments in pages:
        for index, fragment in enumerate(fragments):
            if pending is None:
                pending = fragment
            elif joins and index == 0 and not (pending.marked and fragment.marked):
                pending.extend(fragment)
            else:
                yield pending
                pending = fragment
    if pending is not None:
        yield pending
