"""The calendar day in a state: effective dates of statutes are local to it.

A state that lies in two time zones has two days for some hours. A rule that begins on a day is then in force
as soon as that day has begun anywhere in the state: on a boundary the stricter version applies.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

# The easternmost IANA zone of each state, where its days begin.
_EASTERN = "CT DC DE FL GA IN KY MA MD ME MI NC NH NJ NY OH PA RI SC TN VA VT WV"
_CENTRAL = "AL AR IA IL KS LA MN MO MS ND NE OK SD TX WI"
_MOUNTAIN = "CO ID MT NM UT WY"
_PACIFIC = "CA WA"
EAST_END: dict[str, str] = {
    **dict.fromkeys(_EASTERN.split(), "America/New_York"),
    **dict.fromkeys(_CENTRAL.split(), "America/Chicago"),
    **dict.fromkeys(_MOUNTAIN.split(), "America/Denver"),
    **dict.fromkeys(_PACIFIC.split(), "America/Los_Angeles"),
    # Malheur County, Oregon, and West Wendover, Nevada, keep Mountain time; so does the Navajo Nation in
    # Arizona, which alone observes daylight saving time there.
    "OR": "America/Denver",
    "NV": "America/Denver",
    "AZ": "America/Denver",
    "AK": "America/Anchorage",
    "HI": "Pacific/Honolulu",
}


def local_day(state: str | None, at: datetime) -> int:
    """Return the latest calendar day anywhere in the state at a time, as the number 20260331.

    Without a state, the day where it begins first in the United States (Guam's, UTC+10).
    """
    return _day(EAST_END.get(state or "", "Pacific/Guam"), at.astimezone(UTC))


@lru_cache(maxsize=4096)
def _day(zone: str, at: datetime) -> int:
    local = at.astimezone(ZoneInfo(zone))
    return local.year * 10_000 + local.month * 100 + local.day
