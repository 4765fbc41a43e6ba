"""Which sealed rows were handed out for which search, so that one of them can be held by its name.

In memory alone: a list at rest of what was released, with the tokens of its plate, would outlive the keys.
After a restart an officer asks the search again; the reads keep their ids.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from gatehouse.model import Read
from gatehouse.reads.rows import SealedRead
from gatehouse.vault.protocol import OpenedRead

# Some 400 bytes each.
MOST = 50_000


@dataclass(frozen=True, slots=True)
class HandedRead:
    """A row that was handed out; `mark` tells which sight of a car it is, to whoever has seen it."""

    row: SealedRead
    mark: bytes


class Handed:
    """The rows of released searches, the oldest searches forgotten first. All threads may share it."""

    def __init__(self, *, most: int = MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._salt = secrets.token_bytes(16)
        self._searches: dict[str, dict[str, HandedRead]] = {}
        self._entries: dict[str, int] = {}
        self._size = 0

    def keep(
        self, search: str, rows: Sequence[SealedRead], reads: Sequence[OpenedRead], *, entry: int
    ) -> None:
        """Keep the rows of the reads that a search was answered with by an entry of the ledger."""
        opened = {each.read_id: each.read for each in reads}
        found = {
            id: HandedRead(row, self._mark(opened[id])) for row in rows if (id := row.read_id.hex()) in opened
        }
        if not found:
            return
        with self._lock:
            self._searches[search] = found
            self._entries[search] = entry
            self._size += len(found)
            while self._size > self._most and len(self._searches) > 1:
                oldest = next(iter(self._searches))
                self._size -= len(self._searches.pop(oldest))
                del self._entries[oldest]

    def find(self, search: str, read_id: str) -> HandedRead | None:
        """Return the row of a read that a search was answered with, None where it was not or is forgotten."""
        with self._lock:
            return self._searches.get(search, {}).get(read_id)

    def entry(self, search: str) -> int | None:
        """Return the index of the entry by which a search was answered, None if it is forgotten."""
        with self._lock:
            return self._entries.get(search)

    def is_of(self, handed: HandedRead, read: Read) -> bool:
        """Return whether a row is of this very sight: same camera, same moment, same plate."""
        return secrets.compare_digest(handed.mark, self._mark(read))

    def _mark(self, read: Read) -> bytes:
        told = f"{read.camera}\n{read.captured_at.isoformat()}\n{read.plate}"
        return sha256(self._salt + told.encode()).digest()
