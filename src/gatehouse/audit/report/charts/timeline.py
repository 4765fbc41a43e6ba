"""Searches over time: one panel for all searches and one a signal, each with its own zero-based scale.

Panels share the time axis instead of a second value axis. No line crosses a break or a period without rows.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from string import ascii_uppercase

from markupsafe import Markup

from gatehouse.audit.document import Figure
from gatehouse.audit.report.charts.frame import Canvas, drawing, horizontal_grid, whole_or_none
from gatehouse.audit.report.numbers import NOT_MEASURABLE, compact, count, plural, searches
from gatehouse.audit.report.scales import Linear, round_ticks, round_top
from gatehouse.audit.report.svg import Drawing, dots, group, line, path, rect, shorten, text, text_width
from gatehouse.audit.report.words import signal_label

MOST_SIGNALS = 6
DOTTED_POINTS = 62  # more would touch each other
DENSE_POINTS = 200  # more would run together as thick lines


@dataclass(frozen=True, slots=True)
class Periods:
    """The periods of a figure on a time axis: period i of the axis covers `[i, i + 1)`.

    `at[k]` is the place of row k, counted from the first period; rows may leave periods out.
    """

    first: date
    monthly: bool
    at: tuple[int, ...]

    @property
    def length(self) -> int:
        """Return the number of periods from the first row to the last, those without rows included."""
        return self.at[-1] + 1

    def name(self, index: int) -> str:
        """Return the period's name: YYYY-MM or YYYY-MM-DD."""
        if not self.monthly:
            return (self.first + timedelta(days=index)).isoformat()
        year, month = divmod(self.first.year * 12 + self.first.month - 1 + index, 12)
        return f"{year:04}-{month + 1:02}"

    def when(self, index: int) -> str:
        """Return the period as a sentence ends with it: "in 2025-01", "on 2025-01-31"."""
        return f"{'in' if self.monthly else 'on'} {self.name(index)}"

    def place(self, period: str) -> float:
        """Return where a period or a day begins on the axis."""
        day = _start(period)
        if not self.monthly:
            return (day - self.first).days
        months = (day.year - self.first.year) * 12 + day.month - self.first.month
        return months + (day.day - 1) / monthrange(day.year, day.month)[1]

    def break_at(self, period: str) -> float:
        """Return where a break lies: before a day, or somewhere within a month that is not told closer."""
        return self.place(period) + (0.5 if self.monthly and len(period) == len("2025-01") else 0)


def draw(figure: Figure) -> Drawing:
    """Draw `period, searches, <signal>...` rows as small multiples over one time axis."""
    rows = sorted(figure.table.rows, key=lambda row: str(row[0]))
    periods = _periods([str(row[0]) for row in rows])
    series = [
        (
            "All searches" if column == "searches" else signal_label(column),
            [whole_or_none(row[index]) for row in rows],
        )
        for index, column in enumerate(figure.table.columns)
        if 0 < index <= 1 + MOST_SIGNALS
    ]
    breaks = sorted(figure.breaks)
    cuts = [periods.break_at(period) for period, _ in breaks]

    def paint(canvas: Canvas) -> tuple[float, list[Markup]]:
        return _paint(canvas, periods, series, cuts)

    letters = [ascii_uppercase[index % 26] for index in range(len(breaks))]
    notes = [f"{letter}: {period}, {what}" for letter, (period, what) in zip(letters, breaks, strict=True)]
    hidden = len(figure.table.columns) - 2 - MOST_SIGNALS
    if hidden > 0:
        noun = "signal stands" if hidden == 1 else "signals stand"
        notes.append(f"{hidden} more {noun} in the table only.")
    period = "month" if periods.monthly else "day"
    notes.append(f"Searches a UTC {period}; each panel has its own scale from zero.")
    legend = (
        [("gap", "no rows, or not measurable")] if any(_gaps(periods, values) for _, values in series) else []
    )
    return drawing(
        figure,
        paint,
        headline=_headline(periods, series[0][1]),
        description=_describe(periods, series, breaks),
        legend=legend,
        notes=notes,
    )


def _headline(periods: Periods, values: Sequence[int | None]) -> str:
    """Say which period has the most searches; the first of equal periods counts."""
    known = [(value, -place) for value, place in zip(values, periods.at, strict=True) if value is not None]
    if not known:
        return f"Searches over time: {NOT_MEASURABLE}"
    most, place = max(known)
    if len(known) == 1:
        return f"All {searches(most)} fall {periods.when(-place)}"
    return f"{periods.name(-place)} has the most searches: {count(most)}"


def _describe(
    periods: Periods, series: Sequence[tuple[str, list[int | None]]], breaks: Sequence[tuple[str, str]]
) -> str:
    name, values = series[0]
    known = [value for value in values if value is not None]
    text_ = f"{plural(len(series), 'chart')} over one time axis, "
    text_ += f"{periods.name(0)} to {periods.name(periods.length - 1)}."
    if known:
        text_ += (
            f" {name}: {count(min(known))} to {count(max(known))} a {'month' if periods.monthly else 'day'}."
        )
    if breaks:
        text_ += f" {plural(len(breaks), 'break')}, across which no line is drawn."
    return text_


