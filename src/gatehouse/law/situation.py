"""A request and an owner as the facts that rules read; owners with equal facts share one evaluation.

The facts are those of `network/schema.cedarschema`, and nothing else about a search reaches a rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from gatehouse.law import codes
from gatehouse.law.clock import local_day
from gatehouse.law.unseen import blank
from gatehouse.model import (
    MATTERS,
    OFFENSES,
    AgencyKind,
    Agreement,
    BadUse,
    Behalf,
    Declaration,
    OwnerTerms,
    Party,
    Purpose,
    SearchRequest,
    Signal,
)
from gatehouse.model.request import distinct_approvers

_NOTHING: frozenset[str] = frozenset()


class Situation(NamedTuple):
    """Everything that decides, and nothing that does not: equal situations have equal decisions.

    States are USPS codes, "" where unknown. See the schema for the other fields.
    """

    owner_state: str
    owner_kind: str
    retention: int
    bans: frozenset[str]
    optins: frozenset[str]
    searcher_state: str
    searcher_kind: str
    purpose: str
    offense: str
    signals: frozenset[str]
    case_number: bool
    owner_day: int
    searcher_day: int
    own: bool
    out_of_state: bool
    federal: bool
    recipients: frozenset[str]
    kinds: frozenset[str]
    behalf: str
    agreement: str
    declaration: str
    declared: frozenset[str]
    process: str
    approvals: int
    window: bool
    reach: int


class Asked(NamedTuple):
    """The part of a situation that does not depend on the owner."""

    request: SearchRequest
    at: datetime
    signals: frozenset[str]
    searcher_day: int
    federal: bool
    recipients: frozenset[str]
    kinds: frozenset[str]
    approvals: int
    reach: int


def asked(request: SearchRequest, at: datetime, signals: Iterable[Signal]) -> Asked:
    """Return what a request says to every owner; an offense that is no code is `BadUse`."""
    if request.offense and request.offense not in OFFENSES:
        raise BadUse("the offense is not on the list", expected="a code of gatehouse.model.OFFENSES")
    parties = [request.searcher]
    if isinstance(request.on_behalf_of, Party):
        parties.append(request.on_behalf_of)
    window = request.window
    return Asked(
        request=request,
        at=at,
        signals=frozenset(signal.value for signal in signals),
        searcher_day=local_day(request.searcher.state, at),
        federal=any(party.kind is AgencyKind.FEDERAL for party in parties),
        recipients=frozenset(party.state or "" for party in parties if party.kind is not AgencyKind.FEDERAL),
        kinds=frozenset(party.kind.value for party in parties),
        approvals=distinct_approvers(each for each in request.approvals if not blank(each)),
        # Rounded up: a window that reaches a second too far reaches too far.
        reach=0 if window is None else max(0, minutes(at - window.start)),
    )


def situation(asked: Asked, owner: OwnerTerms) -> Situation:
    """Return the facts of one owner's decision; bans and periods that have no meaning are `BadUse`."""
    request = asked.request
    state = owner.party.state or ""
    behalf = request.on_behalf_of
    # The prosecutor and the sheriff of a county may go by one name.
    same = request.searcher.same_as(owner.party) and request.searcher.kind is owner.party.kind
    own = behalf is Behalf.NONE and same
    declaration, declared = declaration_at(owner.declaration, asked.at)
    return Situation(
        owner_state=state,
        owner_kind=owner.party.kind.value,
        retention=minutes_kept(owner.retention),
        bans=banned(owner.bans),
        optins=owner.optins,
        searcher_state=request.searcher.state or "",
        searcher_kind=request.searcher.kind.value,
        purpose=request.purpose.value if request.purpose else "",
        offense=request.offense or "",
        signals=asked.signals,
        case_number=not blank(request.case_number or ""),
        owner_day=local_day(owner.party.state, asked.at),
        searcher_day=asked.searcher_day,
        own=own,
        out_of_state=leaves_state(asked.recipients, state),
        federal=asked.federal,
        recipients=asked.recipients,
        kinds=asked.kinds,
        behalf=_behalf(behalf),
        agreement=agreement_at(owner.agreement, request.purpose, asked.at),
        declaration=declaration,
        declared=declared,
        process=request.process.kind.value if request.process else "none",
        approvals=asked.approvals,
        window=request.window is not None,
        reach=asked.reach,
    )


def leaves_state(recipients: Iterable[str], owner_state: str) -> bool:
    """Return whether a known state of a recipient is another than the owner's.

    A recipient of an unknown state ("") is refused for that, and not for being of another state.
    """
    return any(state and state != owner_state for state in recipients)


def _behalf(behalf: Party | Behalf) -> str:
    if isinstance(behalf, Behalf):
        return behalf.value
    # A body of which nobody knows what it is might as well not have been named.
    kinds = {AgencyKind.PRIVATE: "private", AgencyKind.UNKNOWN: Behalf.UNKNOWN.value}
    return kinds.get(behalf.kind, "agency")


def minutes(span: timedelta) -> int:
    """Return a span in whole minutes, a part of one counted as one."""
    return -(-span // timedelta(minutes=1))


def minutes_kept(retention: timedelta | None) -> int:
    """Return for how many whole minutes an owner keeps reads, 0 if it sets no limit of its own.

    A period of less than a minute is `BadUse`: to rules 0 means no limit, which is the opposite.
    """
    if retention is None:
        return 0
    if retention < timedelta(minutes=1):
        raise BadUse("an owner keeps reads for less than a minute", expected="a minute or more, or None")
    return retention // timedelta(minutes=1)


@lru_cache(maxsize=4096)
def banned(bans: frozenset[str]) -> frozenset[str]:
    """Return what bans stand for among the facts of a search; one that no list names is `BadUse`."""
    if unknown := bans - codes.BANS.keys():
        raise BadUse(
            "an owner bans what no search can be",
            expected="codes of docs/deciding.md",
            got=f"{len(unknown)} that are none",
        )
    return _NOTHING.union(*(codes.BANS[each] for each in bans))


def agreement_at(agreement: bool | Agreement | None, purpose: Purpose | None, at: datetime) -> str:
    """Return whether an agreement covers a purpose at a time: `yes`, `no` or `unknown`."""
    if agreement is None:
        return "unknown"
    if isinstance(agreement, Agreement):
        agreement = agreement.covers(purpose, at)
    return "yes" if agreement is True else "no"


def declaration_at(declaration: bool | Declaration | None, at: datetime) -> tuple[str, frozenset[str]]:
    """Return whether a declaration is in force at a time, and the matters that it forswears."""
    if declaration is None:
        return "unknown", _NOTHING
    if isinstance(declaration, Declaration):
        covers = declaration.covers if declaration.in_force(at) else _NOTHING
    else:
        covers = MATTERS if declaration is True else _NOTHING
    return "yes" if covers else "no", covers
