"""The values that the facts of a real request can take, and a plain search that nothing speaks against.

Canaries, proofs and comparisons of packs choose their situations from here, so that what they show reads like
a request that somebody could make.
"""

from __future__ import annotations

from gatehouse.law.clock import EAST_END
from gatehouse.law.formula import SETS, TEXTS
from gatehouse.law.situation import Situation
from gatehouse.model import MATTERS, OFFENSES, AgencyKind, Behalf, ProcessKind, Purpose, Signal

_STATES = tuple(sorted(EAST_END))
_PURPOSES = tuple(each.value for each in Purpose)
_SIGNALS = tuple(each.value for each in Signal)
_KINDS = tuple(each.value for each in AgencyKind)
_KNOWN = ("yes", "no", "unknown")
# A value that no rule and no list names.
STRANGER = "something else"

VALUES: dict[str, tuple[str, ...]] = {
    "owner_state": ("", *_STATES),
    "owner_kind": _KINDS,
    "bans": (*_PURPOSES, *_SIGNALS, "out_of_state", "federal"),
    "optins": ("audit_training", "on_behalf_of"),
    "searcher_state": ("", *_STATES),
    "searcher_kind": _KINDS,
    "purpose": ("", *_PURPOSES),
    "offense": ("", *sorted(OFFENSES)),
    "signals": _SIGNALS,
    "recipients": ("", *_STATES),
    "kinds": _KINDS,
    "behalf": (*(each.value for each in Behalf), "agency", "private"),
    "agreement": _KNOWN,
    "declaration": _KNOWN,
    "declared": tuple(sorted(MATTERS)),
    "process": ("none", *(each.value for each in ProcessKind)),
}
assert set(VALUES) == TEXTS | SETS

# Two police agencies of one state that has no rules of its own, an agreement, and a stolen car.
PLAIN = Situation(
    owner_state="WY",
    owner_kind="police",
    retention=0,
    bans=frozenset(),
    optins=frozenset(),
    searcher_state="WY",
    searcher_kind="police",
    purpose="stolen_vehicle_or_plate",
    offense="240",
    signals=frozenset(),
    case_number=True,
    owner_day=20261001,
    searcher_day=20261001,
    own=False,
    out_of_state=False,
    federal=False,
    recipients=frozenset({"WY"}),
    kinds=frozenset({"police"}),
    behalf="none",
    agreement="yes",
    declaration="yes",
    declared=MATTERS,
    process="none",
    approvals=0,
    window=True,
    reach=1,
)


def plain(state: str, day: int = PLAIN.owner_day) -> Situation:
    """Return the plain search within one state on a day."""
    return PLAIN._replace(
        owner_state=state,
        searcher_state=state,
        recipients=frozenset({state}),
        owner_day=day,
        searcher_day=day,
    )
