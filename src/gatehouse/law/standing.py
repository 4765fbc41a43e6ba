"""How the law of a data owner's state stood to a purpose on a day: the rulebook, asked about a record.

A record of searches shows the owner, the day and words that suggest a purpose. All else that a request at the
door would state (process, declaration, window, offense) is unknown, so a rule counts as forbidding only where
it refuses whatever the rest was (`gatehouse.law.unknowns`). A rule also refuses what the sources leave open:
its `@unsettled` names those purposes, and a provision that nothing confirms settles none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache

from gatehouse.law.domain import plain
from gatehouse.law.facts import Jurisdiction, Provision
from gatehouse.law.formula import signals_in
from gatehouse.law.pack import Pack, Rule
from gatehouse.law.situation import Situation
from gatehouse.law.unknowns import holds_whatever
from gatehouse.model import Confidence, Outcome, Signal


class Flow(StrEnum):
    """Where data go when a body outside the owner's state, or a federal one, searches them."""

    OUT_OF_STATE = "out_of_state"
    FEDERAL = "federal"


class Standing(StrEnum):
    """How the law of a day stands to a purpose, strictest first.

    `forbidden`: a rule in force refuses it, whatever else was true of the search. `unsettled`: one does, but
    the sources do not settle that the law reaches it. `conditional`: whether one does rests on what a record
    does not show. `no_rule`: no rule in force speaks of it, which is no permission. `unknown`: the state is
    not known, or not in the rulebook.
    """

    FORBIDDEN = "forbidden"
    UNSETTLED = "unsettled"
    CONDITIONAL = "conditional"
    NO_RULE = "no_rule"
    UNKNOWN = "unknown"


_STRICTNESS = {standing: place for place, standing in enumerate(Standing)}
_SURENESS = {confidence: place for place, confidence in enumerate(Confidence)}
_KNOWN = {"owner_state", "owner_day", "signals"}
_UNKNOWN = frozenset(Situation._fields) - _KNOWN
# A text that names an immigration agency states no purpose: what the law says of civil enforcement may reach
# it, and no law settles that it does.
_MAY_MEAN = {Signal.IMMIGRATION_AGENCY: Signal.CIVIL_IMMIGRATION}


@dataclass(frozen=True, slots=True)
class Ruling:
    """How the law stands, and the rule that decides it (None without one)."""

    standing: Standing
    rule: Rule | None = None


class Law:
    """The law of the owners' states, as one rulebook holds it."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self._ruling = cache(self._judged)
        self._concerning = cache(self._of_signal)

    def judge(self, state: str | None, on: date, signal: Signal) -> Ruling:
        """Return how the law of the owner's state (two letters) stood to a purpose on a day there.

        Of several rules in force the strictest decides; of equally strict ones the surest.
        """
        return self._ruling(state, _number(on), signal)

    def provisions_on(self, state: str | None, flow: Flow, *, by: date) -> tuple[Provision, ...]:
        """Return what the state's law says of a flow, where it bound owners by the end of a day there."""
        jurisdiction = self._jurisdiction(state)
        if jurisdiction is None:
            return ()
        return tuple(
            each
            for each in jurisdiction.provisions.values()
            if flow.value in each.matter
            and "owner" in each.binds
            and (begins := each.operative or each.effective) is not None
            and begins <= by
        )

    def _jurisdiction(self, state: str | None) -> Jurisdiction | None:
        return None if state is None else self.pack.jurisdictions.get(f"us-{state.lower()}")

    def _judged(self, state: str | None, day: int, signal: Signal) -> Ruling:
        if state is None or self._jurisdiction(state) is None:
            return Ruling(Standing.UNKNOWN)
        rulings = list(self._rulings(state, day, signal))
        if not any(each.standing is not Standing.CONDITIONAL for each in rulings) and signal in _MAY_MEAN:
            rulings += [
                Ruling(Standing.UNSETTLED, each.rule)
                for each in self._rulings(state, day, _MAY_MEAN[signal])
                if each.standing is not Standing.CONDITIONAL
            ]
        return min(rulings, key=_order, default=Ruling(Standing.NO_RULE))

    def _rulings(self, state: str, day: int, signal: Signal) -> Iterator[Ruling]:
        """Yield how each rule that speaks of the purpose stands to it, unless it does not apply that day."""
        situation = plain(state, day)._replace(signals=frozenset({signal.value}))
        for rule in self._concerning(state, signal):
            assert rule.formula is not None
            refuses = holds_whatever(rule.formula, situation, _UNKNOWN)
            if refuses is None or (refuses and rule.outcome is Outcome.REVIEW):
                yield Ruling(Standing.CONDITIONAL, rule)
            elif refuses:
                settled = rule.confidence is not Confidence.UNVERIFIED and signal.value not in rule.unsettled
                yield Ruling(Standing.FORBIDDEN if settled else Standing.UNSETTLED, rule)

    def _of_signal(self, state: str, signal: Signal) -> tuple[Rule, ...]:
        """Return the rules of the state on the release of data that name a signal."""
        return tuple(
            rule
            for rule in self.pack.rules.values()
            if rule.jurisdiction == f"us-{state.lower()}"
            and rule.side == "owner"
            and rule.formula is not None
            and signal.value in signals_in(rule.formula)
        )


def _number(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day


def _order(ruling: Ruling) -> tuple[int, int, str]:
    """Return the strictest first, then the one that rests on the best source."""
    assert ruling.rule is not None
    return _STRICTNESS[ruling.standing], _SURENESS[ruling.rule.confidence], ruling.rule.id
