"""People of agencies, and what each of them may do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person may do at a node. One person may have several, but never decides on an own request."""

    OFFICER = "officer"  # searches
    SUPERVISOR = "supervisor"  # reviews searches, sees marks
    CUSTODIAN = "custodian"  # changes rules, agreements, cameras and accounts, two together
    AUDITOR = "auditor"  # reads the record, one field at a time


@dataclass(frozen=True, slots=True)
class Officer:
    """A named person of an agency. `id` is the node's own and never used again for another person."""

    id: str
    agency: str
    name: str
    roles: frozenset[Role]
    active: bool = True

    def __repr__(self) -> str:
        """Name the id only: a traceback must not hold a person's name."""
        return f"Officer(id={self.id!r}, agency={self.agency!r})"
