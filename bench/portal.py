"""How long the portal takes with a long record: reading it on, making the document, and answering for a page.

    python -m bench.portal --searches 250000

Searches of 200 agencies over a year, four entries each, are made up as they come out of the record (one of
them is read from a real ledger, for the time that an entry takes). The limit is the 100 ms in which a page
answers at the median.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from tests.unit.web.portal.town import PAGES, made_town

from gatehouse.model import SearchState
from gatehouse.node.config import load_config
from gatehouse.web.portal.document import make
from gatehouse.web.portal.render import file
from gatehouse.web.portal.seen import People, Searches, Seen
from gatehouse.web.portal.sources import Portal

AGENCIES = 200
YEAR = timedelta(days=365)
NOW = datetime(2026, 11, 24, tzinfo=UTC)
PURPOSES = ("stolen_vehicle_or_plate", "criminal_warrant", "missing_endangered", "criminal_investigation")


class MadeUp(Searches):
    """Searches that no record holds."""

    def __init__(self, count: int) -> None:
        super().__init__()
        draw = random.Random(1)
        for number in range(count):
            at = NOW - YEAR * draw.random()
            hour = at.replace(minute=0, second=0, microsecond=0)
            agency = "alder-pd" if number % 50 == 0 else f"agency-{draw.randrange(AGENCIES)}"
            self._found[str(number)] = Seen(
                "search",
                agency,
                hour,
                SearchState.RELEASED,
                at,
                hour,
                People(*2 * (f"{agency}.{draw.randrange(30)}",)),
                ("search:plate:requested", "search:plate:permitted", "search:plate:released"),
                draw.choice(PURPOSES),
                "permit",
                ("gatehouse/permit",),
                ("alder-pd",),
                number,
            )


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return how long something takes, in seconds, and what it gives."""
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found


def main() -> None:
    """Print the times."""
    parser = argparse.ArgumentParser(description="Time the portal with a long record.")
    parser.add_argument("--searches", type=int, default=250_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, made_town(Path(folder)) as town:
        located = load_config(town.folder)
        portal = Portal(located, clock=lambda: NOW)
        recorded = portal.recorded()
        size, openings = recorded.size, portal.folder.openings()
        with portal.folder.view() as log:
            rounds = range(options.rounds)
            reading = median(timed(lambda: Searches().read(log, openings, size))[0] for _ in rounds)
        long = replace(recorded, searches=MadeUp(options.searches))
        making, document = timed(lambda: make(long, now=NOW))
        pages = {page: median(timed(partial(file, document, page))[0] for _ in rounds) for page in PAGES}
    found = {
        "searches": options.searches,
        "rows": len(document.rows),
        "reading_an_entry_us": round(1e6 * reading / size, 1),
        "making_s": round(making, 2),
        "pages_ms": {page: round(1e3 * seconds, 1) for page, seconds in pages.items()},
        "slowest_of_100_ms": round(max(pages.values()) / 0.1, 2),
    }
    if options.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name}: {value}")


if __name__ == "__main__":
    main()
