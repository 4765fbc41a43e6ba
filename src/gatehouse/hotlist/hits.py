"""Hits: raised on the record before anybody is told, confirmed by people, closed with what came of them.

`hotlist:hit:raised` is a release with a receipt of its own. What is delivered is read back from the tables
that came with it, below the published checkpoint: no hit is ever delivered that is not on the record.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from gatehouse.hotlist import changes, rules
from gatehouse.hotlist.asking import StandingSearch, standing_fields
from gatehouse.hotlist.deciding import StandingDecider, permits
from gatehouse.hotlist.entries import Entries
from gatehouse.hotlist.errors import UnknownEntry, WrongStep
from gatehouse.hotlist.leads import Disposition, Hit, Refutation, lead_data, lead_of, misread_signs
from gatehouse.hotlist.matching import Index, Match, StateFit
from gatehouse.hotlist.parts import HotlistParts
from gatehouse.hotlist.recording import REPEATED
from gatehouse.hotlist.sealing import DAY
from gatehouse.hotlist.state import EntryRow, HitRow
from gatehouse.ledger.canonical import Json
from gatehouse.ledger.committer import Apply, NotWitnessed
from gatehouse.ledger.errors import PolicyNotMet
from gatehouse.ledger.merkle import leaf_hash
from gatehouse.model import (
    BadInput,
    BadUse,
    Camera,
    Error,
    HitState,
    Officer,
    PartUnavailable,
    PlatePattern,
    Read,
)
from gatehouse.search.book import Entered
from gatehouse.search.fields import time_text

_logger = logging.getLogger(__name__)
# Matches that wait for the record, and leads in memory alone: more than any minute of a network has.
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


@dataclass(frozen=True, slots=True)
class _Waiting:
    match: Match
    camera: Camera
    received_at: datetime


class Hits:
    """Matches to hits, and what people find about them. All threads may share it."""

    def __init__(self, parts: HotlistParts, decider: StandingDecider, entries: Entries, index: Index) -> None:
        self._parts = parts
        self._decider = decider
        self._entries = entries
        self._index = index
        self._lock = threading.Lock()
        self._waiting: deque[_Waiting] = deque(maxlen=_MOST)
        self._uncounted: set[int] = set()
        self._last: dict[tuple[str, str], datetime] = {}
        # Of owners that keep reads for less than a day: nothing of theirs is ever at rest here.
        self._fresh: dict[str, tuple[datetime, bytes]] = {}
        self.changed = threading.Condition()
        self.not_raised: Counter[NotRaised] = Counter()

    def on_reads(self, reads: Sequence[Read], camera: Camera, received_at: datetime) -> list[Hit]:
        """Match reads of a camera that were just taken in, and return the hits that may be delivered.

        A hit that the record does not take now is tried again by `retry`; ingest never fails for it.
        """
        for match in self._index.match(reads):
            if len(self._waiting) == _MOST:
                self.not_raised[NotRaised.LATE] += 1
            self._waiting.append(_Waiting(match, camera, received_at))
        return self.retry() if self._waiting or self._uncounted else []

    def retry(self) -> list[Hit]:
        """Raise what waits for the record, and return the hits that may be delivered by now."""
        raised = []
        with self._lock:
            while self._waiting:
                each = self._waiting.popleft()
                try:
                    index = self._raised(each)
                except (PartUnavailable, PolicyNotMet) as error:
                    # The record takes nothing at this moment. What waits too long is no lead any more.
                    if self._parts.clock() - each.received_at > self._parts.limits.late:
                        self.not_raised[NotRaised.LATE] += 1
                        continue
                    _logger.warning("a hit waits for the record: %s", error.what)
                    self._waiting.appendleft(each)
                    break
                except Error as error:
                    # One entry that cannot be read must not hold up the others.
                    self.not_raised[NotRaised.FAILED] += 1
                    _logger.error("a match could not be raised: %s", error.what)
                    continue
                if index is not None:
                    raised.append(index)
            self._count()
        if raised:
            with self.changed:
                self.changed.notify_all()
        rows = (self._parts.tables.hit(index) for index in raised)
        return [hit for row in rows if (hit := self.delivered(row)) is not None]

    def delivered(self, row: HitRow) -> Hit | None:
        """Return a hit as it is delivered, None while its record is not published."""
        parts = self._parts
        try:
            receipt = parts.book.receipt(row.id)
        except BadUse:
            return None
        entry = parts.tables.entry(row.entry)
        standing = parts.standing(entry)
        found = self._lead(row)
        return Hit(
            id=row.id,
            at=row.at,
            entry=row.entry,
            agency=row.agency,
            owner=row.owner,
            state=row.state,
            plate=standing.search.plate.text,
            plate_state=standing.state,
            file=standing.file,
            purpose=standing.search.purpose,
            case_number=standing.search.case_number,
            officer=entry.officer,
            source=entry.source,
            origin=standing.origin,
            listed_at=row.listed_at,
            list_age=max(timedelta(), row.at - row.listed_at),
            exact=row.exact,
            fit=StateFit(row.fit),
            received_at=None if found is None else found[1],
            read=None if found is None else found[0],
            receipt=receipt,
        )

    def hits(self, agency: str, *, after: int = -1, most: int = 100) -> list[Hit]:
        """Return an agency's hits behind an id, in their order, as far as they may be delivered."""
        found = []
        for row in self._parts.tables.hits(agency, after=after, most=most):
            hit = self.delivered(row)
            if hit is None:
                # What follows is not published either.
                break
            found.append(hit)
        return found

    def confirm_plate(self, hit: int, *, by: Officer, plate: bool, state: bool, image: bool) -> Hit:
        """Put on the record that a person compared plate, state and image with what is listed.

        All three, or it is `BadUse`: what does not fit is refuted.
        """
        if not (plate and state and image):
            raise BadUse(
                "a hit is confirmed by plate, state and image together", hint="refute what does not fit"
            )
        row = self._of_agency(hit, by)
        camera = self._camera(row)
        learned = () if camera is None else (changes.learned(camera, ["right"]),)
        return self._moved(row, HitState.PLATE_CONFIRMED, by, {}, *learned)

    def confirm_origin(self, hit: int, *, by: Officer, origin: str, reference: str) -> Hit:
        """Put on the record that whoever listed the plate says that it still is: who, and their reference."""
        if not origin.strip() or not reference.strip() or max(len(origin), len(reference)) > 100:
            raise BadInput("a confirmation by the origin names it and its reference")
        row = self._of_agency(hit, by)
        return self._moved(row, HitState.ORIGIN_CONFIRMED, by, {"origin": origin, "reference": reference})

    def refute(self, hit: int, *, by: Officer, why: Refutation, really: str | None = None) -> Hit:
        """Put on the record that a hit is none; of `really`, what a misread plate says, signs are kept."""
        row = self._of_agency(hit, by)
        detail: dict[str, Json] = {"why": why.value}
        lead = self._lead(row)
        learned: tuple[Apply, ...] = ()
        if lead is not None:
            patterns = ["wrong"]
            if why is Refutation.MISREAD and really is not None:
                signs = list(misread_signs(lead[0].plate, PlatePattern.parse(really).text))
                detail["misread"] = list(signs)
                patterns += signs
            learned = (changes.learned(lead[0].camera, patterns),)
        return self._moved(row, HitState.REFUTED, by, detail, *learned)

    def close(self, hit: int, *, by: Officer, disposition: Disposition, ori: str | None = None) -> Hit:
        """Put on the record what came of a hit, and of which agency (ORI) the answer is."""
        row = self._of_agency(hit, by)
        return self._moved(row, HitState.CLOSED, by, {"disposition": disposition.value, "ori": ori})

    def recover(self) -> None:
        """Have the vault count hits of the last days that a crash may have kept from it."""
        since = self._parts.clock() - 2 * DAY
        after = -1
        while rows := self._parts.tables.hits(None, after=after, most=1_000):
            self._uncounted.update(row.id for row in rows if row.at >= since)
            after = rows[-1].id
        with self._lock:
            self._count()

    def forget(self, now: datetime) -> None:
        """Forget leads in memory whose time is over, and cars that were seen too long ago to matter."""
        with self._lock:
            self._fresh = {lead: kept for lead, kept in self._fresh.items() if kept[0] > now}
            again = self._parts.limits.again
            self._last = {key: at for key, at in self._last.items() if now - at < again}

    def _raised(self, each: _Waiting) -> int | None:
        """Put a match on the record and return the hit's id; None where it became none, which is counted."""
        parts, match = self._parts, each.match
        read, now = match.read, parts.clock()
        entry = parts.tables.entry(match.standing.id)
        standing = parts.standing(entry)
        seen = (entry.id, read.camera)
        before = self._last.get(seen)
        if before is not None and abs(read.captured_at - before) < parts.limits.again:
            self.not_raised[NotRaised.REPEATED] += 1
            return None
        owner = each.camera.agency
        listed_at, refusal = self._refusal(entry, standing, owner, now)
        if refusal is not None:
            self.not_raised[refusal] += 1
            return None
        retention = parts.registry.own_rule(owner).retention
        first = min(read.captured_at, each.received_at)
        if retention is None or first + retention <= now:
            self.not_raised[NotRaised.EXPIRED] += 1
            return None
        row, data = self._row(each, owner, listed_at, first + retention, retention)
        try:
            index = self._append(entry, standing, match, row, data)
        except WrongStep:
            self.not_raised[NotRaised.ENDED] += 1
            return None
        self._last[seen] = read.captured_at
        if row.sealed is None:
            self._keep(row, data)
        self._uncounted.add(index)
        return index

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
        self, each: _Waiting, owner: str, listed_at: datetime, expires: datetime, retention: timedelta
    ) -> tuple[HitRow, bytes]:
        match = each.match
        lead = secrets.token_hex(16)
        data = lead_data(match.read, each.received_at, secrets.token_bytes(16))
        day = min(match.read.captured_at, each.received_at).date()
        sealed = None
        if retention >= DAY:
            sealed = self._parts.leads.seal(lead, data, owner=owner, day=day)
        row = HitRow(
            id=-1,
            at=each.received_at,
            entry=match.standing.id,
            agency=match.standing.agency,
            owner=owner,
            state=HitState.RAISED,
            last=-1,
            exact=match.exact,
            fit=match.state.value,
            listed_at=listed_at,
            lead=lead,
            day=day.isoformat(),
            expires=expires,
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
                _event(HitState.RAISED),
                agency=entry.agency,
                fields=fields,
                pack=self._parts.pack_hash,
                apply=change,
            )
        except NotWitnessed as error:
            # It is on the record and is delivered once the witnesses have cosigned.
            return error.index
        return done.index

    def _moved(self, row: HitRow, to: HitState, by: Officer, detail: Mapping[str, Json], *more: Apply) -> Hit:
        parts = self._parts
        standing = parts.standing(parts.tables.entry(row.entry))
        asked = standing_fields(standing)
        self._recorded(
            to,
            row.agency,
            {
                **{name: asked[name] for name in REPEATED},
                "approver": by.id,
                "detail": {**detail, "entry": row.entry, "hit": row.id},
                "request": leaf_hash(parts.book.entry(row.id)).hex(),
            },
            changes.both(changes.hit_moved(row.id, to, late=parts.limits.unconfirmed_for), *more),
        )
        found = self.delivered(parts.tables.hit(row.id))
        assert found is not None
        return found

    def _recorded(self, to: HitState, agency: str, fields: Mapping[str, Json], apply: Apply) -> Entered:
        return self._parts.book.append(
            _event(to), agency=agency, fields=fields, pack=self._parts.pack_hash, apply=apply
        )

    def _of_agency(self, hit: int, by: Officer) -> HitRow:
        """Return a hit that was delivered to an active person of its agency; to others there is none."""
        person = self._parts.registry.officer(by.id)
        row = self._parts.tables.hit(hit)
        if person.agency != row.agency:
            raise UnknownEntry("there is no such hit", expected="the number of a hit")
        if not person.active or not person.roles:
            raise rules.refused(rules.NOT_OF_AGENCY)
        if self.delivered(row) is None:
            raise WrongStep("the hit was not delivered yet", expected="a hit whose record is published")
        return row

    def _camera(self, row: HitRow) -> str | None:
        found = self._lead(row)
        return None if found is None else found[0].camera

    def _lead(self, row: HitRow) -> tuple[Read, datetime] | None:
        if row.expires <= self._parts.clock():
            return None
        if row.sealed is None:
            kept = self._fresh.get(row.lead)
            return None if kept is None else lead_of(kept[1])
        data = self._parts.leads.unseal(
            row.lead, row.sealed, owner=row.owner, day=date.fromisoformat(row.day)
        )
        return None if data is None else lead_of(data)

    def _keep(self, row: HitRow, data: bytes) -> None:
        while len(self._fresh) >= _MOST:
            self._fresh.pop(next(iter(self._fresh)))
        self._fresh[row.lead] = (row.expires, data)

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


def _event(state: HitState) -> str:
    return f"hotlist:hit:{state.value}"
