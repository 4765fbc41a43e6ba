"""What the charts share: the two page widths they are drawn for, cells as numbers, axes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from gatehouse.audit.document import Cell, Figure
from gatehouse.audit.report.svg import Drawing, line, picture, text


@dataclass(frozen=True, slots=True)
class Canvas:
    """A width to draw for, in units that come close to pixels, and the font size that the CSS gives it."""

    name: str
    width: float
    font: float

    @property
    def wide(self) -> bool:
        """Return whether there is room for labels beside the marks."""
        return self.name == "wide"


WIDE = Canvas("wide", 880, 14)
NARROW = Canvas("narrow", 320, 13)

# A canvas and a description to the height and the elements of a drawing.
Paint = Callable[[Canvas], tuple[float, list[Markup]]]


def drawing(
    figure: Figure,
    paint: Paint,
    *,
    headline: str,
    description: str,
    legend: Iterable[tuple[str, str]] = (),
    notes: Iterable[str] = (),
) -> Drawing:
    """Paint a figure for both widths."""

    def on(canvas: Canvas) -> Markup:
        height, children = paint(canvas)
        return picture(
            f"chart-{figure.id}-{canvas.name}",
            canvas.width,
            height,
            children,
            title=headline,
            description=description,
        )

    return Drawing(
        headline=headline,
        wide=on(WIDE),
        narrow=on(NARROW),
        description=description,
        legend=tuple(legend),
        notes=tuple(notes),
    )


def whole(cell: Cell) -> int:
    """Return a cell that must hold a whole number."""
    if not isinstance(cell, int):
        raise TypeError(f"expected a whole number in a figure's table, got {type(cell).__name__}")
    return cell


def whole_or_none(cell: Cell) -> int | None:
    """Return a cell that holds a whole number or nothing."""
    return None if cell is None else whole(cell)


def share(cell: Cell) -> float:
    """Return a cell that must hold a number."""
    if not isinstance(cell, int | float):
        raise TypeError(f"expected a number in a figure's table, got {type(cell).__name__}")
    return float(cell)


def horizontal_grid(
    ticks: Sequence[float],
    position: Callable[[float], float],
    left: float,
    right: float,
    label: Callable[[float], str],
) -> list[Markup]:
    """Draw grid lines with their values at the left; the line at 0 is the axis."""
    marks = []
    for tick in ticks:
        y = position(tick)
        marks.append(line(left, y, right, y, class_="axis" if tick == 0 else "grid"))
        marks.append(text(left - 6, y + 4.5, label(tick), class_="tick", anchor="end"))
    return marks
