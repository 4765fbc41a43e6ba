"""The engine against two oracles: the decision and every determining rule of 50,000 random requests.

The oracles start from the request and the owner, whose facts they derive for themselves; beside them stand
situations near the limits of a rule that no request need make.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from gatehouse.law import situation as situation_module
from gatehouse.law.deciding import NOT_PERMITTED, resolve
from gatehouse.law.engine import CedarEngine
from gatehouse.law.pack import Pack
from gatehouse.model import Outcome
from tests.unit.law.derivation import derived
from tests.unit.law.oracle import Reader
from tests.unit.law.readings import NETWORK, STATES
from tests.unit.law.situations import Situations

SEEDS = range(4)
REQUESTS = 12_500
WILD = 3_000


@pytest.fixture(scope="module")
def pack() -> Pack:
    return Pack.load()


@pytest.fixture(scope="module")
def engine(pack: Pack) -> CedarEngine:
    return CedarEngine(pack)


def strictest(pack: Pack, allowed: bool, rules: set[str]) -> tuple[Outcome, set[str]]:
    """Return the outcome that rules mean, and those of them that are as strict as it."""
    if allowed:
        return Outcome.PERMIT, rules
    denying = {rule for rule in rules if pack.rules[rule].outcome is Outcome.DENY}
    if denying or not rules:
        return Outcome.DENY, denying or {NOT_PERMITTED.id}
    return Outcome.REVIEW, rules


class TestOracles:
    @pytest.mark.parametrize("seed", SEEDS)
    def test_engine_agrees_with_both_oracles_on_decision_and_rules(
        self, pack: Pack, engine: CedarEngine, seed: int
    ) -> None:
        # A quarter of the states each time, and the four that are read by hand: fewer pairs, quicker.
        states = {*sorted(pack.texts)[seed :: len(SEEDS)], *STATES}
        generator = Situations(pack, seed, {state[3:].upper() for state in states})
        asked = [generator.asking() for _ in range(REQUESTS)]
        wild = [generator.wild() for _ in range(WILD)]
        facts = [*(derived(*each) for each in asked), *wild]
        verdicts = engine.evaluate([*(each.facts() for each in asked), *wild])
        reader = Reader(pack)
        read = set(NETWORK).union(*STATES.values())
        permits = {rule.id for rule in pack.rules.values() if rule.outcome is Outcome.PERMIT}
        seen: Counter[str] = Counter()
        for situation, verdict in zip(facts, verdicts, strict=True):
            assert verdict.failure is None
            answer = reader.decide(situation)
            assert (verdict.allowed, set(verdict.rules)) == answer, situation
            decision = resolve(verdict, pack)
            assert (decision.outcome, {rule.id for rule in decision.rules}) == strictest(pack, *answer)
            codes = {f"us-{state.lower()}" for state in (situation.owner_state, situation.searcher_state)}
            tables = [NETWORK, *(STATES[code] for code in codes if code in STATES)]
            expected = {rule for table in tables for rule, applies in table.items() if applies(situation)}
            if not verdict.allowed:
                # Cedar names the permission only where no refusal applies.
                expected -= permits
            assert read & set(verdict.rules) == expected, situation
            seen.update(verdict.rules)
        assert seen["gatehouse/permit"] > REQUESTS // 50
        # A comparison in which a rule never applied says nothing of it.
        assert read <= set(seen)

    @pytest.mark.parametrize("seed", SEEDS)
    def test_situation_has_the_facts_that_are_derived_by_hand(self, pack: Pack, seed: int) -> None:
        # Whole values: a fact that no rule of today looks at may decide tomorrow.
        generator = Situations(pack, seed + 100)
        for each in (generator.asking() for _ in range(5_000)):
            assert each.facts() == derived(*each)

    @pytest.mark.parametrize(
        ("name", "wrong"),
        [
            ("leaves_state", lambda recipients, home: any(state != home for state in recipients)),
            ("minutes", lambda span: span // timedelta(minutes=1)),
            ("minutes_kept", lambda kept: 0 if kept is None else -(-kept // timedelta(minutes=1))),
            ("banned", lambda bans: bans),
            ("agreement_at", lambda agreement, *_: "yes" if agreement else "no"),
            ("declaration_at", lambda declared, _: ("yes" if declared else "no", frozenset())),
            ("distinct_approvers", lambda names: len([*names])),
            ("blank", lambda text: not text.strip()),
            ("local_day", lambda _, at: at.year * 10_000 + at.month * 100 + at.day),
        ],
    )
    def test_situation_with_a_fact_derived_wrongly_is_told(
        self, pack: Pack, monkeypatch: pytest.MonkeyPatch, name: str, wrong: Callable[..., Any]
    ) -> None:
        monkeypatch.setattr(situation_module, name, wrong)
        generator = Situations(pack, 100)
        assert any(each.facts() != derived(*each) for each in (generator.asking() for _ in range(500)))

    def test_readings_cover_every_rule_of_the_network_and_four_states(self, pack: Pack) -> None:
        assert set(NETWORK) == {rule.id for rule in pack.rules.values() if rule.jurisdiction is None}
        for code, table in STATES.items():
            assert set(table) == {rule.id for rule in pack.rules.values() if rule.jurisdiction == code}
