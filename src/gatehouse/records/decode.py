"""From the columns of the normal form back to `SearchRecord` objects, for those who want one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from gatehouse.model import FieldState, SearchRecord, Value
from gatehouse.records.frame import COUNT_FIELDS, OPTIONAL_TEXTS, TEXT_FIELDS, TIME_FIELDS, RecordSet
from gatehouse.records.importer import ImportOptions, Input, import_files

_BATCH = 50_000


def read_records(
    path: str, *, owner: str | None = None, options: ImportOptions | None = None
) -> Iterator[SearchRecord]:
    """Yield the searches of one file in its order; rejected and non-search records are left out.

    All texts are kept, so a very large file needs memory for its ids, names and plates.
    """
    base = options or ImportOptions()
    kept = ImportOptions(frozenset(OPTIONAL_TEXTS), base.mapping, base.spill, base.spill_rows)
    yield from decode(import_files([Input(path, owner)], kept))


def decode(records: RecordSet) -> Iterator[SearchRecord]:
    """Yield every row of a record set. A text that was not kept has its state and None for a value."""
    texts = {
        name: dict(zip(table["key"].to_list(), table["text"].to_list(), strict=True))
        for name, table in records.texts.items()
    }
    for batch in records.frame.collect_batches(chunk_size=_BATCH, maintain_order=True):
        for row in batch.iter_rows(named=True):
            yield _record(row, records, texts)


def _record(row: dict[str, Any], records: RecordSet, texts: dict[str, dict[int, str]]) -> SearchRecord:
    facts = records.files[row["file"]]

    def text(name: str) -> Value[str]:
        return Value(texts.get(name, {}).get(row[name]), FieldState(row[f"{name}_state"]))

    def time(name: str) -> Value[datetime]:
        at: datetime | None = row[name]
        return Value(at.astimezone(UTC) if at else None, FieldState(row[f"{name}_state"]))

    def count(name: str) -> Value[int]:
        return Value(row[name], FieldState(row[f"{name}_state"]))

    values: dict[str, Any] = {name: text(name) for name in TEXT_FIELDS}
    values |= {name: time(name) for name in TIME_FIELDS}
    values |= {name: count(name) for name in COUNT_FIELDS}
    return SearchRecord(file=facts.path, sha256=facts.sha256, row=row["row"], layout=facts.layout, **values)
