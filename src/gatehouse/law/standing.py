"""How the law of a data owner's state stood to a purpose on a day: the rulebook, asked about a record.

A record of searches shows the owner, the day and words that suggest a purpose. All else that a request at the
door would state (process, declaration, window, offense) is unknown, so a rule counts as forbidding only where
it refuses whatever the rest was (`gatehouse.law.unknowns`). A rule also refuses what the sources leave open:
its `@unsettled` names those purposes and flows, and a provision that nothing confirms settles none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache

from gatehouse.law.domain import plain
from gatehouse.law.facts import Jurisdiction, Provision
from gatehouse.law.formula import Compare, atoms, signals_in
from gatehouse.law.pack import Pack, Rule
from gatehouse.law.situation import Situation
from gatehouse.law.unknowns import holds_whatever, reads
from gatehouse.model import AgencyKind, Confidence, Outcome, Party, Signal


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
_KNOWN_OF_FLOWS = {"owner_state", "owner_day", "own", "searcher_state", "recipients"}
_MISSING = "missing:"
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
        self._flow_ruling = cache(self._judged_flow)

    def judge(self, state: str | None, on: date, signal: Signal) -> Ruling:
        """Return how the law of the owner's state (two letters) stood to a purpose on a day there.

        Of several rules in force the strictest decides; of equally strict ones the surest.
        """
        return self._ruling(state, _number(on), signal)

    def judge_flow(
        self, state: str | None, on: date, flow: Flow, *, owner: AgencyKind, searcher: Party
    ) -> Ruling:
        """Return how the law of the owner's state stood on a day there to who searched, whatever for.

        `owner` is the owner's kind. The searcher is not the owner; it is federal, or of the other state that
        it names, as the flow says.
        """
        return self._flow_ruling(state, _number(on), flow, owner, searcher.state or "", searcher.kind)

    def turns(self, state: str | None, flow: Flow) -> tuple[date, ...]:
        """Return the days on which the law of a state on a flow may change, in order."""
        if self._jurisdiction(state) is None or state is None:
            return ()
        found = set()
        for rule in self._of_flow(state, flow):
            for atom in atoms(rule.formula):
                if isinstance(atom, Compare) and atom.fact == "owner_day" and isinstance(atom.other, int):
                    day = date(atom.other // 10_000, atom.other // 100 % 100, atom.other % 100)
                    # A rule may hold from a day on or up to its end.
                    found |= {day, day + timedelta(days=1)}
        return tuple(sorted(found))

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
            refuses = holds_whatever(rule.formula, situation, _UNKNOWN)
            if (ruling := _ruling(rule, refuses, signal.value)) is not None:
                yield ruling

    def _judged_flow(
        self, state: str | None, day: int, flow: Flow, owner: AgencyKind, of: str, kind: AgencyKind
    ) -> Ruling:
        if state is None or self._jurisdiction(state) is None:
            return Ruling(Standing.UNKNOWN)
        federal = flow is Flow.FEDERAL
        situation = plain(state, day)._replace(
            owner_kind=owner.value,
            searcher_state=of,
            searcher_kind=kind.value,
            recipients=frozenset() if federal else frozenset({of}),
            kinds=frozenset({kind.value}),
            federal=federal,
            out_of_state=not federal,
        )
        known = {*_KNOWN_OF_FLOWS, flow.value}
        if owner is not AgencyKind.UNKNOWN:
            known |= {"owner_kind"}
        if kind is not AgencyKind.UNKNOWN:
            known |= {"searcher_kind", "kinds"}
        unknown = frozenset(Situation._fields) - known
        rulings = []
        for rule in self._of_flow(state, flow):
            ruling = _ruling(rule, holds_whatever(rule.formula, situation, unknown), flow.value)
            if ruling is not None:
                rulings.append(ruling)
        return min(rulings, key=_order, default=Ruling(Standing.NO_RULE))

    def _of_flow(self, state: str, flow: Flow) -> tuple[Rule, ...]:
        """Return the rules of the state on the release of data that look at a flow.

        A search whose terms are not known is refused too, but not for where the data went.
        """
        return tuple(
            rule
            for rule in self._of_owners(state)
            if flow.value in reads(rule.formula) and not rule.id.startswith(_MISSING)
        )

    def _of_signal(self, state: str, signal: Signal) -> tuple[Rule, ...]:
        """Return the rules of the state on the release of data that name a signal."""
        return tuple(rule for rule in self._of_owners(state) if signal.value in signals_in(rule.formula))

    def _of_owners(self, state: str) -> Iterator[Rule]:
        """Yield the rules of the state on the release of data."""
        code = f"us-{state.lower()}"
        for rule in self.pack.rules.values():
            if rule.jurisdiction == code and rule.side == "owner":
                yield rule


def _ruling(rule: Rule, refuses: bool | None, what: str) -> Ruling | None:
    """Return how a rule stands to a signal or a flow, None where it does not apply.

    `refuses` None means that it rests on what is not known.
    """
    if refuses is None or (refuses and rule.outcome is Outcome.REVIEW):
        return Ruling(Standing.CONDITIONAL, rule)
    if not refuses:
        return None
    settled = rule.confidence is not Confidence.UNVERIFIED and what not in rule.unsettled
    return Ruling(Standing.FORBIDDEN if settled else Standing.UNSETTLED, rule)


def _number(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day


def _order(ruling: Ruling) -> tuple[int, int, str]:
    """Return the strictest first, then the one that rests on the best source."""
    assert ruling.rule is not None
    return _STRICTNESS[ruling.standing], _SURENESS[ruling.rule.confidence], ruling.rule.id
