"""What of a rule its sources settle: the rule without what it refuses though they leave it open.

At the door a rule refuses such searches all the same. On a record that would count caution as law, so that
refusals are told apart as `gatehouse.law.standing` tells purposes apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatehouse.law.formula import All, Covers, Flag, Formula, Meets, Not, Some
from gatehouse.law.standing import Flow
from gatehouse.model import Confidence

if TYPE_CHECKING:
    from collections.abc import Collection

    from gatehouse.law.pack import Rule

_NEVER = Some(())


def settled_part(rule: Rule) -> Formula | None:
    """Return when a rule applies for what its sources settle; None where they settle all of it.

    What no source confirms settles nothing.
    """
    if rule.confidence is Confidence.UNVERIFIED:
        return _NEVER
    return _without(rule.formula, rule.unsettled) if rule.unsettled else None


def _without(formula: Formula, unsettled: Collection[str]) -> Formula:
    """Return a formula as it holds for searches without these signals, and without these flows."""
    match formula:
        case Not(part):
            return Not(_without(part, unsettled))
        case All(parts):
            return All(tuple(_without(part, unsettled) for part in parts))
        case Some(parts):
            return Some(tuple(_without(part, unsettled) for part in parts))
        case Flag(fact) if fact in unsettled and fact in set(Flow):
            return _NEVER
        case Meets("signals", values):
            return Meets("signals", values.difference(unsettled))
        case Covers("signals", values) if not values.isdisjoint(unsettled):
            return _NEVER
    return formula
