"""Who searched most: one bar an organization, with the immigration-labeled part marked in it."""

from __future__ import annotations

from markupsafe import Markup

from gatehouse.audit.document import Cell, Figure
from gatehouse.audit.report.charts.frame import Canvas, drawing, whole, whole_or_none
from gatehouse.audit.report.numbers import count, searches
from gatehouse.audit.report.scales import Linear
from gatehouse.audit.report.svg import Drawing, line, rect, shorten, text, wrap

MOST_BARS = 15


def draw(figure: Figure) -> Drawing:
    """Draw `organization, state, kind, searches, immigration` rows, the largest first."""
    rows = sorted(figure.table.rows, key=lambda row: (-whole(row[3]), str(row[0])))[:MOST_BARS]
    top = max((whole(row[3]) for row in rows), default=0)
    marked = any(whole_or_none(row[4]) for row in rows)

    def paint(canvas: Canvas) -> tuple[float, list[Markup]]:
        return (_paint_wide if canvas.wide else _paint_narrow)(canvas, rows, top)

    legend = [("bar", "searches")]
    if marked:
        legend.append(("mark", "of them with an immigration reason"))
    notes = []
    if not marked and any(row[4] is not None for row in rows):
        notes.append("No readable reason of these organizations is an immigration reason.")
    if (left_out := len(figure.table.rows) - len(rows)) > 0:
        notes.append(f"{left_out} more organizations stand in the table.")
    return drawing(
        figure,
        paint,
        headline=(
            f"All {searches(top)} are by {rows[0][0]}"
            if len(figure.table.rows) == 1
            else f"{rows[0][0]} searched most: {searches(top)}"
        ),
        description=(
            f"{len(rows)} bars from zero, longest first: "
            + "; ".join(f"{row[0]} {count(whole(row[3]))}" for row in rows[:3])
            + "."
        ),
        legend=legend,
        notes=notes,
    )


def _paint_wide(canvas: Canvas, rows: list[tuple[Cell, ...]], top: int) -> tuple[float, list[Markup]]:
    left, right = 300.0, canvas.width - 190
    along = Linear(top, left, right)
    children: list[Markup] = []
    bars: list[Markup] = []
    y = 6.0
    for row in rows:
        lines = wrap(str(row[0]), canvas.font, left - 14, 2)
        height = 22.0 if len(lines) == 1 else 38.0
        middle = y + height / 2
        first = middle + 5 - (len(lines) - 1) * 8.5
        children += [
            text(left - 10, first + 17 * index, part, class_="label", anchor="end")
            for index, part in enumerate(lines)
        ]
        bars += _bar(along, row, middle - 8, 16)
        bars.append(text(along(whole(row[3])) + 8, middle + 5, _value(row), class_="value"))
        y += height + 6
    return y + 2, [*children, line(left - 1, 0, left - 1, y, class_="axis"), *bars]


def _paint_narrow(canvas: Canvas, rows: list[tuple[Cell, ...]], top: int) -> tuple[float, list[Markup]]:
    along = Linear(top, 0, canvas.width)
    children: list[Markup] = []
    y = 0.0
    for row in rows:
        for part in wrap(str(row[0]), canvas.font, canvas.width, 2):
            y += 17
            children.append(text(0, y - 3, part, class_="label"))
        children += _bar(along, row, y + 2, 12)
        children.append(text(0, y + 29, shorten(_value(row), canvas.font, canvas.width), class_="value"))
        y += 42
    return y, children


def _bar(along: Linear, row: tuple[Cell, ...], y: float, height: float) -> list[Markup]:
    total, marked = whole(row[3]), whole_or_none(row[4])
    title = f"{row[0]}: {searches(total)}"
    bars = [rect(along.start, y, max(along(total) - along.start, 1), height, class_="bar", title=title)]
    if marked:
        # A single search among thousands must still be seen.
        bars.append(rect(along.start, y, max(along(marked) - along.start, 2), height, class_="mark"))
    return bars


def _value(row: tuple[Cell, ...]) -> str:
    marked = whole_or_none(row[4])
    total = count(whole(row[3]))
    return total if not marked else f"{total}, of them {count(marked)}"
