"""Tables as the templates print them: headings, cells already in words, and what was left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gatehouse.audit.document import Cell, Figure, Table
from gatehouse.audit.report import words
from gatehouse.audit.report.charts.funnel import rate_cell
from gatehouse.audit.report.charts.hours import DAYS
from gatehouse.audit.report.evidence import Evidence
from gatehouse.audit.report.numbers import NOT_MEASURABLE, count, plural, rate
from gatehouse.audit.statistics import MINIMUM_FOR_PERCENT

MOST_ROWS = 200
SHORT = 14  # characters that are never broken, such as a date


@dataclass(frozen=True, slots=True)
class Column:
    """A heading; `kind` is `number` (aligned to the right), `short` (never broken), or nothing."""

    label: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class TableView:
    """A table with its caption; the first cell of a row is its heading. `total` is the last row."""

    id: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    total: tuple[str, ...] | None = None
    row_ids: tuple[str, ...] = ()
    note: str = ""

    @property
    def long(self) -> bool:
        """Return whether the table gets a scroll region of its own with a sticky heading."""
        return len(self.rows) > 16


Write = Callable[[Cell], str]


def cell(value: Cell) -> str:
    """Write a cell whose meaning is not known."""
    match value:
        case None:
            return NOT_MEASURABLE
        case bool() | str():
            return str(value)
        case int():
            return count(value)
        case float():
            return f"{value:,.2f}".rstrip("0").rstrip(".")


def table_view(
    table: Table,
    evidence: Evidence,
    *,
    id: str,
    caption: str,
    numbers: frozenset[str] = frozenset(),
    limit: int = MOST_ROWS,
) -> TableView:
    """Put a table into words, with a column of sample rows where it cites any.

    `numbers` names columns that hold numbers already put into words.
    """
    write = [_WRITERS.get(name, cell) for name in table.columns]
    rows = [tuple(w(value) for w, value in zip(write, row, strict=True)) for row in table.rows[:limit]]
    columns = []
    for index, name in enumerate(table.columns):
        numeric = name in numbers or all(isinstance(row[index], int | float | None) for row in table.rows)
        short = all(len(row[index]) <= SHORT for row in rows)
        columns.append(Column(words.column_label(name), "number" if numeric else "short" if short else ""))
    if any(table.cites):
        columns.append(Column("For example"))
        rows = [(*row, evidence.inline(cites)) for row, cites in zip(rows, table.cites, strict=False)]
    left_out = len(table.rows) - limit
    note = f"{plural(left_out, 'more row')} in findings.json." if left_out > 0 else ""
    return TableView(id, caption, tuple(columns), tuple(rows), note=note)


def figure_table(figure: Figure, evidence: Evidence) -> TableView:
    """Return the same data as a figure's chart, as a table."""
    table = figure.table
    shape = _SHAPES.get(figure.id)
    if shape is not None:
        table = shape(table)
    return table_view(
        table,
        evidence,
        id=f"data-{figure.id.replace('_', '-')}",
        caption=f"{figure.title} ({figure.unit})" if figure.unit else figure.title,
        numbers=_WRITTEN_NUMBERS.get(figure.id, frozenset()),
    )


def _week(table: Table) -> Table:
    """Turn weekday, hour, searches into a row an hour and a column a weekday."""
    counts = {(row[0], row[1]): row[2] for row in table.rows}
    rows = tuple((f"{hour:02}:00", *(counts.get((day, hour), 0) for day in range(7))) for hour in range(24))
    return Table(("hour", *DAYS), rows)


def _bins(table: Table) -> Table:
    """Join both bounds of a bin into words."""
    from gatehouse.audit.report.charts.networks import bin_label

    return Table(
        ("networks reached", "searches"),
        tuple((bin_label(row), row[2]) for row in table.rows),
        table.cites,
    )


def _rates(table: Table) -> Table:
    """Write rates with their denominators; no percentage stands on few searches."""
    rows: list[tuple[Cell, ...]] = []
    ranked: Sequence[tuple[Cell, ...]] = sorted(
        table.rows, key=lambda row: (not row[7], -_number(row[1]), str(row[0]))
    )
    for name, total, flagged, value, shrunken, low, high, outlier in ranked:
        base = int(_number(total))
        small = base < MINIMUM_FOR_PERCENT or shrunken is None
        too_few = f"under {MINIMUM_FOR_PERCENT} searches"
        rows.append(
            (
                name,
                total,
                flagged,
                rate_cell(base, None if value is None else _number(value)),
                too_few if small else rate(_number(shrunken)),
                too_few if small else f"{rate(_number(low))} to {rate(_number(high))}",
                "yes" if outlier else "no",
            )
        )
    return Table(_RATE_COLUMNS, tuple(rows))


def _number(value: Cell) -> float:
    if not isinstance(value, int | float):
        raise TypeError(f"expected a number in a figure's table, got {type(value).__name__}")
    return float(value)


def _kind(value: Cell) -> str:
    return words.kind_label(str(value)) if value is not None else "unknown"


def _state(value: Cell) -> str:
    return "not told by the name" if value is None else str(value)


def _day(value: Cell) -> str:
    return DAYS[int(_number(value))]


_RATE_COLUMNS = ("organization", "searches", "flagged", "rate", "shrunken rate", "95 % interval", "outlier")
_SHAPES: Mapping[str, Callable[[Table], Table]] = {"hours": _week, "networks": _bins, "funnel": _rates}
_WRITTEN_NUMBERS: Mapping[str, frozenset[str]] = {"funnel": frozenset(_RATE_COLUMNS[3:6])}
_WRITERS: Mapping[str, Write] = {"kind": _kind, "state": _state, "weekday": _day}
