"""Who is who: what the door asks of the registry of agencies, people and owners.

A node keeps it in its ledger; the door only reads it. Whatever it does not know is a refusal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from gatehouse.law import Lexicon, OwnerIndex, Rulebook
from gatehouse.model import Agency, BadUse, Officer, Role, Scope


@dataclass(frozen=True, slots=True)
class Owners:
    """Every owner of the network, as one searcher meets it.

    `ids[n]`, `terms[n]` and `regions[n]` are of the same owner. `terms` holds agreements and declarations
    between that owner and this searcher. The searcher is among them if it has cameras itself.
    """

    ids: tuple[str, ...]
    terms: OwnerIndex
    regions: tuple[str | None, ...]

    def __post_init__(self) -> None:
        """Refuse owners that do not stand side by side."""
        if not len(self.ids) == len(self.terms) == len(self.regions) or len(set(self.ids)) != len(self.ids):
            raise BadUse("owners, their terms and their regions do not belong together")


@dataclass(frozen=True, slots=True)
class OwnerRules:
    """What an owner decides beside its terms.

    `retention` None means that it has set none: a node that answers searches refuses such an owner. By codes
    of purposes and of offenses, `scope_caps` says from how far away its reads may be searched; what it does
    not name is capped by the rulebook alone. `waiting` is how long it waits before a loosening is in force.
    `longest_hold` is how far ahead the end of an evidence hold on one of its reads may lie, `portal_delay`
    how long a row about a search of its reads is kept from the portal.
    """

    retention: timedelta | None
    scope_caps: Mapping[str, Scope] = field(default_factory=dict)
    optins: frozenset[str] = frozenset()
    waiting: timedelta = timedelta(days=7)
    longest_hold: timedelta = timedelta(days=90)
    portal_delay: timedelta = timedelta(hours=24)


class Registry(Protocol):
    """What is in force at this moment. Answers are immutable; a change makes new ones."""

    @property
    def rulebook(self) -> Rulebook:
        """Return the rulebook in force."""
        ...

    @property
    def lexicon(self) -> Lexicon:
        """Return the lexicon that reads free text."""
        ...

    def agency(self, agency: str) -> Agency:
        """Return the agency of an id; one that is not registered is `BadInput`."""
        ...

    def officer(self, officer: str) -> Officer:
        """Return the person of an id, also one who is no longer active; an unknown one is `BadInput`."""
        ...

    def people(self, agency: str, role: Role) -> Sequence[Officer]:
        """Return the active people of an agency who have a role."""
        ...

    def owners(self, searcher: Agency) -> Owners:
        """Return every owner of the network for a searcher: the same object until something changes."""
        ...

    def own_rule(self, owner: str) -> OwnerRules:
        """Return what an owner decides beside its terms."""
        ...
