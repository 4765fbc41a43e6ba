"""A town with a large police department whose searches are on the record, for tests of its portal.

In hour 10 of the first day three officers search, in hour 11 one of them does, twice; on the second day one
officer searches alone. Each search states a plate and a reason of its own, which must show nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from gatehouse.model import Purpose, Role
from gatehouse.node.node import Node
from gatehouse.web.portal.document import Document
from gatehouse.web.portal.sources import Portal
from tests.unit.ledger.logs import Clock
from tests.unit.node.founded import ALDER, START, custodian, officer
from tests.unit.node.running import asked, made_node, opened_node, sign

OFFICERS = [officer(ALDER, number, Role.OFFICER) for number in range(1, 12)]
REASON = "zebra-striped caravan behind the mill"
CASE = "26-7734512"
# What counts is who might search as a day began, and all of them came the day before.
TEN = START.replace(hour=10) + timedelta(days=1)
# One of each kind of page.
PAGES = (
    "index.html",
    "searches/1.html",
    "agencies.html",
    "agencies/alder-pd.html",
    "rules.html",
    "check.html",
)
AFTER = START + timedelta(days=40)


def plate(number: int) -> str:
    """Return the plate of a search."""
    return f"QX{number:02d}ZJ7"


@dataclass(slots=True)
class Town:
    """The node of the town, closed, in its folder."""

    folder: Path
    at: datetime = AFTER

    def portal(self) -> Portal:
        """Return its portal at a time after all periods are over."""
        from gatehouse.node.config import load_config

        return Portal(load_config(self.folder), clock=lambda: self.at)

    def document(self) -> Document:
        """Return what it shows."""
        return self.portal().document()


def ask(node: Node, clock: Clock, number: int, who: int, *, reason: str = REASON) -> None:
    """Have an officer make the search of a number."""
    name = OFFICERS[who].id
    search = replace(
        asked(clock.at, plate(number)),
        officer=name,
        entered_by=name,
        reason=reason,
        case_number=CASE,
        purpose=Purpose.STOLEN_VEHICLE_OR_PLATE if who else Purpose.CRIMINAL_INVESTIGATION,
    )
    node.door.ask(search, signed=sign(search, clock.at))


@contextmanager
def made_town(folder: Path) -> Iterator[Town]:
    """Make the town, play its searches, and close it."""
    made_node(folder)
    clock = Clock(START)
    with opened_node(folder, clock) as node:
        for each in OFFICERS[1:]:
            node.registry.add_officer(each, by=custodian(ALDER, 1))
        clock.at = TEN
        for number, who in enumerate((0, 1, 2)):
            clock.at += timedelta(minutes=7)
            ask(node, clock, number, who)
        clock.at = TEN + timedelta(hours=1, minutes=5)
        ask(node, clock, 3, 1)
        ask(node, clock, 4, 1, reason="ICE+ERO")
        clock.at = TEN + timedelta(days=1)
        ask(node, clock, 5, 2)
        clock.at = TEN + timedelta(days=3)
        node.background.run_now("counters")
    yield Town(folder)
