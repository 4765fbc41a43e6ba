"""Evidence holds: one named read kept beyond its retention, with a ground and an end, on the record.

A read can be held that was handed out for a search: by the officer who got it, for a confirmed hit or an
order; by a custodian of its owner, who is asked to preserve it. The vault seals it anew under a case key
(`gatehouse.vault.holds`); its bucket ends as it would. Each opening is a release with an entry of its own.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gatehouse.law.texts import matches_of
from gatehouse.ledger.canonical import Json
from gatehouse.ledger.commitment import Disclosure
from gatehouse.ledger.committer import Apply, NotWitnessed
from gatehouse.ledger.receipt import Receipt
from gatehouse.model import FAMILIES, BadInput, Officer, Read, Role
from gatehouse.search import rules
from gatehouse.search.book import Entered
from gatehouse.search.errors import HoldFailed, OutOfOrder, UnknownHold
from gatehouse.search.fields import matches_value, time_text
from gatehouse.search.handed import HandedRead
from gatehouse.search.held import HeldRow, HoldState, held, held_by, hold_moved, hold_placed, unsettled
from gatehouse.search.parts import Parts, refused
from gatehouse.search.recording import request_hash
from gatehouse.search.signature import Signature, holds
from gatehouse.search.state import Row
from gatehouse.vault.checks import HOLD_ENDED, HOLD_OPENED, HOLD_PLACED, HoldGround
from gatehouse.vault.protocol import HOLD_FIELDS, OpenedRead

_logger = logging.getLogger(__name__)
KEPT = "evidence:hold:kept"
FAILED = "evidence:hold:failed"
REFUSED = "evidence:hold:refused"
UNDELIVERED = "evidence:hold:undelivered"
NOT_ENDED = "evidence:hold:not_ended"
# Officers hold what they were answered with; custodians what others ask them to preserve.
OFFICERS_GROUNDS = frozenset({HoldGround.CONFIRMED_HIT, HoldGround.ORDER})
CUSTODIANS_GROUNDS = frozenset({HoldGround.PRESERVATION, HoldGround.EXCULPATORY})

Sighted = Callable[[int, Officer], Read | None]
"""Return what was read for a hit of a person's agency whose plate a person has confirmed, else None."""


@dataclass(frozen=True, slots=True)
class HoldAsked:
    """What is asked to be held: a read by its id, until when, on which ground, and where its paper lies.

    `hit` is the confirmed hit, for that ground and for no other.
    """

    search: str
    read: str
    ground: HoldGround
    until: datetime
    case_number: str
    reference: str
    hit: int | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """A held read that was handed out, and where the record says so."""

    hold: HeldRow
    read: OpenedRead
    index: int
    receipt: Receipt


def hold_intent(asked: HoldAsked) -> dict[str, Json]:
    """Return the document that is signed for a hold."""
    return {
        "asks": "hold",
        "case_number": asked.case_number,
        "ground": asked.ground.value,
        "hit": asked.hit,
        "read": asked.read,
        "reference": asked.reference,
        "search": asked.search,
        "until": time_text(asked.until),
    }


def opening_intent(hold: str, *, case_number: str, reason: str) -> dict[str, Json]:
    """Return the document that is signed for opening a held read."""
    return {"asks": "open_hold", "case_number": case_number, "hold": hold, "reason": reason}


def end_intent(hold: str) -> dict[str, Json]:
    """Return the document that is signed for ending a hold."""
    return {"asks": "end_hold", "hold": hold}


