"""A plate search as an officer asks it, with everything that goes on the record."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gatehouse.model.plate import PlatePattern
from gatehouse.model.purpose import Purpose
from gatehouse.model.request import Behalf, Party, Process, Window


class Scope(StrEnum):
    """Whose reads a search asks for. Each includes the ones before it."""

    OWN = "own"  # the searcher's own cameras
    NEIGHBORS = "neighbors"  # and of the agencies it names as neighbors
    REGION = "region"  # and of its region
    NETWORK = "network"  # and of every owner of the network

    def covers(self, other: Scope) -> bool:
        """Return whether it reaches at least as far as another."""
        order = list(Scope)
        return order.index(self) >= order.index(other)


class SearchMode(StrEnum):
    """Training answers from invented plates and never touches live reads; it is on the record too."""

    LIVE = "live"
    TRAINING = "training"


@dataclass(frozen=True, slots=True)
class PlateSearch:
    """What is asked. `on_behalf_of` has no default: the officer states it, and signs it.

    `officer` is the id of the person who searches, `entered_by` of the one who typed it, a dispatcher for
    instance. `ground` says why the scope is wider than the one that the door proposes.
    """

    agency: str
    officer: str
    entered_by: str
    plate: PlatePattern
    window: Window
    scope: Scope
    purpose: Purpose
    on_behalf_of: Party | Behalf
    reason: str
    offense: str | None = None
    case_number: str | None = None
    process: Process | None = None
    ground: str | None = None
    confusables: bool = False
    mode: SearchMode = SearchMode.LIVE

    def __repr__(self) -> str:
        """Name agency and person's id only: a traceback must hold neither plate nor reason."""
        return f"PlateSearch(agency={self.agency!r}, officer={self.officer!r}, scope={self.scope.value!r})"
