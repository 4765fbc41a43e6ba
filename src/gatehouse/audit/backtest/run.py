"""The backtest: every distinct combination of facts decided by the rulebook, and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from gatehouse.audit.backtest.given import Givens
from gatehouse.audit.backtest.in_force import FirstDay, first_days
from gatehouse.audit.backtest.judge import ANSWERS, PERMITTED, Answer, Judge
from gatehouse.audit.backtest.rows import ALIKE, Constants, Spoken, facts
from gatehouse.audit.roster import build_roster
from gatehouse.audit.run import inputs_sha256
from gatehouse.audit.texts import classify
from gatehouse.law.reasons import Lexicon

if TYPE_CHECKING:
    from gatehouse.audit.backtest.plan import Plan
    from gatehouse.audit.roster import Roster
    from gatehouse.law.pack import Rule
    from gatehouse.records.frame import Linked

UNSETTLED = "unsettled"
BEFORE_IN_FORCE = "before_in_force"
# What is counted beside the answers, of which each search has one.
MARKS = (UNSETTLED, BEFORE_IN_FORCE)
STEPS = ("classifying words", "reading rows", "deciding")


@dataclass(frozen=True, slots=True)
class Backtest:
    """Searches by answer: in all, by month, by organization and by rule; and what the record lacked.

    Beside the answers, `UNSETTLED` counts the refusals that rest only on what the sources leave open (of a
    search, or in `by_rule` of that rule), and `BEFORE_IN_FORCE` what is permitted on a day on which not all
    that is tried was in force. `in_force` has these days, each with how many searches are earlier.
    Of `owner_not_known` searches the owner or its state is not known.

    A search counts once in `answers`; in `by_rule` once for each rule that refused it or asked for a review;
    in `lacked` once for each fact whose absence left it unjudged. A month is the owner's local one, "" where
    the time of search is not known.
    """

    plan: Plan
    inputs_sha256: str
    lexicon_sha256: str
    searches: int
    answers: Counter[str]
    by_month: dict[str, Counter[str]]
    by_organization: dict[str, Counter[str]]
    by_rule: dict[str, Counter[str]]
    lacked: Counter[str]
    in_force: tuple[tuple[FirstDay, int], ...]
    owner_not_known: int


def backtest(linked: Linked, plan: Plan, *, progress: Callable[[str], None] = lambda _step: None) -> Backtest:
    """Try a plan on a record."""
    plan.check()
    progress(STEPS[0])
    lexicon = Lexicon.load()
    roster = build_roster(linked.records)
    texts = classify(linked.records.texts, lexicon)
    constants = Constants.of(_applicable(plan, roster), _clocks(plan, roster))
    progress(STEPS[1])
    spoken = Spoken.of(linked)
    table = facts(linked, roster, texts, constants, spoken)
    progress(STEPS[2])
    distinct = table.select(ALIKE).unique(maintain_order=True).with_row_index("answer")
    givens = Givens(plan, roster, constants, spoken.phrases)
    asked = [givens.of(row) for row in distinct.iter_rows(named=True)]
    answers = Judge(plan).answers(asked)
    begins = first_days(plan)
    earlier = [[day.is_after(each) for day in begins] for each in asked]
    told = distinct.with_columns(
        pl.Series("outcome", [each.outcome for each in answers], dtype=pl.Enum(ANSWERS)),
        pl.Series(UNSETTLED, [each.rests_on_law_left_open for each in answers], dtype=pl.Boolean),
        pl.Series(
            BEFORE_IN_FORCE,
            [each.outcome == PERMITTED and any(days) for each, days in zip(answers, earlier, strict=True)],
            dtype=pl.Boolean,
        ),
    )
    counted = table.join(told, on=ALIKE, nulls_equal=True, validate="m:1").select(
        "month", "agency", "answer", "outcome", *MARKS, "n"
    )
    if counted["n"].sum() != sum(linked.searches):
        raise AssertionError("searches and answers do not balance")
    by_rule, lacked = _by_rule(counted, answers)
    searches_of = dict(counted.group_by("answer").agg(pl.col("n").sum()).iter_rows())
    return Backtest(
        plan=plan,
        inputs_sha256=inputs_sha256(linked),
        lexicon_sha256=lexicon.sha256,
        searches=sum(linked.searches),
        answers=_grouped(counted.with_columns(all=pl.lit("")), "all").get("", Counter()),
        by_month=_grouped(counted.with_columns(pl.col("month").fill_null("")), "month"),
        by_organization=_named(_grouped(counted, "agency"), roster),
        by_rule=by_rule,
        lacked=lacked,
        in_force=tuple(
            (day, sum(n for at, n in searches_of.items() if earlier[at][place]))
            for place, day in enumerate(begins)
        ),
        owner_not_known=sum(
            n for n, state in zip(linked.searches, roster.owner_states(), strict=True) if state is None
        ),
    )


def _applicable(plan: Plan, roster: Roster) -> list[Rule]:
    """Return the rules that can apply at all: those of other owners' states cannot, unless they are tried."""
    codes = {f"us-{state.lower()}" for state in roster.owner_states() if state} | set(plan.laws)
    return [rule for rule in plan.rules() if rule.side != "owner" or rule.jurisdiction in codes]


def _clocks(plan: Plan, roster: Roster) -> Collection[str | None]:
    """Return the owners' states where rules are read by their day: what is tried as an owner's own law is."""
    return set(roster.owner_states()) if plan.laws or plan.draft else ()


def _grouped(counted: pl.DataFrame, name: str) -> dict[Any, Counter[str]]:
    found: dict[Any, Counter[str]] = {}
    summed = counted.group_by(name, "outcome", *MARKS).agg(pl.col("n").sum())
    for key, outcome, *marked, n in summed.iter_rows():
        counts = found.setdefault(key, Counter())
        counts[outcome] += n
        for mark, holds in zip(MARKS, marked, strict=True):
            counts[mark] += n * holds
    return found


def _named(by_agency: dict[int, Counter[str]], roster: Roster) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for agency, answers in by_agency.items():
        found.setdefault(roster.name(agency), Counter()).update(answers)
    return found


def _by_rule(
    counted: pl.DataFrame, answers: Sequence[Answer]
) -> tuple[dict[str, Counter[str]], Counter[str]]:
    by_rule: dict[str, Counter[str]] = {}
    lacked: Counter[str] = Counter()
    for at, n in counted.group_by("answer").agg(pl.col("n").sum()).iter_rows():
        answer = answers[at]
        for rule in answer.rules:
            counts = by_rule.setdefault(rule, Counter())
            counts[answer.outcome] += n
            counts[UNSETTLED] += n * (rule in answer.unsettled)
        for fact in answer.lacked:
            lacked[fact] += n
    return by_rule, lacked
