"""Whether a rule applies where facts are missing: Kleene's three-valued logic.

The engine decides with every fact given. A row of an export leaves some open, and the engine is then asked
with what stands in for "unknown". This says of a rule whether its answer rests on such a stand-in.

S. C. Kleene, "Introduction to Metamathematics", 1952, section 64 (strong three-valued logic).
"""

from __future__ import annotations

from collections.abc import Collection

from gatehouse.law.formula import All, Formula, Not, Some, atoms, facts_of, holds
from gatehouse.law.situation import Situation


def reads(formula: Formula) -> frozenset[str]:
    """Return the facts that a formula looks at."""
    return frozenset(fact for atom in atoms(formula) for fact in facts_of(atom))


def holds_whatever(formula: Formula, situation: Situation, unknown: Collection[str]) -> bool | None:
    """Return whether a formula holds whatever the unknown facts are; None if that rests on one of them."""
    match formula:
        case Not(part):
            answer = holds_whatever(part, situation, unknown)
            return None if answer is None else not answer
        case All(parts):
            answers = {holds_whatever(part, situation, unknown) for part in parts}
            return False if False in answers else None if None in answers else True
        case Some(parts):
            answers = {holds_whatever(part, situation, unknown) for part in parts}
            return True if True in answers else None if None in answers else False
    return None if any(fact in unknown for fact in facts_of(formula)) else holds(formula, situation)