class Holds:
    """Holds as people place, open and end them. All threads may share it."""

    def __init__(self, parts: Parts, *, sighted: Sighted) -> None:
        self._parts = parts
        self._sighted = sighted

    def place(self, asked: HoldAsked, *, by: Officer, signed: Signature | None) -> HeldRow:
        """Hold a read, once that is on the record; what a rule stands against is `Refused`.

        A read that was not handed out for this search, or that the door has forgotten, is `UnknownHold`.
        """
        parts = self._parts
        person = parts.registry.officer(by.id)
        found = parts.handed.find(asked.search, asked.read)
        if found is None:
            raise _unknown_read()
        row = parts.tables.search(asked.search)
        self._check_place(asked, found, row, person, signed)
        number, owner = secrets.token_hex(16), found.row.owner_id
        detail: dict[str, Json] = {
            "ground": asked.ground.value,
            "hit": asked.hit,
            "number": number,
            "owner": owner,
            "read": asked.read,
            "reference": asked.reference,
            "search": asked.search,
            "until": time_text(asked.until),
            "signature": None if signed is None else signed.as_document(),
        }
        new = HeldRow.new(number, asked, agency=person.agency, owner=owner, officer=person.id)
        fields: dict[str, Json] = {"case_number": asked.case_number, "detail": detail, "owners": [owner]}
        try:
            placed = self._append(HOLD_PLACED, new, person, fields, hold_placed(new))
            key = parts.vault.hold(
                found.row, entry=placed.entry, receipt=placed.receipt, openings=_disclosed(placed)
            )
        except Exception as error:
            if not parts.tables.query("SELECT 1 FROM search_hold WHERE id = ?", number):
                raise
            self._fail(number, cause=type(error).__name__)
            raise HoldFailed(
                "the read is not held, and the record says so",
                where=f"hold {number}",
                got=type(error).__name__,
                hint="place the hold again; if the read has expired, it is gone",
            ) from error
        self._noted(KEPT, new, person, {"detail": {"hold": key, "number": number}}, HoldState.KEPT, vault=key)
        return held(parts.tables, number)

    def open(
        self, number: str, *, by: Officer, case_number: str, reason: str, signed: Signature | None
    ) -> Opening:
        """Hand out a held read, once `evidence:hold:opened` is on the record: each time another entry."""
        parts = self._parts
        row, person = self._of_agency(number, by)
        self._check_signed(opening_intent(number, case_number=case_number, reason=reason), person, signed)
        now = parts.clock()
        _check_stands(row, now)
        matches = tuple(
            matches_of(parts.registry.lexicon, reason=reason, beside={"case_number": case_number})
        )
        fields: dict[str, Json] = {"case_number": case_number, "owners": [row.owner], "reason": reason}
        detail: dict[str, Json] = {
            "hold": row.vault,
            "lexicon": parts.registry.lexicon.sha256,
            "number": number,
            "placed": row.placed,
            "signals": matches_value(matches),
            "signature": None if signed is None else signed.as_document(),
        }
        if not {match.signal for _, match in matches}.isdisjoint(FAMILIES["immigration"]):
            self._append(REFUSED, row, person, {**fields, "detail": detail}, hold_moved(number, row.state))
            raise refused(rules.HOLD_WORDS, row.search)
        assert row.vault is not None
        before = row.last
        try:
            opened = self._append(
                HOLD_OPENED,
                row,
                person,
                {**fields, "counts": {"plates": 1, "reads": 1}, "detail": detail},
                hold_moved(number, row.state),
            )
            read = parts.vault.open_hold(
                row.vault, entry=opened.entry, receipt=opened.receipt, openings=_disclosed(opened)
            )
        except Exception as error:
            self._undone(UNDELIVERED, number, person, error, since=before)
            raise
        return Opening(held(parts.tables, number), read, opened.index, opened.receipt)

    def end(self, number: str, *, by: Officer, signed: Signature | None) -> HeldRow:
        """Destroy a hold's case key before its date, once that is on the record."""
        parts = self._parts
        row, person = self._of_agency(number, by)
        self._check_signed(end_intent(number), person, signed)
        _check_stands(row, parts.clock())
        assert row.vault is not None
        detail: dict[str, Json] = {
            "hold": row.vault,
            "number": number,
            "placed": row.placed,
            "signature": None if signed is None else signed.as_document(),
        }
        before = row.last
        try:
            ended = self._append(
                HOLD_ENDED, row, person, {"detail": detail}, hold_moved(number, HoldState.ENDED)
            )
            parts.vault.end_hold(
                row.vault, entry=ended.entry, receipt=ended.receipt, openings=_disclosed(ended)
            )
        except Exception as error:
            self._undone(NOT_ENDED, number, person, error, since=before)
            raise
        return held(parts.tables, number)

    def listed(self, *, by: Officer, before: int | None = None, most: int = 50) -> Sequence[HeldRow]:
        """Return the holds of a person's agency, the newest first, and those of others on its reads.

        Officers see the former alone. `before` is the `placed` of the last row of the page before.
        """
        person = self._parts.registry.officer(by.id)
        if not person.active or not person.roles:
            raise refused(rules.NOT_ENTITLED)
        return held_by(
            self._parts.tables,
            person.agency,
            as_owner=not person.roles <= {Role.OFFICER},
            before=2**62 if before is None else before,
            most=most,
        )

    def look(self, number: str, *, by: Officer) -> HeldRow:
        """Return a hold to those who may list it; to others there is none."""
        person = self._parts.registry.officer(by.id)
        row = held(self._parts.tables, number)
        as_owner = row.owner == person.agency and not person.roles <= {Role.OFFICER}
        if not person.active or not (row.agency == person.agency or as_owner):
            raise UnknownHold("there is no such hold", expected="the number of a hold")
        return row

    def recover(self) -> list[str]:
        """Note every hold that a crash left unsettled as failed; return their numbers.

        MUST run before anybody places one. What the vault may have sealed nobody can open, since its id is on
        no record, and it ends with its date.
        """
        found = [row.id for row in unsettled(self._parts.tables)]
        for number in found:
            self._fail(number, cause="interrupted")
        return found

    def _check_place(
        self, asked: HoldAsked, found: HandedRead, row: Row, person: Officer, signed: Signature | None
    ) -> None:
        parts = self._parts
        of_search = person.agency == row.agency and person.id in (row.officer, row.entered_by)
        of_owner = person.agency == found.row.owner_id
        if not person.active or not (
            (of_search and Role.OFFICER in person.roles) or (of_owner and Role.CUSTODIAN in person.roles)
        ):
            raise _unknown_read()
        if not (
            (asked.ground in OFFICERS_GROUNDS and of_search and Role.OFFICER in person.roles)
            or (asked.ground in CUSTODIANS_GROUNDS and of_owner and Role.CUSTODIAN in person.roles)
        ):
            raise refused(rules.HOLD_GROUND, asked.search)
        if not asked.case_number.strip() or not asked.reference.strip():
            raise BadInput("a hold names its case and where its paper lies", where="case_number, reference")
        self._check_signed(hold_intent(asked), person, signed)
        now = parts.clock()
        longest = parts.registry.own_rule(found.row.owner_id).longest_hold
        if not timedelta(0) < asked.until - now <= longest:
            raise refused(rules.HOLD_TOO_LONG, asked.search)
        if (asked.hit is not None) is not (asked.ground is HoldGround.CONFIRMED_HIT):
            raise BadInput("a hit is named for the ground `confirmed_hit`, and for no other", where="hit")
        if asked.hit is not None:
            sight = self._sighted(asked.hit, person)
            if sight is None or not parts.handed.is_of(found, sight):
                raise refused(rules.HOLD_NOT_CONFIRMED, asked.search)

    def _check_signed(self, intent: Json, person: Officer, signed: Signature | None) -> None:
        parts = self._parts
        if signed is None or not holds(
            signed, intent, by=person.id, now=parts.clock(), age=parts.limits.signature_age
        ):
            raise refused(rules.HOLD_UNSIGNED)

    def _of_agency(self, number: str, by: Officer) -> tuple[HeldRow, Officer]:
        """Return a hold and who may open or end it: whoever may place one on its ground in its agency."""
        person = self._parts.registry.officer(by.id)
        row = held(self._parts.tables, number)
        role = Role.OFFICER if row.ground in OFFICERS_GROUNDS else Role.CUSTODIAN
        if not person.active or person.agency != row.agency:
            raise UnknownHold("there is no such hold", expected="the number of a hold")
        if role not in person.roles:
            raise refused(rules.HOLD_NOT_YOURS, row.search)
        return row, person

    def _undone(self, name: str, number: str, person: Officer, error: Exception, *, since: int) -> None:
        """Note that the vault did not do what is on the record, if that got there, and raise `HoldFailed`."""
        row = held(self._parts.tables, number)
        if row.last == since:
            return
        cause = type(error).__name__
        self._noted(name, row, person, {"detail": {"failure": cause, "number": number}}, HoldState.KEPT)
        raise HoldFailed(
            "the vault did not do what the record says, and the record says that too",
            where=f"hold {number}",
            got=cause,
            hint="ask again",
        ) from error

    def _fail(self, number: str, *, cause: str) -> None:
        row = held(self._parts.tables, number)
        person = self._parts.registry.officer(row.officer)
        self._noted(FAILED, row, person, {"detail": {"failure": cause, "number": number}}, HoldState.FAILED)

    def _noted(
        self,
        name: str,
        row: HeldRow,
        person: Officer,
        fields: Mapping[str, Json],
        to: HoldState,
        *,
        vault: str | None = None,
    ) -> None:
        """Put on the record what became of a hold; without enough witnesses it stands there all the same."""
        try:
            self._append(name, row, person, fields, hold_moved(row.id, to, vault=vault))
        except NotWitnessed:
            _logger.warning("hold %s: its entry waits for witnesses", row.id)

    def _append(
        self, name: str, row: HeldRow, person: Officer, fields: Mapping[str, Json], apply: Apply
    ) -> Entered:
        parts = self._parts
        request = request_hash(parts.book, parts.tables.search(row.search).requested)
        return parts.book.append(
            name,
            agency=row.agency,
            fields={**fields, "officer": person.id, "request": request.hex()},
            pack=bytes.fromhex(parts.pack.id.sha256),
            apply=apply,
        )


def _check_stands(row: HeldRow, now: datetime) -> None:
    if row.state is not HoldState.KEPT or row.until <= now:
        raise OutOfOrder(
            "the hold has ended, or was never in force",
            where=f"hold {row.id}",
            expected=HoldState.KEPT.value,
            got="over" if row.state is HoldState.KEPT else row.state.value,
        )


def _disclosed(entered: Entered) -> list[Disclosure]:
    return [entered.openings.disclose(field, index=entered.index) for field in HOLD_FIELDS]


def _unknown_read() -> UnknownHold:
    return UnknownHold(
        "this search was not answered with such a read, or the node no longer knows it",
        expected="the number of a search and the id of one of its reads",
        hint="ask the search again: a read keeps its id",
    )
