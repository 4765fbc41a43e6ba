"""Plausible rates: how many reads a camera can have had in a minute of capture.

Counted by the minute of capture, not of arrival, so that a queue that was held up comes in at once. The
counts are kept in memory, for the camera-minutes used last; a restart forgets them.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Sequence

from gatehouse.model import Camera

# Camera-minutes that are remembered: some 100 bytes each.
_REMEMBERED = 500_000


class Rates:
    """Reads by camera and minute. Safe to use from several threads."""

    def __init__(self, *, remembered: int = _REMEMBERED) -> None:
        self._remembered = remembered
        self._counts: OrderedDict[tuple[str, int], int] = OrderedDict()
        self._last: dict[str, tuple[int, Counter[int]]] = {}
        self._lock = threading.Lock()

    def admit(self, camera: Camera, number: int, minutes: Sequence[int]) -> list[bool]:
        """Return for each read of a batch, by its minute of capture, whether the camera can have had it.

        A batch that comes again is counted once.
        """
        with self._lock:
            last, counted = self._last.get(camera.id, (0, Counter[int]()))
            again = counted if number == last else Counter[int]()
            had = {
                minute: self._counts.get((camera.id, minute), 0) - again[minute] for minute in set(minutes)
            }
            admitted = []
            taken: Counter[int] = Counter()
            for minute in minutes:
                fits = had[minute] + taken[minute] < camera.peak
                taken[minute] += fits
                admitted.append(fits)
            # The store drops what is older than the last batch, so it is no traffic of the camera.
            if number >= last:
                for minute in again.keys() | taken.keys():
                    left = self._counts.pop((camera.id, minute), 0) - again[minute] + taken[minute]
                    if left:
                        self._counts[camera.id, minute] = left
                self._last[camera.id] = number, +taken
                while len(self._counts) > self._remembered:
                    self._counts.popitem(last=False)
        return admitted
