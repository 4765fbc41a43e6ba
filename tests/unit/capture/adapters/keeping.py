"""A camera's part for tests: it keeps what it is given once, unless its disk is full."""

from __future__ import annotations

from gatehouse.capture.adapters.foreign import ForeignRead
from gatehouse.model import PartUnavailable


class Camera:
    """Keeps reads and their marks in memory."""

    def __init__(self) -> None:
        self.reads: list[ForeignRead] = []
        self.full = False
        self._marks: set[bytes] = set()

    def take(self, read: ForeignRead, mark: bytes) -> bool:
        if self.full:
            raise PartUnavailable("the disk is full")
        if mark in self._marks:
            return False
        self._marks.add(mark)
        self.reads.append(read)
        return True
