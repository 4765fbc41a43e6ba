"""Rules as formulas of Z3, over every situation there can be.

The facts of a situation become variables: a text a number that stands for one of finitely many values, a set
a truth value for each of them, a number an integer. The values are the constants of the rules, what a real
request can hold, and enough strangers that no situation is lost: a situation with other values behaves like
one in which they are strangers, since rules compare facts only with constants and, seldom, with each other
(each text and each set needs at most one stranger of its own, and so does each comparison of two facts).

`z3-solver` is an optional part; what is here needs it only once it is called.
"""

from __future__ import annotations

from functools import cached_property
from importlib import import_module
from types import ModuleType
from typing import Any

from gatehouse.law.domain import STRANGER, VALUES
from gatehouse.law.formula import (
    FLAGS,
    SETS,
    TEXTS,
    All,
    Compare,
    Covers,
    Flag,
    Formula,
    Is,
    Meets,
    Member,
    Not,
    Overlap,
    Same,
    Some,
    Superset,
    UnknownExpression,
    Within,
    atoms,
    facts_of,
)
from gatehouse.law.pack import Pack
from gatehouse.law.situation import Situation
from gatehouse.model import Outcome, PartUnavailable


def solver_library() -> ModuleType:
    """Return Z3; without it, `PartUnavailable`."""
    try:
        return import_module("z3")
    except ImportError as error:
        raise PartUnavailable(
            "proofs need the solver Z3, which is not installed",
            hint="install it: python -m pip install 'z3-solver>=4.15'",
        ) from error


class Translation:
    """A pack as Z3 formulas. `Symbols` are the variables of one situation."""

    def __init__(self, pack: Pack) -> None:
        self.z3 = solver_library()
        self.pack = pack
        self.values = _universe(pack)
        self.place = {value: at for at, value in enumerate(self.values)}

    def symbols(self) -> Symbols:
        """Return variables for a situation."""
        return Symbols(self)


