"""With whom an owner of plate readers shares, and on which days that is known.

A sharing list is a picture of settings at one time. It says who receives the owner's data (and who sends the
owner theirs) on the days that it covers, and nothing about any other day: an agency that is missing from
today's list may have stood on last year's. `docs/sharing-lists.md` draws what is known when.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from gatehouse.model import BadInput, BadUse, Organization
from gatehouse.records.organizations import parse, parse_many
from gatehouse.records.policies import Policy, find_policies
from gatehouse.records.side_tables import SideTable, read_date, read_side_tables

_ISO = r"\d{4}-\d{2}-\d{2}"
_SPEC = re.compile(rf"(?P<file>.+)@(?P<first>{_ISO})(?:\.\.(?P<last>{_ISO}))?", re.DOTALL)
_OTHER_DAYS = re.compile(r".+@[\d./\- ]+", re.DOTALL)
_STATE = re.compile(r"[A-Z]{2}")
_STATE_COLUMN = "state"
_NAMES = ("organizationname", "name")
_TO_US, _FROM_US = "networkssharedwithme", "networksimsharing"
_ENTRY_FIRST, _ENTRY_LAST, _LIST_FIRST, _LIST_LAST = "sharedfrom", "sharedto", "listfrom", "listto"


@dataclass(frozen=True, slots=True)
class SharingEntry:
    """An organization that receives the owner's data, from `first` to `last` if the list says so."""

    organization: Organization
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class SharingList:
    """Whom an owner shares with, from the day `first` to the day `last`, both included, in the owner's time.

    `entries` receive the owner's data; `inbound` holds the keys of those who share theirs with the owner.
    A list of no known day covers none: its `first` lies after its `last`. `owner` is None when the file
    does not say whose list it is.
    """

    owner: str | None
    first: date
    last: date
    entries: tuple[SharingEntry, ...]
    inbound: frozenset[str]
    path: str
    sha256: str
    notes: tuple[tuple[str, str], ...] = ()

    @property
    def dated(self) -> bool:
        """Return whether the list covers any day."""
        return self.first <= self.last

    @property
    def outbound(self) -> frozenset[str]:
        """Return the keys of all organizations that receive the owner's data on some day of the list."""
        return frozenset(entry.organization.key for entry in self.entries)


def load_sharing_lists(spec: str) -> list[SharingList]:
    """Read every sharing list of `FILE`, `FILE@DATE` or `FILE@FROM..TO`; one of each agency in policies.

    Days given with the file hold for all of its lists, before any that it states itself. Raises `BadInput`
    when the file holds no sharing list, `BadUse` when the days make no sense.
    """
    path, days = _split(spec)
    tables = read_side_tables(path, wanted=_is_list)
    if tables:
        lists = [_from_table(table) for table in tables]
    else:
        lists = [found for policy in find_policies(path) if (found := _from_policy(policy)) is not None]
    if not lists:
        raise BadInput(
            "the file holds no sharing list",
            where=path,
            expected="columns such as Organization Name and Networks I'm Sharing, or published policies",
            hint="docs/sharing-lists.md shows the forms that are read",
        )
    return lists if days is None else [_on_days(each, *days) for each in lists]


def _on_days(known: SharingList, first: date, last: date) -> SharingList:
    notes = tuple(note for note in known.notes if note != _UNDATED)
    return replace(known, first=first, last=last, notes=notes)


def _split(spec: str) -> tuple[str, tuple[date, date] | None]:
    match = _SPEC.fullmatch(spec)
    if match is None:
        if _OTHER_DAYS.fullmatch(spec) and not Path(spec).exists():
            raise BadUse(
                "the days of a sharing list cannot be read",
                where=spec,
                expected="FILE@2025-06-11 or FILE@2025-06-01..2025-12-31",
            )
        return spec, None
    try:
        first = date.fromisoformat(match["first"])
        last = date.fromisoformat(match["last"] or match["first"])
    except ValueError as error:
        raise BadUse("no such day", where=spec, expected="days such as 2025-06-11") from error
    if first > last:
        raise BadUse(
            "the days of a sharing list run backwards",
            where=spec,
            expected="FILE@FROM..TO",
            got=f"{first} after {last}",
        )
    return match["file"], (first, last)


