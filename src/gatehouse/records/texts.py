"""Keys of texts, and the texts behind them: each kept once, however many rows say it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from gatehouse.model import FieldState
from gatehouse.records.frame import STATE, TEXTS_SCHEMA
from gatehouse.records.states import text_states

# States whose cells keep their text beside the state.
_SPEAKING = (FieldState.VALUE.value, FieldState.PARTIAL.value, FieldState.PLACEHOLDER.value)
_COMPACT = 200_000


class Texts:
    """The texts behind the keys of some fields, gathered block by block."""

    def __init__(self, fields: Iterable[str]) -> None:
        self._fields = tuple(fields)
        self._parts: dict[str, list[pl.DataFrame]] = {field: [] for field in self._fields}
        self._latest: dict[str, pl.DataFrame] = {}
        self._loose = dict.fromkeys(self._fields, 0)

    def encode(self, field: str, cells: pl.Series) -> tuple[pl.Series, pl.Series]:
        """Return keys (UInt64, null where the cell has no text) and states of a column of cells."""
        cells = cells.fill_null("").rename("text")
        raw = cells.hash()
        distinct = pl.DataFrame({"raw": raw, "text": cells}).unique("raw", maintain_order=False)
        trimmed = distinct["text"].str.strip_chars()
        states = text_states(trimmed, officer=field == "officer")
        table = distinct.select(
            "raw",
            cell="text",
            text=trimmed,
            state=states,
            key=pl.when(pl.Series(states).is_in(list(_SPEAKING))).then(trimmed.hash()),
        )
        if field in self._parts:
            self._keep(field, table.filter(pl.col("key").is_not_null()).select("key", "text"))
        odd = table.filter(
            (pl.col("key") != pl.col("raw")).fill_null(True) | (pl.col("state") != _SPEAKING[0])
        )
        value = pl.Series("state", [_SPEAKING[0]], dtype=STATE).new_from_index(0, len(raw))
        if odd.is_empty():
            return raw, value
        if odd.height == 1:
            hit = raw == odd["raw"][0]
            return (
                raw.to_frame("key")
                .select(pl.when(~hit).then(pl.col("key")).otherwise(odd["key"][0]))
                .to_series(),
                value.zip_with(~hit, odd["state"].new_from_index(0, len(raw))),
            )
        states = raw.replace_strict(odd["raw"], odd["state"], default=value, return_dtype=STATE)
        keys = raw.replace_strict(odd["raw"], odd["key"], default=raw, return_dtype=pl.UInt64)
        return keys, states

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
        self._parts[field].append(table)
        self._latest[field] = table
        self._loose[field] += table.height
        settled = self._parts[field][0].height
        if self._loose[field] > max(_COMPACT, 2 * settled):
            self._compact(field)

    def _compact(self, field: str) -> None:
        parts = self._parts[field]
        if len(parts) > 1:
            merged = pl.concat(parts).unique("key", maintain_order=False)
            self._parts[field] = [merged]
        self._loose[field] = 0
