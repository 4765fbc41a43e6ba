"""How exactly the portal tells when a search was made, so that nobody who took part can be singled out.

The clear part of an entry names its event, agency and hour to the whole world, and a duty roster names who
was at work then. A row that could be matched to entries of a person who worked alone would therefore tell
what that person asked for. So each row is told with a period in which at least `PEOPLE` different people made
searches *that look the same in the tiles*: of one kind, with the same events in the same order. As many must
have entered them, and as many reviewed them where they were reviewed. The period is

- *the hour*, with the entry's index and what opens its commitments, where the agency had at least `SEARCHERS`
  people who may search;
- else *the day*, else *the month*, then without index, sequence or openings, and in an order that says
  nothing;
- else the row stands with its month alone, and its details are withheld.

A period is told when it is over and every search in it has settled, and a delay later: a row that appeared or
changed as things went on would tell their time by that. Nothing told changes afterwards, since all that
decides about it is of the past; so two portals of different days tell no more than the later one. Nobody's
row is left out; what is not told yet is counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from gatehouse.web.portal.seen import FOLLOWED, Seen

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
    searchers: Callable[[str, datetime], int],
    delay: Callable[[Seen], timedelta],
) -> Placing:
    """Return with which period each search is told at a time.

    `searchers` says how many people of an agency might search at a time, `delay` how long the row of a search
    is kept back after its period is over.
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
        large = [each for each in rest if searchers(agency, begins(each.at, Precision.DAY)) >= SEARCHERS]
        rest = [each for each in rest if searchers(agency, begins(each.at, Precision.DAY)) < SEARCHERS]
        rest += _told(large, Precision.HOUR, now, delay, told, waiting)
        rest = _told(rest, Precision.DAY, now, delay, told, waiting)
        # Rows that an earlier portal told of such a month, less those that a later one tells, would be the
        # rows of the day whose key has ended.
        told += [_withheld(each) for each in rest if begins(each.at, Precision.MONTH) in ended]
        rest = [each for each in rest if begins(each.at, Precision.MONTH) not in ended]
        rest = _told(rest, Precision.MONTH, now, delay, told, waiting)
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

    A period that is not over, settled and delayed yet decides nothing: its searches wait.
    """
    periods: dict[datetime, list[Seen]] = defaultdict(list)
    for each in searches:
        periods[begins(each.at, precision)].append(each)
    left: list[Seen] = []
    for begin, inside in periods.items():
        over = max(ends(begin, precision), *map(_followed, inside))
        if now < over + max(map(delay, inside)):
            waiting += inside
            continue
        alike: dict[Hashable, list[Seen]] = defaultdict(list)
        for each in inside:
            alike[each.kind, each.trace].append(each)
        for group in alike.values():
            if _several(group):
                told += [Placed(each, precision, begin) for each in group]
            else:
                left += group
    return left


def _followed(seen: Seen) -> datetime:
    """Return from when on nothing changes of a search that is told."""
    return ends(seen.last, Precision.HOUR) if seen.settled else seen.hour + FOLLOWED


def _several(alike: Sequence[Seen]) -> bool:
    """Return whether enough different people could stand behind each of some searches, in each part."""
    officers = {each.people.officer for each in alike} - {None}
    entering = {each.people.entered_by for each in alike} - {None}
    reviewing = frozenset[str]().union(*(each.people.reviewers for each in alike))
    return min(len(officers), len(entering), len(reviewing) or PEOPLE) >= PEOPLE


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
            " ".join(seen.reached),
            " ".join(seen.rules),
        )
    return (each.begins, seen.agency, each.precision.value, exact, *told)