def _paint(
    canvas: Canvas,
    periods: Periods,
    series: Sequence[tuple[str, list[int | None]]],
    cuts: Sequence[float],
) -> tuple[float, list[Markup]]:
    most = max((value for _, values in series for value in values if value is not None), default=0)
    left = 10 + text_width(compact(round_ticks(most, 3)[-1]), canvas.font)
    right = canvas.width - 8
    across = Linear(periods.length, left, right)
    children: list[Markup] = []
    top = 20.0 if cuts else 0.0
    for index, (name, values) in enumerate(series):
        height = (150.0 if canvas.wide else 120.0) if index == 0 else 64.0
        base = top + 32 + height
        children += _panel(canvas, periods, across, name, values, cuts, base - height, base)
        top = base + 14
    base = top - 14
    breaks: list[Markup] = []
    for index, cut in enumerate(cuts):
        x = across(min(max(cut, 0), periods.length))
        breaks.append(line(x, 18, x, base, class_="break"))
        breaks.append(text(x, 13, ascii_uppercase[index % 26], class_="break-label", anchor="middle"))
    # Panels come after the breaks, so that no line runs through their names.
    return base + 26, [*breaks, *children, *_time_axis(canvas, periods, across, base)]


def _panel(
    canvas: Canvas,
    periods: Periods,
    across: Linear,
    name: str,
    values: Sequence[int | None],
    cuts: Sequence[float],
    top: float,
    base: float,
) -> list[Markup]:
    """Draw one series: its name with the peak, the grid, the gaps, and a line per unbroken run."""
    known = [(value, place) for value, place in zip(values, periods.at, strict=True) if value is not None]
    peak, when = max(known, default=(None, 0), key=lambda pair: (pair[0], -pair[1]))
    room = canvas.width - 8
    if peak is None:
        return [text(0, top - 13, shorten(f"{name}: {NOT_MEASURABLE}", canvas.font, room), class_="panel")]
    title = f"{name}: at most {count(peak)} {periods.when(when)}" if peak else f"{name}: none"
    # Where there is no room, the month goes first, then what the name adds after a comma.
    for shorter in (f"{name}: at most {count(peak)}", f"{name.partition(',')[0]}: at most {count(peak)}"):
        if text_width(title, canvas.font) > room:
            title = shorter
    ticks = round_ticks(peak, 3) if base - top > 100 else [0, round_top(peak)]
    up = Linear(ticks[-1], base, top)
    marks = [text(0, top - 13, shorten(title, canvas.font, room), class_="panel")]
    marks += horizontal_grid(ticks, up, across.start, across.end, compact)
    marks += [
        rect(across(start), top, across(end) - across(start), base - top, class_="gap")
        for start, end in _gaps(periods, values)
    ]
    runs = _runs(periods, values, cuts)
    middles = [[(across(place + 0.5), up(value)) for place, value in run] for run in runs]
    for run in middles:
        if len(run) == 1:
            # A period that stands alone has no line; a stem ties it to zero.
            marks.append(line(run[0][0], base, *run[0], class_="stem"))
        else:
            marks.append(path([(run[0][0], base), *run, (run[-1][0], base)], class_="area", close=True))
            marks.append(path(run, class_="line" if len(known) <= DENSE_POINTS else "line thin"))
    if len(known) <= DOTTED_POINTS:
        marks.append(dots((point for run in middles for point in run), class_="dots"))
    else:
        marks.append(dots((run[0] for run in middles if len(run) == 1), class_="dots"))
    return [group(marks)]


def _runs(
    periods: Periods, values: Sequence[int | None], cuts: Sequence[float]
) -> list[list[tuple[int, int]]]:
    """Split a series where a period is missing or empty, and where a break lies between or within periods."""
    runs: list[list[tuple[int, int]]] = []
    for place, value in zip(periods.at, values, strict=True):
        if value is None:
            continue
        last = runs[-1][-1][0] if runs else None
        # A break inside a period leaves that period neither before nor after it: it stands alone.
        cut = last is not None and any(last < edge < place + 1 for edge in cuts)
        if last is None or place != last + 1 or cut:
            runs.append([])
        runs[-1].append((place, value))
    return runs


def _gaps(periods: Periods, values: Sequence[int | None]) -> list[tuple[int, int]]:
    """Return the stretches of the axis that have no value, as `[start, end)`."""
    known = [place for place, value in zip(periods.at, values, strict=True) if value is not None]
    edges = [-1, *known, periods.length]
    return [(a + 1, b) for a, b in pairwise(edges) if b - a > 1]


def _time_axis(canvas: Canvas, periods: Periods, across: Linear, base: float) -> list[Markup]:
    label_room = text_width("2025-01-01" if not periods.monthly else "2025-01", canvas.font) + 14
    most = max(1, int((across.end - across.start) / label_room))
    steps = (1, 2, 3, 6, 12, 24, 60, 120) if periods.monthly else (1, 2, 7, 14, 28, 56, 112, 365, 730)
    step = next((step for step in steps if periods.length / step <= most), steps[-1])
    marks = []
    for index in range(0, periods.length, step):
        x = across(index + 0.5)
        label = periods.name(index)
        half = text_width(label, canvas.font) / 2
        if x + half > canvas.width:
            continue
        marks.append(line(x, base, x, base + 5, class_="axis"))
        marks.append(text(max(x, half), base + 20, label, class_="tick", anchor="middle"))
    return marks


def _periods(names: Sequence[str]) -> Periods:
    monthly = len(names[0]) == len("2025-01")
    first = _start(names[0])
    axis = Periods(first, monthly, (0,))
    return Periods(first, monthly, tuple(int(axis.place(name)) for name in names))


def _start(period: str) -> date:
    return date.fromisoformat(period if len(period) > len("2025-01") else f"{period}-01")
