"""Agencies: those of this network, and those that other networks' exports name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class AgencyKind(StrEnum):
    """What kind of body an agency is. `unknown` never permits."""

    POLICE = "police"
    SHERIFF = "sheriff"
    STATE_POLICE = "state_police"
    PROSECUTOR = "prosecutor"
    CORRECTIONS = "corrections"
    TRIBAL = "tribal"
    UNIVERSITY = "university"
    SCHOOL = "school"
    TRANSIT = "transit"
    FUSION = "fusion"
    FEDERAL = "federal"
    REGULATOR = "regulator"
    PRIVATE = "private"
    OTHER_PUBLIC = "other_public"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Organization:
    """An organization read from a name such as `CA - Alder PD` or `[Federal] US Border Patrol [Inactive]`.

    `key` is the comparison form: two spellings of one agency share it. `state` is a USPS code or None when
    the name does not tell; `inactive` that the name is marked as no longer used, `immigration` that the body
    enforces immigration law. `basis` says how state and kind were found: `tag`, `name`, `alias` or `unknown`.
    """

    name: str
    key: str
    state: str | None
    kind: AgencyKind
    inactive: bool = False
    immigration: bool = False
    basis: str = "unknown"


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency of this network. `state` is a USPS code, `ori` the FBI's identifier if it has one.

    `region` names the agencies that belong together (of one state or compact); `neighbors` are ids of
    agencies whose cameras it commonly needs. Neither grants anything: owners decide.
    """

    id: str
    name: str
    state: str
    kind: AgencyKind
    ori: str | None = None
    region: str | None = None
    neighbors: frozenset[str] = frozenset()
