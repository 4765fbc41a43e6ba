"""The answer of the rules to one combination of facts, and what is missing for one.

A row of an export leaves facts open that a live search must state. A rule that refuses whatever they are has
refused; one whose answer rests on a missing fact has not, and the row *cannot be judged* by it.

Of the combinations that none of the rules tried can tell apart (`backtest.alike`), one is decided.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gatehouse.audit.backtest.given import NEVER_EXPORTED, Given
from gatehouse.audit.backtest.settled import settled_part
from gatehouse.law.alike import Alike
from gatehouse.law.engine import CedarEngine
from gatehouse.law.formula import holds
from gatehouse.law.situation import Situation, leaves_state
from gatehouse.law.unknowns import holds_whatever, reads
from gatehouse.model import Outcome, VerificationFailed

if TYPE_CHECKING:
    from gatehouse.audit.backtest.plan import Plan
    from gatehouse.law.engine import Verdict

REFUSED, REVIEW, PERMITTED, NOT_JUDGEABLE = "refused", "review", "permitted", "not_judgeable"
ANSWERS = (REFUSED, REVIEW, PERMITTED, NOT_JUDGEABLE)

# Gaps that no rule of the pack looks for, since a live search cannot have them.
_GAPS_OF_RECORDS = frozenset({"signals", "owner_day", "searcher_day"})
_MISSING = "missing:"
# What a fact is called where people read that a record lacks it.
_FACTS = {
    "declared": "declaration",
    "reach": "window",
    "recipients": "searcher_state",
    "kinds": "searcher_kind",
    "out_of_state": "searcher_state",
    "owner_day": "time",
    "searcher_day": "time",
    "signals": "reason",
    "behalf": "on_behalf_of",
    "own": "owner",
}
_EVERY = frozenset(Situation._fields)


@dataclass(frozen=True, slots=True)
class Answer:
    """One of `ANSWERS`; the rules that refused or asked for a review, or the facts that were lacking.

    `unsettled` are those of the rules that refused only for what their sources leave open.
    """

    outcome: str
    rules: tuple[str, ...] = ()
    lacked: tuple[str, ...] = ()
    unsettled: frozenset[str] = frozenset()

    @property
    def rests_on_law_left_open(self) -> bool:
        """Return whether no rule refused for anything that its sources settle."""
        return self.outcome == REFUSED and self.unsettled.issuperset(self.rules)


class Judge:
    """Answers combinations of facts; those that no rule tried can tell apart are answered once."""

    def __init__(self, plan: Plan) -> None:
        self._rules = {rule.id: rule for rule in plan.rules()}
        self._formulas = {name: rule.formula for name, rule in self._rules.items()}
        self._needs = {name: reads(formula) for name, formula in self._formulas.items()}
        self._settled = {
            name: part for name, rule in self._rules.items() if (part := settled_part(rule)) is not None
        }
        self._alike = Alike((*self._formulas.values(), *self._settled.values()))
        self._engine = CedarEngine(plan.draft.added_to(plan.pack) if plan.draft else plan.pack)
        self._drafted = frozenset(rule.id for rule in plan.draft.rules) if plan.draft else frozenset()
        # A statute of another state is tried as if it were the law of the owner's own.
        self._as_if = tuple(code[3:].upper() for code in plan.laws)

    def answers(self, asked_for: Sequence[Given]) -> list[Answer]:
        """Return the answer to each combination of facts."""
        kinds = {given: self._kind(given) for given in dict.fromkeys(asked_for)}
        # The first of each kind stands for it.
        examples = {kind: given for given, kind in reversed(kinds.items())}
        situations = list(
            dict.fromkeys(each for known, _ in examples.values() for each in self._variants(known))
        )
        verdicts = dict(zip(situations, self._engine.evaluate(situations), strict=True))
        answers = {kind: self._decide(*given, verdicts) for kind, given in examples.items()}
        return [answers[kinds[given]] for given in asked_for]

    def _kind(self, given: Given) -> tuple[int, ...]:
        variants = self._variants(given.known)
        return tuple(self._alike.number(each, given.unknown) for each in variants)

    def _variants(self, known: Situation) -> list[Situation]:
        elsewhere = [state for state in self._as_if if state != known.owner_state]
        return [known, *(_transplanted(known, state) for state in elsewhere)]

    def _decide(
        self, known: Situation, unknown: frozenset[str], verdicts: Mapping[Situation, Verdict]
    ) -> Answer:
        fired: set[str] = set()
        settled: set[str] = set()
        open_rules: set[str] = set()
        for each in self._variants(known):
            verdict = verdicts[each]
            if verdict.failure is not None:
                raise VerificationFailed("the rules could not be evaluated", got=verdict.failure)
            here = set(verdict.rules) & set(self._rules)
            fired |= here
            settled |= {name for name in here if self._is_settled(name, each)}
            open_rules |= {
                name
                for name in self._questionable(fired, unknown)
                if self._rests_on_a_gap(name, each, fired, unknown)
            }
        firm = {name for name in fired - open_rules if not name.startswith(_MISSING)}
        denied = sorted(name for name in firm if self._rules[name].outcome is Outcome.DENY)
        if denied:
            return Answer(REFUSED, tuple(denied), unsettled=frozenset(denied) - settled)
        gaps = open_rules | {name for name in fired if name.startswith(_MISSING)}
        if gaps:
            return Answer(NOT_JUDGEABLE, lacked=self._lacked(gaps, fired, unknown))
        return Answer(REVIEW, tuple(sorted(firm))) if firm else Answer(PERMITTED)

    def _is_settled(self, name: str, known: Situation) -> bool:
        """Return whether a rule that applies does so for what its sources settle."""
        part = self._settled.get(name)
        return part is None or holds(part, known)

    def _questionable(self, fired: Collection[str], unknown: frozenset[str]) -> Collection[str]:
        """Return the rules whose answer may rest on a gap: few, unless a gap of records is among them."""
        return self._rules if unknown & _GAPS_OF_RECORDS else {*fired, *self._drafted}

    def _rests_on_a_gap(
        self, name: str, known: Situation, fired: Collection[str], unknown: frozenset[str]
    ) -> bool:
        gaps = self._needs[name] & unknown & self._minded(name, name in fired)
        return bool(gaps) and holds_whatever(self._formulas[name], known, gaps) is None

    def _minded(self, name: str, fired: bool) -> frozenset[str]:
        """Return the gaps that leave a rule open: those for which the pack itself has no `missing:` rule.

        A draft has no such rules, so every gap counts, but for approvals where they are what a review waits
        for: that a record shows none means that a supervisor would have been asked. A statute that asks for a
        warrant has not refused a search whose record has no column for one; nor is every search open because
        a warrant that the law does not honor could have been behind it.
        """
        if name in self._drafted:
            return _EVERY if self._rules[name].outcome is Outcome.DENY else _EVERY - {"approvals"}
        return _GAPS_OF_RECORDS | NEVER_EXPORTED if fired else _GAPS_OF_RECORDS

    def _lacked(
        self, gaps: Iterable[str], fired: Collection[str], unknown: frozenset[str]
    ) -> tuple[str, ...]:
        names = set()
        for gap in gaps:
            if gap.startswith(_MISSING):
                names.add(gap.removeprefix(_MISSING).partition("/")[0])
            else:
                open_facts = self._needs[gap] & unknown & self._minded(gap, gap in fired)
                # Whether a search leaves the state is known of two states.
                home = {"out_of_state": "owner_state"} if "searcher_state" not in unknown else {}
                names |= {home.get(each) or _FACTS.get(each, each) for each in open_facts}
        return tuple(sorted(names))


def _transplanted(known: Situation, state: str) -> Situation:
    """Return a situation in which the owner's state and another have changed places.

    So the agencies of the owner's own state are the statute's own, and everybody else is from elsewhere, as
    they are; which days it is in force is told by the owner's day.
    """
    home = known.owner_state
    places = {home: state, state: home} if home else {}
    recipients = frozenset(places.get(each, each) for each in known.recipients)
    return known._replace(
        owner_state=state,
        searcher_state=places.get(known.searcher_state, known.searcher_state),
        recipients=recipients,
        out_of_state=leaves_state(recipients, state),
    )
