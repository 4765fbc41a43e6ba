"""What the rulebook holds on each matter in each jurisdiction, in a word or two, and how sure that is.

Whether a law refuses a matter always or on terms is found by trying: searches of that matter with every
purpose, kind of agency and legal process, and with nothing else against them, put to the law's own rules.
What is always refused, but not always by what the law settles, is left open.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

from gatehouse.law.domain import VALUES, plain
from gatehouse.law.facts import Jurisdiction, Provision
from gatehouse.law.formula import Covers, Is, Meets, Within, atoms, holds
from gatehouse.law.pack import FLOWS, Pack, Rule
from gatehouse.law.situation import Situation
from gatehouse.model import Confidence, Outcome

MATTERS = {
    "retention": "retention",
    "purposes": "purposes",
    "immigration": "immigration",
    "out_of_state": "out of state",
    "federal": "federal",
    "duties": "duties",
}
LEFT_OPEN = "left open, refused"
_TRIED = frozenset({"immigration", *FLOWS})
_UNITS = {"Y": "year", "M": "month", "W": "week", "D": "day", "TH": "hour", "TM": "minute"}


def rules_of(pack: Pack, provision: Provision) -> list[Rule]:
    """Return the rules that rest on a provision, refusals for a missing fact last."""
    resting = [rule for rule in pack.rules.values() if rule.provision == provision.id]
    return sorted(resting, key=lambda rule: rule.id.startswith("missing:"))


def covered(pack: Pack, jurisdiction: Jurisdiction, matter: str) -> str:
    """Return a cell of the table: what there is on a matter, and how sure."""
    about = [each for each in jurisdiction.provisions.values() if matter in each.matter]
    if not about:
        return "-"
    ruled = [each for each in about if rules_of(pack, each)]
    sure = {each.confidence for each in ruled or about}
    if matter == "retention" and (kept := [each.retention for each in ruled or about if each.retention]):
        what = ", ".join(dict.fromkeys(period(each) for each in kept))
    elif not ruled:
        what = "noted"
    elif all(rule.outcome is Outcome.REVIEW for each in ruled for rule in rules_of(pack, each)):
        what = "review"
    elif matter in _TRIED:
        what = _tried(pack, jurisdiction, matter)
    else:
        what = "rule"
    return f"{what} ({', '.join(each.value for each in Confidence if each in sure)})"


def period(duration: str) -> str:
    """Return an ISO 8601 duration in words: `21 days`."""
    days, _, clock = duration.removeprefix("P").partition("T")
    parts = [(n, _UNITS[unit]) for n, unit in re.findall(r"(\d+)([YMWD])", days)]
    parts += [(n, _UNITS["T" + unit]) for n, unit in re.findall(r"(\d+)([HM])", clock)]
    return " ".join(f"{n} {unit}" if n == "1" else f"{n} {unit}s" for n, unit in parts)


def _tried(pack: Pack, jurisdiction: Jurisdiction, matter: str) -> str:
    law = [
        rule
        for rule in pack.rules.values()
        if rule.jurisdiction == jurisdiction.code and rule.side == "owner" and rule.outcome is Outcome.DENY
    ]
    attempts = list(_attempts(jurisdiction.code.removeprefix("us-").upper(), matter, law))
    if not all(any(_refuses(rule, each) for rule in law) for each in attempts):
        return "on terms"
    settled = all(any(_settles(rule, each) for rule in law) for each in attempts)
    return "refused" if settled else LEFT_OPEN


def _refuses(rule: Rule, situation: Situation) -> bool:
    return holds(rule.formula, situation)


def _settles(rule: Rule, situation: Situation) -> bool:
    """Return whether a rule refuses for what its sources settle; what nothing confirms settles nothing."""
    without = situation._replace(
        signals=situation.signals - rule.unsettled,
        out_of_state=situation.out_of_state and "out_of_state" not in rule.unsettled,
        federal=situation.federal and "federal" not in rule.unsettled,
    )
    return rule.confidence is not Confidence.UNVERIFIED and _refuses(rule, without)


def _attempts(state: str, matter: str, law: list[Rule]) -> Iterator[Situation]:
    """Yield searches of a matter that have all else in their favor."""
    base = plain(state)._replace(approvals=2)
    named = {
        value
        for rule in law
        for atom in atoms(rule.formula)
        if isinstance(atom, Is | Meets | Covers | Within) and atom.fact in ("recipients", "searcher_state")
        for value in atom.values
    }
    others = sorted((named | {"WY", "TX"}) - {state, ""}) if matter == "out_of_state" else [state]
    kinds = ["federal"] if matter == "federal" else ["police", "state_police", "fusion"]
    for purpose, process, kind, home in product(VALUES["purpose"], VALUES["process"], kinds, others):
        yield base._replace(
            purpose=purpose,
            process=process,
            searcher_kind=kind,
            searcher_state=home,
            out_of_state=matter == "out_of_state",
            federal=matter == "federal",
            kinds=frozenset({kind}),
            recipients=frozenset() if matter == "federal" else frozenset({home}),
            signals=frozenset({"civil_immigration"}) if matter == "immigration" else frozenset(),
        )
