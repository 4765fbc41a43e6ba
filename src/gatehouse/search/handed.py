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
        self._size = 0

    def keep(self, search: str, rows: Sequence[SealedRead], reads: Sequence[OpenedRead]) -> None:
        """Keep the rows of the reads that a search was answered with."""
        opened = {each.read_id: each.read for each in reads}
        found = {
            id: HandedRead(row, self._mark(opened[id])) for row in rows if (id := row.read_id.hex()) in opened
        }
        if not found:
            return
        with self._lock:
            self._searches[search] = found
            self._size += len(found)
            while self._size > self._most and len(self._searches) > 1:
                self._size -= len(self._searches.pop(next(iter(self._searches))))

    def find(self, search: str, read_id: str) -> HandedRead | None:
        """Return the row of a read that a search was answered with, None where it was not or is forgotten."""
        with self._lock:
            return self._searches.get(search, {}).get(read_id)

    def is_of(self, handed: HandedRead, read: Read) -> bool:
        """Return whether a row is of this very sight: same camera, same moment, same plate."""
        return secrets.compare_digest(handed.mark, self._mark(read))

    def _mark(self, read: Read) -> bytes:
        told = f"{read.camera}\n{read.captured_at.isoformat()}\n{read.plate}"
        return sha256(self._salt + told.encode()).digest()
