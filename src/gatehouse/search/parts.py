"""What a door stands on, and how a person at it is checked."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from gatehouse.law import Pack
from gatehouse.model import PlateSearch, Role
from gatehouse.search.book import Book
from gatehouse.search.errors import Refused
from gatehouse.search.fields import matches_in, search_of
from gatehouse.search.handed import Handed
from gatehouse.search.history import History
from gatehouse.search.limits import Limits
from gatehouse.search.recording import Case, Recorder, request_hash
from gatehouse.search.registry import Registry
from gatehouse.search.release import Store
from gatehouse.search.review import Choose
from gatehouse.search.rules import APPEAL, DoorRule
from gatehouse.search.state import Row, SearchTables
from gatehouse.vault.protocol import Vault


@dataclass(frozen=True, slots=True)
class Parts:
    """The rooms and tables behind a door. Whoever makes the door opens and closes them.

    `choose` picks a reviewer among those eligible; nobody at the door may foresee it. `uncounted` holds the
    indexes of releases that the vault may not have counted yet, and `handed` what can be held.
    """

    book: Book
    registry: Registry
    vault: Vault
    reads: Store
    tables: SearchTables
    history: History
    clock: Callable[[], datetime]
    limits: Limits = field(default_factory=Limits)
    choose: Choose = secrets.choice
    uncounted: set[int] = field(default_factory=set)
    handed: Handed = field(default_factory=Handed)

    @property
    def pack(self) -> Pack:
        """Return the rulebook in force."""
        return self.registry.rulebook.pack

    def recorder(self) -> Recorder:
        """Return what appends entries under the rulebook in force."""
        return Recorder(self.book, self.pack, self.registry.lexicon.sha256)

    def case(self, row: Row) -> Case:
        """Return a search that is on the record, read back from its sealed first entry."""
        search = search_of(row.agency, self.book.openings(row.requested).values)
        matches = matches_in(search, self.registry.lexicon)
        return Case(row.id, search, row.requested, request_hash(self.book, row.requested), matches)

    def entitled(self, search: PlateSearch) -> bool:
        """Return whether a search is an active officer's of its agency, entered by an active person of it."""
        officer = self.registry.officer(search.officer)
        clerk = self.registry.officer(search.entered_by)
        return (
            officer.active
            and clerk.active
            and officer.agency == clerk.agency == search.agency
            and Role.OFFICER in officer.roles
            and bool(clerk.roles)
        )


def refused(rule: DoorRule, search: str | None = None) -> Refused:
    """Return the refusal of a step by one of the door's rules."""
    return Refused(rule.cited, remedy=rule.remedy, appeal=APPEAL, search=search)
