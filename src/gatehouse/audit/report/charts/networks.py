"""How wide one search reached: a histogram of networks per search in logarithmic bins."""

from __future__ import annotations

from markupsafe import Markup

from gatehouse.audit.document import Cell, Figure
from gatehouse.audit.report.charts.frame import Canvas, drawing, horizontal_grid, whole, whole_or_none
from gatehouse.audit.report.numbers import between, compact, count, of, percent, plural, searches
from gatehouse.audit.report.scales import Linear, round_ticks
from gatehouse.audit.report.svg import Drawing, line, rect, text, text_width

AXIS = "networks reached by one search"


def draw(figure: Figure) -> Drawing:
    """Draw `at_least, at_most, searches` rows, the bins in ascending order."""
    rows = sorted(figure.table.rows, key=lambda row: whole(row[0]))
    top = max((whole(row[2]) for row in rows), default=0)

    def paint(canvas: Canvas) -> tuple[float, list[Markup]]:
        return (_paint_columns if canvas.wide else _paint_rows)(canvas, rows, top)

    fullest = max(rows, key=lambda row: whole(row[2]))
    return drawing(
        figure,
        paint,
        headline=_headline(rows),
        description=(
            f"{len(rows)} bars from zero, one a bin of {AXIS}; bins grow with the number. "
            f"The fullest, {bin_label(fullest)} networks, holds {searches(whole(fullest[2]))}."
        ),
    )


def _headline(rows: list[tuple[Cell, ...]]) -> str:
    """Say how far the wider half of all searches reached: the highest bound that half of them pass.

    Where every search passes it, what tells more is how many go no farther.
    """
    total = sum(whole(row[2]) for row in rows)
    reached = 0
    for row in reversed(rows):
        reached += whole(row[2])
        if 2 * reached >= total:
            break
    low = whole(row[0])
    if low == 0:
        return f"Most searches name no network that they reached: {of(whole(rows[0][2]), total)}"
    if reached == total:
        return f"{_share(whole(row[2]), total)} reached {_networks(row)}"
    return f"{_share(reached, total)} reached {plural(low, 'network')} or more"


def _share(some: int, total: int) -> str:
    share = percent(some, total)
    return f"{count(some)} of {searches(total)}" + (f" ({share})" if share else "")


def _networks(row: tuple[Cell, ...]) -> str:
    return plural(1, "network") if (row[0], row[1]) == (1, 1) else f"{bin_label(row)} networks"


def bin_label(row: tuple[Cell, ...]) -> str:
    """Return a bin's bounds in words: "8 to 15", "4,096 or more"."""
    low, high = whole(row[0]), whole_or_none(row[1])
    return f"{count(low)} or more" if high is None else between(low, high)


def _paint_columns(canvas: Canvas, rows: list[tuple[Cell, ...]], top: int) -> tuple[float, list[Markup]]:
    ticks = round_ticks(top, 4)
    left = 10 + text_width(compact(ticks[-1]), canvas.font)
    right, ceiling, base = canvas.width, 22.0, 242.0
    up = Linear(ticks[-1], base, ceiling)
    children = horizontal_grid(ticks, up, left, right, compact)
    width = (right - left) / len(rows)
    for index, row in enumerate(rows):
        x, value = left + width * index, whole(row[2])
        title = f"{bin_label(row)} networks: {searches(value)}"
        children.append(rect(x + 2, up(value), width - 4, base - up(value), class_="bar", title=title))
        children.append(text(x + width / 2, up(value) - 5, compact(value), class_="value", anchor="middle"))
        children += _column_label(row, x + width / 2, base)
    children.append(text((left + right) / 2, base + 58, AXIS, class_="axis-name", anchor="middle"))
    return base + 66, children


def _column_label(row: tuple[Cell, ...], x: float, base: float) -> list[Markup]:
    """Put the lower bound above the upper one, since bins are narrow."""
    low, high = whole(row[0]), whole_or_none(row[1])
    lines = [count(low)] if low == high else [count(low), "or more" if high is None else f"to {count(high)}"]
    return [
        text(x, base + 18 + 17 * index, part, class_="tick", anchor="middle")
        for index, part in enumerate(lines)
    ]


def _paint_rows(canvas: Canvas, rows: list[tuple[Cell, ...]], top: int) -> tuple[float, list[Markup]]:
    left = 118.0
    along = Linear(top, left, canvas.width - 56)
    children = [text(left - 6, 12, "networks", class_="axis-name", anchor="end")]
    y = 20.0
    for row in rows:
        value = whole(row[2])
        title = f"{bin_label(row)} networks: {searches(value)}"
        children.append(text(left - 6, y + 13, bin_label(row), class_="tick", anchor="end"))
        children.append(rect(left, y + 1, along(value) - left, 16, class_="bar", title=title))
        children.append(text(along(value) + 5, y + 13, compact(value), class_="value"))
        y += 22
    children.append(line(left, 18, left, y, class_="axis"))
    return y + 2, children
