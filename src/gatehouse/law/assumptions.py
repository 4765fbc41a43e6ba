"""What proofs take for granted about the facts of a request, since `situation` makes them so.

Each is a statement that a test checks against requests of every kind. A theorem names those it rests on; most
rest on none and hold even for facts that contradict each other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gatehouse.law.domain import VALUES
from gatehouse.law.formula import SETS, TEXTS, All, Compare, Flag, Formula, Is, Not, Some, Within
from gatehouse.law.translate import Symbols
from gatehouse.model import AgencyKind


@dataclass(frozen=True, slots=True)
class Assumption:
    """A statement about facts, in words and as a formula of Z3."""

    id: str
    statement: str
    formula: Callable[[Symbols], Any]


def _codes(symbols: Symbols) -> Any:
    parts: list[Formula] = [Is(fact, frozenset(VALUES[fact])) for fact in sorted(TEXTS)]
    parts += [Within(fact, frozenset(VALUES[fact])) for fact in sorted(SETS)]
    return symbols.formula(All(tuple(parts)))


def _amounts(symbols: Symbols) -> Any:
    counts = [Compare(fact, ">=", 0) for fact in ("retention", "approvals", "reach")]
    days = ("owner_day", "searcher_day")
    spans = [Compare(day, ">=", 1_01_01) for day in days] + [Compare(day, "<=", 9999_12_31) for day in days]
    reach = Some((Flag("window"), Compare("reach", "==", 0)))
    return symbols.formula(All((*counts, *spans, reach)))


def _federal(symbols: Symbols) -> Any:
    z3, federal = symbols.z3, symbols.facts["federal"]
    searcher = symbols.formula(_FEDERAL)
    named = symbols.formula(Is("behalf", frozenset({"agency"})))
    among = symbols.has("kinds", AgencyKind.FEDERAL.value)
    return z3.And(
        z3.Implies(searcher, federal), z3.Implies(federal, z3.Or(searcher, named)), federal == among
    )


def _recipients(symbols: Symbols) -> Any:
    z3 = symbols.z3
    among, alone = _among(symbols, "searcher_state", "recipients")
    return z3.And(z3.Implies(symbols.formula(Not(_FEDERAL)), among), alone)


def _kinds(symbols: Symbols) -> Any:
    return symbols.z3.And(*_among(symbols, "searcher_kind", "kinds"))


def _among(symbols: Symbols, text: str, everybody: str) -> tuple[Any, Any]:
    """Say that the searcher is among those who receive, and that it is alone if it acts for nobody."""
    z3, facts = symbols.z3, symbols.facts
    own = [facts[text] == at for at in range(len(symbols.translation.values))]
    among = z3.Or([z3.And(is_it, has) for is_it, has in zip(own, facts[everybody], strict=True)])
    only = z3.And([z3.Implies(has, is_it) for is_it, has in zip(own, facts[everybody], strict=True)])
    return among, z3.Implies(symbols.formula(Is("behalf", frozenset({"none"}))), only)


def _out_of_state(symbols: Symbols) -> Any:
    z3, facts = symbols.z3, symbols.facts
    unknown = symbols.translation.place[""]
    foreign = [
        z3.And(has, facts["owner_state"] != at) for at, has in enumerate(facts["recipients"]) if at != unknown
    ]
    return facts["out_of_state"] == z3.Or(foreign)


def _own(symbols: Symbols) -> Any:
    z3, facts = symbols.z3, symbols.facts
    alone = symbols.formula(Is("behalf", frozenset({"none"})))
    return z3.Implies(facts["own"], z3.And(alone, facts["owner_state"] == facts["searcher_state"]))


def _declared(symbols: Symbols) -> Any:
    yes = symbols.formula(Is("declaration", frozenset({"yes"})))
    return yes == symbols.formula(Not(Within("declared", frozenset())))


_FEDERAL = Is("searcher_kind", frozenset({AgencyKind.FEDERAL.value}))

ASSUMPTIONS: dict[str, Assumption] = {
    each.id: each
    for each in (
        Assumption("codes", "Each text and each set holds codes of its enumeration only.", _codes),
        Assumption(
            "amounts",
            "Numbers are not negative, days lie between the years 1 and 9999, and a search without a window "
            "reaches back 0 minutes.",
            _amounts,
        ),
        Assumption(
            "federal",
            "A search by a federal agency is federal; another is only where an agency is named on whose "
            "behalf it is made. The kinds then hold the federal one, and only then.",
            _federal,
        ),
        Assumption(
            "recipients",
            "The searcher's state is among the recipients unless the searcher is federal; it is the only one "
            "if the search is made on nobody's behalf.",
            _recipients,
        ),
        Assumption(
            "kinds",
            "The searcher's kind is among the kinds; it is the only one if the search is made on nobody's "
            "behalf.",
            _kinds,
        ),
        Assumption(
            "out_of_state",
            "A search is out of state exactly if a recipient's state is known and not the owner's.",
            _out_of_state,
        ),
        Assumption("own", "An owner that searches its own reads does so for itself, in its state.", _own),
        Assumption("declared", "A declaration is in force exactly if it forswears a matter.", _declared),
    )
}
