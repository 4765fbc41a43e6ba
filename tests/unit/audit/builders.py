"""Linked records made by hand, so that a test states its rows and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import polars as pl

from gatehouse.audit.ground import Ground
from gatehouse.audit.options import AuditOptions
from gatehouse.audit.run import prepare
from gatehouse.model import Bounds, FieldState, Layout, LinkTier
from gatehouse.records.frame import (
    FIELDS,
    SCHEMA,
    TEXT_FIELDS,
    TEXTS_SCHEMA,
    TIER,
    FileFacts,
    Linked,
    RecordSet,
    Reject,
)

OWNER = "Prairie Bend IL PD"
SEARCHER = "Tarrinholt TX PD"
FEDERAL = "[Federal] Synthetic Postal Inspection Office"
NOON = datetime(2025, 6, 2, 17, tzinfo=UTC)
EXPORTED = frozenset({"org", "officer", "plate", "reason", "case_number", "networks", "searched_at"})
_SPEAKING = {FieldState.VALUE, FieldState.PARTIAL, FieldState.PLACEHOLDER}

# Any: a cell is a value, a state, or both.
Row = Mapping[str, Any]


def file_facts(
    *,
    path: str = "audit.csv",
    layout: Layout = Layout.NETWORK_AUDIT,
    owner: str | None = OWNER,
    exported: frozenset[str] = EXPORTED,
    rows: int = 0,
    notes: tuple[tuple[str, str], ...] = (),
) -> FileFacts:
    """Return the facts of one file; its hash is made of its name."""
    return FileFacts(
        path=path,
        sha256=path.encode().hex().ljust(64, "0")[:64],
        layout=layout,
        rows=rows,
        non_search=0,
        exported=exported,
        owner=owner,
        notes=notes,
    )


def linked(
    rows: Sequence[Row],
    *,
    files: Sequence[FileFacts] | None = None,
    keep: frozenset[str] = frozenset(TEXT_FIELDS),
    rejects: Sequence[Reject] = (),
) -> Linked:
    """Return a linked record set of these rows.

    A row names `file` (0), `search` and `tier` (a new search of its own) and any field. A field is a value, a
    `FieldState`, or a `(text, FieldState)`; one left out is empty where its file exports it.
    """
    given = tuple(files) if files is not None else (file_facts(),)
    keys: dict[str, int] = {}
    columns: dict[str, list[Any]] = {name: [] for name in (*SCHEMA, "search", "tier")}
    numbers = [1] * len(given)
    searches, duplicates = [0] * len(given), [0] * len(given)
    for row in rows:
        position = int(row.get("file", 0))
        numbers[position] += 1
        tier = LinkTier(row.get("tier", LinkTier.FIRST))
        (searches if tier is LinkTier.FIRST else duplicates)[position] += 1
        columns["file"].append(position)
        columns["row"].append(numbers[position])
        columns["content"].append(len(columns["content"]))
        columns["search"].append(row.get("search", sum(searches) - 1))
        columns["tier"].append(tier.value)
        for name in FIELDS:
            value, state = _cell(name, row, given[position])
            text = name in TEXT_FIELDS and value is not None
            columns[name].append(keys.setdefault(value, 1000 + len(keys)) if text else value)
            columns[f"{name}_state"].append(state.value)
    frame = pl.DataFrame(columns, schema={**SCHEMA, "search": pl.UInt32, "tier": TIER})
    totals = [
        a + b + sum(r.file == i for r in rejects)
        for i, (a, b) in enumerate(zip(searches, duplicates, strict=True))
    ]
    by_key = {key: text for text, key in keys.items()}
    texts = {
        name: pl.DataFrame(
            [(key, by_key[key]) for key in sorted(set(frame[name].drop_nulls().to_list()))],
            schema=dict(TEXTS_SCHEMA),
            orient="row",
        )
        for name in keep
    }
    facts = tuple(
        FileFacts(file.path, file.sha256, file.layout, total, 0, file.exported, file.owner, notes=file.notes)
        for file, total in zip(given, totals, strict=True)
    )
    count = sum(searches)
    return Linked(
        records=RecordSet(facts, frame.drop("search", "tier").lazy(), texts, tuple(rejects)),
        frame=frame.lazy(),
        bounds=Bounds(count, count, count),
        tiers={LinkTier.ID: sum(duplicates)} if sum(duplicates) else {},
        searches=tuple(searches),
        duplicates=tuple(duplicates),
    )


def ground(
    rows: Sequence[Row], *, files: Sequence[FileFacts] | None = None, options: AuditOptions | None = None
) -> Ground:
    """Return measured ground for findings."""
    return prepare(
        linked(rows, files=files), options or AuditOptions(), scratch=None, progress=lambda _step: None
    )


def _cell(name: str, row: Row, file: FileFacts) -> tuple[Any, FieldState]:
    given = row.get(name, _usual(name))
    if name not in file.exported and name not in row:
        return None, FieldState.NOT_EXPORTED
    if isinstance(given, FieldState):
        return None, given
    if isinstance(given, tuple):
        text, state = given
        return (text if state in _SPEAKING else None), state
    if given is None or given == "":
        return None, FieldState.EMPTY
    return given, FieldState.VALUE


def _usual(name: str) -> Any:
    return {"org": SEARCHER, "searched_at": NOON, "networks": 10, "reason": "stolen vehicle"}.get(name)


__all__ = [
    "EXPORTED",
    "FEDERAL",
    "NOON",
    "OWNER",
    "SEARCHER",
    "Row",
    "file_facts",
    "ground",
    "linked",
]
