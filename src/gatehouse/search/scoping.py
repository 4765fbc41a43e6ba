"""Whose reads a search asks for: the owners within a scope, how far each of them is, and what is proposed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from gatehouse.law import OwnerIndex
from gatehouse.law.scopes import Scopes
from gatehouse.model import Agency, OwnerTerms, Purpose, Scope
from gatehouse.search.registry import Owners

_NEAR = {scope: place for place, scope in enumerate(Scope)}
_KEPT = 256


@dataclass(frozen=True, slots=True)
class Reached:
    """The owners that a search asks: `ids[n]`, `terms[n]` and `far[n]` are of the same owner.

    `far` is the narrowest scope that an owner lies in.
    """

    ids: tuple[str, ...]
    terms: Sequence[OwnerTerms]
    far: tuple[Scope, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """The scope that the door proposes and the widest that it lets pass, with the owners within each scope.

    A scope wider than `proposed` needs a stated ground.
    """

    proposed: Scope
    widest: Scope
    owners: Mapping[Scope, int]

    def needs_ground(self, scope: Scope) -> bool:
        """Return whether a search of that scope must say why."""
        return not self.proposed.covers(scope)


class Neighborhoods:
    """The owners around each searcher, kept as long as the registry's owners are the same."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, Scope], tuple[Owners, Agency, Reached]] = {}

    def within(self, scope: Scope, searcher: Agency, owners: Owners) -> Reached:
        """Return the owners that a scope of a searcher takes in, in their order."""
        key = (searcher.id, scope)
        known = self._known.get(key)
        if known is not None and known[0] is owners and known[1] == searcher:
            return known[2]
        far = _distances(searcher, owners)
        places = [at for at, each in enumerate(far) if _NEAR[each] <= _NEAR[scope]]
        terms: Sequence[OwnerTerms] = owners.terms
        if len(places) < len(far):
            terms = OwnerIndex(owners.terms[at] for at in places)
        found = Reached(tuple(owners.ids[at] for at in places), terms, tuple(far[at] for at in places))
        # Another agency's neighborhood is cheap to make again; a network's thousands would not stay small.
        if len(self._known) >= _KEPT:
            self._known.clear()
        self._known[key] = owners, searcher, found
        return found


def propose(
    purpose: Purpose, offense: str | None, searcher: Agency, owners: Owners, caps: Scopes
) -> Proposal:
    """Return the smallest scope that serves a purpose: what the rulebook proposes, but one with owners in it.

    Never wider than the rulebook allows for purpose and offense.
    """
    reach = caps.reach(purpose, offense)
    counted = Counter(_distances(searcher, owners))
    counts = dict(zip(Scope, accumulate(counted[scope] for scope in Scope), strict=True))
    serving = (
        scope
        for scope in Scope
        if scope.covers(reach.proposed) and reach.widest.covers(scope) and counts[scope]
    )
    return Proposal(next(serving, reach.proposed), reach.widest, counts)


def owner_refuses(far: Scope, caps: Mapping[str, Scope], purpose: Purpose, offense: str | None) -> bool:
    """Return whether an owner's own caps keep out a searcher that is that far away."""
    return any(code in caps and not caps[code].covers(far) for code in (purpose.value, offense or ""))


def _distances(searcher: Agency, owners: Owners) -> list[Scope]:
    """Return the narrowest scope that each owner lies in."""
    region = searcher.region
    return [
        Scope.OWN
        if owner == searcher.id
        else Scope.NEIGHBORS
        if owner in searcher.neighbors
        else Scope.REGION
        if region is not None and of == region
        else Scope.NETWORK
        for owner, of in zip(owners.ids, owners.regions, strict=True)
    ]
