"""What of the rules is left once some facts are known, and which situations the rest cannot tell apart.

A rule is a formula of atoms, each of which reads a fact or two (`gatehouse.law.formula`). Few facts settle
most rules: one of another state, or not in force yet, cannot speak whatever else is true. Situations in which
the same conditions are left, and all their atoms agree, have the same rules speak, and the same rules rest on
what is not known. Nothing is decided here: the engine decides one situation of each kind.

`Alike` numbers situations one by one. `gatehouse.law.profiles` does so for the many owners of one request,
without making a situation of each.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from gatehouse.law.formula import All, Atom, Formula, atoms, facts_of, holds
from gatehouse.law.situation import Situation
from gatehouse.law.unknowns import reads

# Few situations differ in these: agencies of one kind and state, between two days on which a rule begins.
_SETTLING = (
    "owner_state",
    "owner_kind",
    "searcher_state",
    "searcher_kind",
    "owner_day",
    "searcher_day",
    "own",
    "out_of_state",
    "federal",
    "kinds",
)
_OPEN = frozenset(Situation._fields).difference(_SETTLING)


class Condition(NamedTuple):
    """A condition of a rule, and the facts that it reads."""

    formula: Formula
    facts: frozenset[str]


def conditions(formula: Formula) -> tuple[Condition, ...]:
    """Return the conditions of a rule that must all hold."""
    parts = formula.parts if isinstance(formula, All) else (formula,)
    return tuple(Condition(part, reads(part)) for part in parts)


def left_open(
    rule: Iterable[Condition], here: Situation, open_facts: frozenset[str]
) -> tuple[Condition, ...] | None:
    """Return the conditions that read open facts; None if another fails, so that the rule cannot speak."""
    left = []
    for condition in rule:
        if not condition.facts.isdisjoint(open_facts):
            left.append(condition)
        elif not holds(condition.formula, here):
            return None
    return tuple(left)


class Told(dict[Any, int]):
    """A number for each value of a fact, or of facts as a tuple, equal if tests cannot tell them apart.

    What else the tests read is as in `here`. Without tests (None) every value has a number of its own.
    """

    def __init__(self, facts: Sequence[str], tests: Iterable[Atom] | None, here: Situation) -> None:
        super().__init__()
        self._facts, self._here = tuple(facts), here
        self._tests = None if tests is None else tuple(tests)
        self._numbers: dict[Hashable, int] = {}

    def __missing__(self, value: Any) -> int:
        found: Hashable = value
        if self._tests is not None:
            case = self._with(value) if self._tests else self._here
            found = tuple(holds(atom, case) for atom in self._tests)
        number = self[value] = self._numbers.setdefault(found, len(self._numbers))
        return number

    def _with(self, value: Any) -> Situation:
        if len(self._facts) == 1:
            return self._here._replace(**{self._facts[0]: value})
        return self._here._replace(**dict(zip(self._facts, value, strict=True)))


class Alike:
    """Numbers of situations, equal only for those that none of some rules can tell apart."""

    def __init__(self, rules: Iterable[Formula]) -> None:
        self._rules = tuple(map(conditions, rules))
        self._left: dict[Hashable, _Left] = {}
        self._shared: dict[Hashable, _Left] = {}
        self._numbers: dict[Hashable, int] = {}

    def number(self, known: Situation, unknown: frozenset[str]) -> int:
        """Return the number of a situation; the unknown facts count, since a rule may rest on one."""
        settled = _settled(known), unknown.difference(_OPEN)
        left = self._left.get(settled)
        if left is None:
            left = self._left[settled] = self._what_is_left(known, _OPEN | unknown)
        key = left.number, unknown, left.told(known)
        return self._numbers.setdefault(key, len(self._numbers))

    def _what_is_left(self, known: Situation, open_facts: frozenset[str]) -> _Left:
        """Return the conditions of each rule that the settling facts leave open."""
        left = tuple(left_open(rule, known, open_facts) for rule in self._rules)
        found = self._shared.get(left)
        if found is None:
            open_conditions = (each for rule in left if rule for each in rule)
            found = self._shared[left] = _Left(len(self._shared), open_conditions, known)
        return found


class _Left:
    """Conditions that are left of the rules, and what their atoms say of a situation."""

    def __init__(self, number: int, left: Iterable[Condition], here: Situation) -> None:
        self.number = number
        by_facts: dict[tuple[str, ...], list[Atom]] = {}
        for atom in dict.fromkeys(atom for condition in left for atom in atoms(condition.formula)):
            by_facts.setdefault(facts_of(atom), []).append(atom)
        self._tables = tuple((_values(facts), Told(facts, tests, here)) for facts, tests in by_facts.items())

    def told(self, known: Situation) -> tuple[int, ...]:
        """Return what the atoms say, as one number for each fact or pair of facts that they read."""
        return tuple([told[values(known)] for values, told in self._tables])


def _values(facts: Iterable[str]) -> Callable[[Situation], Any]:
    return itemgetter(*map(Situation._fields.index, facts))


_settled = _values(_SETTLING)