def _is_list(labels: frozenset[str]) -> bool:
    if labels.isdisjoint(_NAMES):
        return False
    return bool(labels & {_TO_US, _FROM_US, _ENTRY_FIRST}) or {"name", _STATE_COLUMN, "type"} <= labels


def _from_policy(policy: Policy) -> SharingList | None:
    if policy.outbound is None:
        return None
    return SharingList(
        owner=policy.organization,
        first=policy.on or date.max,
        last=policy.on or date.min,
        entries=tuple(SharingEntry(parse(name)) for name in dict.fromkeys(policy.outbound)),
        inbound=frozenset(parse(name).key for name in policy.inbound or ()),
        path=policy.path,
        sha256=policy.sha256,
        notes=() if policy.on else (_UNDATED,),
    )


_UNDATED = ("undated", "the list states no day, so it is unknown on every day: give one with @DATE")


def _from_table(table: SideTable) -> SharingList:
    notes: list[tuple[str, str]] = []
    entries: list[SharingEntry] = []
    inbound: set[str] = set()
    directions = _FROM_US in table.labels or _TO_US in table.labels
    for row, cells in table.records:
        name = next((cells[label] for label in _NAMES if cells.get(label)), "")
        if not name:
            notes.append(("no_name", f"row {row} names no organization"))
            continue
        organization = _organization(name, cells.get(_STATE_COLUMN, ""), row, notes)
        if cells.get(_TO_US):
            inbound.add(organization.key)
        if cells.get(_FROM_US) or not directions:
            entries.append(_entry(organization, cells, f"{table.path}, row {row}"))
    if not directions and _ENTRY_FIRST not in table.labels:
        notes.append(("one_direction", "the list is read as those who receive the owner's data"))
    days = _list_days(table)
    if days is None:
        notes.append(_UNDATED)
    first, last = days or (date.max, date.min)
    return SharingList(
        owner=_owner(table),
        first=first,
        last=last,
        entries=tuple(entries),
        inbound=frozenset(inbound),
        path=table.path,
        sha256=table.sha256,
        notes=tuple(notes),
    )


def _entry(organization: Organization, cells: Mapping[str, str], where: str) -> SharingEntry:
    first, last = (read_date(cells.get(label, ""), where=where) for label in (_ENTRY_FIRST, _ENTRY_LAST))
    if first is not None and last is not None and first > last:
        raise BadInput(
            "the days of a sharing list run backwards",
            where=where,
            expected="a first day, and a last one that is no earlier",
            got=f"{first}..{last}",
        )
    return SharingEntry(organization, first, last)


def _organization(name: str, state: str, row: int, notes: list[tuple[str, str]]) -> Organization:
    """Return the organization of a row; where its name and its state column differ the name wins."""
    organization = parse(name)
    if not _STATE.fullmatch(state) or organization.state == state:
        return organization
    if organization.state is None:
        return parse(f"{name} {state}")
    notes.append(("state_differs", f"row {row}: the name says {organization.state}, the column {state}"))
    return organization


def _list_days(table: SideTable) -> tuple[date, date] | None:
    """Return the days that a list states of itself, alike in all of its rows."""
    stated = {(cells.get(_LIST_FIRST, ""), cells.get(_LIST_LAST, "")) for _, cells in table.records}
    if not stated or stated == {("", "")}:
        return None
    if len(stated) > 1 or not all(next(iter(stated))):
        raise BadInput(
            "a sharing list states different days of itself",
            where=table.path,
            expected="one first and one last day in every row",
            got=f"{len(stated)} pairs",
        )
    first, last = (read_date(text, where=table.path) for text in next(iter(stated)))
    assert first is not None and last is not None, "neither is empty"
    if first > last:
        raise BadInput("the days of a sharing list run backwards", where=table.path, got=f"{first}..{last}")
    return first, last


def _owner(table: SideTable) -> str | None:
    """Return whose networks the third column of a Shared Networks report names, if they are one agency's."""
    networks = Counter(
        name.strip()
        for _, cells in table.records
        for name in cells.get(_FROM_US, "").split(",")
        if name.strip()
    )
    keys = {organization.key for organization in parse_many(list(networks))}
    if len(keys) != 1:
        return None
    return min(networks, key=lambda name: (len(name), name))
