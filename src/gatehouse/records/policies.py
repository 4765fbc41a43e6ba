"""The rules that agencies publish about their own plate readers, from portals or written down by hand.

A policy says what an agency had published on one day. It binds as far as the agency says, from a day that
the page does not tell, so it is evidence of a promise and no more.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from gatehouse.model import BadInput, Signal
from gatehouse.records.organizations import parse
from gatehouse.records.prohibited_uses import ProhibitedUse, prohibited_uses
from gatehouse.records.side_tables import SideTable, read_date, read_side_tables

# Field of a policy, and the labels (in normal form) that name it: portal copies as JSON, workbooks.
_LABELS: Mapping[str, tuple[str, ...]] = {
    "organization": ("crawledname", "agencyname", "organization"),
    "slug": ("crawledslug",),
    "on": ("archiveddate", "on", "date"),
    "prohibited_uses": ("prohibiteduses",),
    "acceptable_use": ("acceptableusepolicy", "acceptableuse"),
    "sharing_restrictions": ("sharingrestrictions",),
    "retention_days": ("dataretentiondays", "dataretentionindays", "retentiondays"),
    "cameras": ("cameracount", "numberoflprandothercameras", "cameras"),
    "vehicles_30d": ("vehiclesdetected30d", "vehiclesdetectedinthelast30days", "30daysvehiclesdetected"),
    "hotlist_hits_30d": (
        "hotlisthits30d",
        "hotlisthitsinthelast30days",
        "30dayshotlisthitsinthelast30days",
    ),
    "searches_30d": ("searches30d", "searchesinthelast30days", "30dayssearches"),
    "hotlists": ("hotlistsalertedon", "hotlists"),
    "outbound": ("sharingoutbound", "externalorganizationswithaccess"),
    "inbound": ("sharinginbound",),
}
_NAMES = frozenset({*_LABELS["organization"], *_LABELS["slug"]})
_NOTHING = frozenset({"", "n/a", "na", "none", "null", "data unavailable"})
_NUMBER = re.compile(r"(\d[\d,]*)(?:\.0+)?(?:\s*days?)?", re.IGNORECASE)
# A list of names is longer than this, or every piece of it is short; a sentence is neither.
_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Policy:
    """What one agency published on one day; None is what it did not publish or what could not be read.

    `key` compares organizations (see `records.organizations`), `on` is the day of the copy, `outbound` are
    the names of those who receive the agency's data, `inbound` of those whose data it receives.
    """

    organization: str
    key: str
    on: date | None
    prohibited_uses: str
    path: str
    sha256: str
    row: int
    acceptable_use: str = ""
    sharing_restrictions: str = ""
    hotlists: str = ""
    retention_days: int | None = None
    cameras: int | None = None
    vehicles_30d: int | None = None
    hotlist_hits_30d: int | None = None
    searches_30d: int | None = None
    outbound: tuple[str, ...] | None = None
    inbound: tuple[str, ...] | None = None
    notes: tuple[tuple[str, str], ...] = ()

    @property
    def prohibits(self) -> tuple[ProhibitedUse, ...]:
        """Return the uses that the published text prohibits."""
        return prohibited_uses(self.prohibited_uses)

    @property
    def prohibited_signals(self) -> frozenset[Signal]:
        """Return the signals of a reason that would contradict the published text."""
        return frozenset(signal for use in self.prohibits for signal in use.signals)


def load_policies(path: str | Path, *, on: date | None = None) -> list[Policy]:
    """Read published rules from JSON, XLSX, CSV or TOML, in the order of the file.

    `on` is the day of copies that carry no date. An agency listed twice with the same rules is one policy;
    with different rules both stand, each with a note. Raises `BadInput` when the file holds no rules.
    """
    found = find_policies(path, on=on)
    if not found:
        raise BadInput(
            "the file holds no published rules",
            where=str(path),
            expected="columns such as agency name and prohibited uses, or [[policy]] tables",
            hint="docs/sharing-lists.md shows the forms that are read",
        )
    return found


def find_policies(path: str | Path, *, on: date | None = None) -> list[Policy]:
    """Read published rules like `load_policies`; a file that is none gives an empty list."""
    where = str(path)
    if where.lower().endswith(".toml"):
        found = _from_toml(where)
    else:
        found = [policy for table in _tables(where) for policy in _from_table(table)]
    return _merged([replace(policy, on=policy.on or on) for policy in found])


def policy_for(policies: Iterable[Policy], key: str, at: date) -> Policy | None:
    """Return the rules that an organization had published on a day: the latest copy not after it.

    Without one, a copy of no known day; None when the only copies are later, since what a page says
    today it may not have said then. Of several copies of one day the strictest is returned.
    """
    own = [policy for policy in policies if policy.key == key and (policy.on is None or policy.on <= at)]
    return max(
        own,
        key=lambda policy: (policy.on is not None, policy.on or at, len(policy.prohibited_signals)),
        default=None,
    )


def _tables(path: str) -> list[SideTable]:
    rules = frozenset(_LABELS["prohibited_uses"])
    return read_side_tables(
        path, wanted=lambda labels: not _NAMES.isdisjoint(labels) and not rules.isdisjoint(labels)
    )


def _from_table(table: SideTable) -> list[Policy]:
    found = []
    for row, cells in table.records:
        fields = {
            name: next((cells[label] for label in labels if cells.get(label)), "")
            for name, labels in _LABELS.items()
        }
        # A portal that was down when it was copied leaves an entry that says nothing.
        if any(value.lower() not in _NOTHING for name, value in fields.items() if name != "on"):
            found.append(_policy(fields, path=table.path, sha=table.sha256, row=row))
    return [policy for policy in found if policy is not None]


def _from_toml(path: str) -> list[Policy]:
    try:
        data = Path(path).read_bytes()
        document = tomllib.loads(data.decode("utf-8-sig"))
        entries = document["policy"]
        known = {*_LABELS, "prohibited_uses"} - {"slug"}
        unknown = sorted({key for entry in entries for key in entry} - known)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadInput(
            "the file of rules cannot be read",
            where=path,
            expected="TOML with [[policy]] tables",
            got=type(error).__name__,
            hint="docs/sharing-lists.md shows the forms that are read",
        ) from error
    if unknown:
        raise BadInput(
            "the file of rules has an unknown key",
            where=path,
            expected=", ".join(sorted(known)),
            got=unknown[0],
        )
    digest = sha256(data).hexdigest()
    found = []
    for number, entry in enumerate(entries, start=1):
        fields = dict.fromkeys(_LABELS, "") | {key: _as_text(value) for key, value in entry.items()}
        policy = _policy(fields, path=path, sha=digest, row=number)
        if policy is None:
            raise BadInput("rules without an organization", where=f"{path}, policy {number}")
        found.append(policy)
    return found


def _as_text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, list) else str(value)


def _policy(fields: Mapping[str, str], *, path: str, sha: str, row: int) -> Policy | None:
    notes: list[tuple[str, str]] = []
    name = fields["organization"]
    if not name and fields["slug"]:
        name = " ".join(fields["slug"].strip("-").split("-"))
        notes.append(("name_from_address", "the agency is named by its page's address"))
    if not name:
        return None
    counts = {}
    for field in ("retention_days", "cameras", "vehicles_30d", "hotlist_hits_30d", "searches_30d"):
        counts[field], readable = _number(fields[field])
        if not readable:
            notes.append(("not_a_number", f"{field.replace('_', ' ')} cannot be read"))
    return Policy(
        organization=name,
        key=parse(name).key,
        on=read_date(fields["on"], where=f"{path}, row {row}"),
        prohibited_uses=_text(fields["prohibited_uses"]),
        path=path,
        sha256=sha,
        row=row,
        acceptable_use=_text(fields["acceptable_use"]),
        sharing_restrictions=_text(fields["sharing_restrictions"]),
        hotlists=_text(fields["hotlists"]),
        outbound=_names(fields["outbound"], notes),
        inbound=_names(fields["inbound"], notes),
        notes=tuple(notes),
        **counts,
    )


def _text(cell: str) -> str:
    return "" if cell.lower() in _NOTHING else cell


def _number(cell: str) -> tuple[int | None, bool]:
    """Return a count and whether the cell could be read as one or as none."""
    if cell.lower() in _NOTHING:
        return None, True
    match = _NUMBER.fullmatch(cell)
    return (int(match[1].replace(",", "")), True) if match else (None, False)


def _names(cell: str, notes: list[tuple[str, str]]) -> tuple[str, ...] | None:
    """Return the names of a list cell, None when it holds no list (nothing, a count, a sentence)."""
    if cell.startswith("["):
        try:
            # A portal that shows no such list leaves an empty one, which does not mean "nobody".
            return tuple(str(name).strip() for name in json.loads(cell)) or None
        except ValueError:
            notes.append(("not_a_list", "a list of organizations cannot be read"))
            return None
    if cell.lower() in _NOTHING or _NUMBER.fullmatch(cell):
        return None
    pieces = [piece.strip() for piece in cell.split(",") if piece.strip()]
    if cell.rstrip().endswith(".") or any(len(piece) > _LONGEST_NAME for piece in pieces):
        notes.append(("not_a_list", "a sentence stands in place of the organizations"))
        return None
    return tuple(pieces)


def _merged(policies: Sequence[Policy]) -> list[Policy]:
    """Return each agency's rules of a day once, if its entries say the same."""
    groups: dict[tuple[str, date | None], list[Policy]] = {}
    for policy in policies:
        groups.setdefault((policy.key, policy.on), []).append(policy)
    found = []
    for group in groups.values():
        distinct: dict[tuple[str, int | None], Policy] = {}
        for policy in group:
            same = (policy.prohibited_uses, policy.retention_days)
            distinct[same] = _filled(distinct[same], policy) if same in distinct else policy
        note = []
        if len(distinct) > 1:
            note = [("rules_differ", f"the agency is listed {len(group)} times, with different rules")]
        elif len(group) > 1:
            note = [("listed_again", f"the agency is listed {len(group)} times, with the same rules")]
        found += [replace(policy, notes=(*policy.notes, *note)) for policy in distinct.values()]
    return found


def _filled(policy: Policy, other: Policy) -> Policy:
    """Return a policy with what only another entry of the same rules says."""
    missing = {
        name: getattr(other, name)
        for name in ("cameras", "vehicles_30d", "hotlist_hits_30d", "searches_30d", "outbound", "inbound")
        if getattr(policy, name) is None
    }
    return replace(policy, notes=tuple(dict.fromkeys((*policy.notes, *other.notes))), **missing)
