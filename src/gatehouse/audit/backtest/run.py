"""The backtest: every distinct combination of facts decided by the rulebook, and counted.

A row of an export leaves facts open that a live search must state. A rule that refuses whatever they are has
refused; one whose answer rests on a missing fact has not, and the row *cannot be judged* by it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gatehouse.audit.backtest.rows import Constants, facts, phrases
from gatehouse.audit.roster import build_roster
from gatehouse.audit.run import inputs_sha256
from gatehouse.audit.texts import BIT, classify
from gatehouse.law.draft import Draft
from gatehouse.law.engine import CedarEngine
from gatehouse.law.formula import All
from gatehouse.law.reasons import Lexicon
from gatehouse.law.situation import Situation, asked, situation
from gatehouse.law.unknowns import holds_whatever, reads
from gatehouse.model import (
    AgencyKind,
    BadUse,
    Outcome,
    OwnerTerms,
    Party,
    SearchRequest,
    Signal,
    VerificationFailed,
)

if TYPE_CHECKING:
    from gatehouse.audit.roster import Roster
    from gatehouse.law.pack import Pack, Rule
    from gatehouse.law.purposes import Stated
    from gatehouse.records.frame import Linked

# What no export holds. For what else may be missing the pack has rules of its own, `missing:*`; that a record
# shows no approval means that a supervisor would have been asked.
NEVER_EXPORTED = frozenset({"process"})
# Gaps that no rule of the pack looks for, since a live search cannot have them.
_GAPS_OF_RECORDS = frozenset({"signals", "owner_day", "searcher_day"})
_REFUSED, _REVIEW, _PERMITTED, _NOT_JUDGEABLE = "refused", "review", "permitted", "not_judgeable"
ANSWERS = (_REFUSED, _REVIEW, _PERMITTED, _NOT_JUDGEABLE)
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


@dataclass(frozen=True, slots=True)
class Plan:
    """What is tried: the whole pack, some statutes of it (`laws`), a draft (`draft`), or the latter two."""

    pack: Pack
    laws: tuple[str, ...] = ()
    draft: Draft | None = None

    def rules(self) -> tuple[Rule, ...]:
        """Return the forbids that are tried."""
        every = [rule for rule in self.pack.rules.values() if rule.outcome is not Outcome.PERMIT]
        drafted = list(self.draft.rules) if self.draft else []
        if self.laws:
            return tuple([rule for rule in every if rule.jurisdiction in self.laws] + drafted)
        return tuple(drafted or every)

    def check(self) -> None:
        """Refuse laws that the pack does not hold."""
        for code in self.laws:
            if code not in self.pack.texts:
                known = ", ".join(sorted(self.pack.texts))
                raise BadUse(
                    "the law pack has no rules of that code", where="--law", expected=known, got=code
                )


@dataclass
class Backtest:
    """Searches by answer: in all, by month, by organization and by rule; and what the record lacked.

    A search counts once in `answers`; in `by_rule` once for each rule that refused it or asked for a review;
    in `lacked` once for each fact whose absence left it unjudged.
    """

    plan: Plan
    inputs_sha256: str
    lexicon_sha256: str
    searches: int
    answers: Counter[str] = field(default_factory=Counter)
    by_month: dict[str, Counter[str]] = field(default_factory=dict)
    by_organization: dict[str, Counter[str]] = field(default_factory=dict)
    by_rule: dict[str, Counter[str]] = field(default_factory=dict)
    lacked: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Answer:
    outcome: str
    rules: tuple[str, ...]
    lacked: tuple[str, ...]


def backtest(linked: Linked, plan: Plan, *, progress: Callable[[str], None] = lambda _step: None) -> Backtest:
    """Try a plan on a record."""
    plan.check()
    progress("classifying words")
    lexicon = Lexicon.load()
    roster = build_roster(linked.records)
    texts = classify(linked.records.texts, lexicon)
    rules = plan.rules()
    constants = Constants.of(rules)
    progress("reading rows")
    table = facts(linked, roster, texts, constants)
    progress("deciding")
    judge = _Judge(plan, rules, roster, constants, phrases(linked))
    result = Backtest(plan, inputs_sha256(linked), lexicon.sha256, sum(linked.searches))
    for row in table.iter_rows(named=True):
        _count(result, roster, row, judge.answer(row))
    if result.answers.total() != result.searches:
        raise AssertionError("searches and answers do not balance")
    return result


class _Judge:
    """Answers combinations of facts; equal situations with equal gaps are answered once."""

    def __init__(
        self,
        plan: Plan,
        rules: Sequence[Rule],
        roster: Roster,
        constants: Constants,
        phrases: Sequence[Stated],
    ) -> None:
        self._roster = roster
        self._constants = constants
        self._phrases = phrases
        self._rules = {rule.id: (rule, reads(rule.formula or All(()))) for rule in rules}
        pack = plan.draft.added_to(plan.pack) if plan.draft else plan.pack
        self._engine = CedarEngine(pack)
        self._drafted = frozenset(rule.id for rule in plan.draft.rules) if plan.draft else frozenset()
        self._every = frozenset(Situation._fields)
        # A statute of another state is tried as if the data lay there.
        self._as_if = plan.laws
        self._known: dict[tuple[Situation, frozenset[str]], _Answer] = {}

    def answer(self, row: Mapping[str, object]) -> _Answer:
        """Return the answer to one combination of `rows.facts`."""
        known, unknown = self._situation(row)
        key = (known, unknown)
        if key not in self._known:
            self._known[key] = self._decide(known, unknown)
        return self._known[key]

    def _decide(self, known: Situation, unknown: frozenset[str]) -> _Answer:
        asked_as = [known]
        for code in self._as_if:
            state = code[3:].upper()
            if state != known.owner_state:
                asked_as.append(known._replace(owner_state=state))
        fired: set[str] = set()
        open_rules: set[str] = set()
        for each, verdict in zip(asked_as, self._engine.evaluate(asked_as), strict=True):
            if verdict.failure is not None:
                raise VerificationFailed("the rules could not be evaluated", got=verdict.failure)
            fired |= set(verdict.rules) & set(self._rules)
            open_rules |= {name for name in self._rules if self._rests_on_a_gap(name, each, fired, unknown)}
        firm = {name for name in fired - open_rules if not name.startswith(_MISSING)}
        denied = sorted(name for name in firm if self._rules[name][0].outcome is Outcome.DENY)
        if denied:
            return _Answer(_REFUSED, tuple(denied), ())
        gaps = open_rules | {name for name in fired if name.startswith(_MISSING)}
        if gaps:
            return _Answer(_NOT_JUDGEABLE, (), self._lacked(gaps, fired, unknown))
        if firm:
            return _Answer(_REVIEW, tuple(sorted(firm)), ())
        return _Answer(_PERMITTED, (), ())

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
            return self._every
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

    def _situation(self, row: Mapping[str, object]) -> tuple[Situation, frozenset[str]]:
        unknown = set(NEVER_EXPORTED) | {"approvals", "declaration", "declared", "behalf"}
        agency = self._roster.agencies[int(str(row["agency"]))]
        federal = int(str(row["agency"])) in self._roster.federal
        searcher = Party(agency.name, agency.state, AgencyKind.FEDERAL if federal else agency.kind)
        if searcher.kind is AgencyKind.UNKNOWN:
            unknown |= {"searcher_kind", "federal"}
        if searcher.state is None and not federal:
            unknown |= {"searcher_state", "out_of_state", "recipients"}
        owner = self._roster.owner(int(str(row["file"])))
        party = Party(owner.name, owner.state, owner.kind) if owner else _NOBODY
        if owner is None or owner.state is None:
            unknown |= {"owner_state", "out_of_state"}
        said = None if row["said"] is None else self._phrases[int(str(row["said"]))]
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
        bits = int(str(row["bits"]))
        request = SearchRequest(
            searcher,
            said.purpose if said else None,
            said.offense if said else None,
            "stated" if row["case"] else None,
        )
        said_to_all = asked(
            request,
            self._constants.moment(int(str(epoch or 0))),
            [signal for signal in Signal if bits & BIT[signal]],
        )
        found = situation(said_to_all, OwnerTerms(party))
        if not found.own:
            unknown |= {"agreement"}
        if row["step"] is not None:
            found = found._replace(window=True, reach=self._constants.reach(int(str(row["step"]))))
        return found, frozenset(unknown)


_NOBODY = Party("(not stated)", None, AgencyKind.UNKNOWN)


def _count(result: Backtest, roster: Roster, row: Mapping[str, object], answer: _Answer) -> None:
    n = int(str(row["n"]))
    name = roster.name(int(str(row["agency"])))
    result.answers[answer.outcome] += n
    result.by_month.setdefault(str(row["month"] or ""), Counter())[answer.outcome] += n
    result.by_organization.setdefault(name, Counter())[answer.outcome] += n
    for rule in answer.rules:
        result.by_rule.setdefault(rule, Counter())[answer.outcome] += n
    for fact in answer.lacked:
        result.lacked[fact] += n
