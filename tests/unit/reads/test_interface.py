"""The read store's interface: nothing in it takes a place or a time range, lists plates or iterates rows."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from gatehouse import reads
from gatehouse.reads import ReadStore
from gatehouse.reads.postgres import PostgresReads
from gatehouse.reads.sqlite import SqliteReads

# A method added here needs a design decision first: DESIGN, "What it never does".
METHODS = {
    "add": "(self, batches: 'Sequence[ReadBatch]') -> 'list[bool]'",
    "last_batch": "(self, camera: 'str') -> 'int'",
    "lookup": "(self, lookups: 'Sequence[Lookup]', *, owners: 'Collection[str]') -> 'list[SealedRead]'",
    "expire": "(self, *, owner: 'str', before: 'int') -> 'int'",
    "expire_owners": "(self, befores: 'Mapping[str, int]') -> 'int'",
    "drop_days": "(self, before: 'int') -> 'int'",
    "close": "(self) -> 'None'",
}


def public(kind: type[Any]) -> dict[str, str]:
    return {
        name: str(inspect.signature(member))
        for name, member in vars(kind).items()
        if not name.startswith("_") and not isinstance(member, classmethod)
    }


@pytest.mark.parametrize("kind", [ReadStore, SqliteReads, PostgresReads])
def test_store_has_these_methods_and_no_other(kind: type[Any]) -> None:
    assert public(kind) == METHODS


@pytest.mark.parametrize("kind", [SqliteReads, PostgresReads])
def test_store_cannot_be_iterated_measured_or_indexed(kind: type[Any]) -> None:
    dunder = {name for name in dir(kind) if name.startswith("__")}
    assert (
        dunder & {"__iter__", "__len__", "__getitem__", "__contains__", "__reversed__", "__call__"} == set()
    )


def test_only_lookup_returns_rows() -> None:
    assert [name for name, signature in METHODS.items() if "SealedRead]'" in signature.split("->")[1]] == [
        "lookup"
    ]


def test_room_exports_these_names_and_no_other() -> None:
    assert reads.__all__ == [
        "MAX_LOOKUPS",
        "Lookup",
        "LookupIncomplete",
        "ReadBatch",
        "ReadStore",
        "SealedRead",
        "StoreRefused",
        "StoreUnavailable",
        "init_reads",
        "open_reads",
    ]
