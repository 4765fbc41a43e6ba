"""Proofs over all requests: that a theorem of `gatehouse.law.theorems` holds, or a request that breaks it.

A counterexample is brought as near to a plain search as it goes, put in words, and judged by the engine that
decides, so that nobody has to trust the translation to see the fault.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gatehouse.law.assumptions import ASSUMPTIONS
from gatehouse.law.deciding import resolve
from gatehouse.law.domain import PLAIN
from gatehouse.law.engine import PolicyEngine
from gatehouse.law.formula import FLAGS, NUMBERS, SETS, TEXTS, Compare, atoms
from gatehouse.law.pack import Pack
from gatehouse.law.situation import Situation
from gatehouse.law.theorems import Theorem, theorems
from gatehouse.law.translate import Symbols, Translation
from gatehouse.law.wording import describe
from gatehouse.model import Decision, Outcome

_PATIENCE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A request that breaks a theorem, in words, with what the engine decides of it."""

    situation: Situation
    words: str
    decision: Decision


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether a theorem holds over all requests that satisfy what it assumes.

    One that does not hold has counterexamples: one request, or two that differ in what the theorem changes;
    none if a request is missing that should exist. `undecided` marks that the solver came to no end, which
    proves nothing.
    """

    id: str
    statement: str
    assumes: tuple[str, ...]
    holds: bool
    counterexamples: tuple[Counterexample, ...] = ()
    undecided: bool = False


@dataclass(frozen=True, slots=True)
class RuleUse:
    """What was found of the rules: those that no request meets, and those that never decide alone.

    `undecided` are those of which the solver did not find out whether a request meets them.
    """

    dead: tuple[str, ...]
    redundant: tuple[str, ...]
    undecided: tuple[str, ...] = ()


def prove(
    pack: Pack,
    engine: PolicyEngine,
    *,
    only: Iterable[str] | None = None,
    translation: Translation | None = None,
) -> list[Proof]:
    """Return the proof of every theorem, or of those with some ids."""
    translation = translation or Translation(pack)
    wanted = None if only is None else set(only)
    return [
        _prove(theorem, pack, engine)
        for theorem in theorems(translation)
        if wanted is None or theorem.id in wanted
    ]


def rule_use(pack: Pack, *, translation: Translation | None = None) -> RuleUse:
    """Return which rules no consistent request meets, and which never decide without another as strict."""
    symbols = (translation or Translation(pack)).symbols()
    z3, solver = symbols.z3, _solver(symbols, ASSUMPTIONS)
    strict: dict[Outcome, list[str]] = {outcome: [] for outcome in Outcome}
    for rule in pack.rules.values():
        strict[rule.outcome].append(rule.id)
    dead, redundant, undecided = [], [], []
    for rule in pack.rules.values():
        others = strict[Outcome.DENY] + (strict[Outcome.REVIEW] if rule.outcome is Outcome.REVIEW else [])
        met = solver.check(symbols.rules[rule.id])
        if met == z3.unsat:
            dead.append(rule.id)
        elif met != z3.sat:
            undecided.append(rule.id)
        elif rule.outcome is not Outcome.PERMIT and _never_alone(solver, symbols, rule.id, others):
            redundant.append(rule.id)
    return RuleUse(tuple(dead), tuple(redundant), tuple(undecided))


def _never_alone(solver: Any, symbols: Symbols, rule: str, others: Sequence[str]) -> bool:
    z3 = symbols.z3
    others_apply = z3.Or([symbols.rules[other] for other in others if other != rule])
    return bool(solver.check(symbols.rules[rule], z3.Not(others_apply)) == z3.unsat)


def _prove(theorem: Theorem, pack: Pack, engine: PolicyEngine) -> Proof:
    symbols = theorem.first
    z3, solver = symbols.z3, _solver(symbols, theorem.assumes)
    if theorem.second is not None:
        solver.add(theorem.second.domain)
    solver.add(theorem.broken)
    found = solver.check()
    holds = bool(found == (z3.sat if theorem.existence else z3.unsat))
    if holds or found != z3.sat:
        undecided = bool(found == z3.unknown)
        return Proof(theorem.id, theorem.statement, theorem.assumes, holds, undecided=undecided)
    situations = _nearest(solver, theorem, pack)
    verdicts = engine.evaluate(situations)
    examples = tuple(
        Counterexample(situation, describe(situation), resolve(verdict, pack))
        for situation, verdict in zip(situations, verdicts, strict=True)
    )
    return Proof(theorem.id, theorem.statement, theorem.assumes, False, examples)


def _solver(symbols: Symbols, assumed: Iterable[str]) -> Any:
    solver = symbols.z3.Solver()
    solver.set("timeout", _PATIENCE_MS)
    solver.add(symbols.domain)
    for name in assumed:
        solver.add(ASSUMPTIONS[name].formula(symbols))
    return solver


def _nearest(solver: Any, theorem: Theorem, pack: Pack) -> list[Situation]:
    """Return the situations of a counterexample, as near to a plain search as they can be."""
    both = [each for each in (theorem.first, theorem.second) if each is not None]
    model = solver.model()
    for symbols in both:
        for wish in _wishes(symbols, pack):
            if solver.check(wish) == symbols.z3.sat:
                # Kept at once: the solver may come to no end of a later wish, and has no model then.
                model = solver.model()
                solver.add(wish)
    return [symbols.read(model) for symbols in both]


def _wishes(symbols: Symbols, pack: Pack) -> Iterator[Any]:
    """Yield what would make a situation plainer, the most telling first."""
    z3, facts = symbols.z3, symbols.facts
    for assumption in ASSUMPTIONS.values():
        yield assumption.formula(symbols)
    for fact in Situation._fields:
        if fact in TEXTS and fact not in {"owner_state", "searcher_state"}:
            yield facts[fact] == symbols.translation.place[getattr(PLAIN, fact)]
    yield facts["owner_state"] == facts["searcher_state"]
    for fact in ("owner_state", "searcher_state"):
        yield facts[fact] == symbols.translation.place[getattr(PLAIN, fact)]
    for fact in sorted(SETS - {"recipients"}):
        yield _same_set(symbols, fact, getattr(PLAIN, fact))
    for fact in sorted(SETS):
        yield _same_set(symbols, fact, frozenset())
        for most in (1, 2, 3, 4):
            yield z3.AtMost(*facts[fact], most)
    for fact in sorted(FLAGS | NUMBERS):
        yield facts[fact] == getattr(PLAIN, fact)
    yield facts["owner_day"] == facts["searcher_day"]
    for fact in sorted(NUMBERS):
        constants = sorted(_constants(pack, fact), reverse=True)
        for near in constants:
            yield facts[fact] == near
            yield facts[fact] == near + 1


def _same_set(symbols: Symbols, fact: str, values: frozenset[str]) -> Any:
    inside = {symbols.translation.place[value] for value in values}
    return symbols.z3.And([has == (at in inside) for at, has in enumerate(symbols.facts[fact])])


def _constants(pack: Pack, fact: str) -> set[int]:
    """Return the numbers that rules compare a fact with."""
    return {
        atom.other
        for rule in pack.rules.values()
        for atom in atoms(rule.formula)
        if isinstance(atom, Compare) and atom.fact == fact and isinstance(atom.other, int)
    }
