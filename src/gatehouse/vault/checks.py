"""What a search, a release and a hold must prove before the vault opens anything.

All of it is computed anew from entries, receipts and disclosures: the vault takes nobody's word for what the
record says. It cannot know what the record does not say, such as whether the plate was seen by a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from gatehouse.ledger.canonical import Json, to_canonical
from gatehouse.ledger.commitment import Disclosure, check
from gatehouse.ledger.decisions import DecisionsRoot, SaltedDecision, SealedDecisions
from gatehouse.ledger.entry import Leaf, read_entry
from gatehouse.ledger.merkle import leaf_hash
from gatehouse.ledger.policy import Policy
from gatehouse.ledger.receipt import Receipt
from gatehouse.model import BadInput, BadUse, Outcome, PlatePattern, SearchMode, Window
from gatehouse.model.plate import MOST_WILDCARDS
from gatehouse.vault.errors import NotPermitted, ReceiptStale, WrongCounts
from gatehouse.vault.protocol import ENTRY_FIELDS, HOLD_FIELDS, RELEASE_FIELDS, REQUEST_FIELDS, OpenAsk

# How long after its entry a receipt opens, and how far two clocks may be apart.
RECEIPT_AGE = timedelta(seconds=120)
CLOCK_SLACK = timedelta(seconds=60)
_HOUR = timedelta(hours=1)

REQUESTED = "search:plate:requested"
PERMITTED = ("search:plate:permitted", "search:plate:approved")
RELEASED = "search:plate:released"
HIT_RAISED = "hotlist:hit:raised"
HOLD_PLACED = "evidence:hold:placed"
HOLD_OPENED = "evidence:hold:opened"
HOLD_ENDED = "evidence:hold:ended"


class HoldGround(StrEnum):
    """Why a read may be kept beyond its retention."""

    CONFIRMED_HIT = "confirmed_hit"
    ORDER = "order"
    PRESERVATION = "preservation"
    EXCULPATORY = "exculpatory"


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry that is on the record, and those of its fields that were disclosed."""

    leaf: Leaf
    hash: bytes
    log: str
    index: int
    values: Mapping[str, Json]

    def __repr__(self) -> str:
        """Name the entry only: a traceback must not hold what is opened."""
        return f"Recorded(log={self.log!r}, index={self.index})"


@dataclass(frozen=True, slots=True)
class Permitted:
    """A search that may be answered: for these owners, this pattern and this window."""

    request: Recorded
    entry: Recorded
    pattern: PlatePattern
    confusables: bool
    window: Window
    owners: frozenset[str]


@dataclass(frozen=True, slots=True)
class HoldAsked:
    """A read that shall be held: whose, which (16 bytes), why, and until when."""

    owner: str
    read_id: bytes
    ground: HoldGround
    until: datetime


def check_recorded(
    entry: bytes,
    receipt: Receipt,
    openings: Sequence[Disclosure],
    *,
    events: Sequence[str],
    fields: Sequence[str],
    policy: Policy,
) -> Recorded:
    """Return an entry of one of these events that a log of the policy has, with these fields disclosed.

    What the ledger's own checks refuse raises the ledger's errors.
    """
    leaf = read_entry(entry)
    checkpoint = receipt.verify(entry, policy=policy)
    if leaf.event not in events:
        raise NotPermitted(
            "an entry is of an event that does not open this", expected=" or ".join(events), got=leaf.event
        )
    values: dict[str, Json] = {}
    for each in openings:
        if each.index != receipt.index or each.field in values:
            raise NotPermitted(
                "a disclosure is of another entry, or stands twice",
                where=f"entry {receipt.index}, `{each.field}`",
                expected="one disclosure for each field of this entry",
                got=f"index {each.index}",
            )
        check(leaf, each)
        values[each.field] = each.value
    if missing := [field for field in fields if field not in values]:
        raise NotPermitted(
            "fields of an entry are not disclosed",
            where=f"entry {receipt.index}",
            expected=", ".join(missing),
        )
    return Recorded(leaf, leaf_hash(entry), checkpoint.origin, receipt.index, values)


