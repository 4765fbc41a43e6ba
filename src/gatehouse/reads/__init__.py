"""The read store: sealed rows that can be asked for by token and by nothing else (DESIGN, "Reads")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatehouse.on_demand import names_of

if TYPE_CHECKING:
    from gatehouse.reads.errors import LookupIncomplete, StoreRefused, StoreUnavailable
    from gatehouse.reads.open import init_reads, open_reads
    from gatehouse.reads.rows import Lookup, ReadBatch, SealedRead
    from gatehouse.reads.store import MAX_LOOKUPS, ReadStore

__all__ = [
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

_HOMES = {
    "MAX_LOOKUPS": "store",
    "Lookup": "rows",
    "LookupIncomplete": "errors",
    "ReadBatch": "rows",
    "ReadStore": "store",
    "SealedRead": "rows",
    "StoreRefused": "errors",
    "StoreUnavailable": "errors",
    "init_reads": "open",
    "open_reads": "open",
}

__getattr__ = names_of(__name__, _HOMES)
