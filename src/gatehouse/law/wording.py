"""A situation in plain words, for counterexamples and for examples of what a change of rules changes."""

from __future__ import annotations

from collections.abc import Iterable

from gatehouse.law.domain import PLAIN
from gatehouse.law.situation import Situation
from gatehouse.model import AgencyKind

_DAY = 24 * 60
_AGREEMENT = {"no": "the owner has no agreement with it", "unknown": "whether the owner agreed is not known"}


def describe(situation: Situation) -> str:
    """Return a situation as a sentence; what is as in a plain search is left out."""
    s, usual = situation, PLAIN
    said = [
        f"On {_day(s.owner_day)} {_agency(s.searcher_kind, s.searcher_state)} searches "
        + ("its own reads" if s.own else f"the reads of {_agency(s.owner_kind, s.owner_state)}")
        + (f" for {s.purpose}" if s.purpose else " without a purpose")
    ]
    if s.offense != usual.offense:
        said.append(f"offense {s.offense}" if s.offense else "no offense")
    if s.signals:
        said.append(f"the text suggests {_list(s.signals)}")
    if not s.case_number:
        said.append("no case number")
    if s.behalf != usual.behalf:
        said.append("on behalf of another agency" if s.behalf == "agency" else f"on behalf of: {s.behalf}")
    federal = s.searcher_kind == AgencyKind.FEDERAL.value
    if s.federal and not federal:
        said.append("for a federal agency")
    if s.recipients != (frozenset() if federal else {s.searcher_state}):
        said.append(f"states that receive: {_list(s.recipients)}")
    if s.kinds != {s.searcher_kind}:
        said.append(f"kinds that receive: {_list(s.kinds)}")
    if s.out_of_state != any(state != s.owner_state for state in s.recipients):
        said.append("out of state" if s.out_of_state else "within the state")
    if s.agreement != usual.agreement:
        said.append(_AGREEMENT.get(s.agreement, f"agreement {s.agreement}"))
    if (s.declaration, s.declared) != (usual.declaration, usual.declared):
        matters = f" against {_list(s.declared)}" if s.declared else ""
        said.append(f"declaration {s.declaration}{matters}")
    if s.process != usual.process:
        said.append(f"process {s.process}")
    if s.approvals:
        said.append(f"approvals {s.approvals}")
    if not s.window:
        said.append("no time window")
    if s.reach > _DAY or (s.retention and s.reach):
        said.append(f"reaching back {span(s.reach)}")
    if s.retention:
        said.append(f"the owner keeps reads {span(s.retention)}")
    if s.bans:
        said.append(f"the owner bans {_list(s.bans)}")
    if s.optins:
        said.append(f"the owner opted in to {_list(s.optins)}")
    if s.searcher_day != s.owner_day:
        said.append(f"the searcher's day is {_day(s.searcher_day)}")
    return "; ".join(said) + "."


def span(minutes: int) -> str:
    """Return a number of minutes in days, hours or minutes, whichever is whole."""
    for size, name in ((_DAY, "day"), (60, "hour")):
        if minutes >= size and minutes % size == 0:
            return f"{minutes // size:,} {name}{'' if minutes == size else 's'}"
    return f"{minutes:,} minute{'' if minutes == 1 else 's'}"


def _day(day: int) -> str:
    return f"{day // 10_000:04}-{day // 100 % 100:02}-{day % 100:02}"


def _agency(kind: str, state: str) -> str:
    if kind == AgencyKind.FEDERAL.value:
        return "a federal agency" + (f" in {state}" if state else "")
    name = kind.replace("_", " ") or "nameless"
    article = "an" if name[0] in "aeio" else "a"
    return f"{article} {name} agency of {state or 'no known state'}"


def _list(values: Iterable[str]) -> str:
    return ", ".join(sorted(value or '""' for value in values)) or "none"
