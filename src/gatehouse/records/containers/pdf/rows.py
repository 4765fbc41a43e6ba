"""Where one record ends and the next begins: at a ruling line, else by the column that marks records.

A *mark* is the text with which every record begins in its marking column: the date of the search time, or a
UUID. A record may be cut by the end of a page; its parts are `Fragment`s, joined by `assemble`.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from gatehouse.records.containers.pdf.cells import begins_time, begins_uuid, is_uuid, lines_of
from gatehouse.records.containers.pdf.columns import Columns
from gatehouse.records.containers.pdf.fit import Line
from gatehouse.records.containers.pdf.text import Run

# White wider than this many times the distance of a cell's lines lies between two records.
_CUT = 1.2


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
    runs: Sequence[Run],
    columns: Columns,
    mark: Mark | None,
    edges: Sequence[float],
    *,
    before: str,
    reach: float,
    last: bool,
) -> tuple[list[Fragment], list[Run]]:
    """Return the records between the horizontal lines `edges`, and the runs outside of them.

    A page may cut the table without a closing line: what lies beyond the first or last line is part of a
    record if it holds a mark or is no further than `reach` from the table. At the end of the `last` page of a
    document nothing is cut.
    """
    bands: list[list[Run]] = [[] for _ in range(len(edges) + 1)]
    for run in runs:
        # The middle of the letters, since a line may touch the baseline of a tight cell.
        bands[bisect_left(edges, run.y - 0.25 * run.size)].append(run)
    outside: list[Run] = []
    found: list[Fragment] = []
    for index, band in enumerate(bands):
        if not band:
            continue
        fragment = _fragment(band, columns, mark, "" if found else before)
        open_end = index in (0, len(edges))
        if open_end and not (mark and (fragment.marked or _cut(band, edges, reach, last=last))):
            outside += band
        else:
            found.append(fragment)
    return found, outside


def _cut(band: Sequence[Run], edges: Sequence[float], reach: float, *, last: bool) -> bool:
    """Return whether runs beyond the first or the last line are near enough to be a cut record."""
    if not edges:
        return False
    if band[0].y < edges[0]:
        return edges[0] - max(run.y for run in band) <= reach
    return not last and min(run.y for run in band) - edges[-1] <= reach


def aligned(
    runs: Sequence[Run],
    columns: Columns,
    mark: Mark,
    alignment: Alignment,
    *,
    before: str,
    pitch: float,
) -> list[Fragment]:
    """Return the records of a page without horizontal lines, first what continues the page before.

    `pitch` is the distance of the lines of one cell.
    """
    spans = mark.spans(runs, columns, before=before)
    if not spans:
        return [_fragment(runs, columns, mark, before)] if runs else []
    edges = boundaries(runs, spans, alignment)
    if alignment is Alignment.MIDDLE:
        edges = [*_cut_edges(runs, spans, pitch), *edges]
    bands: dict[int, list[Run]] = {}
    edges.sort()
    for run in runs:
        bands.setdefault(bisect_left(edges, run.y), []).append(run)
    filled = [bands[index] for index in sorted(bands)]
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
    # On a damaged page two marks may stand on one line.
    return sorted(
        _widest([y for y in baselines if min(last, first) <= y <= max(last, first)])[0]
        for (_, last), (first, _) in itertools.pairwise(spans)
    )


def _widest(baselines: Sequence[float]) -> tuple[float, float]:
    """Return the middle and the width of the widest white between consecutive baselines, at least one."""
    if len(baselines) == 1:
        return baselines[0], 0.0
    high, low = max(itertools.pairwise(baselines), key=lambda pair: pair[1] - pair[0])
    return (high + low) / 2, low - high


def _cut_edges(runs: Sequence[Run], spans: Sequence[tuple[float, float]], pitch: float) -> Iterator[float]:
    """Yield where a record cut by the page's top or bottom ends or begins, if one is.

    Lines of one record stand no further apart than those of one cell.
    """
    baselines = sorted({run.y for run in runs})
    for end in (
        [y for y in baselines if y <= spans[0][0]],
        [y for y in baselines if y >= spans[-1][1]],
    ):
        if len(end) > 1:
            middle, width = _widest(end)
            if width > _CUT * pitch:
                yield middle


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
        cells.setdefault((bisect_left(edges, run.y), columns.of(run)), []).append(run.y)
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
