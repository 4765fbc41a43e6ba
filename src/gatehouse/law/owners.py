"""Many owners, grouped once: those with equal terms share all work that a request causes.

An `OwnerIndex` is made when the owners change and serves every request until they change again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, overload

from gatehouse.law.situation import banned, minutes_kept
from gatehouse.model import Agreement, Declaration, OwnerTerms, Party


class Terms(NamedTuple):
    """What rules can tell of an owner, apart from its name; agreement and declaration by their numbers."""

    state: str
    kind: str
    retention: int
    bans: frozenset[str]
    optins: frozenset[str]
    agreement: int
    declaration: int


class OwnerIndex(Sequence[OwnerTerms]):
    """Owners in order, and their classes of equal terms. Never changes once it is made.

    `terms` and `examples` hold the terms and one owner of each class, `members` the class of each owner;
    `agreements` and `declarations` the distinct ones, as they were given.
    """

    def __init__(self, owners: Iterable[OwnerTerms]) -> None:
        self._owners = tuple(owners)
        agreements: dict[bool | Agreement | None, int] = {}
        declarations: dict[bool | Declaration | None, int] = {}
        classes: dict[Terms, int] = {}
        self.examples: list[OwnerTerms] = []
        self.members: list[int] = []
        self._named: dict[tuple[str | None, ...], list[int]] = {}
        for at, owner in enumerate(self._owners):
            terms = Terms(
                owner.party.state or "",
                owner.party.kind.value,
                minutes_kept(owner.retention),
                banned(owner.bans),
                owner.optins,
                agreements.setdefault(owner.agreement, len(agreements)),
                declarations.setdefault(owner.declaration, len(declarations)),
            )
            number = classes.setdefault(terms, len(classes))
            if number == len(self.examples):
                self.examples.append(owner)
            self.members.append(number)
            self._named.setdefault(_name(owner.party), []).append(at)
        self.terms = tuple(classes)
        self.agreements = tuple(agreements)
        self.declarations = tuple(declarations)

    def places_of(self, party: Party) -> Sequence[int]:
        """Return where the owners stand that are this agency, as `Party.same_as` says."""
        return self._named.get(_name(party), ())

    def holds(self, owners: Sequence[OwnerTerms]) -> bool:
        """Return whether it was made of these owners, in this order."""
        return owners is self or self._owners == tuple(owners)

    def __len__(self) -> int:
        return len(self._owners)

    @overload
    def __getitem__(self, at: int) -> OwnerTerms: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[OwnerTerms, ...]: ...
    def __getitem__(self, at: int | slice) -> OwnerTerms | tuple[OwnerTerms, ...]:
        return self._owners[at]


def _name(party: Party) -> tuple[str | None, ...]:
    return party.state, *party.name.casefold().split()