def check_ask(ask: OpenAsk, *, policy: Policy, pack: bytes, now: datetime) -> Permitted:
    """Return what a search may have opened, else raise; nothing is spent yet."""
    request = check_recorded(
        ask.request,
        ask.request_receipt,
        ask.request_openings,
        events=(REQUESTED,),
        fields=REQUEST_FIELDS,
        policy=policy,
    )
    entry = check_recorded(
        ask.entry, ask.receipt, ask.openings, events=PERMITTED, fields=ENTRY_FIELDS, policy=policy
    )
    _check_together(request, entry)
    check_fresh(entry, pack=pack, now=now)
    for field in ("plate", "window"):
        if to_canonical(request.values[field]) != to_canonical(entry.values[field]):
            raise NotPermitted(f"the `{field}` that was permitted is not the one that was requested")
    if entry.values["decision"] != Outcome.PERMIT:
        raise NotPermitted("the decision is no permit", expected="permit", got="another decision")
    pattern, confusables = _pattern(request)
    if pattern.wildcards == MOST_WILDCARDS and entry.leaf.event != PERMITTED[1]:
        raise NotPermitted(
            "a search with two open signs needs a second person", expected=PERMITTED[1], got=entry.leaf.event
        )
    owners = _permitted_owners(entry, ask.permits)
    return Permitted(request, entry, pattern, confusables, _window(request), owners)


def check_fresh(entry: Recorded, *, pack: bytes, now: datetime) -> None:
    """Refuse an entry of another rulebook than the active one, or that is not of the last 120 s."""
    if entry.leaf.pack != pack:
        raise NotPermitted(
            "the entry was decided by another rulebook than the active one",
            expected=pack.hex(),
            got="none" if entry.leaf.pack is None else entry.leaf.pack.hex(),
            hint="ask again",
        )
    at = time_of(entry.values["at"])
    check_hour(entry, at)
    if not at - CLOCK_SLACK <= now <= at + RECEIPT_AGE:
        raise ReceiptStale(
            "a receipt is not of this moment",
            where=f"entry {entry.index}",
            expected=f"an entry of the last {RECEIPT_AGE.total_seconds():.0f} s",
            got=f"one of {(now - at).total_seconds():.0f} s ago",
            hint="ask again",
        )


def check_hour(entry: Recorded, at: datetime) -> None:
    """Refuse an entry whose hour, which is in clear, is not that of its exact time."""
    if not entry.leaf.hour <= at < entry.leaf.hour + _HOUR:
        raise NotPermitted(
            "an entry bears another hour than its time",
            where=f"entry {entry.index}",
            expected=f"{at:%Y-%m-%dT%H}",
            got=f"{entry.leaf.hour:%Y-%m-%dT%H}",
        )


def check_release(
    permitted: Permitted,
    found: Mapping[str, Json],
    *,
    entry: bytes,
    receipt: Receipt,
    openings: Sequence[Disclosure],
    policy: Policy,
) -> Recorded:
    """Return the entry that records the release of exactly what was found for a search."""
    released = check_recorded(
        entry, receipt, openings, events=(RELEASED,), fields=RELEASE_FIELDS, policy=policy
    )
    _check_together(permitted.request, released)
    if released.index <= permitted.entry.index:
        raise NotPermitted("a release stands before its decision", got=f"entry {released.index}")
    # The vault counts an entry on the day of its hour: a day that nobody compares any more would hide it.
    decided = time_of(permitted.entry.values["at"])
    if not decided - _HOUR < released.leaf.hour <= decided + 2 * RECEIPT_AGE + CLOCK_SLACK:
        raise NotPermitted(
            "a release bears another hour than its decision",
            where=f"entry {released.index}",
            expected=f"{decided:%Y-%m-%dT%H}",
            got=f"{released.leaf.hour:%Y-%m-%dT%H}",
        )
    if to_canonical(released.values["counts"]) != to_canonical(found):
        raise WrongCounts(
            "what is recorded as released is not what was found",
            where=f"entry {released.index}, `counts`",
            expected="the counts of `examine`, as they are",
            got="other counts",
        )
    return released


