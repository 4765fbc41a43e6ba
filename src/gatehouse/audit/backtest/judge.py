"""The answer of the rules to one combination of facts, and what is missing for one.

A row of an export leaves facts open that a live search must state. A rule that refuses whatever they are has
refused; one whose answer rests on a missing fact has not, and the row *cannot be judged* by it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gatehouse.audit.texts import BIT
from gatehouse.law.engine import CedarEngine
from gatehouse.law.formula import All
from gatehouse.law.situation import Situation, asked, situation
from gatehouse.law.unknowns import holds_whatever, reads
from gatehouse.model import (
    AgencyKind,
    Outcome,
    OwnerTerms,
    Party,
    SearchRequest,
    Signal,
    VerificationFailed,
)

if TYPE_CHECKING:
    from gatehouse.audit.backtest.plan import Plan
    from gatehouse.audit.backtest.rows import Constants
    from gatehouse.audit.roster import Roster
    from gatehouse.law.engine import Verdict
    from gatehouse.law.purposes import Stated

REFUSED, REVIEW, PERMITTED, NOT_JUDGEABLE = "refused", "review", "permitted", "not_judgeable"
ANSWERS = (REFUSED, REVIEW, PERMITTED, NOT_JUDGEABLE)

# What no export holds. For what else may be missing the pack has rules of its own, `missing:*`; that a record
# shows no approval means that a supervisor would have been asked.
NEVER_EXPORTED = frozenset({"process"})
# Gaps that no rule of the pack looks for, since a live search cannot have them.
_GAPS_OF_RECORDS = frozenset({"signals", "owner_day", "searcher_day"})
_MISSING = "missing:"
# What a fact is called where people read that a record lacks it.
_FACTS = {
    "declared": "declaration",
    "reach": "window",
    "recipients": "searcher_state",
    "out_of_state": "searcher_state",
    "owner_day": "time",
    "searcher_day": "time",
    "signals": "reason",
    "behalf": "on_behalf_of",
}
_EVERY = frozenset(Situation._fields)
_NOBODY = Party("(not stated)", None, AgencyKind.UNKNOWN)
_ANYBODY = "(another agency)"


@dataclass(frozen=True, slots=True)
class Answer:
    """One of `ANSWERS`; the rules that refused or asked for a review, or the facts that were lacking."""

    outcome: str
    rules: tuple[str, ...]
    lacked: tuple[str, ...]


class Judge:
    """Answers combinations of facts; equal situations with equal gaps are answered once."""

    def __init__(self, plan: Plan, roster: Roster, constants: Constants, phrases: Sequence[Stated]) -> None:
        self._roster = roster
        self._constants = constants
        self._phrases = phrases
        self._rules = {rule.id: (rule, reads(rule.formula or All(()))) for rule in plan.rules()}
        self._engine = CedarEngine(plan.draft.added_to(plan.pack) if plan.draft else plan.pack)
        self._drafted = frozenset(rule.id for rule in plan.draft.rules) if plan.draft else frozenset()
        # A statute of another state is tried as if the data lay there.
        self._as_if = tuple(code[3:].upper() for code in plan.laws)

    def answers(self, rows: Iterable[Mapping[str, Any]]) -> list[Answer]:
        """Return the answer to each row: the columns of `rows.ALIKE`."""
        asked_for = [self._situation(row) for row in rows]
        distinct = list(dict.fromkeys(asked_for))
        situations = list(dict.fromkeys(each for known, _ in distinct for each in self._variants(known)))
        verdicts = dict(zip(situations, self._engine.evaluate(situations), strict=True))
        known = {each: self._decide(each[0], each[1], verdicts) for each in distinct}
        return [known[each] for each in asked_for]

    def _variants(self, known: Situation) -> list[Situation]:
        elsewhere = [state for state in self._as_if if state != known.owner_state]
        return [known, *(known._replace(owner_state=state) for state in elsewhere)]

    def _decide(
        self, known: Situation, unknown: frozenset[str], verdicts: Mapping[Situation, Verdict]
    ) -> Answer:
        fired: set[str] = set()
        open_rules: set[str] = set()
        for each in self._variants(known):
            verdict = verdicts[each]
            if verdict.failure is not None:
                raise VerificationFailed("the rules could not be evaluated", got=verdict.failure)
            fired |= set(verdict.rules) & set(self._rules)
            open_rules |= {
                name
                for name in self._questionable(fired, unknown)
                if self._rests_on_a_gap(name, each, fired, unknown)
            }
        firm = {name for name in fired - open_rules if not name.startswith(_MISSING)}
        denied = sorted(name for name in firm if self._rules[name][0].outcome is Outcome.DENY)
        if denied:
            return Answer(REFUSED, tuple(denied), ())
        gaps = open_rules | {name for name in fired if name.startswith(_MISSING)}
        if gaps:
            return Answer(NOT_JUDGEABLE, (), self._lacked(gaps, fired, unknown))
        return Answer(REVIEW, tuple(sorted(firm)), ()) if firm else Answer(PERMITTED, (), ())

    def _questionable(self, fired: Collection[str], unknown: frozenset[str]) -> Collection[str]:
        """Return the rules whose answer may rest on a gap: few, unless a gap of records is among them."""
        return self._rules if unknown & _GAPS_OF_RECORDS else {*fired, *self._drafted}

    def _rests_on_a_gap(
        self, name: str, known: Situation, fired: Collection[str], unknown: frozenset[str]
    ) -> bool:
        rule, needs = self._rules[name]
        gaps = needs & unknown & self._minded(name, name in fired)
        return bool(gaps) and holds_whatever(rule.formula or All(()), known, gaps) is None

    def _minded(self, name: str, fired: bool) -> frozenset[str]:
        """Return the gaps that leave a rule open: those for which the pack itself has no `missing:` rule.

        A draft has no such rules, so every gap counts. A statute that asks for a warrant has not refused a
        search whose record has no column for one; nor is every search open because a warrant that the law
        does not honor could have been behind it.
        """
        if name in self._drafted:
            return _EVERY
        return _GAPS_OF_RECORDS | NEVER_EXPORTED if fired else _GAPS_OF_RECORDS

    def _lacked(
        self, gaps: Iterable[str], fired: Collection[str], unknown: frozenset[str]
    ) -> tuple[str, ...]:
        names = set()
        for gap in gaps:
            if gap.startswith(_MISSING):
                names.add(gap.removeprefix(_MISSING).partition("/")[0])
            else:
                open_facts = self._rules[gap][1] & unknown & self._minded(gap, gap in fired)
                names |= {_FACTS.get(each, each) for each in open_facts}
        return tuple(sorted(names))

    def _situation(self, row: Mapping[str, Any]) -> tuple[Situation, frozenset[str]]:
        unknown = set(NEVER_EXPORTED) | {"approvals", "declaration", "declared", "behalf"}
        owner = self._roster.owner(row["file"])
        party = Party(owner.name, owner.state, owner.kind) if owner else _NOBODY
        name = party.name if row["own"] else _ANYBODY
        searcher = Party(name, row["state"], AgencyKind(row["kind"]))
        if searcher.kind is AgencyKind.UNKNOWN:
            unknown |= {"searcher_kind", "federal"}
        if searcher.state is None and searcher.kind is not AgencyKind.FEDERAL:
            unknown |= {"searcher_state", "out_of_state", "recipients"}
        if party.state is None:
            unknown |= {"owner_state", "out_of_state"}
        said = None if row["said"] is None else self._phrases[row["said"]]
        if said is None:
            unknown |= {"purpose"}
        if said is None or said.offense is None:
            unknown |= {"offense"}
        if row["case"] is None:
            unknown |= {"case_number"}
        if not row["readable"]:
            unknown |= {"signals"}
        if row["step"] is None:
            unknown |= {"reach", "window"}
        epoch = row["epoch"]
        if epoch is None:
            unknown |= {"owner_day", "searcher_day"}
        bits = row["bits"]
        request = SearchRequest(
            searcher,
            said.purpose if said else None,
            said.offense if said else None,
            "stated" if row["case"] else None,
        )
        said_to_all = asked(
            request,
            self._constants.moment(epoch or 0),
            [signal for signal in Signal if bits & BIT[signal]],
        )
        found = situation(said_to_all, OwnerTerms(party))
        if not found.own:
            unknown |= {"agreement"}
        if row["step"] is not None:
            found = found._replace(window=True, reach=self._constants.reach(row["step"]))
        return found, frozenset(unknown)
