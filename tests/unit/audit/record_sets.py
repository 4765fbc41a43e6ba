"""Record sets from literal rows, for tests that need no file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from gatehouse.model import FieldState, Layout
from gatehouse.records.frame import (
    COUNT_FIELDS,
    FIELDS,
    SCHEMA,
    TEXT_FIELDS,
    TEXTS_SCHEMA,
    TIME_FIELDS,
    FileFacts,
    RecordSet,
)

Cell = str | int | datetime | FieldState
Row = Mapping[str, Cell]


def at(text: str) -> datetime:
    """Return a UTC time from `2025-03-01 10:00:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class File:
    """A file by its rows: a field that no row has is not exported, one that a row lacks is empty there.

    Rows are numbered from 2, as below a header. A cell may be a state in place of a value.
    """

    path: str
    layout: Layout
    rows: Sequence[Row]
    owner: str | None = None


def record_set(*files: File) -> RecordSet:
    """Return the record set that an importer would make of such files."""
    keys: dict[str, int] = {}
    records: list[dict[str, object]] = []
    facts: list[FileFacts] = []
    for position, file in enumerate(files):
        exported = frozenset(name for row in file.rows for name in row)
        for number, row in enumerate(file.rows, start=2):
            content = repr([row.get(name) for name in sorted(exported)])
            record: dict[str, object] = {
                "file": position,
                "row": number,
                "content": keys.setdefault(content, len(keys) + 1),
            }
            for name in FIELDS:
                cell = row.get(name, FieldState.EMPTY)
                state = FieldState.VALUE
                value: object = cell
                if name not in exported:
                    state, value = FieldState.NOT_EXPORTED, None
                elif isinstance(cell, FieldState):
                    state, value = cell, None
                elif name in TEXT_FIELDS:
                    assert isinstance(cell, str), name
                    value = keys.setdefault(cell, len(keys) + 1)
                else:
                    assert isinstance(cell, int if name in COUNT_FIELDS else datetime), name
                    assert name in COUNT_FIELDS + TIME_FIELDS
                record[name], record[f"{name}_state"] = value, state.value
            records.append(record)
        facts.append(
            FileFacts(
                path=file.path,
                sha256=f"{position:064x}",
                layout=file.layout,
                rows=len(file.rows),
                non_search=0,
                exported=exported,
                owner=file.owner,
            )
        )
    texts = pl.DataFrame({"key": list(keys.values()), "text": list(keys.keys())}, schema=TEXTS_SCHEMA)
    frame = pl.DataFrame(records, schema=SCHEMA)
    return RecordSet(
        files=tuple(facts),
        frame=frame.lazy(),
        texts={name: texts.filter(pl.col("key").is_in(frame[name].implode())) for name in TEXT_FIELDS},
        rejects=(),
    )
