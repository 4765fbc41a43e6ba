"""Which situations no rule can tell apart, so that the engine decides one of each kind.

A rule is a formula of atoms, each of which reads a fact or two (`gatehouse.law.formula`). Facts of the two
agencies and of the day settle most rules: one of another state, or not in force yet, cannot speak whatever
else is true. Situations in which the same conditions are left, and all their atoms agree, have the same rules
speak, and the same rules rest on what is not known. Nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from operator import itemgetter
from typing import Any

from gatehouse.audit.backtest.given import Given
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
_SETTLES = frozenset(_SETTLING)


class Alike:
    """Numbers of situations, equal only for those that none of some rules can tell apart."""

    def __init__(self, rules: Iterable[Formula]) -> None:
        self._rules = tuple(_parts(formula) for formula in rules)
        self._left: dict[Hashable, _Left] = {}
        self._shared: dict[Hashable, _Left] = {}
        self._numbers: dict[Hashable, int] = {}

    def number(self, given: Given) -> int:
        """Return the number of what is given: the unknown facts count, since a rule may rest on one."""
        settled = _settled(given.known), given.unknown & _SETTLES
        left = self._left.get(settled)
        if left is None:
            left = self._left[settled] = self._what_is_left(given.known, _SETTLES - given.unknown)
        key = left.number, given.unknown, left.told(given.known)
        return self._numbers.setdefault(key, len(self._numbers))

    def _what_is_left(self, known: Situation, settling: frozenset[str]) -> _Left:
        """Return the conditions that the settling facts leave open."""
        left: list[tuple[int, tuple[Formula, ...]]] = []
        for place, parts in enumerate(self._rules):
            certain = [part for part, facts in parts if facts <= settling]
            if all(holds(part, known) for part in certain):
                left.append((place, tuple(part for part, facts in parts if not facts <= settling)))
        key = tuple(left)
        found = self._shared.get(key)
        if found is None:
            found = self._shared[key] = _Left(len(self._shared), (part for _, each in left for part in each))
        return found


class _Left:
    """Conditions that are left of the rules, and what their atoms say of a situation."""

    def __init__(self, number: int, parts: Iterable[Formula]) -> None:
        self.number = number
        by_facts: dict[tuple[str, ...], list[Atom]] = {}
        for atom in dict.fromkeys(atom for part in parts for atom in atoms(part)):
            by_facts.setdefault(facts_of(atom), []).append(atom)
        self._tables = tuple(_Told(facts, tuple(found)) for facts, found in by_facts.items())

    def told(self, known: Situation) -> tuple[int, ...]:
        """Return what the atoms say, as one number for each fact or pair of facts that they read."""
        return tuple(table.number(known) for table in self._tables)


class _Told:
    """A number for each value of some facts, equal for values that the atoms on them cannot tell apart."""

    def __init__(self, facts: tuple[str, ...], tests: tuple[Atom, ...]) -> None:
        self._tests = tests
        self._values: Callable[[Situation], Any] = itemgetter(
            *(Situation._fields.index(each) for each in facts)
        )
        self._by_value: dict[Any, int] = {}
        self._numbers: dict[tuple[bool, ...], int] = {}

    def number(self, known: Situation) -> int:
        value = self._values(known)
        number = self._by_value.get(value)
        if number is None:
            answers = tuple(holds(atom, known) for atom in self._tests)
            number = self._by_value[value] = self._numbers.setdefault(answers, len(self._numbers))
        return number


_settled: Callable[[Situation], tuple[Any, ...]] = itemgetter(
    *(Situation._fields.index(each) for each in _SETTLING)
)


def _parts(formula: Formula) -> tuple[tuple[Formula, frozenset[str]], ...]:
    """Return the conditions that must all hold, each with the facts that it reads."""
    parts = formula.parts if isinstance(formula, All) else (formula,)
    return tuple((part, reads(part)) for part in parts)
