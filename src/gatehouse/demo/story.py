"""The story from its founding to its end, and what is left of it in a folder."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from gatehouse.demo import expiry, hotlist, network, public, record, searches
from gatehouse.demo.cast import CALIFORNIA, FLORIDA, ILLINOIS, MISSING, OWNERS, STOLEN, TEXAS, WANTED
from gatehouse.demo.client import Reader, Site
from gatehouse.demo.clock import StoryClock
from gatehouse.demo.folder import hand_out
from gatehouse.demo.stage import Stage
from gatehouse.demo.step import Step, holds
from gatehouse.demo.traffic import Passing, day_of
from gatehouse.node.node import Node
from gatehouse.web.app import create_app
from gatehouse.web.serve import serving

# How long ago the network was founded, and how long ago its day begins.
FOUNDED: Final = timedelta(days=10)
DAY: Final = timedelta(hours=32)
_BETWEEN: Final = timedelta(minutes=5)

STEPS: Final[Sequence[Callable[[Stage], Step]]] = (
    searches.stolen_car,
    hotlist.amber,
    searches.ice_ero,
    searches.investigation,
    searches.on_behalf_of,
    searches.federal,
    searches.declaration,
    expiry.expired,
    record.audited,
    public.portal,
    record.edited,
    record.checkpoint,
)


def play(folder: Path, *, told: Callable[[str], None] = lambda _what: None) -> Generator[Step, None, None]:
    """Yield each step as it is done. `folder` is new; `told` hears what is being done meanwhile.

    The node is closed in the end, and lies in `folder/node` like any other.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    clock = StoryClock(now - FOUNDED)
    told("founding the network")
    vkey = network.make(folder / "node", clock)
    with network.opened(folder / "node", clock) as node, _site(node) as site:
        network.join(node)
        readers = network.equip(node)
        people = network.enroll(node, site, clock)
        hand_out(folder, people.values())
        stage = Stage(folder, node, vkey, site, clock, people, readers, now - DAY)
        holds(expiry.first_days(stage) == 1, "a read of the first day was not found")
        waiting = network.agree(node)
        told("waiting seven days for what loosens a rule")
        clock.turn_to(clock() + network.WAITING)
        network.advance(node, waiting)
        told("two departments' ordinary day")
        public.ordinary_days(stage, _midnight(clock()))
        told("handing in the reads of a day and a night")
        taken = drive(stage, now - timedelta(hours=3))
        yield network.founded(node, changes=waiting, reads=taken)
        for step in STEPS:
            clock.turn(_BETWEEN)
            yield step(stage)


def _midnight(at: datetime) -> datetime:
    """Return the midnight (UTC) that a day of searches is counted from: its own early on, else the next."""
    day = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return day if at - day < public.EARLIEST else day + timedelta(days=1)


def drive(stage: Stage, until: datetime) -> int:
    """Have the day's cars pass, up to a time, and return how many reads were taken in."""
    towns = {each.agency.state: [reader.id for reader in stage.readers[each.agency.id]] for each in OWNERS}
    span = until - stage.began
    passings = [*day_of(towns, stage.began, span), *_wanted(stage.readers, stage.began)]
    by_id = {reader.id: reader for readers in stage.readers.values() for reader in readers}
    taken = 0
    for part in range(4):
        start, end = stage.began + span * part / 4, stage.began + span * (part + 1) / 4
        stage.clock.turn_to(end)
        for id, reader in by_id.items():
            batch = [each.as_read() for each in passings if each.camera == id and start <= each.at < end]
            if batch:
                taken += reader.hand_in(stage.site, batch)
    return taken


def _wanted(readers: Mapping[str, Sequence[Reader]], began: datetime) -> list[Passing]:
    """Return where the cars went that the day is about: one through three states."""
    way = (
        (STOLEN, "IL", ILLINOIS, 0, 0.6),
        (STOLEN, "IL", ILLINOIS, 2, 0.8),
        (STOLEN, "IL", TEXAS, 0, 13.1),
        (STOLEN, "IL", TEXAS, 1, 13.3),
        (STOLEN, "IL", FLORIDA, 0, 28.2),
        (WANTED, "TX", TEXAS, 1, 9.0),
        (WANTED, "TX", ILLINOIS, 1, 25.5),
        (MISSING, "FL", ILLINOIS, 0, 26.4),
        (MISSING, "FL", CALIFORNIA, 1, 2.0),
    )
    return [
        Passing(readers[agency.id][camera].id, began + timedelta(hours=hours), plate, state)
        for plate, state, agency, camera, hours in way
    ]


@contextmanager
def _site(node: Node) -> Iterator[Site]:
    """Serve the node on loopback, at whatever port is free."""
    with serving(create_app(node)) as address, Site(address, name=node.config.http.url) as site:
        yield site
