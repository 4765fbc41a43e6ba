"""The engine against two oracles, on 50,000 random situations: the decision and every determining rule."""

from __future__ import annotations

from collections import Counter

import pytest

from gatehouse.law.engine import CedarEngine
from gatehouse.law.pack import Pack
from gatehouse.model import Outcome
from tests.unit.law.oracle import Reader
from tests.unit.law.readings import NETWORK, STATES
from tests.unit.law.situations import Situations

SEEDS = range(4)
EACH = 12_500


@pytest.fixture(scope="module")
def pack() -> Pack:
    return Pack.load()


@pytest.fixture(scope="module")
def engine(pack: Pack) -> CedarEngine:
    return CedarEngine(pack)


class TestOracles:
    @pytest.mark.parametrize("seed", SEEDS)
    def test_engine_agrees_with_both_oracles_on_decision_and_rules(
        self, pack: Pack, engine: CedarEngine, seed: int
    ) -> None:
        # A quarter of the states each time, and the four that are read by hand: fewer pairs, quicker.
        states = {*sorted(pack.texts)[seed :: len(SEEDS)], *STATES}
        situations = Situations(pack, seed, {state[3:].upper() for state in states}).some(EACH)
        reader = Reader(pack)
        read = set(NETWORK).union(*STATES.values())
        permits = {rule.id for rule in pack.rules.values() if rule.outcome is Outcome.PERMIT}
        seen: Counter[str] = Counter()
        for situation, verdict in zip(situations, engine.evaluate(situations), strict=True):
            assert verdict.failure is None
            assert (verdict.allowed, set(verdict.rules)) == reader.decide(situation), situation
            codes = {f"us-{state.lower()}" for state in (situation.owner_state, situation.searcher_state)}
            tables = [NETWORK, *(STATES[code] for code in codes if code in STATES)]
            expected = {rule for table in tables for rule, applies in table.items() if applies(situation)}
            if not verdict.allowed:
                # Cedar names the permission only where no refusal applies.
                expected -= permits
            assert read & set(verdict.rules) == expected, situation
            seen.update(verdict.rules)
        assert seen["gatehouse/permit"] > EACH // 50
        # A comparison in which a rule never applied says nothing of it.
        assert read <= set(seen)

    def test_readings_cover_every_rule_of_the_network_and_four_states(self, pack: Pack) -> None:
        assert set(NETWORK) == {rule.id for rule in pack.rules.values() if rule.jurisdiction is None}
        for code, table in STATES.items():
            assert set(table) == {rule.id for rule in pack.rules.values() if rule.jurisdiction == code}
