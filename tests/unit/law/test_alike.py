"""Situations that no rule can tell apart: an equal number means equal answers, of every rule."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

from gatehouse.law.alike import Alike
from gatehouse.law.formula import Formula, Is
from gatehouse.law.pack import Pack
from gatehouse.law.situation import Situation
from gatehouse.law.unknowns import holds_whatever
from tests.unit.law.situations import Situations

# What a row of an export may leave open.
OPEN = ("signals", "purpose", "process", "owner_day", "searcher_state", "out_of_state", "reach", "window")


@pytest.fixture(scope="module")
def formulas() -> dict[str, Formula]:
    return {rule.id: rule.formula for rule in Pack.load().rules.values()}


class TestAlike:
    def test_number_equal_means_every_rule_answers_alike(self, formulas: dict[str, Formula]) -> None:
        random = Random(20260401)
        alike = Alike(formulas.values())
        found = Situations(Pack.load(), seed=11).some(400)
        equal = different = 0
        for known, other in pairwise(found):
            facts = random.sample(Situation._fields, random.choice([1, 1, 2, 4]))
            changed = known._replace(**{fact: getattr(other, fact) for fact in facts})
            unknown = frozenset(random.sample(OPEN, random.randrange(4)))
            if alike.number(known, unknown) != alike.number(changed, unknown):
                different += 1
                continue
            equal += known != changed
            for formula in formulas.values():
                assert holds_whatever(formula, known, unknown) is holds_whatever(formula, changed, unknown)
                assert holds_whatever(formula, known, ()) is holds_whatever(formula, changed, ())
        assert equal > 20
        assert different > 20

    def test_number_other_facts_unknown_is_another(self, formulas: dict[str, Formula]) -> None:
        alike = Alike(formulas.values())
        known = Situations(Pack.load(), seed=1).real()
        assert alike.number(known, frozenset({"signals"})) != alike.number(known, frozenset())

    def test_number_fact_that_no_rule_reads_makes_no_difference(self) -> None:
        alike = Alike([Is("searcher_state", frozenset({"WA"}))])
        known = Situations(Pack.load(), seed=1).real()._replace(searcher_state="TX")
        numbers = [
            alike.number(known._replace(searcher_state=state, approvals=approvals), frozenset())
            for state, approvals in (("TX", 0), ("IA", 2), ("WA", 0))
        ]
        assert numbers[0] == numbers[1] != numbers[2]
