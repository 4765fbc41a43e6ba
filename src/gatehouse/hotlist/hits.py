"""Hits: on the record before anybody is told, confirmed by people, closed with what came of them.

`gatehouse.hotlist.raising` puts them on the record. What is delivered is read back from the tables that came
with it, below the published checkpoint: no hit is ever delivered that is not on the record.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from gatehouse.hotlist import changes, rules
from gatehouse.hotlist.asking import standing_fields
from gatehouse.hotlist.deciding import StandingDecider
from gatehouse.hotlist.errors import UnknownEntry, WrongStep
from gatehouse.hotlist.kept_leads import KeptLeads
from gatehouse.hotlist.leads import Disposition, Hit, Refutation, misread_signs
from gatehouse.hotlist.matching import Index, StateFit
from gatehouse.hotlist.parts import HotlistParts
from gatehouse.hotlist.raising import NotRaised, Raising
from gatehouse.hotlist.recording import REPEATED
from gatehouse.hotlist.state import HitRow
from gatehouse.ledger.canonical import Json
from gatehouse.ledger.committer import Apply
from gatehouse.ledger.merkle import leaf_hash
from gatehouse.model import (
    BadInput,
    BadUse,
    Camera,
    HitState,
    Officer,
    PlatePattern,
    Read,
)
from gatehouse.search.book import Entered


class Hits:
    """Hits as people meet them, from the match to what came of it. All threads may share it."""

    def __init__(self, parts: HotlistParts, decider: StandingDecider, index: Index) -> None:
        self._parts = parts
        self._leads = KeptLeads(parts.leads, clock=parts.clock)
        self._raising = Raising(parts, decider, index, self._leads)
        self.changed = threading.Condition()

    @property
    def not_raised(self) -> Counter[NotRaised]:
        """Return how many matches became no hit, by the reason."""
        return self._raising.not_raised

    def on_reads(self, reads: Sequence[Read], camera: Camera, received_at: datetime) -> list[Hit]:
        """Match reads of a camera that were taken in, and return the hits that may be delivered.

        A hit that the record does not take now is tried again by `retry`; ingest never fails for it. Reads
        that come a second time raise nothing twice.
        """
        return self._told(self._raising.matched(reads, camera.agency, received_at))

    def retry(self) -> list[Hit]:
        """Raise what waits for the record, and return the hits that may be delivered by now."""
        return self._told(self._raising.retry())

    def recover(self) -> None:
        """Raise what waited when the node ended, and have the vault count what a crash kept from it."""
        self._told(self._raising.recover())

    def forget(self, now: datetime) -> None:
        """Forget leads in memory whose time is over."""
        self._leads.forget(now)

    def delivered(self, row: HitRow) -> Hit | None:
        """Return a hit as it is delivered, None while its record is not published."""
        parts = self._parts
        try:
            receipt = parts.book.receipt(row.id)
        except BadUse:
            return None
        entry = parts.tables.entry(row.entry)
        standing = parts.standing(entry)
        found = self._leads.get(row)
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

    def sighted(self, hit: int, by: Officer) -> Read | None:
        """Return what was read for a hit of a person's agency that people have confirmed, else None."""
        row = self._of_agency(hit, by)
        if row.state not in (HitState.PLATE_CONFIRMED, HitState.ORIGIN_CONFIRMED):
            return None
        lead = self._leads.get(row)
        return None if lead is None else lead[0]

    def lead(self, hit: int, by: Officer) -> bytes | None:
        """Return what was read for a hit that a person may still confirm, as its record commits to it.

        None once the owner's retention is over; a hit that was refuted or closed is `WrongStep`.
        """
        row = self._of_agency(hit, by)
        if row.state in (HitState.REFUTED, HitState.CLOSED):
            raise WrongStep("the hit was refuted or closed", expected="a hit that is still open")
        return self._leads.data(row)

    def refute(self, hit: int, *, by: Officer, why: Refutation, really: str | None = None) -> Hit:
        """Put on the record that a hit is none; of `really`, what a misread plate says, signs are kept."""
        row = self._of_agency(hit, by)
        detail: dict[str, Json] = {"why": why.value}
        lead = self._leads.get(row)
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

    def _told(self, raised: Sequence[int]) -> list[Hit]:
        """Wake whoever waits for hits, and return those that may be delivered by now."""
        if raised:
            with self.changed:
                self.changed.notify_all()
        rows = (self._parts.tables.hit(index) for index in raised)
        return [hit for row in rows if (hit := self.delivered(row)) is not None]

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
        found = self._leads.get(row)
        return None if found is None else found[0].camera


def _event(state: HitState) -> str:
    return f"hotlist:hit:{state.value}"
