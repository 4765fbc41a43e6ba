"""Tables as the templates print them: headings, cells already in words, and what was left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gatehouse.audit.document import Cell, Cite, Figure, Table
from gatehouse.audit.report import words
from gatehouse.audit.report.charts.hours import DAYS
from gatehouse.audit.report.evidence import Evidence
from gatehouse.audit.report.numbers import NOT_MEASURABLE, count, plural, rate
from gatehouse.audit.statistics import MINIMUM_FOR_PERCENT, MINIMUM_SEARCHES

MOST_ROWS = 200
RATES = frozenset(("rate", "shrunken", "low", "high", "outlier"))
RATES_NOTE = (
    f"No percentage stands on fewer than {MINIMUM_FOR_PERCENT} searches, and no rate is given under "
    f"{MINIMUM_SEARCHES}."
)
WRITTEN_RATES = ("rate", "shrunken rate", "95 % interval")
MOST_CITES = 2
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
    limit: int = MOST_ROWS,
) -> TableView:
    """Put a table into words, with a column of sample rows where it cites any."""
    rated, table = RATES.issubset(table.columns), _with_rates(table)
    write = [_WRITERS.get(name, cell) for name in table.columns]
    rows = [tuple(w(value) for w, value in zip(write, row, strict=True)) for row in table.rows[:limit]]
    columns = []
    for index, name in enumerate(table.columns):
        numeric = name in WRITTEN_RATES or all(
            isinstance(row[index], int | float | None) for row in table.rows
        )
        short = all(len(row[index]) <= SHORT for row in rows)
        columns.append(Column(words.column_label(name), "number" if numeric else "short" if short else ""))
    if any(table.cites):
        columns.append(Column("For example", "short"))
        rows = [(*row, evidence.inline(cites)) for row, cites in zip(rows, table.cites, strict=False)]
    left_out = len(table.rows) - limit
    notes = [RATES_NOTE] if rated else []
    if left_out > 0:
        notes.append(f"{plural(left_out, 'more row')} in findings.json.")
    return TableView(id, caption, tuple(columns), tuple(rows), note=" ".join(notes))


def caption(figure: Figure) -> str:
    """Return what a figure shows, with its unit."""
    return f"{figure.title} ({figure.unit})" if figure.unit else figure.title


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
        caption=caption(figure),
    )


def _week(table: Table) -> Table:
    """Turn weekday, hour, searches into a row an hour and a column a weekday."""
    counts = {(row[0], row[1]): row[2] for row in table.rows}
    rows = tuple((f"{hour:02}:00", *(counts.get((day, hour), 0) for day in range(7))) for hour in range(24))
    cites: dict[Cell, list[Cite]] = {}
    for row, found in zip(table.rows, table.cites, strict=False):
        cites.setdefault(row[1], []).extend(found)
    # Of seven weekdays the first few will do.
    shown = tuple(tuple(cites.get(hour, [])[:MOST_CITES]) for hour in range(24)) if table.cites else ()
    return Table(("hour", *DAYS), rows, shown)


def _bins(table: Table) -> Table:
    """Join both bounds of a bin into words."""
    from gatehouse.audit.report.charts.networks import bin_label

    return Table(
        ("networks reached", "searches"),
        tuple((bin_label(row), row[2]) for row in table.rows),
        table.cites,
    )


def _with_rates(table: Table) -> Table:
    """Put the rates of a table into words: no rate on few searches, and bounds as one interval.

    A table without the columns of `RATES` stays as it is.
    """
    if not RATES.issubset(table.columns):
        return table
    at = {name: index for index, name in enumerate(table.columns)}
    kept = [name for name in table.columns if name not in RATES]
    rows: list[tuple[Cell, ...]] = []
    for row in table.rows:
        base = int(_number(row[at["searches"]]))
        if row[at["rate"]] is None or row[at["shrunken"]] is None:
            rates = [f"under {MINIMUM_SEARCHES}"] * 3
        elif base < MINIMUM_FOR_PERCENT:
            rates = [f"under {MINIMUM_FOR_PERCENT}"] * 3
        else:
            value, shrunken, low, high = (
                rate(_number(row[at[name]])) for name in ("rate", "shrunken", "low", "high")
            )
            rates = [value, shrunken, f"{low} to {high}"]
        rows.append((*(row[at[name]] for name in kept), *rates, "yes" if row[at["outlier"]] else "no"))
    return Table((*kept, *WRITTEN_RATES, "outlier"), tuple(rows), table.cites)


def _by_outlier(table: Table) -> Table:
    """Put outliers first, then the largest."""
    order = sorted(
        range(len(table.rows)),
        key=lambda at: (not table.rows[at][7], -_number(table.rows[at][1]), str(table.rows[at][0])),
    )
    cites = tuple(table.cites[at] for at in order) if table.cites else ()
    return Table(table.columns, tuple(table.rows[at] for at in order), cites)


def _number(value: Cell) -> float:
    if not isinstance(value, int | float):
        raise TypeError(f"expected a number in a figure's table, got {type(value).__name__}")
    return float(value)


def _kind(value: Cell) -> str:
    return words.kind_label(str(value)) if value is not None else "unknown"


def _state(value: Cell) -> str:
    return "not told by the name" if value is None else str(value)


def _officer(value: Cell) -> str:
    return "all officers" if value is None else str(value)


def _signal(value: Cell) -> str:
    return words.signal_label(str(value))


def _day(value: Cell) -> str:
    return DAYS[int(_number(value))]


_SHAPES: Mapping[str, Callable[[Table], Table]] = {"hours": _week, "networks": _bins, "funnel": _by_outlier}
_WRITERS: Mapping[str, Write] = {
    "kind": _kind,
    "state": _state,
    "weekday": _day,
    "officer": _officer,
    "signal": _signal,
}
