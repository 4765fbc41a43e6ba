"""The door: a search is asked, put on the record, decided owner by owner, and only then answered.

    answer = door.ask(search, signed=signature)

`docs/searching.md` says what officers and supervisors meet, `docs/design/search.md` why it is built this way.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from gatehouse.ledger.canonical import Json
from gatehouse.model import OFFENSES, BadInput, Officer, Outcome, PlateSearch, SearchMode, SearchState
from gatehouse.search import changes, exigency, review, reviewing, rules, training
from gatehouse.search.answer import Answer, appeal_of, refusals_of
from gatehouse.search.book import Entered
from gatehouse.search.changes import Noted
from gatehouse.search.closing import close, close_stale, count_releases, recover
from gatehouse.search.deciding import Approved, Decider, is_exigent
from gatehouse.search.errors import OutOfOrder
from gatehouse.search.fields import matches_in, time_text
from gatehouse.search.judging import Judged, Sealable, needs_owner, seal
from gatehouse.search.parts import Parts, refused
from gatehouse.search.recording import Case, exigent_changes
from gatehouse.search.release import release
from gatehouse.search.review import status_of
from gatehouse.search.rules import DoorRule
from gatehouse.search.scoping import Proposal, propose
from gatehouse.search.signature import Signature, holds, search_intent

# The clocks of an officer's machine and of the node may differ by that much.
_AHEAD = timedelta(seconds=60)
_LONGEST = {
    "reason": 2_000,
    "ground": 2_000,
    "case_number": 100,
    "process.issuer": 200,
    "process.reference": 200,
    "on_behalf_of.name": 200,
}


class Door:
    """Where searches are asked. All threads may share it."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._decider = Decider(parts)

    def propose(self, search: PlateSearch) -> Proposal:
        """Return the smallest scope that serves what a search is for; nothing is recorded."""
        registry = self.parts.registry
        agency = registry.agency(search.agency)
        caps = registry.rulebook.pack.scopes
        return propose(search.purpose, search.offense, agency, registry.owners(agency), caps)

    def ask(self, search: PlateSearch, *, signed: Signature | None, wait: bool = False) -> Answer:
        """Return what becomes of a search; a refusal is an answer, and is on the record like any other.

        With `wait` it goes to review as soon as one owner asks for that, instead of being answered without
        those owners. What is no search at all is `BadInput` and is not recorded; when the record itself does
        not take it, that is the ledger's error, and nothing was decided.
        """
        parts = self.parts
        now = parts.clock()
        _check_form(search, now)
        # Somebody who does not exist can neither ask nor be refused on the record.
        parts.registry.agency(search.agency)
        parts.registry.officer(search.officer)
        parts.registry.officer(search.entered_by)
        search_id = secrets.token_hex(16)
        try:
            case = self._requested(search_id, search, signed, now)
            return self._decided(case, signed, wait)
        except Exception as error:
            if not parts.tables.known(search_id):
                raise
            return close(parts, search_id, error)

    def collect(self, search_id: str, *, by: Officer) -> Answer:
        """Return the answer of a search that was reviewed, to the officer who asked or who entered it.

        It is decided again, now, with the approvals that are there: `approved` and its release come together,
        so that an answer never rests on a decision of yesterday. Until the agency's own supervisor has
        approved it stays `review_pending`.
        """
        parts = self.parts
        row = parts.tables.search(search_id)
        by = parts.registry.officer(by.id)
        if not by.active or by.agency != row.agency or by.id not in (row.officer, row.entered_by):
            raise refused(rules.NOT_YOURS, search_id)
        if row.state is not SearchState.REVIEW_PENDING or row.due_at is None:
            raise reviewing.not_waiting(row.state)
        now = parts.clock()
        if now >= row.due_at:
            return reviewing.expire(parts, row)
        answers = parts.tables.reviews(search_id)
        status = status_of(answers, agency=row.agency, due=row.due_at)
        if status.own != "approved":
            return replace(reviewing.standing(parts, row), review=status)
        given = {each.agency: each.reviewer for each in answers if each.answer == "approved"}
        own = given.pop(row.agency)
        case = parts.case(row)
        try:
            return self._approved(case, Approved(own, given), now)
        except OutOfOrder:
            # Another call collects it, and closing the search would take its answer away.
            raise
        except Exception as error:
            return close(parts, case.id, error)

    def approve(self, search_id: str, *, by: Officer, signed: Signature | None) -> Answer:
        """Put a reviewer's approval on the record; see `reviewing.approve`."""
        return reviewing.approve(self.parts, search_id, by=by, signed=signed)

    def refuse(self, search_id: str, *, by: Officer, signed: Signature | None, reason: str) -> Answer:
        """Put a reviewer's refusal on the record; see `reviewing.refuse`."""
        return reviewing.refuse(self.parts, search_id, by=by, signed=signed, reason=reason)

    def expire_due(self) -> list[str]:
        """Close what waited for too long, and suspend for overdue papers; return the searches' numbers.

        It also has releases counted that the vault was away for. A node calls it every minute.
        """
        now = self.parts.clock()
        late = [
            row
            for row in self.parts.tables.open_searches()
            if row.state is SearchState.REVIEW_PENDING and row.due_at is not None and row.due_at <= now
        ]
        closed = [each.id for each in close_stale(self.parts)]
        for row in late:
            try:
                closed.append(reviewing.expire(self.parts, row).id)
            except OutOfOrder:
                # Somebody was quicker: it has another outcome, and needs none of ours.
                continue
        closed += exigency.suspend_overdue(self.parts)
        # Last: while the vault is away, all else goes on.
        count_releases(self.parts)
        return closed

    def recover(self) -> list[Answer]:
        """Close what a crash left open; see `closing.recover`. MUST run before anybody asks."""
        return recover(self.parts)

    def _requested(
        self, search_id: str, search: PlateSearch, signed: Signature | None, now: datetime
    ) -> Case:
        parts = self.parts
        matches = matches_in(search, parts.registry.lexicon)
        noted = Noted(
            id=search_id,
            mode=search.mode,
            agency=search.agency,
            officer=search.officer,
            entered_by=search.entered_by,
            exigent=is_exigent(search),
            candidates=search.plate.count(confusables=search.confusables),
            plate=parts.history.plate(search),
            matter=parts.history.matter(search),
        )
        marks = parts.history.marks(search, now) if search.mode is SearchMode.LIVE else []
        change = changes.requested(noted, [each.value for each in marks], forget=now - parts.limits.history)
        return parts.recorder().requested(search_id, search, change, signed=signed, matches=matches)

    def _decided(self, case: Case, signed: Signature | None, wait: bool) -> Answer:
        parts = self.parts
        now = parts.clock()
        bars = self._bars(case, signed, now)
        judged = self._decider.decide(case, now, bars=bars)
        outcome = judged.outcome(wait=wait)
        asked = review.Asked((), ())
        if outcome is Outcome.REVIEW and case.live:
            judged, asked = self._reviewers(case, judged)
            outcome = judged.outcome(wait=wait)
        kept = seal(judged)
        recorder = parts.recorder()
        if outcome is Outcome.PERMIT:
            entered = recorder.decided(case, SearchState.PERMITTED, judged, kept, decision=outcome)
            return self._answered(case, entered, judged, kept)
        if outcome is Outcome.REVIEW and case.live:
            due = now + parts.limits.review
            change = changes.assigned(case.id, case.search.officer, asked.pairs, due=due)
            detail: Mapping[str, Json] = {
                "due": time_text(due),
                "reviewers": [{"agency": agency, "person": person} for agency, person in asked.pairs],
            }
            entered = recorder.decided(
                case, SearchState.REVIEW_PENDING, judged, kept, change, decision=outcome, detail=detail
            )
            status = status_of(parts.tables.reviews(case.id), agency=case.search.agency, due=due)
            return replace(self._told(case, SearchState.REVIEW_PENDING, entered, judged), review=status)
        entered = recorder.decided(case, SearchState.DENIED, judged, kept, decision=outcome)
        return self._told(case, SearchState.DENIED, entered, judged)

    def _bars(self, case: Case, signed: Signature | None, now: datetime) -> list[DoorRule]:
        """Return what refuses a search because of who asks it how often, which no approval lifts."""
        search, found = case.search, []
        if signed is None or not holds(
            signed,
            search_intent(search),
            by=search.entered_by,
            now=now,
            age=self.parts.limits.signature_age,
        ):
            found.append(rules.UNSIGNED)
        return found + self.parts.history.bars(search, now)

    def _reviewers(self, case: Case, judged: Judged) -> tuple[Judged, review.Asked]:
        """Return whom to ask, and the decisions without the owners that have nobody to ask."""
        parts, agency = self.parts, case.search.agency
        owners = [
            owner
            for owner, each in zip(judged.owners, judged.decisions, strict=True)
            if needs_owner(each, parts.pack)
        ]
        asked = review.ask(parts.registry, case.search, [agency, *owners], choose=parts.choose)
        if agency in asked.without:
            return judged.refusing(judged.of(Outcome.REVIEW), rules.NO_REVIEWER), asked
        return judged.refusing(asked.without, rules.NO_REVIEWER), asked

    def _approved(self, case: Case, approved: Approved, now: datetime) -> Answer:
        judged = self._decider.decide(case, now, approved=approved)
        outcome, kept = judged.outcome(), seal(judged)
        detail: Mapping[str, Json] = {
            "owners_approved": [
                {"agency": agency, "person": person} for agency, person in sorted(approved.owners.items())
            ],
            "refused_by": None if outcome is Outcome.PERMIT else "rule",
        }
        step = SearchState.APPROVED if outcome is Outcome.PERMIT else SearchState.REFUSED
        entered = self.parts.recorder().decided(
            case, step, judged, kept, decision=outcome, detail=detail, approver=approved.own
        )
        if step is SearchState.REFUSED:
            return self._told(case, step, entered, judged)
        return self._answered(case, entered, judged, kept)

    def _answered(self, case: Case, entered: Entered, judged: Judged, kept: Sealable) -> Answer:
        """Return the reads of a permitted search, or of training the invented ones."""
        if not case.live:
            return self._trained(case, judged)
        parts = self.parts
        owners = judged.of(Outcome.PERMIT)
        exigent = is_exigent(case.search)
        done = release(
            case,
            entered,
            kept.sealed,
            book=parts.book,
            vault=parts.vault,
            reads=parts.reads,
            recorder=parts.recorder(),
            changes=exigent_changes(case, owners, within=parts.limits.paper) if exigent else (),
            detail={"exigent": exigent},
        )
        parts.handed.keep(case.id, done.rows, done.reads, entry=done.entry.index)
        told = self._told(case, SearchState.RELEASED, done.entry, judged)
        due = exigency.owed(parts, case.id).due_at if exigent else None
        return replace(told, reads=done.reads, counts=done.counts, paper_due=due)

    def _trained(self, case: Case, judged: Judged) -> Answer:
        reads = training.invented_reads(case.search, judged.of(Outcome.PERMIT))
        counts: Mapping[str, Json] = {"reads": len(reads), "invented": True}
        entered = self.parts.recorder().step(case, SearchState.RELEASED, {"counts": counts})
        told = self._told(case, SearchState.RELEASED, entered, judged)
        return replace(told, reads=reads, counts=counts)

    def _told(self, case: Case, step: SearchState, entered: Entered, judged: Judged) -> Answer:
        refusals = refusals_of(judged, self.parts.pack)
        return Answer(
            id=case.id,
            state=step,
            index=entered.index,
            receipt=entered.receipt,
            groups=judged.groups(),
            refusals=refusals,
            appeal=appeal_of(refusals),
            training=not case.live,
        )


