"""Keys of texts, and the texts behind them: each kept once, however many rows say it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeAlias

import polars as pl

from gatehouse.model import FieldState
from gatehouse.model.signal import WORD
from gatehouse.records.frame import STATE, TEXTS_SCHEMA
from gatehouse.records.states import text_states
from gatehouse.records.values import Kind, kind_of

# States whose cells keep their text beside the state.
_SPEAKING = (FieldState.VALUE.value, FieldState.PARTIAL.value, FieldState.PLACEHOLDER.value)
# Columns in which every cell differs, so that looking for distinct ones would gain nothing.
_IDS = ("record_id", "user_id")
# Texts gathered more than once, before they are brought together.
_COMPACT = 4_000_000
# Columns encoded at the same time: Polars leaves the cores idle between the steps of one column.
_AT_ONCE = 3


# Keys and states of a column, and the hashes of its cells as exported.
Encoded: TypeAlias = tuple[pl.Series, pl.Series, pl.Series]


class Texts:
    """The texts behind the keys of some fields, gathered block by block."""

    def __init__(self, fields: Iterable[str], *, worded: Collection[str] = ()) -> None:
        self._fields = tuple(fields)
        self._worded = frozenset(worded)
        self._parts: dict[str, list[pl.DataFrame]] = {field: [] for field in self._fields}
        self._latest: dict[str, pl.DataFrame] = {}
        self._loose = dict.fromkeys(self._fields, 0)
        self._workers = ThreadPoolExecutor(_AT_ONCE, "gatehouse-texts")

    def encode_soon(self, columns: Mapping[str, pl.Series]) -> dict[str, Future[Encoded]]:
        """Return what `encode` will say of the columns of one block, by field.

        All of it MUST be awaited before the next block is given, since texts are kept in order.
        """
        return {field: self._workers.submit(self.encode, field, cells) for field, cells in columns.items()}

    def encode(self, field: str, cells: pl.Series) -> Encoded:
        """Return keys (UInt64, null where the cell has no text), states and hashes of a column of cells."""
        cells = cells.fill_null("")
        raw = cells.hash()
        plain = _all(FieldState.VALUE, len(cells))
        if field not in self._parts and field in _IDS and _are_uuids(cells) and _all_differ(raw):
            return raw, plain, raw
        first = raw.arg_unique()
        distinct, keys = cells.gather(first), raw.gather(first)
        if len(distinct) == 1 and not distinct[0]:
            none = pl.repeat(None, len(cells), dtype=pl.UInt64, eager=True)
            return none, _all(FieldState.EMPTY, len(cells)), raw
        trimmed = distinct.str.strip_chars()
        states = text_states(trimmed, officer=field == "officer")
        odd = (states != FieldState.VALUE.value) | (trimmed != distinct)
        table = pl.DataFrame({"raw": keys, "key": keys, "text": trimmed, "state": states})
        if not odd.any():
            self._keep(field, table)
            return raw, plain, raw
        speaks = pl.col("state").is_in(_SPEAKING)
        hashed = table.filter(odd).select(
            "raw", "text", "state", key=pl.when(speaks).then(pl.col("text").hash())
        )
        self._keep(field, pl.concat([table.filter(~odd), hashed.filter(speaks).select(table.columns)]))
        if hashed.height == 1:
            others = raw != hashed["raw"][0]
            return (
                raw.zip_with(others, hashed["key"].new_from_index(0, len(raw))),
                plain.zip_with(others, hashed["state"].new_from_index(0, len(raw))),
                raw,
            )
        return (
            raw.replace_strict(hashed["raw"], hashed["key"], default=raw, return_dtype=pl.UInt64),
            raw.replace_strict(hashed["raw"], hashed["state"], default=plain, return_dtype=STATE),
            raw,
        )

    def latest(self, field: str) -> pl.DataFrame:
        """Return the texts of a kept field that its last block brought, by key."""
        return self._latest.get(field, pl.DataFrame(schema=dict(TEXTS_SCHEMA)))

    def find(self, field: str, keys: Sequence[int]) -> list[str]:
        """Return the texts behind some keys of a kept field."""
        wanted = pl.Series(keys, dtype=pl.UInt64).implode()
        found = [part.filter(pl.col("key").is_in(wanted)) for part in self._parts[field]]
        return pl.concat(found).unique("key")["text"].to_list() if found else []

    def frames(self) -> dict[str, pl.DataFrame]:
        """Return the texts of each field by key, sorted by key."""
        for field in self._fields:
            self._compact(field)
        return {
            field: parts[0].sort("key") if parts else pl.DataFrame(schema=dict(TEXTS_SCHEMA))
            for field, parts in self._parts.items()
        }

    def _keep(self, field: str, table: pl.DataFrame) -> None:
        if field not in self._parts:
            return
        texts = table.select("key", "text")
        if field in self._worded:
            texts = texts.filter(pl.col("text").str.contains(WORD))
        self._latest[field] = texts
        self._parts[field].append(texts)
        self._loose[field] += texts.height
        settled = self._parts[field][0].height
        if self._loose[field] > max(_COMPACT, 2 * settled):
            self._compact(field)

    def _compact(self, field: str) -> None:
        parts = self._parts[field]
        if len(parts) > 1:
            merged = pl.concat(parts).unique("key", maintain_order=False)
            self._parts[field] = [merged]
        self._loose[field] = 0


def _all(state: FieldState, height: int) -> pl.Series:
    return pl.Series("state", [state.value], dtype=STATE).new_from_index(0, height)


def _are_uuids(cells: pl.Series) -> bool:
    """Return whether every cell is as long as the first, and that is a UUID."""
    if not len(cells) or kind_of(cells[0]) is not Kind.UUID:
        return False
    lengths = cells.str.len_bytes()
    return lengths.min() == lengths.max() == 36


def _all_differ(keys: pl.Series) -> bool:
    """Return whether no key occurs twice: one that does may be a mask in the shape of an id."""
    return keys.n_unique() == len(keys)
