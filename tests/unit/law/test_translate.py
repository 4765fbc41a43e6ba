"""The translation to Z3 means what Cedar does: the decision and every determining rule agree."""

from __future__ import annotations

import sys

import pytest

from gatehouse.law.assumptions import ASSUMPTIONS
from gatehouse.law.domain import PLAIN
from gatehouse.law.engine import CedarEngine
from gatehouse.law.formula import Formula, Is, UnknownExpression, holds
from gatehouse.law.pack import Pack
from gatehouse.law.situation import Situation
from gatehouse.law.translate import Symbols, Translation, solver_library
from gatehouse.model import Outcome, PartUnavailable
from tests.unit.law.situations import Situations

SOME = 2_000
# Rules of a state that neither owner nor searcher is of never apply: some situations show it of all.
EVERYWHERE = 400


@pytest.fixture(scope="module")
def pack() -> Pack:
    return Pack.load()


@pytest.fixture(scope="module")
def symbols(pack: Pack) -> Symbols:
    return Translation(pack).symbols()


def applying(symbols: Symbols, situation: Situation, *, everywhere: bool) -> set[str]:
    """Return the ids of the rules that apply by the translation; of other states only if `everywhere`."""
    model = symbols.model(situation)
    states = {situation.owner_state, situation.searcher_state}
    return {
        rule
        for rule, formula in symbols.rules.items()
        if everywhere
        or (home := symbols.translation.pack.rules[rule].jurisdiction) is None
        or home[3:].upper() in states
        if symbols.z3.is_true(model.eval(formula, model_completion=True))
    }


class TestAgreement:
    def test_translation_agrees_with_cedar_on_decision_and_rules(self, pack: Pack, symbols: Symbols) -> None:
        situations = Situations(pack, seed=20261123).some(SOME)
        verdicts = CedarEngine(pack).evaluate(situations)
        permitted = 0
        for at, (situation, verdict) in enumerate(zip(situations, verdicts, strict=True)):
            assert verdict.failure is None
            rules = applying(symbols, situation, everywhere=at < EVERYWHERE)
            forbids = {rule for rule in rules if pack.rules[rule].outcome is not Outcome.PERMIT}
            assert verdict.allowed is (bool(rules) and not forbids), situation
            assert set(verdict.rules) == (forbids or rules), situation
            permitted += verdict.allowed
        # Agreement on refusals only would show little.
        assert permitted > 80

    def test_formula_agrees_with_cedar_on_decision_and_rules(self, pack: Pack) -> None:
        situations = Situations(pack, seed=7).some(1500)
        for situation, verdict in zip(situations, CedarEngine(pack).evaluate(situations), strict=True):
            rules = {rule.id for rule in pack.rules.values() if holds(rule.formula, situation)}
            forbids = {rule for rule in rules if pack.rules[rule].outcome is not Outcome.PERMIT}
            assert (verdict.allowed, set(verdict.rules)) == (bool(rules) and not forbids, forbids or rules)

    def test_read_of_a_model_gives_the_situation_back(self, pack: Pack, symbols: Symbols) -> None:
        generator = Situations(pack, seed=1)
        for situation in (generator.real() for _ in range(50)):
            assert symbols.read(symbols.model(situation)) == situation


class TestAssumptions:
    @pytest.mark.parametrize("assumption", ASSUMPTIONS)
    def test_assumption_holds_for_every_real_request(
        self, pack: Pack, symbols: Symbols, assumption: str
    ) -> None:
        formula = ASSUMPTIONS[assumption].formula(symbols)
        generator = Situations(pack, seed=3)
        for situation in (generator.real() for _ in range(600)):
            model = symbols.model(situation)
            assert symbols.z3.is_true(model.eval(formula, model_completion=True)), situation

    @pytest.mark.parametrize(
        ("assumption", "broken"),
        [
            ("codes", PLAIN._replace(purpose="tourism")),
            ("codes", PLAIN._replace(signals=frozenset({"tourism"}))),
            ("amounts", PLAIN._replace(reach=-1)),
            ("amounts", PLAIN._replace(window=False)),
            ("federal", PLAIN._replace(searcher_kind="federal")),
            ("federal", PLAIN._replace(federal=True)),
            ("recipients", PLAIN._replace(recipients=frozenset({"WY", "CO"}))),
            ("recipients", PLAIN._replace(recipients=frozenset())),
            ("federal", PLAIN._replace(kinds=frozenset({"federal"}))),
            ("kinds", PLAIN._replace(kinds=frozenset({"police", "tribal"}))),
            ("kinds", PLAIN._replace(kinds=frozenset({"tribal"}), behalf="agency")),
            ("out_of_state", PLAIN._replace(out_of_state=True)),
            ("out_of_state", PLAIN._replace(recipients=frozenset({"CO"}))),
            ("own", PLAIN._replace(own=True, searcher_state="CO")),
            ("declared", PLAIN._replace(declaration="no")),
            ("declared", PLAIN._replace(declared=frozenset())),
        ],
    )
    def test_assumption_fails_for_facts_that_contradict_it(
        self, symbols: Symbols, assumption: str, broken: Situation
    ) -> None:
        formula = ASSUMPTIONS[assumption].formula(symbols)
        assert symbols.z3.is_false(symbols.model(broken).eval(formula, model_completion=True))


class TestClosed:
    def test_translation_of_an_unknown_formula_is_an_error(self, symbols: Symbols) -> None:
        class Arithmetic:
            pass

        unknown: Formula = Arithmetic()  # type: ignore[assignment]
        with pytest.raises(UnknownExpression, match="no translation of Arithmetic"):
            symbols.formula(unknown)

    def test_translation_of_an_unknown_constant_is_an_error(self, symbols: Symbols) -> None:
        with pytest.raises(UnknownExpression, match="among no values"):
            symbols.formula(Is("purpose", frozenset({"a constant of no rule"})))

    def test_model_of_more_strangers_than_can_be_told_apart_is_an_error(self, symbols: Symbols) -> None:
        with pytest.raises(UnknownExpression, match="among no values"):
            symbols.model(PLAIN._replace(bans=frozenset(f"stranger {at}" for at in range(100))))

    def test_solver_library_without_z3_names_the_package(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "z3", None)
        with pytest.raises(PartUnavailable, match="z3-solver") as caught:
            solver_library()
        assert caught.value.exit_code == 5
