"""Entries: a standing search is requested on the record, decided owner by owner, reviewed, released, ended.

Its life in the ledger is that of a search: `released` says that its hits are handed out from then on. What
follows for as long as it stands are `revised`, `renewed` and `ended`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gatehouse.hotlist import changes, rules
from gatehouse.hotlist.asking import (
    LONGEST_TEXT,
    StandingSearch,
    check_form,
    order_document,
    renew_intent,
    standing_intent,
)
from gatehouse.hotlist.deciding import Matches, StandingDecider
from gatehouse.hotlist.errors import UnknownEntry, WrongStep
from gatehouse.hotlist.matching import Index, Standing
from gatehouse.hotlist.parts import HotlistParts
from gatehouse.hotlist.recording import Case, EntryRecorder, Shared, decision_fields, hashes
from gatehouse.hotlist.state import EntryRow
from gatehouse.ledger.canonical import Json
from gatehouse.ledger.committer import Apply
from gatehouse.ledger.log import Appended
from gatehouse.ledger.merkle import leaf_hash
from gatehouse.ledger.receipt import Receipt
from gatehouse.model import (
    Error,
    Officer,
    Outcome,
    Process,
    ProcessKind,
    SearchState,
    StandingState,
)
from gatehouse.search import rules as door
from gatehouse.search.answer import Refusal
from gatehouse.search.judging import ATTACHMENT, Group, Judged, Sealable, judged_of, seal, unseal
from gatehouse.search.review import ask as ask_reviewers
from gatehouse.search.review import may_review
from gatehouse.search.rules import APPEAL, DoorRule
from gatehouse.search.signature import Signature, holds, review_intent

_DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class EntryAnswer:
    """Where an entry stands; `index` and `receipt` are those of its newest record."""

    id: str
    state: SearchState
    index: int
    receipt: Receipt | None
    groups: tuple[Group, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    appeal: str | None = None
    reviewer: str | None = None
    due_at: datetime | None = None


class Entries:
    """The entries of every agency of the node. All threads may share it."""

    def __init__(self, parts: HotlistParts, decider: StandingDecider, index: Index) -> None:
        self._parts = parts
        self._decider = decider
        self._index = index
        self._record = EntryRecorder(parts)
        self._asking = threading.Lock()

    def ask(self, standing: StandingSearch, *, signed: Signature | None) -> EntryAnswer:
        """Return what becomes of a standing search; a refusal is an answer, and is on the record.

        What is no standing search at all is `BadInput` and is not recorded.
        """
        parts, search = self._parts, standing.search
        now = parts.clock()
        check_form(standing, now)
        for person in (search.officer, search.entered_by):
            parts.registry.officer(person)
        bars = []
        intent = standing_intent(standing)
        if signed is None or not holds(
            signed, intent, by=search.entered_by, now=now, age=parts.limits.signature_age
        ):
            bars.append(door.UNSIGNED)
        source = parts.tables.source(search.agency, standing.source)
        authoritative = source is not None and source.authoritative(now)
        plate, matter = hashes(parts.key, search.agency, search.plate.text, search.case_number)
        # Two that ask at once in one case count each other.
        with self._asking:
            known = parts.tables.plates_of(matter) | {plate}
            if parts.tables.entered(search.entered_by, now - _DAY) >= parts.limits.entries_a_day:
                bars.append(rules.TOO_MANY_ENTRIES)
            if not authoritative and len(known) > parts.limits.plates_per_case:
                bars.append(rules.TOO_MANY_PLATES)
            document = None if signed is None else signed.as_document()
            case = self.requested(standing, signed=document)
        return self.settle(case, bars=bars)

    def requested(
        self,
        standing: StandingSearch,
        *,
        signed: Mapping[str, Json] | None = None,
        listed: int | None = None,
        line: bytes | None = None,
    ) -> Case:
        """Put a standing search on the record, before anything is decided about it."""
        matches = self._decider.matches(standing)
        return self._record.requested(standing, matches, signed=signed, listed=listed, line=line)

    def settle(
        self, case: Case, *, bars: Sequence[DoorRule] = (), shared: Shared | None = None
    ) -> EntryAnswer:
        """Decide an entry that is requested, and release it if it is permitted."""
        try:
            return self._settled(case, bars, shared)
        except Exception as error:
            return self.close(case, error)

    def matches(self, standing: StandingSearch) -> Matches:
        """Return what the free texts of a standing search suggest."""
        return self._decider.matches(standing)

    def shared(self, entry: str) -> Shared | None:
        """Return an entry's decisions for others of equal facts; a review or a failure is nobody else's."""
        parts = self._parts
        row = parts.tables.entry(entry)
        if row.state not in (SearchState.RELEASED, SearchState.DENIED) or row.decided is None:
            return None
        data = parts.book.attachment(row.decided, ATTACHMENT)
        sealed = unseal(data)
        return Shared(judged_of(sealed, parts.pack), Sealable(sealed, data), row.decided)

    def approve(self, entry: str, *, by: Officer, signed: Signature | None) -> EntryAnswer:
        """Put the assigned reviewer's approval on the record, decide again, and release what is permitted."""
        row = self._under_review(entry, by, signed)
        case = self.case(row)
        try:
            judged = self._decider.decide(
                case.standing,
                self._parts.clock(),
                matches=case.matches,
                approved_by=by.id,
                listed=case.listed is not None,
            )
            step = SearchState.APPROVED if judged.outcome() is Outcome.PERMIT else SearchState.REFUSED
            entered, _ = self._decided(case, step, judged, approver=by.id)
            if step is SearchState.REFUSED:
                return self._told(case, step, entered, judged)
            return self._released(case, judged)
        except Exception as error:
            return self.close(case, error)

    def refuse(self, entry: str, *, by: Officer, signed: Signature | None, reason: str) -> EntryAnswer:
        """Put the assigned reviewer's refusal on the record."""
        row = self._under_review(entry, by, signed, refusing=reason)
        case = self.case(row)
        entered = self._record.step(
            case,
            SearchState.REFUSED,
            {"approver": by.id, "decision": "deny", "reason": reason[:LONGEST_TEXT]},
        )
        return EntryAnswer(entry, SearchState.REFUSED, entered.index, entered.receipt, appeal=APPEAL)

    def end(self, entry: str, *, by: Officer, reason: str) -> EntryAnswer:
        """End an entry of one's own agency: from this moment it matches nothing, then that is recorded."""
        row = self.of_agency(entry, by)
        self._index.drop([entry])
        case = self.case(row)
        try:
            entered = self._record.about(
                case,
                StandingState.ENDED,
                {"approver": by.id, "reason": reason[:LONGEST_TEXT]},
                changes.ended(entry),
            )
        except WrongStep:
            raise
        except Error:
            # What is not ended on the record stands, and whoever ends it must be told so.
            self.arm(self._parts.tables.entry(entry))
            raise
        return EntryAnswer(entry, row.state, entered.index, entered.receipt)

    def renew(
        self, entry: str, *, by: Officer, signed: Signature | None, order: Process | None = None
    ) -> EntryAnswer:
        """Let a stopped entry go on: by a supervisor who is not its officer, or under a court's order."""
        parts = self._parts
        row = self.of_agency(entry, by)
        case = self.case(row)
        ordered = (
            order is not None
            and order.kind in (ProcessKind.WARRANT, ProcessKind.COURT_ORDER)
            and bool((order.issuer or "").strip() and (order.reference or "").strip())
        )
        if not ordered and not may_review(parts.registry.officer(by.id), case.standing.search, row.agency):
            raise rules.refused(rules.NOT_SECOND, entry)
        self.check_signed(signed, renew_intent(entry, order), by)
        process = order_document(order)
        entered = self._record.about(
            case, StandingState.RENEWED, {"approver": by.id, "process": process}, changes.renewed(entry)
        )
        return EntryAnswer(entry, row.state, entered.index, entered.receipt)

    def revise(self, row: EntryRow) -> EntryAnswer | None:
        """Decide a standing entry again, and record who permits now; None where nothing has changed."""
        case = self.case(row)
        judged = self._decider.decide(
            case.standing,
            self._parts.clock(),
            matches=case.matches,
            approved_by=row.approved_by,
            listed=row.listed is not None,
        )
        permitted = frozenset(judged.of(Outcome.PERMIT))
        if permitted == self._parts.tables.owners(row.decided):
            return None
        kept = seal(judged)
        change: tuple[Apply, ...] = (changes.decided(row.id, permitted, under=None),)
        if not permitted:
            change = (*change, changes.ended(row.id))
        entered = self._record.about(
            case,
            StandingState.REVISED,
            decision_fields(judged, kept, None),
            *change,
            attachments={ATTACHMENT: kept.data},
        )
        if not permitted:
            # Whoever no longer permits is not matched before either: each hit is decided anew.
            self._index.drop([row.id])
        return self._told(case, row.state, entered, judged)

    def expire_due(self) -> list[str]:
        """Close reviews that waited for too long, and return their entries."""
        now = self._parts.clock()
        late = [
            row
            for row in self._parts.tables.entries("state = 'review_pending'")
            if row.due_at is not None and row.due_at <= now
        ]
        for row in late:
            self._record.step(self.case(row), SearchState.EXPIRED, {"decision": "deny"})
        return [row.id for row in late]

    def recover(self) -> list[EntryAnswer]:
        """Close what a crash left without an outcome. MUST run before anybody asks."""
        interrupted = WrongStep("the entry was cut off")
        return [self.close(self.case(row), interrupted) for row in self._parts.tables.unfinished()]

    def close(self, case: Case, error: Exception) -> EntryAnswer:
        """Put on the record that an entry came to nothing; what cannot be recorded is raised."""
        row = self._parts.tables.entry(case.id)
        if row.state in (SearchState.REQUESTED, SearchState.PERMITTED, SearchState.APPROVED):
            step = SearchState.DENIED if row.state is SearchState.REQUESTED else SearchState.FAILED
            rule = door.INTERRUPTED.cited
            fields: dict[str, Json] = {"decision": "deny", "rules": [rule.id]}
            entered = self._record.step(case, step, fields)
            refusal = Refusal(Outcome.DENY, rule, 0, door.INTERRUPTED.remedy)
            return EntryAnswer(
                case.id, step, entered.index, entered.receipt, refusals=(refusal,), appeal=APPEAL
            )
        raise error

    def arm(self, row: EntryRow, standing: StandingSearch | None = None) -> None:
        """Let matching know an entry that stands, and what it looks for if that is at hand."""
        if not row.stands or row.since is None:
            return
        if standing is None:
            standing = self._parts.standing(row)
        self._index.add(
            Standing(
                id=row.id,
                agency=row.agency,
                plate=standing.search.plate.text,
                state=standing.state,
                letters=standing.letters,
                confusables=standing.search.confusables,
                since=row.since,
                until=row.until,
            )
        )

    def case(self, row: EntryRow) -> Case:
        """Return an entry that is on the record, read back from what is kept sealed of it."""
        standing = self._parts.standing(row)
        request = leaf_hash(self._parts.book.entry(row.requested))
        matches = self._decider.matches(standing)
        return Case(row.id, standing, row.requested, request, matches, row.listed)

    def of_agency(self, entry: str, by: Officer) -> EntryRow:
        """Return an entry to an active person of its agency; to anybody else there is none."""
        person = self._parts.registry.officer(by.id)
        row = self._parts.tables.entry(entry)
        if not person.active or not person.roles or person.agency != row.agency:
            raise UnknownEntry("there is no such entry on a hotlist", expected="the number of an entry")
        return row

    def check_signed(self, signed: Signature | None, intent: Json, by: Officer) -> None:
        """Refuse a step that its person has not signed just now."""
        parts = self._parts
        if signed is None or not holds(
            signed, intent, by=by.id, now=parts.clock(), age=parts.limits.signature_age
        ):
            raise rules.refused(rules.UNSIGNED)

    def _settled(self, case: Case, bars: Sequence[DoorRule], shared: Shared | None) -> EntryAnswer:
        parts = self._parts
        judged = (
            self._decider.decide(
                case.standing,
                parts.clock(),
                matches=case.matches,
                bars=bars,
                listed=case.listed is not None,
            )
            if shared is None
            else shared.judged
        )
        outcome = judged.outcome()
        if outcome is Outcome.PERMIT:
            self._decided(case, SearchState.PERMITTED, judged, shared=shared)
            return self._released(case, judged)
        if outcome is Outcome.REVIEW:
            agency = case.standing.search.agency
            asked = ask_reviewers(parts.registry, case.standing.search, [agency], choose=parts.choose)
            if asked.pairs:
                ((_, reviewer),) = asked.pairs
                due = parts.clock() + parts.limits.review
                change = changes.assigned(case.id, reviewer, due=due)
                step = SearchState.REVIEW_PENDING
                entered, _ = self._decided(case, step, judged, change, detail={"reviewer": reviewer})
                told = self._told(case, step, entered, judged)
                return replace(told, reviewer=reviewer, due_at=due)
            judged = judged.refusing(judged.of(Outcome.REVIEW), door.NO_REVIEWER)
            shared = None
        entered, _ = self._decided(case, SearchState.DENIED, judged, shared=shared)
        return self._told(case, SearchState.DENIED, entered, judged)

    def _decided(
        self,
        case: Case,
        step: SearchState,
        judged: Judged,
        *more: Apply,
        shared: Shared | None = None,
        detail: Mapping[str, Json] | None = None,
        approver: str | None = None,
    ) -> tuple[Appended, Sealable]:
        kept = seal(judged) if shared is None else shared.kept
        under = None if shared is None else shared.index
        fields = decision_fields(judged, kept, under)
        own = fields["detail"]
        assert isinstance(own, dict)
        change = changes.decided(case.id, judged.of(Outcome.PERMIT), under=under, approved_by=approver)
        entered = self._record.step(
            case,
            step,
            {**fields, "approver": approver, "detail": {**own, **(detail or {})}},
            change,
            *more,
            attachments={ATTACHMENT: kept.data} if under is None else {},
        )
        return entered, kept

    def _released(self, case: Case, judged: Judged) -> EntryAnswer:
        owners = len(judged.of(Outcome.PERMIT))
        entered = self._record.step(case, SearchState.RELEASED, {"counts": {"owners": owners}})
        self.arm(self._parts.tables.entry(case.id))
        return self._told(case, SearchState.RELEASED, entered, judged)

    def _under_review(
        self, entry: str, by: Officer, signed: Signature | None, *, refusing: str | None = None
    ) -> EntryRow:
        parts = self._parts
        row = parts.tables.entry(entry)
        person = parts.registry.officer(by.id)
        if row.reviewer != by.id or not may_review(person, parts.standing(row).search, row.agency):
            raise rules.refused(door.NOT_ASSIGNED, entry)
        over = row.due_at is None or parts.clock() >= row.due_at
        now = SearchState.EXPIRED if row.state is SearchState.REVIEW_PENDING and over else row.state
        if now is not SearchState.REVIEW_PENDING:
            raise WrongStep("an entry waits for no review", expected="review_pending", got=now.value)
        self.check_signed(signed, review_intent(entry, refusing=refusing), by)
        return row

    def _told(self, case: Case, step: SearchState, entered: Appended, judged: Judged) -> EntryAnswer:
        refusals = rules.refusals_of(judged, self._parts.pack)
        return EntryAnswer(
            id=case.id,
            state=step,
            index=entered.index,
            receipt=entered.receipt,
            groups=judged.groups(),
            refusals=refusals,
            appeal=APPEAL if refusals else None,
        )
