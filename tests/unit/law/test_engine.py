"""The engine: nothing that it cannot evaluate permits, and a rule that it leaves out is noticed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from gatehouse.law import engine as engine_module
from gatehouse.law.canaries import canary, check_canaries, situations_for
from gatehouse.law.domain import PLAIN, plain
from gatehouse.law.engine import CedarEngine, Verdict
from gatehouse.law.formula import holds
from gatehouse.law.pack import Pack, read_pack
from gatehouse.law.situation import Situation
from gatehouse.model import BadInput, Outcome
from tests.unit.law.packs import copied


@pytest.fixture(scope="module")
def engine() -> CedarEngine:
    return CedarEngine(Pack.load())


class TestEvaluate:
    def test_evaluate_plain_search_is_permitted(self, engine: CedarEngine) -> None:
        assert engine.evaluate([PLAIN]) == [Verdict(True, ("gatehouse/permit",))]

    @pytest.mark.parametrize(
        "situation",
        [
            PLAIN._replace(reach=2**63),
            PLAIN._replace(reach=-(2**63) - 1),
            PLAIN._replace(reach="1"),  # type: ignore[arg-type]
            PLAIN._replace(window=None),  # type: ignore[arg-type]
            PLAIN._replace(purpose=None),  # type: ignore[arg-type]
            PLAIN._replace(signals=frozenset({1})),  # type: ignore[arg-type]
        ],
    )
    def test_evaluate_fact_that_is_none_is_a_failure(self, engine: CedarEngine, situation: Situation) -> None:
        (verdict,) = engine.evaluate([situation])
        assert not verdict.allowed
        assert verdict.failure

    @pytest.mark.parametrize(
        "situation", [PLAIN._replace(owner_state="PR"), PLAIN._replace(searcher_state="PR")]
    )
    def test_evaluate_state_that_the_pack_does_not_know_is_a_failure(
        self, engine: CedarEngine, situation: Situation
    ) -> None:
        known, unheard = engine.evaluate([PLAIN, situation])
        assert known.allowed
        assert unheard == Verdict(False, (), "the pack holds nothing of PR")

    def test_evaluate_keeps_a_bounded_number_of_parsed_texts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(engine_module, "_KEPT", 2)
        parsed: list[tuple[str, ...]] = []
        parse = CedarEngine._parsed

        def noting(engine: CedarEngine, codes: tuple[str, ...]) -> object:
            parsed.append(codes)
            return parse(engine, codes)

        monkeypatch.setattr(CedarEngine, "_parsed", noting)
        engine = CedarEngine(Pack.load())
        parsed.clear()
        for state in ("IL", "IL", "VA", "IL", "CA", "VA"):
            engine.evaluate([plain(state)])
        assert parsed == [("us-il",), ("us-va",), ("us-ca",), ("us-va",)]

    def test_evaluate_state_left_out_of_a_pack_is_refused(self, tmp_path: Path) -> None:
        engine = CedarEngine(read_pack(copied(tmp_path, ("us-va", "us-wy"))))
        (verdict,) = engine.evaluate([plain("IL")])
        assert not verdict.allowed


class Forgetful:
    """An engine that leaves one rule out, as Cedar does with a forbid that fails."""

    def __init__(self, engine: CedarEngine, rule: str) -> None:
        self.engine, self.rule = engine, rule

    def evaluate(self, situations: Sequence[Situation]) -> list[Verdict]:
        found = []
        for verdict in self.engine.evaluate(situations):
            rules = tuple(rule for rule in verdict.rules if rule != self.rule)
            found.append(replace(verdict, rules=rules, allowed=verdict.allowed or not rules))
        return found


class Silent:
    """An engine that answers nothing."""

    def evaluate(self, situations: Sequence[Situation]) -> list[Verdict]:
        return []


class TestCanaries:
    def test_canaries_see_every_refusal(self, engine: CedarEngine) -> None:
        assert check_canaries(Pack.load(), engine) == len(Pack.load().rules) - 1

    @pytest.mark.parametrize("rule", ["gatehouse/no-dragnet", "us-il/2-130(c)/federal", "missing:purpose"])
    def test_canaries_engine_that_leaves_a_rule_out_is_refused(self, engine: CedarEngine, rule: str) -> None:
        with pytest.raises(BadInput, match="does not refuse the situation") as caught:
            check_canaries(Pack.load(), Forgetful(engine, rule))
        assert caught.value.where == rule

    def test_canaries_engine_that_does_not_answer_is_refused(self) -> None:
        with pytest.raises(BadInput, match="did not answer for every canary"):
            check_canaries(Pack.load(), Silent())

    def test_canary_of_every_rule_is_a_situation_that_it_applies_to(self) -> None:
        for rule in Pack.load().rules.values():
            if rule.outcome is not Outcome.PERMIT:
                assert holds(rule.formula, canary(rule)), rule.id

    def test_situations_for_a_rule_show_each_of_its_ways(self) -> None:
        rule = Pack.load().rules["us-il/2-130(b)/immigration"]
        signals = ["civil_immigration", "immigration_criminal", "immigration_agency"]
        found = [(each.offense, each.signals) for each in situations_for(rule.formula)]
        assert set(found) == {*(("240", frozenset({signal})) for signal in signals), ("30A", frozenset())}