def check_hold(
    event: str,
    *,
    entry: bytes,
    receipt: Receipt,
    openings: Sequence[Disclosure],
    policy: Policy,
    pack: bytes,
    now: datetime,
) -> Recorded:
    """Return an entry of the last 120 s that places, opens or ends a hold."""
    recorded = check_recorded(entry, receipt, openings, events=(event,), fields=HOLD_FIELDS, policy=policy)
    check_fresh(recorded, pack=pack, now=now)
    return recorded


def hold_asked(placed: Recorded) -> HoldAsked:
    """Read which read an entry holds, why and until when."""
    try:
        match placed.values["detail"]:
            case {"owner": str() as owner, "read": str() as read, "ground": str() as ground, "until": until}:
                return HoldAsked(owner, bytes.fromhex(read), HoldGround(ground), time_of(until))
    except ValueError:
        pass
    raise NotPermitted(
        "an entry names no read to hold",
        where=f"entry {placed.index}, `detail`",
        expected=f"owner, read, until and one ground of {', '.join(HoldGround)}",
        got="another form",
    )


def hold_named(recorded: Recorded) -> str:
    """Read which hold an entry is about."""
    match recorded.values["detail"]:
        case {"hold": str() as hold}:
            return hold
    raise NotPermitted(
        "an entry names no hold",
        where=f"entry {recorded.index}, `detail`",
        expected="hold",
        got="another form",
    )


def _check_together(request: Recorded, other: Recorded) -> None:
    """Refuse two entries that are not of one search, one log and one agency."""
    if other.values["request"] != request.hash.hex():
        raise NotPermitted(
            "an entry belongs to another search",
            where=f"entry {other.index}, `request`",
            expected=request.hash.hex(),
        )
    if (other.leaf.agency, other.log) != (request.leaf.agency, request.log):
        raise NotPermitted(
            "two entries of a search are of two agencies or logs",
            expected=f"{request.leaf.agency} in {request.log}",
            got=f"{other.leaf.agency} in {other.log}",
        )
    if other.index <= request.index:
        raise NotPermitted("an entry stands before its request", got=f"entry {other.index}")


def _pattern(request: Recorded) -> tuple[PlatePattern, bool]:
    plate, detail = request.values["plate"], request.values["detail"]
    match detail:
        case {"mode": SearchMode.LIVE, "confusables": bool() as confusables}:
            pass
        case _:
            raise NotPermitted(
                "the request does not say how to search",
                where=f"entry {request.index}, `detail`",
                expected="mode live, and whether confusables are meant",
                got="another form",
            )
    if not isinstance(plate, str):
        raise NotPermitted("the request names no plate", where=f"entry {request.index}, `plate`")
    try:
        return PlatePattern.parse(plate), confusables
    except BadInput as error:
        raise NotPermitted(
            error.what, where=f"entry {request.index}, `plate`", expected=error.expected
        ) from None


def _window(request: Recorded) -> Window:
    match request.values["window"]:
        case {"from": start, "to": end}:
            window = Window(time_of(start), time_of(end))
            if window.start <= window.end:
                return window
    raise NotPermitted(
        "the request names no window", where=f"entry {request.index}, `window`", expected="from, to"
    )


def time_of(value: Json) -> datetime:
    """Read a time of the record, in UTC."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        at = None
    if at is None or at.utcoffset() is None:
        raise NotPermitted("a time on the record cannot be read", expected="RFC 3339 with a zone")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise NotPermitted("a time on the record cannot be read", expected="a year from 1 to 9999") from None


def _permitted_owners(entry: Recorded, permits: Sequence[SaltedDecision]) -> frozenset[str]:
    """Return the owners that permit, once all decisions are those that the entry commits to."""
    try:
        found = SealedDecisions(permits).root
    except BadUse as error:
        raise NotPermitted(error.what, expected=error.expected) from None
    expected = DecisionsRoot.from_value(entry.values["owners_decided"])
    if found != expected:
        raise NotPermitted(
            "the owners' decisions are not those on the record",
            expected=f"{expected.size} decisions under {expected.hash.hex()}",
            got=f"{found.size} under {found.hash.hex()}",
        )
    owners = frozenset(each.decision.owner for each in permits if each.decision.outcome is Outcome.PERMIT)
    if not owners:
        raise NotPermitted("no owner permits the search", expected="an owner who does")
    return owners
