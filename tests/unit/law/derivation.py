"""The facts of a request and an owner, derived a second time from docs/deciding.md and the schema's comments.

It shares no function with `gatehouse.law.situation`, `clock`, `codes` or the methods of the model, so that a
fact derived wrongly there differs from the one derived here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from gatehouse.law.situation import Situation
from gatehouse.model import Agreement, Declaration, OwnerTerms, Party, SearchRequest, Signal

# Every zone that some of the state keeps (IANA tzdb); America/ where no other region is named.
_ZONES: dict[str, tuple[str, ...]] = {
    zones: tuple(states.split())
    for zones, states in {
        "New_York": "CT DC DE GA MA MD ME NC NH NJ NY OH PA RI SC VA VT WV",
        "New_York Chicago": "FL IN KY MI TN",
        "Chicago": "AL AR IA IL LA MN MO MS OK WI",
        "Chicago Denver": "KS ND NE SD TX",
        "Denver": "CO MT NM UT WY",
        "Denver Los_Angeles": "ID NV OR",
        "Phoenix Denver": "AZ",
        "Los_Angeles": "CA WA",
        "Anchorage Adak": "AK",
        "Pacific/Honolulu": "HI",
        # No state: the first place of the United States in which a day begins.
        "Pacific/Guam": "unknown",
    }.items()
}
_IMMIGRATION = {"civil_immigration", "immigration_criminal", "immigration_agency"}
_CARE = {"reproductive": {"reproductive_care"}, "gender": {"gender_affirming_care"}}
_SHORT = {
    "immigration": _IMMIGRATION,
    "immigration_enforcement": _IMMIGRATION,
    **_CARE,
    "health_care": {"reproductive_care", "gender_affirming_care"},
}
_ALL_MATTERS = {"immigration", "reproductive", "gender", "first_amendment"}


def derived(request: SearchRequest, owner: OwnerTerms, at: datetime, signals: Iterable[Signal]) -> Situation:
    """Return the facts that rules read of one request to one owner."""
    searcher, principal = request.searcher, request.on_behalf_of
    everybody = [searcher, principal] if isinstance(principal, Party) else [searcher]
    states = {party.state or "" for party in everybody if party.kind != "federal"}
    kinds = {str(party.kind) for party in everybody}
    home = owner.party.state or ""
    declared = _declared(owner.declaration, at)
    return Situation(
        owner_state=home,
        owner_kind=str(owner.party.kind),
        retention=0 if owner.retention is None else math.floor(owner.retention.total_seconds() / 60),
        bans=frozenset().union(*(_SHORT.get(ban, {ban}) for ban in owner.bans)),
        optins=frozenset(owner.optins),
        searcher_state=searcher.state or "",
        searcher_kind=str(searcher.kind),
        purpose=str(request.purpose or ""),
        offense=request.offense or "",
        signals=frozenset(map(str, signals)),
        case_number=_legible(request.case_number),
        owner_day=_day(home, at),
        searcher_day=_day(searcher.state or "", at),
        own=principal == "none" and _who(searcher) == _who(owner.party),
        out_of_state=bool(states - {"", home}),
        federal="federal" in kinds,
        recipients=frozenset(states),
        kinds=frozenset(kinds),
        behalf=_behalf(principal),
        agreement=_agreed(owner.agreement, request, at),
        declaration="unknown" if owner.declaration is None else "yes" if declared else "no",
        declared=frozenset(declared),
        process="none" if request.process is None else str(request.process.kind),
        approvals=len({_plain(name) for name in request.approvals if _legible(name)}),
        window=request.window is not None,
        reach=0 if request.window is None else math.ceil((at - request.window.start) / timedelta(minutes=1)),
    )


def _day(state: str, at: datetime) -> int:
    (zones,) = (zones for zones, states in _ZONES.items() if (state or "unknown") in states)
    names = (zone if "/" in zone else f"America/{zone}" for zone in zones.split())
    return max(int(at.astimezone(ZoneInfo(name)).strftime("%Y%m%d")) for name in names)


def _plain(name: str) -> str:
    return " ".join(name.lower().split())


def _who(party: Party) -> tuple[str, str | None, str]:
    return _plain(party.name), party.state, str(party.kind)


def _legible(text: str | None) -> bool:
    """Say whether a reader finds a letter or a digit; a Hangul filler is a letter to Unicode only."""
    return any(sign.isalnum() for sign in (text or "").replace("\u3164", ""))


def _behalf(principal: object) -> str:
    if not isinstance(principal, Party):
        return str(principal)
    return {"private": "private", "unknown": "unknown"}.get(str(principal.kind), "agency")


def _within(at: datetime, start: datetime | None, end: datetime | None) -> bool:
    return not ((start is not None and at < start) or (end is not None and at >= end))


def _agreed(agreement: bool | Agreement | None, request: SearchRequest, at: datetime) -> str:
    if agreement is None:
        return "unknown"
    if isinstance(agreement, bool):
        return "yes" if agreement else "no"
    covered = not agreement.purposes or request.purpose in agreement.purposes
    return "yes" if covered and _within(at, agreement.valid_from, agreement.valid_to) else "no"


def _declared(declaration: bool | Declaration | None, at: datetime) -> set[str]:
    """Return what is forsworn now; a bare yes forswears every matter."""
    if isinstance(declaration, Declaration):
        now = _within(at, declaration.valid_from, declaration.valid_to)
        return set(declaration.covers) if now else set()
    return _ALL_MATTERS if declaration else set()
