"""Rates without a league table: each organization's rate against its size, between control limits.

D. J. Spiegelhalter, "Funnel plots for comparing institutional performance", Statistics in Medicine 24, 2005.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from gatehouse.audit.document import Figure
from gatehouse.audit.report.charts.frame import Canvas, drawing, horizontal_grid, share, whole
from gatehouse.audit.report.numbers import compact, count, of, plural, rate
from gatehouse.audit.report.scales import Linear, Logarithmic, decade_ticks, round_ticks
from gatehouse.audit.report.svg import Drawing, dots, line, path, text, text_width, wrap
from gatehouse.audit.statistics import funnel_limits, outliers

LIMITS = ((0.95, "limit-95", "95 %"), (0.998, "limit-998", "99.8 %"))
MOST_LABELS = {"wide": 10, "narrow": 4}
CURVE_POINTS = 100
LABEL_HEIGHT = 17.0
WIDEST_LABEL = 0.55  # of the chart
LEAST_TOLD = 12  # characters, below which a name cut off tells nothing
LABEL_OFFSETS = (5.0, -8.0, 19.0, -25.0, 36.0, -42.0, 53.0)


@dataclass(frozen=True, slots=True)
class Point:
    """One organization: its searches, its rate in percent, and whether the statistics call it an outlier."""

    name: str
    searches: int
    flagged: int
    percent: float
    outlier: bool


def draw(figure: Figure) -> Drawing:
    """Draw `organization, searches, flagged, rate, shrunken, low, high, outlier` rows.

    The limits are those around the usual rate, widened by the correlation between searches of one
    organization.
    """
    points = [
        Point(str(row[0]), whole(row[1]), whole(row[2]), 100 * share(row[3]), bool(row[7]))
        for row in figure.table.rows
        if row[3] is not None
    ]
    flagged, totals = [point.flagged for point in points], [point.searches for point in points]
    test = outliers(flagged, totals)

    def paint(canvas: Canvas) -> tuple[float, list[Markup]]:
        return _paint(canvas, points, test.rate, test.correlation)

    found = [point for point in points if point.outlier]
    notes = [
        f"All together: {of(sum(flagged), sum(totals))}. Usual rate: {rate(test.rate)}. Limits at 95 % and "
        "99.8 %, widened for searches of one organization being alike. The size axis is logarithmic."
    ]
    return drawing(
        figure,
        paint,
        headline=_headline(len(points), len(found)),
        description=(
            f"{plural(len(points), 'organization')} by number of searches and share flagged; "
            f"{plural(len(found), 'outlier')}" + _named(found) + "."
        ),
        legend=[
            ("dot", "organization"),
            ("dot-outlier", "outlier (false-discovery rate 5 %)"),
            ("limit-95", "95 % limits"),
            ("limit-998", "99.8 % limits"),
            ("usual", "usual rate"),
        ],
        notes=notes,
    )


def _headline(number: int, outliers: int) -> str:
    if outliers == 0:
        return f"No rate of {plural(number, 'organization')} stands out beyond chance and usual variety"
    return (
        f"{count(outliers)} of {plural(number, 'organization')} {'stands' if outliers == 1 else 'stand'} out"
    )


def _named(outliers: Sequence[Point]) -> str:
    ranked = sorted(outliers, key=lambda point: (-point.percent, point.name))[:3]
    if not ranked:
        return ""
    return ": " + "; ".join(f"{p.name} {count(p.flagged)} of {count(p.searches)}" for p in ranked)


def _paint(
    canvas: Canvas, points: Sequence[Point], usual: float, correlation: float
) -> tuple[float, list[Markup]]:
    left, right = (60.0, canvas.width - 16) if canvas.wide else (52.0, canvas.width - 8)
    ceiling, base = 34.0, 394.0 if canvas.wide else 310.0
    least, most = min(p.searches for p in points), max(p.searches for p in points)
    across = Logarithmic(least / 1.15, most * 1.15, left, right)
    top = max([*(point.percent for point in points), 100 * usual * 2, 0.1])
    ticks = round_ticks(min(top * 1.06, 100), 4, whole=False)
    up = Linear(ticks[-1], base, ceiling)

    children = [text(0, 13, "share of the searches with a readable reason", class_="axis-name")]
    children += horizontal_grid(ticks, up, left, right, lambda tick: f"{compact(tick)} %")
    children += _curves(across, up, usual, correlation)
    children.append(line(left, up(100 * usual), right, up(100 * usual), class_="usual"))
    ordinary = ((across(p.searches), up(p.percent)) for p in points if not p.outlier)
    children.append(dots(ordinary, class_="dots faint"))
    children.append(
        dots(((across(p.searches), up(p.percent)) for p in points if p.outlier), class_="dots outlier")
    )
    children += _labels(canvas, [p for p in points if p.outlier], across, up)
    for tick in decade_ticks(across.low, across.high):
        x = across(tick)
        children.append(line(x, base, x, base + 5, class_="axis"))
        middle = min(x, canvas.width - text_width(compact(tick), canvas.font) / 2)
        children.append(text(middle, base + 20, compact(tick), class_="tick", anchor="middle"))
    name = "searches with a readable reason"
    children.append(text((left + right) / 2, base + 42, name, class_="axis-name", anchor="middle"))
    return base + 50, children


def _curves(across: Logarithmic, up: Linear, usual: float, correlation: float) -> list[Markup]:
    """Draw both limits above and below the usual rate, cut off at the top of the chart."""
    ratio = across.high / across.low
    sizes = [max(1, round(across.low * ratio ** (i / (CURVE_POINTS - 1)))) for i in range(CURVE_POINTS)]
    children = []
    for confidence, class_, _ in LIMITS:
        lower, upper = funnel_limits(usual, sizes, confidence=confidence, correlation=correlation)
        for side in (lower, upper):
            curve = [
                (across(size), up(100 * float(value)))
                for size, value in zip(sizes, side, strict=True)
                if 100 * value <= up.top
            ]
            if len(curve) > 1:
                children.append(path(curve, class_=class_))
    return children


@dataclass(frozen=True, slots=True)
class Box:
    """The room that a label or a dot takes."""

    left: float
    right: float
    top: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Return whether two boxes overlap."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


@dataclass(frozen=True, slots=True)
class Label:
    """A name beside its dot: `whole` where nothing is cut off, `told` its number of characters."""

    box: Box
    children: tuple[Markup, ...]
    whole: bool
    told: int


def _labels(canvas: Canvas, outliers: Sequence[Point], across: Logarithmic, up: Linear) -> list[Markup]:
    """Name the highest outliers; a name that would cover another or a dot is left to the table."""
    ranked = sorted(outliers, key=lambda point: (-point.percent, point.name))
    places = [(across(point.searches), up(point.percent)) for point in ranked]
    taken = [Box(x - 5, x + 5, y - 5, y + 5) for x, y in places]
    children: list[Markup] = []
    for point, place in list(zip(ranked, places, strict=True))[: MOST_LABELS[canvas.name]]:
        label = _free_label(canvas, point.name, place, across.start, taken)
        if label is not None:
            taken.append(label.box)
            children += label.children
    return children


def _free_label(
    canvas: Canvas, name: str, place: tuple[float, float], start: float, taken: Sequence[Box]
) -> Label | None:
    """Return the first label of a dot that covers nothing, the whole name if it can be."""
    for whole_name in (True, False):
        for dy in LABEL_OFFSETS:
            for rightward in (True, False):
                label = _label(canvas, name, place, dy, rightward=rightward, start=start)
                fits = label.whole or not whole_name
                if (
                    fits
                    and (label.whole or label.told >= LEAST_TOLD)
                    and not any(label.box.meets(box) for box in taken)
                ):
                    return label
    return None


def _label(
    canvas: Canvas, name: str, place: tuple[float, float], dy: float, *, rightward: bool, start: float
) -> Label:
    """Write a name beside a dot, in two lines where one has no room, with a line to the dot from afar."""
    x, y = place
    room = min((canvas.width - x if rightward else x - start) - 12, WIDEST_LABEL * canvas.width)
    lines = wrap(name, canvas.font, room, 1 if text_width(name, canvas.font) <= room else 2)
    width = max(text_width(each, canvas.font) for each in lines)
    at = x + 9 if rightward else x - 9
    left, below = (at if rightward else at - width), (len(lines) - 1) * LABEL_HEIGHT
    # A label above its dot grows upward.
    base = y + dy - (below if dy < 0 else 0)
    anchor = "start" if rightward else "end"
    children = [
        text(at, base + index * LABEL_HEIGHT, each, class_="label", anchor=anchor)
        for index, each in enumerate(lines)
    ]
    if abs(dy) > LABEL_HEIGHT + 5:
        children.insert(0, line(x, y, at, y + dy - 5, class_="leader"))
    box = Box(left, left + width, base - LABEL_HEIGHT + 4, base + below + 4)
    told = len(" ".join(lines))
    return Label(box, tuple(children), " ".join(lines) == " ".join(name.split()), told)
