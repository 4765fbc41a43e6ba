"""Raising: matches become hits on the record, at once or once the record takes them, each of them once.

`hotlist:hit:raised` is a release with a receipt of its own. What the ledger does not take waits, in memory
and in a file (`gatehouse.hotlist.waiting`), so that a restart loses nothing of it. The hits that are stored
say whether a match was raised before: reads that are handed in again, or waited in the file, are no second
hit.
"""

from __future__ import annotations

import logging
import secrets
import sqlite3
import threading
from collections import Counter, deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from gatehouse.hotlist import changes
from gatehouse.hotlist.asking import StandingSearch, standing_fields
from gatehouse.hotlist.deciding import StandingDecider, permits
from gatehouse.hotlist.errors import WrongStep
from gatehouse.hotlist.kept_leads import KeptLeads
from gatehouse.hotlist.leads import lead_data
from gatehouse.hotlist.matching import Index, Match, fit
from gatehouse.hotlist.parts import HotlistParts
from gatehouse.hotlist.recording import REPEATED
from gatehouse.hotlist.sealing import DAY
from gatehouse.hotlist.state import EntryRow, HitRow
from gatehouse.hotlist.waiting import Waiting, WaitingFile
from gatehouse.ledger.canonical import Json
from gatehouse.ledger.committer import NotWitnessed
from gatehouse.ledger.errors import PolicyNotMet
from gatehouse.ledger.merkle import leaf_hash
from gatehouse.model import BadInput, BadUse, Error, HitState, PartUnavailable, Read
from gatehouse.search.fields import time_text

_logger = logging.getLogger(__name__)
# Matches that wait for the record: more than any minute of a network has.
_MOST = 10_000


class NotRaised(StrEnum):
    """Why a match became no hit; each is counted."""

    ENDED = "ended"  # the entry no longer stands
    STOPPED = "stopped"  # hits of the entry are not confirmed
    STALE = "stale"  # the list is too old
    REFUSED = "refused"  # the owner did not permit, or no longer does
    REPEATED = "repeated"  # the same car before the same camera
    EXPIRED = "expired"  # the read was older than its owner keeps reads
    LATE = "late"  # the record did not take it in time
    FAILED = "failed"  # what is kept of the entry cannot be read


