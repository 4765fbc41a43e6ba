"""An agency's clock: the IANA time zone of its state, county or city.

Exports give times in UTC, while "at night" and "on a Sunday" mean the agency's own. Where a state has two
zones and the name gives neither county nor a known city, the zone of most of its people is taken and marked
as not certain.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from gatehouse.model import AgencyKind, Organization
from gatehouse.records.organizations import fold_place, place

_COUNTY = re.compile(r"\b(?:county|parish)\b")
_BODY_OF = re.compile(r"^(?:city|town|village|university|college) of ")
# Words after a city's name in the names of its other bodies: "Knoxville Airport", "Pensacola State College".
_AFTER_CITY = re.compile(
    r" (?:airport|authority|charter|city|college|community|dept|fire|housing|international|metro|public|"
    r"regional|schools|state|town|township|transit|university|village|works)$"
)


@dataclass(frozen=True, slots=True)
class Zone:
    """An IANA zone name; `certain` is False where the agency's name leaves the side of a boundary open."""

    name: str
    certain: bool


@dataclass(frozen=True, slots=True)
class _Second:
    zone: str
    counties: frozenset[str]
    divided: frozenset[str]
    cities: frozenset[str]
    first: frozenset[str]
    unsure: frozenset[str]
    rest_is_certain: bool
    complete: bool


@cache
def _tables() -> tuple[Mapping[str, str], Mapping[str, _Second]]:
    text = resources.files("gatehouse.records").joinpath("data/zones.toml").read_text("utf-8")
    data: dict[str, Any] = tomllib.loads(text)

    def folded(names: Sequence[str]) -> frozenset[str]:
        return frozenset(fold_place(name) for name in names)

    second = {
        row["state"]: _Second(
            row["zone"],
            folded(row["counties"]),
            folded(row["divided"]),
            folded(row["cities"]),
            folded(row["first"]),
            folded(row.get("unsure", ())),
            row.get("rest_is_certain", False),
            row.get("complete", False),
        )
        for row in data["second"]
    }
    return data["states"], second


def zone_for(organization: Organization) -> Zone | None:
    """Return the agency's time zone, or None when its state is unknown."""
    states, seconds = _tables()
    if organization.state is None:
        return None
    first = states[organization.state]
    second = seconds.get(organization.state)
    if second is None:
        return Zone(first, certain=True)
    where = place(organization)
    if match := _COUNTY.search(where):
        county = where[: match.start()].strip()
        if county in second.divided:
            return Zone(first, certain=False)
        return Zone(second.zone if county in second.counties else first, certain=True)
    for name in _city_names(where):
        if name in second.cities:
            return Zone(second.zone, certain=True)
        if name in second.first:
            return Zone(first, certain=True)
        if name in second.unsure:
            return Zone(first, certain=False)
    is_town = where != "" and organization.kind is AgencyKind.POLICE
    return Zone(first, certain=second.rest_is_certain or (second.complete and is_town))


def _city_names(where: str) -> Iterator[str]:
    """Yield the name as it is, then without the words that make it another body of the city."""
    yield where
    name = _BODY_OF.sub("", where)
    while name:
        yield name
        shorter = _AFTER_CITY.sub("", name)
        name = shorter if shorter != name else ""
