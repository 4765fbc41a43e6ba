"""Who searched and whose data: every organization of a record once, and the owner of every file.

Rows name organizations by key; the audit groups by a small index into `Roster.agencies` instead. Two
spellings of one agency (`Newtown PD CA`, `CA - Newtown PD`) share an index.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from gatehouse.law.masking import mask
from gatehouse.model import AgencyKind, Layout, Organization
from gatehouse.records.frame import OWN_RECORD
from gatehouse.records.organizations import parse
from gatehouse.records.zones import zone_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gatehouse.records.frame import RecordSet
    from gatehouse.records.zones import Zone

UNKNOWN = 0
UNKNOWN_AGENCY = Organization(name="(not stated)", key="", state=None, kind=AgencyKind.UNKNOWN)


@dataclass(frozen=True)
class Roster:
    """The organizations of a record by index; index 0 stands for one that is not stated or not readable.

    `by_key` has the columns `org` (UInt64, the frame's text key) and `agency` (UInt32). `owners[i]` is the
    index of file i's owner, `own_record[i]` whether that owner is also the one who searched.
    """

    agencies: tuple[Organization, ...]
    by_key: pl.DataFrame
    owners: tuple[int, ...]
    own_record: tuple[bool, ...]

    @cached_property
    def zones(self) -> tuple[str | None, ...]:
        """Return each agency's time zone, None where its state does not tell."""
        return tuple(None if zone is None else zone.name for zone in self._found_zones)

    @cached_property
    def zone_unsure(self) -> frozenset[int]:
        """Return the agencies of states with two zones whose side is not known: they get most people's."""
        return frozenset(
            index for index, zone in enumerate(self._found_zones) if zone is not None and not zone.certain
        )

    @cached_property
    def _found_zones(self) -> tuple[Zone | None, ...]:
        return tuple(zone_for(agency) for agency in self.agencies)

    @cached_property
    def federal(self) -> frozenset[int]:
        """Return the agencies that are federal bodies, immigration agencies among them."""
        return frozenset(
            index
            for index, agency in enumerate(self.agencies)
            if agency.kind is AgencyKind.FEDERAL or agency.immigration
        )

    def name(self, index: int) -> str:
        """Return an agency's name as people write it."""
        return self.agencies[index].name

    def owner(self, position: int) -> Organization | None:
        """Return a file's owner, None where it is not known."""
        index = self.owners[position]
        return None if index == UNKNOWN else self.agencies[index]

    def spellings(self, organization: Organization) -> pl.Series:
        """Return the text keys of all spellings of one agency."""
        index = [agency.key for agency in self.agencies].index(organization.key)
        return self.by_key.filter(pl.col("agency") == index)["org"]

    def owner_states(self) -> tuple[str | None, ...]:
        """Return, per file, the state whose law travels with the data."""
        return tuple(self.agencies[owner].state for owner in self.owners)


def build_roster(records: RecordSet) -> Roster:
    """Read every organization name once and settle whose data each file is.

    An organization audit that names a single organization belongs to it; no other file's owner is guessed.
    """
    texts = records.texts["org"].sort("text")
    index: dict[str, int] = {UNKNOWN_AGENCY.key: UNKNOWN}
    agencies: list[Organization] = [UNKNOWN_AGENCY]
    keys: dict[int, int] = {}
    for key, text in texts.iter_rows():
        found = parse(text)
        keys[key] = _enroll(replace(found, name=shown_name(found)), index, agencies)
    owners = tuple(
        _owner(records, position, file.owner, keys, index, agencies)
        for position, file in enumerate(records.files)
    )
    by_key = pl.DataFrame(
        {"org": list(keys.keys()), "agency": list(keys.values())},
        schema={"org": pl.UInt64, "agency": pl.UInt32},
    )
    own = tuple(file.layout in OWN_RECORD for file in records.files)
    return Roster(tuple(agencies), by_key, owners, own)


def shown_name(organization: Organization) -> str:
    """Return the name to show: masked where nothing tells that it is an agency's.

    In a shifted row a person's name or a plate stands where the organization's name should be.
    """
    told = organization.state is not None or organization.kind is not AgencyKind.UNKNOWN
    return organization.name if told else mask(organization.name)


def _enroll(organization: Organization, index: dict[str, int], agencies: list[Organization]) -> int:
    """Return the organization's index, a new one for a key not seen before."""
    known = index.get(organization.key)
    if known is None:
        index[organization.key] = known = len(agencies)
        agencies.append(organization)
    elif agencies[known].state is None and organization.state is not None:
        agencies[known] = organization
    return known


def _owner(
    records: RecordSet,
    position: int,
    stated: str | None,
    keys: Mapping[int, int],
    index: dict[str, int],
    agencies: list[Organization],
) -> int:
    if stated is not None:
        return _enroll(parse(stated), index, agencies)
    file = records.files[position]
    if file.layout is not Layout.ORGANIZATION_AUDIT or "org" not in file.exported:
        return UNKNOWN
    seen: Sequence[int] = (
        records.frame.filter((pl.col("file") == position) & pl.col("org").is_not_null())
        .select(pl.col("org").unique())
        .collect()["org"]
        .to_list()
    )
    named = {keys[key] for key in seen if key in keys}
    return named.pop() if len(named) == 1 else UNKNOWN