class Raising:
    """The way from a match to a hit on the record. All threads may share it."""

    def __init__(self, parts: HotlistParts, decider: StandingDecider, index: Index, leads: KeptLeads) -> None:
        self._parts = parts
        self._decider = decider
        self._index = index
        self._leads = leads
        self._lock = threading.Lock()
        self._queued = threading.Lock()
        # INVARIANT: changed under `_queued` alone, so that whatever gives way is counted.
        self._waiting: deque[Waiting] = deque()
        self._file = WaitingFile(parts.leads.folder, parts.leads)
        self._filed: frozenset[str] = frozenset()
        self._uncounted: set[int] = set()
        self.not_raised: Counter[NotRaised] = Counter()

    def matched(self, reads: Sequence[Read], owner: str, received_at: datetime) -> list[int]:
        """Raise what matches of an owner's reads, and return the ledger indexes of all hits raised by it.

        What the record does not take now is in the file when this returns, and waits for `retry`.
        """
        for match in self._index.match(reads):
            self._queue(Waiting(match.standing.id, owner, match.read, received_at))
        return self.retry() if self._waiting or self._uncounted else []

    def retry(self) -> list[int]:
        """Raise what waits for the record, and return the ledger indexes of the new hits."""
        raised = []
        with self._lock:
            while (each := self._next()) is not None:
                if self._parts.clock() - each.received_at > self._parts.limits.late:
                    # What waited too long is no lead any more.
                    self.not_raised[NotRaised.LATE] += 1
                    continue
                try:
                    index = self._raised(each)
                except (PartUnavailable, PolicyNotMet, sqlite3.Error) as error:
                    # The record takes nothing at this moment, or its database answers nothing.
                    what = error.what if isinstance(error, Error) else type(error).__name__
                    _logger.warning("a hit waits for the record: %s", what)
                    self._put_back(each)
                    break
                except Error as error:
                    # One entry that cannot be read must not hold up the others.
                    self.not_raised[NotRaised.FAILED] += 1
                    _logger.error("a match could not be raised: %s", error.what)
                    continue
                if index is not None:
                    raised.append(index)
            self._count()
            self._write_down()
        return raised

    def recover(self) -> list[int]:
        """Raise what waited when the node ended, and have the vault count hits that a crash kept from it.

        Entries MUST be armed before. Return the ledger indexes of the new hits.
        """
        since = self._parts.clock() - 2 * DAY
        after = -1
        while rows := self._parts.tables.hits(None, after=after, most=1_000):
            self._uncounted.update(row.id for row in rows if row.at >= since)
            after = rows[-1].id
        with self._lock:
            filed = self._file.rows()
            self._filed = frozenset(row.lead for row in filed)
            for row in filed:
                try:
                    each = self._file.unseal(row)
                except Error as error:
                    self.not_raised[NotRaised.FAILED] += 1
                    _logger.error("a match that waited cannot be read: %s", error.what)
                    continue
                if each is None:
                    self.not_raised[NotRaised.EXPIRED] += 1
                else:
                    self._queue(each)
        return self.retry()

    def _queue(self, each: Waiting) -> None:
        """Have a match wait; where too many do, the oldest gives way and is counted."""
        with self._queued:
            if len(self._waiting) == _MOST:
                self._waiting.popleft()
                self.not_raised[NotRaised.LATE] += 1
            self._waiting.append(each)

    def _next(self) -> Waiting | None:
        with self._queued:
            return self._waiting.popleft() if self._waiting else None

    def _put_back(self, each: Waiting) -> None:
        """Have the oldest match wait on, unless newer ones have taken its place; then it is counted."""
        with self._queued:
            if len(self._waiting) < _MOST:
                self._waiting.appendleft(each)
            else:
                self.not_raised[NotRaised.LATE] += 1

    def _write_down(self) -> None:
        """Have the file hold what waits now, as far as it may be at rest."""
        # Others go on appending meanwhile; each of them comes here after that.
        with self._queued:
            now = tuple(self._waiting)
        waiting = {each.lead: each for each in now if self._may_rest(each)}
        gone = self._filed - waiting.keys()
        new = [each for lead, each in waiting.items() if lead not in self._filed]
        if gone or new:
            self._file.replace(gone=gone, new=new)
            self._filed = frozenset(waiting)

    def _may_rest(self, each: Waiting) -> bool:
        try:
            retention = self._parts.registry.own_rule(each.owner).retention
        except BadInput:
            # The owner has left: nothing of it is kept.
            return False
        return retention is not None and retention >= DAY

    def _raised(self, each: Waiting) -> int | None:
        """Put a match on the record and return the hit's id; None where it became none, which is counted."""
        parts, now = self._parts, self._parts.clock()
        armed = self._index.get(each.entry)
        match = None if armed is None else fit(armed, each.read)
        if match is None:
            self.not_raised[NotRaised.ENDED] += 1
            return None
        entry = parts.tables.entry(each.entry)
        standing = parts.standing(entry)
        retention = parts.registry.own_rule(each.owner).retention
        if self._is_repeated(each, retention):
            self.not_raised[NotRaised.REPEATED] += 1
            return None
        listed_at, refusal = self._refusal(entry, standing, each.owner, now)
        if refusal is not None:
            self.not_raised[refusal] += 1
            return None
        if retention is None or each.first + retention <= now:
            self.not_raised[NotRaised.EXPIRED] += 1
            return None
        row, data = self._row(each, match, listed_at, retention)
        try:
            index = self._append(entry, standing, match, row, data)
        except WrongStep:
            self.not_raised[NotRaised.ENDED] += 1
            return None
        if row.sealed is None:
            self._leads.keep(row, data)
        self._uncounted.add(index)
        parts.on_raised(each.read, each.owner)
        return index

    def _is_repeated(self, each: Waiting, retention: timedelta | None) -> bool:
        """Return whether a hit is stored of the same car before the same camera.

        Of a hit that keeps nothing of its camera any more, its owner and the time stand for it.
        """
        again = self._parts.limits.again
        days = {(each.first + away * DAY).date().isoformat() for away in (-1, 0, 1)}
        for row in self._parts.tables.hits_of(each.entry, each.owner, days):
            lead = self._leads.get(row)
            if lead is not None:
                near = abs(lead[0].captured_at - each.read.captured_at) < again
                if near and lead[0].camera == each.read.camera:
                    return True
            elif retention is not None and abs(row.expires - retention - each.first) < again:
                return True
        return False

    def _refusal(
        self, entry: EntryRow, standing: StandingSearch, owner: str, now: datetime
    ) -> tuple[datetime, NotRaised | None]:
        """Return how new the list is, and why an entry's match is not raised, if so."""
        parts = self._parts
        listed_at = entry.since or now
        if not entry.stands or entry.until <= now:
            return listed_at, NotRaised.ENDED
        if entry.stopped_at is not None:
            return listed_at, NotRaised.STOPPED
        unconfirmed = parts.tables.unconfirmed(entry)
        if len(unconfirmed) >= parts.limits.unconfirmed_hits or (
            unconfirmed and unconfirmed[0] + parts.limits.unconfirmed_for <= now
        ):
            return listed_at, NotRaised.STOPPED
        if entry.listed is not None:
            source = parts.tables.source(entry.agency, entry.source)
            if source is None or source.stale(now) or source.listed_at is None:
                return listed_at, NotRaised.STALE
            listed_at = source.listed_at
        # Who did not permit on the record is never matched, nor who no longer permits.
        if owner not in parts.tables.owners(entry.decided):
            return listed_at, NotRaised.REFUSED
        judged = self._decider.decide_owner(
            standing,
            owner,
            now,
            matches=self._decider.matches(standing),
            approved_by=entry.approved_by,
            listed=entry.listed is not None,
        )
        if not permits(judged, owner):
            return listed_at, NotRaised.REFUSED
        return listed_at, None

    def _row(
        self, each: Waiting, match: Match, listed_at: datetime, retention: timedelta
    ) -> tuple[HitRow, bytes]:
        lead = secrets.token_hex(16)
        data = lead_data(each.read, each.received_at, secrets.token_bytes(16))
        day = each.first.date()
        sealed = None
        if retention >= DAY:
            sealed = self._parts.leads.seal(lead, data, owner=each.owner, day=day)
        row = HitRow(
            id=-1,
            at=each.received_at,
            entry=each.entry,
            agency=match.standing.agency,
            owner=each.owner,
            state=HitState.RAISED,
            last=-1,
            exact=match.exact,
            fit=match.state.value,
            listed_at=listed_at,
            lead=lead,
            day=day.isoformat(),
            expires=each.first + retention,
            sealed=sealed,
        )
        return row, data

    def _append(
        self, entry: EntryRow, standing: StandingSearch, match: Match, row: HitRow, data: bytes
    ) -> int:
        """Put a hit on the record and return its ledger index, witnessed or not yet."""
        age = self._parts.clock() - row.listed_at
        asked = standing_fields(standing)
        detail: dict[str, Json] = {
            "entry": entry.id,
            "exact": match.exact,
            "lead": row.lead,
            "lead_sha256": sha256(data).hexdigest(),
            "list_age_seconds": max(0, age // timedelta(seconds=1)),
            "listed_at": time_text(row.listed_at),
            "source": entry.source,
            "state": match.state.value,
        }
        fields: dict[str, Json] = {
            **{name: asked[name] for name in REPEATED},
            "counts": {"plates": 1, "reads": 1},
            "decision": "permit",
            "detail": detail,
            "owners": [row.owner],
            "request": leaf_hash(self._parts.book.entry(entry.requested)).hex(),
        }
        change = changes.raised(row, most=self._parts.limits.unconfirmed_hits)
        try:
            done = self._parts.book.append(
                f"hotlist:hit:{HitState.RAISED.value}",
                agency=entry.agency,
                fields=fields,
                pack=self._parts.pack_hash,
                apply=change,
            )
        except NotWitnessed as error:
            # It is on the record and is delivered once the witnesses have cosigned.
            return error.index
        return done.index

    def _count(self) -> None:
        """Have the vault count what is published, so that its counters and the record agree."""
        for index in sorted(self._uncounted):
            try:
                self._parts.count(self._parts.book.entry(index), self._parts.book.receipt(index))
            except BadUse:
                return
            except Error as error:
                # The hit is on the record; the day's counters tell until the vault has counted it.
                _logger.error("a hit could not be counted: %s", error.what)
                return
            self._uncounted.discard(index)
