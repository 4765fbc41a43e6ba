"""An entry on its way onto the record: given its place, with what opens it sealed in the same transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from gatehouse.ledger.commitment import Openings
from gatehouse.ledger.committer import Position
from gatehouse.ledger.entry import Draft
from gatehouse.ledger.sealing import OpeningStore


class Placed:
    """A draft that is given its place, and what opens it, sealed in the same transaction."""

    def __init__(
        self,
        draft: Draft,
        pack: bytes | None,
        store: OpeningStore,
        *,
        attachments: Mapping[str, bytes] = MappingProxyType({}),
        ends: tuple[str, date] | None = None,
        loses: tuple[str, date] | None = None,
    ) -> None:
        self.draft = draft
        self.closed = 0
        self._attachments = attachments
        self._ends = ends
        self._loses = loses
        self._pack = pack
        self._store = store
        self._made: tuple[int, bytes, Openings] | None = None

    @property
    def made(self) -> tuple[bytes, Openings]:
        """Return the entry that was made, and its openings."""
        assert self._made is not None
        return self._made[1:]

    def make(self, position: Position) -> bytes:
        """Return the entry for a position; called again if the transaction was undone by somebody else."""
        entry, openings = self.draft.place(
            sequence=position.sequence, previous=position.previous, at=position.at, pack=self._pack
        )
        self._made = position.index, entry, openings
        return entry

    def seal(self, connection: sqlite3.Connection) -> None:
        """Keep what opens the entry, within the transaction that appends it."""
        assert self._made is not None
        index, entry, openings = self._made
        if self._loses is not None:
            # Before the entry's own openings, which may be sealed under the day's next key.
            self.closed = self._store.lose(*self._loses, index=index, within=connection)
        self._store.add(openings, index=index, entry=entry, within=connection, losing=self._loses)
        for name, data in self._attachments.items():
            self._store.attach(index, name, data, entry=entry, within=connection)
        if self._ends is not None:
            self._store.end(*self._ends, index=index, within=connection)
