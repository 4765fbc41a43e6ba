"""From which day on what a backtest tries is in force, and which searches are earlier.

A statute that is younger than the record permits its older searches, and says nothing of them. So does a
draft with a first day of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from gatehouse.law.formula import All, Compare, Formula, Not

if TYPE_CHECKING:
    from gatehouse.audit.backtest.given import Given
    from gatehouse.audit.backtest.plan import Plan

DRAFT = "draft"
_DAYS = ("owner_day", "searcher_day")
# How many days after the day compared with a rule begins that holds only, or does not hold, in this relation.
_SINCE = {">=": 0, ">": 1}
_UNTIL = {"<": 0, "<=": 1}


@dataclass(frozen=True, slots=True)
class FirstDay:
    """A day on which rules of a law begin, with their citations. `law` is a code, or `draft`.

    `facts` are the days that the rules read: the owner's, the searcher's, or both.
    """

    law: str
    day: int
    citations: tuple[str, ...]
    facts: tuple[str, ...]

    @property
    def date(self) -> date:
        """Return the day as a date."""
        return _date(self.day)

    def is_after(self, given: Given) -> bool:
        """Return whether a search is known to be earlier."""
        return any(fact not in given.unknown and getattr(given.known, fact) < self.day for fact in self.facts)


def first_days(plan: Plan) -> tuple[FirstDay, ...]:
    """Return when the statutes and the draft begin that a plan names, by law and day."""
    drafted = {rule.id for rule in plan.draft.rules} if plan.draft else set()
    found: dict[tuple[str, int], tuple[dict[str, None], dict[str, None]]] = {}
    for rule in plan.rules():
        law = DRAFT if rule.id in drafted else rule.jurisdiction
        if law is None or (law != DRAFT and law not in plan.laws):
            continue
        for fact, day in _beginnings(rule.formula):
            citations, facts = found.setdefault((law, day), ({}, {}))
            citations[rule.citation] = None
            facts[fact] = None
    return tuple(
        FirstDay(law, day, tuple(citations), tuple(sorted(facts)))
        for (law, day), (citations, facts) in sorted(found.items())
    )


def _beginnings(formula: Formula) -> Iterator[tuple[str, int]]:
    """Yield the days before which a formula cannot hold."""
    for part in formula.parts if isinstance(formula, All) else (formula,):
        compared, relations = (part.part, _UNTIL) if isinstance(part, Not) else (part, _SINCE)
        if (
            isinstance(compared, Compare)
            and compared.fact in _DAYS
            and isinstance(compared.other, int)
            and (later := relations.get(compared.relation)) is not None
        ):
            yield compared.fact, _number(_date(compared.other) + timedelta(days=later))


def _date(number: int) -> date:
    return date(number // 10_000, number // 100 % 100, number % 100)


def _number(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day