def _check_form(search: PlateSearch, now: datetime) -> None:
    """Refuse what is no search at all; nothing of it is repeated."""
    window = search.window
    if window.start.tzinfo is None or window.end.tzinfo is None:
        raise BadInput("a window needs a time zone", where="window", expected="times in UTC")
    if window.end < window.start:
        raise BadInput("the window ends before it begins", where="window", expected="from no later than to")
    if window.end > now + _AHEAD:
        raise BadInput("the window ends after the search", where="window", expected="to no later than now")
    if search.offense is not None and search.offense not in OFFENSES:
        raise BadInput("the offense is not on the list", where="offense", expected="a code, or none")
    for field, longest in _LONGEST.items():
        text = _text(search, field)
        if len(text) > longest:
            raise BadInput(
                f"the {field.replace('_', ' ')} is too long",
                where=field,
                expected=f"at most {longest} characters",
                got=f"{len(text)} characters",
            )
        try:
            text.encode()
        except UnicodeEncodeError:
            raise BadInput(f"the {field.replace('_', ' ')} is no Unicode text", where=field) from None


def _text(search: PlateSearch, field: str) -> str:
    """Return the text at a place of a search, "" if there is none."""
    found: object = search
    for name in field.split("."):
        found = getattr(found, name, None)
    return found if isinstance(found, str) else ""
