"""The codes of the request document, and the other names that it takes for some of them."""

from __future__ import annotations

from gatehouse import model
from gatehouse.law.clock import EAST_END
from gatehouse.model import FAMILIES, AgencyKind, Behalf, ProcessKind, Purpose, Signal

STATES: dict[str, str] = {code: code for code in sorted(EAST_END)}
KINDS: dict[str, AgencyKind] = {each.value: each for each in AgencyKind}
PURPOSES: dict[str, Purpose] = {each.value: each for each in Purpose}
OFFENSES: dict[str, str] = {code: code for code in sorted(model.OFFENSES)}
BEHALF: dict[str, Behalf] = {each.value: each for each in Behalf}

PROCESSES: dict[str, ProcessKind] = {
    **{each.value: each for each in ProcessKind},
    "search_warrant": ProcessKind.WARRANT,
    "probable_cause_warrant": ProcessKind.WARRANT,
    # Nothing in the bare word says that a court issued it.
    "subpoena": ProcessKind.ADMINISTRATIVE_SUBPOENA,
    "admin_subpoena": ProcessKind.ADMINISTRATIVE_SUBPOENA,
    "admin_warrant": ProcessKind.ADMINISTRATIVE_WARRANT,
}

_IMMIGRATION = frozenset(signal.value for signal in FAMILIES["immigration"])
_HEALTH = frozenset({Signal.REPRODUCTIVE_CARE.value, Signal.GENDER_AFFIRMING_CARE.value})

# Each code of a ban with what it stands for among the facts that rules read.
BANS: dict[str, frozenset[str]] = {
    **{each.value: frozenset({each.value}) for each in (*Purpose, *Signal)},
    "federal": frozenset({"federal"}),
    "out_of_state": frozenset({"out_of_state"}),
    "immigration": _IMMIGRATION,
    "immigration_enforcement": _IMMIGRATION,
    "reproductive": frozenset({Signal.REPRODUCTIVE_CARE.value}),
    "gender": frozenset({Signal.GENDER_AFFIRMING_CARE.value}),
    "health_care": _HEALTH,
}
OPTINS: dict[str, str] = {code: code for code in ("audit_training", "on_behalf_of")}

# What a declaration forswears. Who forswears a part of immigration enforcement other than the civil one has
# not forsworn what the statutes ask for.
MATTERS: dict[str, frozenset[str]] = {
    "immigration": frozenset({"immigration"}),
    "immigration_enforcement": frozenset({"immigration"}),
    "civil_immigration": frozenset({"immigration"}),
    "immigration_criminal": frozenset(),
    "immigration_agency": frozenset(),
    "reproductive": frozenset({"reproductive"}),
    "reproductive_care": frozenset({"reproductive"}),
    "gender": frozenset({"gender"}),
    "gender_affirming_care": frozenset({"gender"}),
    "first_amendment": frozenset({"first_amendment"}),
}
