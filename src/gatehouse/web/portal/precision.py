"""How exactly the portal tells when a search was made, so that nobody who made one can be singled out.

The clear part of an entry names its hour to the whole world, and a duty roster names who was at work then. A
row that could be matched to one entry of a person who worked alone would therefore tell what that person
asked for. So each row is told with a period in which at least `PEOPLE` different people of the agency made
the searches that are told with it:

- *the hour*, with the entry's index and what opens its commitments, where the agency has at least `SEARCHERS`
  people who may search;
- else *the day*, else *the month*, then without index, sequence or openings, and in an order that says
  nothing;
- else the row stands with its month alone, and its details are withheld.

A period is told when it is over, and a delay later: a row that appeared as it was made would tell its time by
appearing. Nobody's row is left out; what is not told yet is counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from gatehouse.web.portal.seen import Seen

# Agencies with fewer people who may search get the day in place of the hour.
SEARCHERS: Final = 10
# A period with fewer people who searched in it is told as a part of a longer one.
PEOPLE: Final = 3


class Precision(StrEnum):
    """How exactly a row tells its time."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    WITHHELD = "withheld"  # the month is told, and nothing else


@dataclass(frozen=True, slots=True)
class Placed:
    """A search with the period that its row names; `begins` is the period's first moment (UTC)."""

    seen: Seen
    precision: Precision
    begins: datetime


@dataclass(frozen=True, slots=True)
class Placing:
    """The rows that can be told now, and the searches that wait for their period to be over."""

    told: tuple[Placed, ...]
    waiting: tuple[Seen, ...]


def place(
    searches: Iterable[Seen],
    *,
    now: datetime,
    searchers: Callable[[str], int],
    delay: Callable[[Seen], timedelta],
) -> Placing:
    """Return with which period each search is told at a time.

    `searchers` says how many people of an agency may search, `delay` how long the row of a search is kept
    back after its period is over.
    """
    told: list[Placed] = []
    waiting: list[Seen] = []
    by_agency: dict[str, list[Seen]] = defaultdict(list)
    for each in searches:
        by_agency[each.agency].append(each)
    for agency, every in sorted(by_agency.items()):
        # Of what a destroyed day key sealed nobody knows who made it, so it protects nobody either.
        rest = [each for each in every if each.opened]
        told += [_withheld(each) for each in every if not each.opened]
        ended = {begins(each.at, Precision.MONTH) for each in every if not each.opened}
        levels = (Precision.HOUR, Precision.DAY, Precision.MONTH)
        for precision in levels[0 if searchers(agency) >= SEARCHERS else 1 :]:
            if precision is Precision.MONTH:
                # Rows that an earlier portal told of such a month, less those that a later one tells, would
                # be the rows of the day whose key has ended.
                told += [_withheld(each) for each in rest if begins(each.at, precision) in ended]
                rest = [each for each in rest if begins(each.at, precision) not in ended]
            rest = _told(rest, precision, now, delay, told, waiting)
        told += map(_withheld, rest)
    return Placing(tuple(sorted(told, key=_order)), tuple(waiting))


def _withheld(seen: Seen) -> Placed:
    return Placed(seen, Precision.WITHHELD, begins(seen.at, Precision.MONTH))


def _told(
    searches: Sequence[Seen],
    precision: Precision,
    now: datetime,
    delay: Callable[[Seen], timedelta],
    told: list[Placed],
    waiting: list[Seen],
) -> list[Seen]:
    """Tell what can be told with periods of one length; return what needs a longer one.

    A period that is not over and delayed yet decides nothing: its searches wait.
    """
    periods: dict[datetime, list[Seen]] = defaultdict(list)
    for each in searches:
        periods[begins(each.at, precision)].append(each)
    left: list[Seen] = []
    for begin, inside in periods.items():
        if now < ends(begin, precision) + max(map(delay, inside)):
            waiting += inside
        elif len({each.officer for each in inside}) >= PEOPLE:
            told += [Placed(each, precision, begin) for each in inside]
        else:
            left += inside
    return left


def begins(at: datetime, precision: Precision) -> datetime:
    """Return the first moment of the period that a time lies in (UTC)."""
    found = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    if precision is Precision.HOUR:
        return found
    found = found.replace(hour=0)
    return found if precision is Precision.DAY else found.replace(day=1)


def ends(begin: datetime, precision: Precision) -> datetime:
    """Return the first moment after a period."""
    if precision is Precision.HOUR:
        return begin + timedelta(hours=1)
    if precision is Precision.DAY:
        return begin + timedelta(days=1)
    return (begin + timedelta(days=32)).replace(day=1)


def _order(each: Placed) -> tuple[Hashable, ...]:
    """Return where a row stands: within a period by what it tells, never by when it was made."""
    seen = each.seen
    exact = seen.decided if each.precision is Precision.HOUR and seen.decided is not None else -1
    told = ("",) * 5
    if each.precision is not Precision.WITHHELD:
        told = (
            seen.kind,
            seen.purpose or "",
            seen.state,
            " ".join(seen.owners),
            " ".join(seen.rules),
        )
    return (each.begins, seen.agency, each.precision.value, exact, *told)
