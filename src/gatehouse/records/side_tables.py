"""Small tables beside a record: sharing lists and published rules, read whole, cells by their label."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from gatehouse.model import BadInput
from gatehouse.records.columns import normal_label
from gatehouse.records.raw import Source
from gatehouse.records.source import open_sources

# A header stands within so many records; above it there are titles and dates of printing at most.
_HEADER_WITHIN = 20


@dataclass(frozen=True, slots=True)
class SideTable:
    """One table: where it stands, and each record as its row number and its cells by normal label."""

    path: str
    sha256: str
    labels: tuple[str, ...]
    records: tuple[tuple[int, Mapping[str, str]], ...]


def read_side_tables(path: str, *, wanted: Callable[[frozenset[str]], bool]) -> list[SideTable]:
    """Return the tables of a file that have a header whose labels are `wanted`.

    Raises `BadInput` when the file cannot be read; a file without such a table gives an empty list.
    """
    found = (_read(source, wanted) for source in open_sources(path))
    return [table for table in found if table is not None]


def _read(source: Source, wanted: Callable[[frozenset[str]], bool]) -> SideTable | None:
    labels: tuple[str, ...] | None = None
    records = []
    seen = 0
    for block in source.blocks():
        for number, cells in zip(block.rows.to_list(), block.cells.iter_rows(), strict=True):
            if labels is None:
                found = tuple(map(normal_label, cells))
                seen += 1
                if wanted(frozenset(found)):
                    labels = found
                elif seen == _HEADER_WITHIN:
                    return None
                continue
            record = {
                label: (cell or "").strip() for label, cell in zip(labels, cells, strict=False) if label
            }
            # The same header again, where two lists were put one below the other.
            if tuple(map(normal_label, cells)) != labels:
                records.append((number, record))
    if labels is None:
        return None
    return SideTable(source.path, source.sha256, labels, tuple(records))


def read_date(text: str, *, where: str) -> date | None:
    """Return a cell's date (`2025-06-11`, with or without a time), None when it is empty."""
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError as error:
        raise BadInput(
            "a date cannot be read", where=where, expected="a date such as 2025-06-11", got=_shape(text)
        ) from error


def _shape(text: str) -> str:
    return "".join("9" if char.isdigit() else "a" if char.isalpha() else char for char in text[:20])
