"""Plausible rates: how many reads a camera can have had in a minute of capture.

Counted by the minute of capture, not of arrival, so that a queue that was held up comes in at once. The
counts are kept in memory, for the camera-minutes used last; a restart forgets them.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Sequence

# Camera-minutes that are remembered: some 100 bytes each.
_REMEMBERED = 500_000


class Rates:
    """Reads by camera and minute. Safe to use from several threads."""

    def __init__(self, *, remembered: int = _REMEMBERED) -> None:
        self._remembered = remembered
        self._counts: OrderedDict[tuple[str, int], int] = OrderedDict()
        self._last: dict[str, tuple[int, bytes, Counter[int]]] = {}
        self._lock = threading.Lock()

    def admit(
        self, camera: str, number: int, minutes: Sequence[int], *, message: bytes, peak: int
    ) -> list[bool]:
        """Return for each read of a batch, by its minute of capture, whether the camera can have had it.

        `message` is what the camera has signed: a batch that comes again is counted once, another under its
        number is not the same. One that is older than the last has no place in the store, and none here.
        """
        with self._lock:
            last, had_message, counted = self._last.get(camera, (0, b"", Counter[int]()))
            if number < last:
                return [False] * len(minutes)
            again = counted if (number, message) == (last, had_message) else Counter[int]()
            had = {minute: self._counts.get((camera, minute), 0) - again[minute] for minute in set(minutes)}
            admitted = []
            taken: Counter[int] = Counter()
            for minute in minutes:
                fits = had[minute] + taken[minute] < peak
                taken[minute] += fits
                admitted.append(fits)
            for minute in again.keys() | taken.keys():
                left = self._counts.pop((camera, minute), 0) - again[minute] + taken[minute]
                if left:
                    self._counts[camera, minute] = left
            self._last[camera] = number, message, +taken
            while len(self._counts) > self._remembered:
                self._counts.popitem(last=False)
        return admitted