class Symbols:
    """The facts of one situation as variables; `facts[name]` is a number, a truth value or truth values."""

    def __init__(self, translation: Translation) -> None:
        self.translation = translation
        self.z3 = translation.z3
        self.facts: dict[str, Any] = {fact: self._variable(fact, fact) for fact in Situation._fields}

    def changing(self, fact: str) -> Symbols:
        """Return the same situation with a fresh variable for one fact."""
        other = Symbols(self.translation)
        other.facts = {**self.facts, fact: other._variable(f"then {fact}", fact)}
        # A rule that does not read the fact applies to both alike, and is as costly to write as any.
        other.rules = {
            rule.id: other.formula(rule.formula)
            if any(fact in facts_of(atom) for atom in atoms(rule.formula))
            else self.rules[rule.id]
            for rule in self.translation.pack.rules.values()
        }
        return other

    def _variable(self, name: str, fact: str) -> Any:
        if fact in FLAGS:
            return self.z3.Bool(name)
        if fact in SETS:
            return [self.z3.Bool(f"{name} has {value}") for value in self.translation.values]
        return self.z3.Int(name)

    @cached_property
    def domain(self) -> list[Any]:
        """Say that each text stands for one of the values."""
        size = len(self.translation.values)
        return [self.z3.And(self.facts[fact] >= 0, self.facts[fact] < size) for fact in sorted(TEXTS)]

    @cached_property
    def rules(self) -> dict[str, Any]:
        """Return for each rule's id when it applies."""
        rules = self.translation.pack.rules.values()
        return {rule.id: self.formula(rule.formula) for rule in rules}

    @cached_property
    def permitted(self) -> Any:
        """Say that the pack permits: its permission applies and no other rule does."""
        return self.z3.And(
            self.z3.Or(self.applying(Outcome.PERMIT)),
            self.z3.Not(self.z3.Or(self.applying(Outcome.DENY, Outcome.REVIEW))),
        )

    def applying(self, *outcomes: Outcome) -> list[Any]:
        """Return when each rule of some outcomes applies."""
        rules = self.translation.pack.rules
        return [applies for rule, applies in self.rules.items() if rules[rule].outcome in outcomes]

    def formula(self, formula: Formula) -> Any:
        """Return a formula in Z3; one that has no translation is `UnknownExpression`."""
        z3 = self.z3
        match formula:
            case Not(part):
                return z3.Not(self.formula(part))
            case All(parts):
                return z3.And([self.formula(part) for part in parts])
            case Some(parts):
                return z3.Or([self.formula(part) for part in parts])
            case Is(fact, values):
                return z3.Or([self.facts[fact] == self._at(value) for value in sorted(values)])
            case Same(left, right):
                return self.facts[left] == self.facts[right]
            case Flag(fact):
                return self.facts[fact]
            case Compare(fact, relation, other):
                bound = self.facts[other] if isinstance(other, str) else other
                return _relation(self.facts[fact], relation, bound)
            case Meets(fact, values):
                return z3.Or([self.has(fact, value) for value in sorted(values)])
            case Covers(fact, values):
                return z3.And([self.has(fact, value) for value in sorted(values)])
            case Within(fact, values):
                inside = {self._at(value) for value in values}
                return z3.Not(z3.Or([has for at, has in enumerate(self.facts[fact]) if at not in inside]))
            case Member(fact, text):
                return z3.Or([z3.And(self.facts[text] == at, has) for at, has in enumerate(self.facts[fact])])
            case Overlap(left, right):
                return z3.Or([z3.And(one, other) for one, other in self._pairs(left, right)])
            case Superset(left, right):
                return z3.And([z3.Implies(other, one) for one, other in self._pairs(left, right)])
        raise UnknownExpression(f"no translation of {type(formula).__name__}")

    def has(self, fact: str, value: str) -> Any:
        """Say that a set holds a value."""
        return self.facts[fact][self._at(value)]

    def model(self, situation: Situation) -> Any:
        """Return the model of Z3 in which the facts are these; values that nothing names become strangers."""
        unnamed = sorted(self._named(situation) - set(self.translation.place))
        strangers = (value for value in self.translation.values if value.startswith(STRANGER))
        # More of them than there are strangers cannot be told apart, and end in an error below.
        known = dict(zip(unnamed, strangers, strict=False))
        model = self.z3.Model()
        for fact in Situation._fields:
            value, symbol = getattr(situation, fact), self.facts[fact]
            if fact in SETS:
                for each in value:
                    model.update_value(symbol[self._at(known.get(each, each))], self.z3.BoolVal(True))
            elif fact in FLAGS:
                model.update_value(symbol, self.z3.BoolVal(value))
            else:
                number = self._at(known.get(value, value)) if fact in TEXTS else value
                model.update_value(symbol, self.z3.IntVal(number))
        return model

    def _named(self, situation: Situation) -> set[str]:
        """Return every value of the texts and sets of a situation."""
        texts: set[str] = {getattr(situation, fact) for fact in TEXTS}
        return texts.union(*(getattr(situation, fact) for fact in SETS))

    def read(self, model: Any) -> Situation:
        """Return the situation that a model of Z3 describes."""
        values = self.translation.values
        found: dict[str, Any] = {}
        for fact, symbol in self.facts.items():
            if fact in SETS:
                found[fact] = frozenset(
                    values[at]
                    for at, has in enumerate(symbol)
                    if self.z3.is_true(model.eval(has, model_completion=True))
                )
                continue
            value = model.eval(symbol, model_completion=True)
            if fact in FLAGS:
                found[fact] = self.z3.is_true(value)
            else:
                found[fact] = values[value.as_long()] if fact in TEXTS else value.as_long()
        return Situation(**found)

    def _pairs(self, left: str, right: str) -> list[tuple[Any, Any]]:
        return list(zip(self.facts[left], self.facts[right], strict=True))

    def _at(self, value: str) -> int:
        try:
            return self.translation.place[value]
        except KeyError as error:
            raise UnknownExpression(f"{value!r} is among no values of the translation") from error


def _relation(left: Any, relation: str, right: Any) -> Any:
    match relation:
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case ">=":
            return left >= right
        case "==":
            return left == right
    raise UnknownExpression(f"no relation is called {relation!r}")


def _universe(pack: Pack) -> tuple[str, ...]:
    """Return every value that a text or a set can hold: known ones first, then strangers."""
    named = {value for values in VALUES.values() for value in values}
    pairs = set()
    for rule in pack.rules.values():
        for atom in atoms(rule.formula):
            if isinstance(atom, Is | Meets | Covers | Within):
                named |= atom.values
            elif not isinstance(atom, Flag | Compare):
                pairs.add(atom)
    strangers = len(TEXTS) + len(SETS) + len(pairs)
    return (*sorted(named), *(f"{STRANGER} {at}" for at in range(1, strangers + 1)))
