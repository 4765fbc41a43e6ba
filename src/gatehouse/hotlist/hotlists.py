"""Hotlists of a node: entries and lists, matching as reads come in, hits for those who asked.

    hotlists = Hotlists(parts)
    hotlists.recover()
    for hit in hotlists.on_reads(reads, camera, received_at): ...

`docs/hotlists.md` says what people meet, `docs/design/hotlists.md` why it is built this way.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

from gatehouse.hotlist.deciding import StandingDecider
from gatehouse.hotlist.entries import Entries, EntryAnswer
from gatehouse.hotlist.hits import Hits
from gatehouse.hotlist.leads import Hit
from gatehouse.hotlist.listed import ListedRows
from gatehouse.hotlist.lists import Lists
from gatehouse.hotlist.matching import Index
from gatehouse.hotlist.parts import HotlistParts
from gatehouse.model import BadInput, BadUse, Camera, Read

# How long a subscriber waits before it looks again: witnesses may have cosigned in the meantime.
_LOOK = 1.0


class Hotlists:
    """Standing searches of every agency of a node. All threads may share it.

    `entries`, `lists` and `hits` hold what people do; see there.
    """

    def __init__(self, parts: HotlistParts) -> None:
        self.parts = parts
        self.index = Index()
        decider = StandingDecider(parts.registry, parts.limits)
        self.entries = Entries(parts, decider, self.index)
        self.lists = Lists(parts, ListedRows(parts, decider, self.entries), self.entries, self.index)
        self.hits = Hits(parts, decider, self.index)

    def recover(self) -> list[EntryAnswer]:
        """Close what a crash left open, and arm every entry that stands. MUST run before anything else."""
        closed = self.entries.recover()
        now = self.parts.clock()
        for row in self.parts.tables.standing():
            if row.until > now:
                self.entries.arm(row)
        self.hits.recover()
        return closed

    def on_reads(self, reads: Sequence[Read], camera: Camera, received_at: datetime) -> list[Hit]:
        """Match reads that were taken in, or come again; see `Hits.on_reads`."""
        return self.hits.on_reads(reads, camera, received_at)

    def revise(self) -> int:
        """Decide every standing entry again, and return how many have others who permit them now.

        To be called when the rules have changed. Owners that no longer permit are not matched even before.
        """
        now = self.parts.clock()
        standing = [row for row in self.parts.tables.standing() if row.until > now]
        return sum(self.entries.revise(row) is not None for row in standing)

    def sweep(self) -> int:
        """Do what is due: reviews end, expired entries are forgotten, and keys of leads are destroyed.

        Return how many keys were. To be called at least every minute, and at once when a retention changes.
        """
        now = self.parts.clock()
        self.entries.expire_due()
        self.hits.retry()
        self.hits.forget(now)
        self.index.drop([row.id for row in self.parts.tables.standing() if row.until <= now])
        return self.parts.leads.sweep(
            now, {owner: self._retention(owner) for owner in self.parts.leads.owners()}
        )

    def subscribe(self, agency: str, *, after: int = -1) -> Subscription:
        """Return an agency's hits as they come, those behind the id `after` first (`Last-Event-ID`)."""
        self.parts.registry.agency(agency)
        return Subscription(self.hits, agency, after)

    def _retention(self, owner: str) -> timedelta | None:
        """Return how long an owner keeps reads; of one that has left, nothing is kept."""
        try:
            return self.parts.registry.own_rule(owner).retention
        except BadInput:
            return None


class Subscription:
    """An agency's hits in the order of their ids, each once; for one thread."""

    def __init__(self, hits: Hits, agency: str, after: int) -> None:
        if after < -1:
            raise BadUse("a hit has no such id", expected="-1, or the id of the last hit that was seen")
        self._hits = hits
        self._agency = agency
        self.last = after
        self._closed = threading.Event()

    def wait(self, seconds: float) -> list[Hit]:
        """Return the hits that are new, waiting for one at most that long; none means a time-out."""
        left = seconds
        while not self._closed.is_set():
            found = self._hits.hits(self._agency, after=self.last)
            if found:
                self.last = found[-1].id
                return found
            if left <= 0:
                break
            with self._hits.changed:
                self._hits.changed.wait(min(left, _LOOK))
            left -= _LOOK
        return []

    def close(self) -> None:
        """Have `wait` return at once, from now on with nothing."""
        self._closed.set()
        with self._hits.changed:
            self._hits.changed.notify_all()
