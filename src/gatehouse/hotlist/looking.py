"""What a standing search looks for, plate and reason included: shown to those whom it concerns."""

from __future__ import annotations

from gatehouse.hotlist.asking import StandingSearch
from gatehouse.hotlist.errors import UnknownEntry
from gatehouse.hotlist.parts import HotlistParts
from gatehouse.model import Officer, Role

_OVERSEERS = frozenset({Role.SUPERVISOR, Role.AUDITOR})


def asked(parts: HotlistParts, entry: str, *, by: Officer) -> StandingSearch:
    """Return what was asked, to its officer, who entered it, and who reviews or oversees it.

    To anybody else there is no such entry.
    """
    person, row = parts.registry.officer(by.id), parts.tables.entry(entry)
    concerned = person.id in (row.officer, row.entered_by, row.reviewer)
    if (
        not person.active
        or person.agency != row.agency
        or not (concerned or not _OVERSEERS.isdisjoint(person.roles))
    ):
        raise UnknownEntry("there is no such entry on a hotlist", expected="the number of an entry")
    return parts.standing(row)
