"""What a record lacks, file by file: columns not exported, columns masked, days and rows missing."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import polars as pl

from gatehouse.model import MASKED, Layout
from gatehouse.records.frame import STATE, RecordSet

_MASKED = pl.Series([state.value for state in MASKED], dtype=STATE)


@dataclass(frozen=True, slots=True)
class Column:
    """A column to ask for: its name in the export, what it is needed for, and a note on what is enough."""

    field: str
    label: str
    layouts: tuple[Layout, ...]
    needed: str
    note: str | None


@dataclass(frozen=True, slots=True)
class Need:
    """What one file does not show: columns that it does not have, and how many cells of others are hidden."""

    missing: tuple[Column, ...]
    masked: tuple[tuple[Column, int], ...]


@cache
def columns() -> tuple[Column, ...]:
    """Return every column there is a request for, in the order of the exports."""
    text = resources.files("gatehouse.audit.requests").joinpath("columns.toml").read_text("utf-8")
    return tuple(
        Column(
            field=entry["field"],
            label=entry["label"],
            layouts=tuple(Layout(layout) for layout in entry["layouts"]),
            needed=entry["needed"],
            note=entry.get("note"),
        )
        for entry in tomllib.loads(text)["column"]
    )


def needs(records: RecordSet) -> list[Need]:
    """Return what each file lacks, in the order of `records.files`."""
    hidden = _hidden(records)
    found = []
    for position, file in enumerate(records.files):
        wanted = [column for column in columns() if file.layout in column.layouts]
        masked = tuple(
            (column, hidden[position, column.field])
            for column in wanted
            if column.field in file.exported and (position, column.field) in hidden
        )
        found.append(Need(tuple(c for c in wanted if c.field not in file.exported), masked))
    return found


def _hidden(records: RecordSet) -> Mapping[tuple[int, str], int]:
    """Count the masked cells by file position and field."""
    fields: Sequence[str] = [column.field for column in columns()]
    counted = (
        records.frame.group_by("file")
        .agg(pl.col(f"{field}_state").is_in(_MASKED.implode()).sum().alias(field) for field in fields)
        .collect(engine="streaming")
    )
    return {
        (row["file"], field): row[field]
        for row in counted.iter_rows(named=True)
        for field in fields
        if row[field]
    }
