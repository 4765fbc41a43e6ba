"""Small SVG elements as markup: escaped text, fixed decimals, classes instead of inline styles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

# Mean width of a character of the widest font in the stack, in units of the font size.
CHARACTER_WIDTH = 0.6


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart drawn twice, for wide and for narrow pages, and what stands outside of the picture.

    `headline` states what the data show; `description` tells it to those who do not see the picture.
    `narrow` is None when one drawing serves both. `legend` is a list of `(class, label)`; `notes` are lines
    below the chart.
    """

    headline: str
    wide: Markup
    description: str
    narrow: Markup | None = None
    legend: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


def decimal(value: float) -> str:
    """Write a coordinate with at most one decimal, the same on every machine."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def element(name: str, *children: str, **attributes: str | float | None) -> Markup:
    """Build one element; `class_` and underscores become `class` and hyphens, None leaves out."""
    parts = [name]
    for key, value in attributes.items():
        if value is not None:
            written = decimal(value) if isinstance(value, float | int) else value
            parts.append(f'{key.rstrip("_").replace("_", "-")}="{escape(written)}"')
    opening, inner = " ".join(parts), "".join(escape(child) for child in children)
    # Every part is escaped above; element and attribute names are this program's own.
    return Markup(f"<{opening}>{inner}</{name}>" if inner else f"<{opening}/>")  # noqa: S704


def group(children: Iterable[str], **attributes: str | float | None) -> Markup:
    """Build a `<g>` around children."""
    return element("g", *children, **attributes)


def text(x: float, y: float, content: str, *, class_: str | None = None, anchor: str | None = None) -> Markup:
    """Build a text at a baseline point."""
    return element("text", content, x=x, y=y, class_=class_, text_anchor=anchor)


def line(x1: float, y1: float, x2: float, y2: float, *, class_: str) -> Markup:
    """Build a straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def rect(x: float, y: float, width: float, height: float, *, class_: str, title: str | None = None) -> Markup:
    """Build a rectangle, with a tooltip when `title` is given."""
    children = (element("title", title),) if title else ()
    return element("rect", *children, x=x, y=y, width=width, height=height, class_=class_)


def path(points: Sequence[tuple[float, float]], *, class_: str, close: bool = False) -> Markup:
    """Build a line through points."""
    moves = "L".join(f"{decimal(x)} {decimal(y)}" for x, y in points)
    return element("path", d=f"M{moves}{'Z' if close else ''}", class_=class_)


def dots(points: Iterable[tuple[float, float]], *, class_: str) -> Markup:
    """Build round dots as one path: zero-length strokes with round ends; dots on one spot are drawn once."""
    spots = dict.fromkeys(f"M{decimal(x)} {decimal(y)}h0" for x, y in points)
    return element("path", d="".join(spots), class_=class_)


def picture(
    chart_id: str, width: float, height: float, children: Iterable[str], *, title: str, description: str
) -> Markup:
    """Build the `<svg role="img">` with its title and description."""
    return element(
        "svg",
        element("title", title, id=f"{chart_id}-title"),
        element("desc", description, id=f"{chart_id}-desc"),
        *children,
        viewBox=f"0 0 {decimal(width)} {decimal(height)}",
        role="img",
        aria_labelledby=f"{chart_id}-title {chart_id}-desc",
    )


def text_width(content: str, size: float) -> float:
    """Estimate how wide a text is at a font size, on the wide side."""
    return len(content) * size * CHARACTER_WIDTH


def shorten(content: str, size: float, room: float) -> str:
    """Cut a text to the room there is, with an ellipsis."""
    most = max(1, int(room / (size * CHARACTER_WIDTH)))
    return content if len(content) <= most else content[: most - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def wrap(content: str, size: float, room: float, lines: int) -> list[str]:
    """Break a text at spaces into at most `lines` lines; what does not fit ends in an ellipsis."""
    most = max(4, int(room / (size * CHARACTER_WIDTH)))
    rows: list[str] = []
    rest = content.split()
    while rest:
        if len(rows) == lines - 1:
            rows.append(shorten(" ".join(rest), size, room))
            break
        row = rest.pop(0)
        while rest and len(row) + 1 + len(rest[0]) <= most:
            row += f" {rest.pop(0)}"
        rows.append(shorten(row, size, room))
    return rows or [""]
