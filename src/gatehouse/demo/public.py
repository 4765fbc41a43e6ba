"""What the public sees: ordinary days of two departments, and the portal made of the record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import cycle
from typing import Any, Final

from gatehouse.demo.cast import (
    ILLINOIS,
    ILLINOIS_COLLEAGUES,
    ILLINOIS_OFFICER,
    TEXAS,
    TEXAS_COLLEAGUES,
    TEXAS_OFFICER,
    name_of,
)
from gatehouse.demo.stage import Stage
from gatehouse.demo.step import Shown, Step, holds
from gatehouse.model import Officer
from gatehouse.web.portal.document import Row
from gatehouse.web.portal.export import export_portal
from gatehouse.web.portal.precision import Precision
from gatehouse.web.portal.sources import Portal

PORTAL: Final = "portal"
# Hours after midnight, and how many searches follow each other then: Texas has busy hours, Illinois has not.
_TEXAS_HOURS: Final = ((8, 5), (11, 3), (15, 5), (22, 1))
_ILLINOIS_HOURS: Final = ((9, 2), (13, 2), (19, 1))
# In this hour three people ask farther than the offense allows, which is refused.
_TOO_FAR: Final = 11
# Nobody searches earlier on an ordinary day.
EARLIEST: Final = timedelta(hours=8)
_APART: Final = timedelta(minutes=4)
_ASKED: Final[tuple[Mapping[str, Any], ...]] = (
    {
        "purpose": "stolen_vehicle_or_plate",
        "offense": "240",
        "reason": "pickup taken from a driveway overnight, owner at the desk",
    },
    {
        "purpose": "missing_endangered",
        "offense": "MISSING",
        "reason": "resident with dementia drove off before breakfast",
    },
    {
        "purpose": "criminal_warrant",
        "offense": "WARRANT",
        "reason": "arrest warrant for burglary, issued by the county court",
    },
    {
        "purpose": "criminal_investigation",
        "offense": "220",
        "reason": "van seen at the burglary of a hardware store on Mill Street",
    },
)


def ordinary_days(stage: Stage, first: datetime) -> int:
    """Have two departments search as they do on any day, on a day from its midnight; return how many did."""
    turns = sorted(
        [(first + timedelta(hours=hour), TEXAS, count) for hour, count in _TEXAS_HOURS]
        + [(first + timedelta(hours=hour), ILLINOIS, count) for hour, count in _ILLINOIS_HOURS],
        key=lambda turn: turn[0],
    )
    people = {
        TEXAS.id: cycle((TEXAS_OFFICER, *TEXAS_COLLEAGUES)),
        ILLINOIS.id: cycle((ILLINOIS_OFFICER, *ILLINOIS_COLLEAGUES)),
    }
    made = 0
    for at, agency, count in turns:
        stage.clock.turn_to(max(at, stage.clock()))
        for _ in range(count):
            stage.clock.turn(_APART)
            too_far = agency is TEXAS and at.hour == _TOO_FAR
            _search(stage, next(people[agency.id]), made, too_far=too_far)
            made += 1
    return made


def _names(rows: Iterable[Row]) -> str:
    """Return of how many rows each agency's searches are told."""
    counts = Counter(row.agency for row in rows)
    return ", ".join(f"{count} of {name_of(agency)}" for agency, count in sorted(counts.items()))


def _search(stage: Stage, officer: Officer, number: int, *, too_far: bool) -> None:
    what = _ASKED[-1] if too_far else _ASKED[number % (len(_ASKED) - 1)]
    words: dict[str, Any] = {"scope": "own", "case_number": f"26-{2000 + number:05d}", **what}
    if too_far or number % 3 == 0:
        words |= {"scope": "network", "ground": "the car was seen leaving the county"}
    asked = stage.asked(f"TEST{500 + number}", **words)
    stage.person(officer).search(asked)


def portal(stage: Stage) -> Step:
    """Make the public pages of the record, as a town would put them on its site."""
    stage.node.background.run_now("counters")
    folder = stage.folder / PORTAL
    done = export_portal(Portal(stage.node.located, clock=stage.clock), folder)
    document = done.document
    found = Counter(row.precision for row in document.rows)
    holds(
        document.recorded == len(document.rows) + document.waiting
        and found[Precision.HOUR] > 0
        and found[Precision.DAY] > 0,
        "the portal does not show the ordinary days as it should",
        got=f"{dict(found)}, {document.waiting} waiting",
    )
    return Step(
        "portal",
        "What the public sees",
        (
            "Anybody may look, without an account: each search is a row with agency, purpose, outcome, the "
            "rules that decided and the owners reached. No plate, no person, no words of an officer.",
            "A row names the hour where the agency is large and several people made searches in it that look "
            "alike in the record, else the day or the month: a duty roster does not say who it was.",
        ),
        f"{found[Precision.HOUR]} searches are told by the hour and {found[Precision.DAY]} by the day; "
        f"of {document.recorded} on the record the others wait, or tell their month only",
        (
            *(
                Shown(f"by the {each.value}", _names(row for row in document.rows if row.precision is each))
                for each in (Precision.HOUR, Precision.DAY)
            ),
            Shown("open", str(folder / "index.html")),
        ),
        {
            "searches": document.recorded,
            "rows": {precision.value: count for precision, count in sorted(found.items())},
            "waiting": document.waiting,
            "portal": PORTAL,
        },
    )
