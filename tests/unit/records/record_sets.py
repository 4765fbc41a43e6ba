"""Hand-made record sets: rows as dicts of plain values, so that a test shows what it is about."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl

from gatehouse.model import FieldState, Layout
from gatehouse.records.frame import FIELDS, SCHEMA, TEXT_FIELDS, TEXTS_SCHEMA, FileFacts, RecordSet

Row = Mapping[str, Any]


@dataclass(frozen=True)
class File:
    """One export; a field that a row lacks is `empty`, a `FieldState` is that state without a value."""

    rows: Sequence[Row]
    layout: Layout = Layout.NETWORK_AUDIT
    owner: str | None = None
    name: str = "export"
    lacks: frozenset[str] = field(default=frozenset())

    @property
    def sha256(self) -> str:
        content = repr([sorted((key, str(cell)) for key, cell in row.items()) for row in self.rows])
        return hashlib.sha256((self.name + content).encode()).hexdigest()


def key(text: str) -> int:
    """Return a 64-bit key, as the importer's are: equal for equal texts."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def at(text: str) -> datetime:
    """Return a UTC time from ISO 8601."""
    return datetime.fromisoformat(text + "+00:00")


def record_set(*files: File) -> RecordSet:
    """Build the record set that an import of these files would give."""
    texts: dict[str, dict[int, str]] = {name: {} for name in TEXT_FIELDS}
    lines = [
        _line(index, number, row, file, texts)
        for index, file in enumerate(files)
        for number, row in enumerate(file.rows, start=2)
    ]
    return RecordSet(
        files=tuple(_facts(file) for file in files),
        frame=pl.DataFrame(lines, schema=SCHEMA).lazy(),
        texts={
            name: pl.DataFrame({"key": list(known), "text": list(known.values())}, schema=TEXTS_SCHEMA)
            for name, known in texts.items()
        },
        rejects=(),
    )


def _facts(file: File) -> FileFacts:
    return FileFacts(
        path=f"{file.name}.csv",
        sha256=file.sha256,
        layout=file.layout,
        rows=len(file.rows),
        non_search=0,
        exported=frozenset(FIELDS) - file.lacks,
        owner=file.owner,
    )


def _line(index: int, number: int, row: Row, file: File, texts: dict[str, dict[int, str]]) -> dict[str, Any]:
    content = repr(sorted((name, str(cell)) for name, cell in row.items() if name != "content"))
    line: dict[str, Any] = {"file": index, "row": number, "content": key(str(row.get("content", content)))}
    for name in FIELDS:
        cell = row.get(name, FieldState.NOT_EXPORTED if name in file.lacks else FieldState.EMPTY)
        if isinstance(cell, FieldState):
            line[name], line[f"{name}_state"] = None, cell.value
            continue
        line[f"{name}_state"] = FieldState.VALUE.value
        line[name] = key(cell) if name in TEXT_FIELDS else cell
        if name in TEXT_FIELDS:
            texts[name][key(cell)] = cell
    return line
