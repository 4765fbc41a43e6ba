"""What is kept of the reads behind hits: sealed in their rows, or in memory where nothing may be at rest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from threading import Lock

from gatehouse.hotlist.leads import lead_of
from gatehouse.hotlist.sealing import LeadKeys
from gatehouse.hotlist.state import HitRow
from gatehouse.model import Read

# More than any minute of a network has.
_MOST = 10_000


class KeptLeads:
    """The reads of hits, each for as long as its owner keeps reads. All threads may share it."""

    def __init__(self, keys: LeadKeys, *, clock: Callable[[], datetime]) -> None:
        self._keys = keys
        self._clock = clock
        # Of owners that keep reads for less than a day: nothing of theirs is ever at rest here.
        self._fresh: dict[str, tuple[datetime, bytes]] = {}
        self._lock = Lock()

    def get(self, row: HitRow) -> tuple[Read, datetime] | None:
        """Return what was read for a hit and when it was received, None once that is over."""
        data = self.data(row)
        return None if data is None else lead_of(data)

    def data(self, row: HitRow) -> bytes | None:
        """Return the bytes to which the record of a hit commits, None once that is over."""
        if row.expires <= self._clock():
            return None
        if row.sealed is None:
            with self._lock:
                kept = self._fresh.get(row.lead)
            return None if kept is None else kept[1]
        return self._keys.unseal(row.lead, row.sealed, owner=row.owner, day=date.fromisoformat(row.day))

    def keep(self, row: HitRow, data: bytes) -> None:
        """Keep in memory what was read for a hit whose row holds nothing of it."""
        with self._lock:
            while len(self._fresh) >= _MOST:
                self._fresh.pop(next(iter(self._fresh)))
            self._fresh[row.lead] = (row.expires, data)

    def forget(self, now: datetime) -> None:
        """Forget what is in memory and whose time is over."""
        with self._lock:
            for lead in [lead for lead, kept in self._fresh.items() if kept[0] <= now]:
                del self._fresh[lead]
