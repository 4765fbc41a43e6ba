"""Where one column ends and the next begins: at a ruling line, else in the white between them."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from gatehouse.model import BadInput
from gatehouse.records.containers.pdf.header import Header
from gatehouse.records.containers.pdf.rules import Rules
from gatehouse.records.containers.pdf.text import Run

# Vertical lines of one double border stand nearer than any column is wide.
_BORDER = 4.0
# How much of the body may run over a column's edge before the edge is held to be wrong.
_OVERFLOW = 0.02
# Text may begin this little left of its column's edge, in points.
_INSIDE = 0.5
# Text at least this near a column's left edge, in points, shows that the column is set flush left.
_FLUSH = 1.0


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns from left to right: `names`, and the `edges` between neighbors."""

    names: tuple[str, ...]
    edges: tuple[float, ...]
    left: float
    right: float

    def of(self, run: Run) -> int:
        """Return the column in which a run begins: text that overflows its cell stays whole."""
        return bisect_right(self.edges, run.x0 + _INSIDE)


def find_columns(header: Header, rules: Rules, body: Sequence[Run], *, where: str) -> Columns:
    """Return the columns under a header.

    `rules` are the lines of the header's page, `body` the runs below headers on a sample of pages.
    Raises `BadInput` when two neighboring columns run into each other.
    """
    lines = rules.columns(header.top + 2, header.bottom - 2)
    names: list[str] = [header.labels[0].text]
    edges: list[float] = []
    for label, following in zip(header.labels, header.labels[1:], strict=False):
        between = [x for x in lines if label.x1 - 1 <= x <= following.x0 + 1]
        apart = [x for x, last in zip(between, [float("-inf"), *between], strict=False) if x - last > _BORDER]
        if apart:
            edges += apart
            names += [""] * (len(apart) - 1)
        else:
            edges.append(
                _white(label.x1, following.x0, body, where=f"{label.text} and {following.text}, {where}")
            )
        names.append(following.text)
    inside = [run for run in body if header.top <= run.y] or list(header.runs)
    left = min([*(run.x0 for run in inside), header.labels[0].x0])
    right = max([*(run.x1 for run in inside), header.labels[-1].x1])
    outer_left = [x for x in lines if x <= header.labels[0].x0 + 1]
    outer_right = [x for x in lines if x >= header.labels[-1].x1 - 1]
    return Columns(
        tuple(names),
        tuple(edges),
        max(outer_left) if outer_left else left,
        min(outer_right) if outer_right else right,
    )


def _white(low: float, high: float, body: Sequence[Run], *, where: str) -> float:
    """Return where the white between two columns divides them; both labels leave `low` to `high` free."""
    crossing = [run for run in body if run.x1 > low and run.x0 < high]
    stops = sorted({low, high, *(x for run in crossing for x in (run.x0, run.x1) if low < x < high)})
    spans = list(itertools.pairwise(stops))
    if not spans:
        return (low + high) / 2
    cover = [sum(run.x0 < end and run.x1 > start for run in crossing) for start, end in spans]
    least = min(cover)
    if least > _OVERFLOW * len(body) / 4:
        raise BadInput(
            "two columns of the table run into each other",
            where=where,
            expected="white space or a line between the columns",
            hint="ask for the native export (CSV or XLSX) of the same audit",
        )
    start, end = max(
        (span for span, count in zip(spans, cover, strict=True) if count == least),
        key=lambda span: span[1] - span[0],
    )
    following = [run.x0 for run in body if end - 0.1 <= run.x0 <= high + 50]
    flush = following and sum(x - min(following) < _FLUSH for x in following) > len(following) / 2
    # Text of a column set flush left begins where it always begins; what is left of it may grow longer.
    return end - min(1.0, (end - start) / 4) if flush else (start + end) / 2
