"""What the importer sees in a file: layout, columns, what their cells say, what was rejected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from gatehouse.model import FieldState
from gatehouse.records.columns import KNOWN_LABELS, normal_label
from gatehouse.records.frame import FIELDS, FileFacts, RecordSet
from gatehouse.records.importer import ImportOptions, Input, import_files
from gatehouse.records.layouts import Plan, find_header, recognize_header, recognize_values
from gatehouse.records.raw import RawBlock
from gatehouse.records.source import open_sources

QUOTING = frozenset({"unknown_column", "duplicate_column", "unknown_layout"})  # notes that quote labels
_TOP = 200  # records among which a header is looked for, and that follow it as a sample


@dataclass(frozen=True, slots=True)
class Inspection:
    """One table of one file. `columns` pairs each label with the field that it was read as, or None.

    A label stands as it does in the file, and so do those quoted in notes: in a damaged file it may be a
    person or a plate, which whoever shows an inspection has to mask (see `with_labels`).

    `states` gives, for each exported field, how many records show a value and how many each other state;
    `records` is how many records became rows; `rejects` counts the others by reason.
    """

    facts: FileFacts
    columns: tuple[tuple[str, str | None], ...]
    records: int
    states: Mapping[str, Mapping[FieldState, int]]
    rejects: Mapping[str, int]

    def with_labels(self, shown: Callable[[str], str]) -> Inspection:
        """Return the inspection with every label that no layout knows as `shown` shows it, in notes too."""
        return replace(
            self,
            facts=replace(
                self.facts,
                notes=tuple(
                    (code, shown(detail) if code in QUOTING else detail) for code, detail in self.facts.notes
                ),
            ),
            columns=tuple(
                (label if normal_label(label) in KNOWN_LABELS else shown(label), field)
                for label, field in self.columns
            ),
        )

    def as_document(self) -> dict[str, Any]:
        """Return the inspection as JSON-ready data."""
        facts = self.facts
        return {
            "path": facts.path,
            "sha256": facts.sha256,
            "layout": facts.layout.value,
            "encoding": facts.encoding,
            "header_row": facts.header_row,
            "rows": facts.rows,
            "records": self.records,
            "rejects": dict(self.rejects),
            "non_search": facts.non_search,
            "repaired": facts.repaired,
            "columns": [{"label": label, "field": field} for label, field in self.columns],
            "fields": {
                name: {state.value: count for state, count in states.items()}
                for name, states in self.states.items()
            },
            "notes": [{"code": code, "detail": detail} for code, detail in facts.notes],
        }


def inspect(
    paths: Sequence[str],
    options: ImportOptions | None = None,
    *,
    progress: Callable[[int], None] | None = None,
) -> tuple[Inspection, ...]:
    """Import files and say what was seen in each of their tables, in order."""
    chosen = options or ImportOptions()
    records = import_files([Input(path) for path in paths], chosen, progress=progress)
    columns = {
        source.path: _columns(next(source.blocks(), None), chosen)
        for path in dict.fromkeys(paths)
        for source in open_sources(path)
    }
    states = _states(records)
    return tuple(
        Inspection(
            facts=facts,
            columns=columns[facts.path],
            records=sum(states[index].get("org", {}).values()),
            states={name: states[index][name] for name in FIELDS if name in facts.exported},
            rejects=Counter(reject.reason for reject in records.rejects if reject.file == index),
        )
        for index, facts in enumerate(records.files)
    )


def _columns(first: RawBlock | None, options: ImportOptions) -> tuple[tuple[str, str | None], ...]:
    """Pair the labels of the first header with the fields that the importer takes them for."""
    if first is None:
        return ()
    plan = _plan(first, options)
    if plan is None:
        return ()
    return tuple(zip(plan.labels, plan.roles, strict=False))


def _plan(first: RawBlock, options: ImportOptions) -> Plan | None:
    top = first.cells.head(_TOP).rows()
    if options.mapping is not None and (mapped := options.mapping.plan(top)) is not None:
        return mapped[1]
    at = find_header(top)
    if at is not None and (plan := recognize_header(top[at], first.cells.slice(at + 1, _TOP).rows())):
        return plan
    return recognize_values(top)


def _states(records: RecordSet) -> list[dict[str, dict[FieldState, int]]]:
    """Count the states of every field, file by file."""
    counts: list[dict[str, dict[FieldState, int]]] = [{} for _ in records.files]
    for name in FIELDS:
        column = f"{name}_state"
        table = records.frame.group_by("file", column).agg(pl.len()).sort("file", column)
        for file, state, n in table.collect(engine="streaming").iter_rows():
            counts[file].setdefault(name, {})[FieldState(state)] = n
    return counts
