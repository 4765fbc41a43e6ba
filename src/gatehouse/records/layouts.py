"""Which known shape a table has: by its header, checked against the values below it.

The header proposes and the values decide. A header whose labels stand one column beside their values is
moved; a table without a header is recognized by its values alone, if they fit a published shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gatehouse.model import Layout
from gatehouse.records import columns
from gatehouse.records.columns import (
    IGNORED,
    KNOWN_LABELS,
    SEARCH_DATE,
    TIME_FRAME,
    is_header,
    normal_label,
    role_of,
)
from gatehouse.records.justification import told_apart
from gatehouse.records.values import Kind, fits, kind_of

Record = Sequence[str | None]
Roles = tuple[str | None, ...]

_SAMPLE = 200
# Of the cells that say anything about it, so many must fit a header for it to stand as it is.
_STANDS = 0.5
_MOVES = 0.8
_SURE = 0.95

_PORTAL = ("record_id", "user_id", SEARCH_DATE, "networks")
_AUDIT = (
    "record_id",
    "officer",
    "org",
    "networks",
    "devices",
    TIME_FRAME,
    "plate",
    "reason",
    "case_number",
    "filters",
    "searched_at",
    "search_type",
    "text_prompt",
    "moderation",
)


def _without(*roles: str) -> Roles:
    return tuple(role for role in _AUDIT if role not in roles)


# What portals publish, the commoner first among those of one width.
_PORTALS: tuple[tuple[str, ...], ...] = (
    (*_PORTAL, "reason"),
    (*_PORTAL, "offense"),
    (*_PORTAL, "case_number"),
    (*_PORTAL, "reason", "case_number"),
    (*_PORTAL, "case_number", "offense"),
    (*_PORTAL, "reason", "offense"),
    (*_PORTAL, "reason", "case_number", "offense"),
    _PORTAL,
)
# Shapes that files without a header have been seen or documented in, the likelier first among equals.
HEADERLESS: tuple[Roles, ...] = (
    *_PORTALS,
    _AUDIT,
    _without("devices"),
    _without("text_prompt", "moderation"),
    _without("text_prompt"),
    _without("moderation"),
    _without("devices", "text_prompt", "moderation"),
    _without("record_id", "text_prompt", "moderation"),
    _without("record_id", "devices", "text_prompt", "moderation"),
    _without("devices", TIME_FRAME, "text_prompt", "moderation"),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """How the columns of a table are read: the field of each column, by position, from the header row on.

    `header` is the header record as the file has it (None when there is none); `labels` are the texts that
    name the columns after alignment; `width` the cells a sound record has.
    """

    layout: Layout
    roles: Roles
    header: tuple[str | None, ...] | None
    labels: tuple[str, ...]
    width: int
    notes: tuple[tuple[str, str], ...] = ()

    def at(self, role: str) -> tuple[int, ...]:
        """Return the positions of a field's columns, in file order."""
        return tuple(at for at, found in enumerate(self.roles) if found == role)

    @property
    def searches(self) -> bool:
        """Return whether the records of this layout are searches."""
        return self.layout in SEARCH_LAYOUTS


SEARCH_LAYOUTS = frozenset({Layout.PORTAL, Layout.NETWORK_AUDIT, Layout.ORGANIZATION_AUDIT, Layout.MAPPED})


def find_header(records: Sequence[Record]) -> int | None:
    """Return the position of the first header among records, or None."""
    for at, record in enumerate(records):
        if is_header(split_glued(record)[0]):
            return at
    return None


def split_glued(record: Record) -> tuple[Record, Record | None]:
    """Return a header apart from what a missing line end glued to it: itself again, or the first record.

    "id","userId","searchDate","networkCount","reason""id","userId",...
    """
    first = normal_label(record[0]) if record else ""
    for at, cell in enumerate(record):
        if at < 2 or not cell:
            continue
        left, mark, right = cell.partition('"')
        if not mark and first and cell.lower().endswith(first):
            left, mark, right = cell[: -len(first)], "", cell[-len(first) :]
        head, tail = (*record[:at], left), (right, *record[at + 1 :])
        if normal_label(left) not in KNOWN_LABELS or not is_header(head):
            continue
        if mark or [normal_label(each) for each in tail] == [normal_label(each) for each in head]:
            return head, tail
    return record, None


def recognize_header(header: Record, sample: Sequence[Record]) -> Plan | None:
    """Return the plan that a header and the records below it agree on, or None."""
    head, tail = split_glued(header)
    labels = tuple((cell or "").strip() for cell in head)
    while labels and not labels[-1]:
        labels = labels[:-1]
    layout = _layout_of(labels)
    if layout is None:
        return None
    notes: list[tuple[str, str]] = []
    if tail is not None:
        again = "itself" if is_header(tail) else "the first record"
        notes.append(("header_glued", f"no line end between the header and {again}"))
    if layout not in SEARCH_LAYOUTS:
        return Plan(layout, (None,) * len(labels), tuple(header), labels, len(labels), tuple(notes))
    roles = _roles(labels)
    rows = [record for record in sample if not is_header(record)][:_SAMPLE]
    kinds = [[kind_of(cell) for cell in record] for record in rows]
    aligned = _align(labels, roles, kinds)
    if aligned is None:
        return None
    labels, roles, moved = aligned
    if moved:
        notes.append(("header_shifted", moved))
    notes += _duplicates(labels, roles)
    unknown = [label for label, role in zip(labels, roles, strict=True) if label and role is None]
    if unknown:
        notes.append(("unknown_column", ", ".join(repr(label[:40]) for label in unknown)))
    return Plan(layout, roles, tuple(header), labels, len(labels), tuple(notes))


def recognize_values(sample: Sequence[Record]) -> Plan | None:
    """Return the plan of a table by its values alone, if they fit a published shape."""
    rows = list(sample[:_SAMPLE])
    kinds = [[kind_of(cell) for cell in record] for record in rows]
    needed = max((len(_trimmed(record)) for record in rows), default=0)
    width = max(map(len, rows), default=0)
    best: tuple[float, bool] = (0.0, False)
    chosen: Roles | None = None
    for roles in HEADERLESS:
        if not needed <= len(roles) <= width:
            continue
        share, evidence = _score(roles, kinds)
        rank = (share, len(roles) == width)
        # Ids, times and counts are what tells shapes apart: most records have to show two of them.
        if evidence >= 2 * len(rows) and share >= _SURE and rank > best:
            best, chosen = rank, roles
    if chosen is None:
        return None
    layout = Layout.PORTAL if SEARCH_DATE in chosen else Layout.ORGANIZATION_AUDIT
    notes: list[tuple[str, str]] = []
    if layout is Layout.PORTAL:
        chosen, certain = _justified(chosen, rows)
        if not certain:
            told = ", ".join(role for role in chosen[len(_PORTAL) :] if role)
            notes.append(("columns_undecided", f"the values do not prove which column is {told}"))
    roles = tuple("searched_at" if role == SEARCH_DATE else role for role in chosen)
    names = tuple(role or "" for role in roles)
    notes.insert(0, ("header_absent", "columns taken from their values as " + ", ".join(names)))
    return Plan(layout, roles, None, names, len(roles), tuple(notes))


def _justified(chosen: Roles, rows: Sequence[Record]) -> tuple[Roles, bool]:
    """Return the portal variant of the same width that the justifications show, and whether they prove it."""
    start, width = len(_PORTAL), len(chosen)
    if width == start:
        return chosen, True
    variants = [roles[start:] for roles in _PORTALS if len(roles) == width]
    columns = [[row[at] if at < len(row) else None for row in rows] for at in range(start, width)]
    told, certain = told_apart(variants, columns)
    return (*_PORTAL, *told), certain


def _trimmed(record: Record) -> Record:
    cells = list(record)
    while cells and not (cells[-1] or "").strip():
        cells.pop()
    return cells


def _layout_of(labels: Sequence[str]) -> Layout | None:
    known = {normal_label(label) for label in labels}
    if len(known & columns.SHARED_LABELS) >= 2 or known == columns.SHARING_LIST_LABELS:
        return Layout.SHARED_NETWORKS
    if {"eventtype", "entitytype"} <= known:
        return Layout.EVENT_LOG
    if {"firstname", "lastname"} <= known and len(known & columns.USER_LABELS) >= 4:
        return Layout.USER_LIST
    roles = {role for role in map(role_of, labels) if role}
    if (
        "searchtime" not in known
        and "searchdate" in known
        and known & {"userid", "networkcount", "cameracount"}
    ):
        return Layout.PORTAL
    if roles & {"searched_at", SEARCH_DATE} and len(roles) >= 3:
        return Layout.ORGANIZATION_AUDIT
    if len(known & columns.POLICY_LABELS) >= 3:
        return Layout.POLICIES
    # An audit released without its time column still says who searched and why.
    if len(roles - {IGNORED}) >= 5 and roles & {"org", "officer", "reason"}:
        return Layout.ORGANIZATION_AUDIT
    return None


def _roles(labels: Sequence[str]) -> Roles:
    roles = [role_of(label) for label in labels]
    # Alone, a date column holds the whole time; beside a time column it holds the day.
    if SEARCH_DATE in roles and "searched_at" not in roles:
        roles = ["searched_at" if role == SEARCH_DATE else role for role in roles]
    return tuple(roles)


def _align(
    labels: tuple[str, ...], roles: Roles, kinds: Sequence[Sequence[Kind]]
) -> tuple[tuple[str, ...], Roles, str | None] | None:
    """Return labels and roles as the values want them, with what was moved; None if they never fit."""
    share, evidence = _score(roles, kinds)
    if not evidence or share >= _STANDS:
        return labels, roles, None
    found: list[tuple[float, bool, int, str, tuple[str, ...]]] = []
    for at in range(len(labels)):
        without = labels[:at] + labels[at + 1 :]
        found.append(
            (
                _score(_roles(without), kinds)[0],
                role_of(labels[at]) is None,
                -at,
                f"label {at + 1} names no column",
                without,
            )
        )
    for at in range(len(labels) + 1):
        with_gap = (*labels[:at], "", *labels[at:])
        found.append(
            (_score(_roles(with_gap), kinds)[0], at == 0, -at, f"column {at + 1} has no label", with_gap)
        )
    for at in (each for each, role in enumerate(roles) if role == "searched_at"):
        dated = (*labels[:at], "Search Date", *labels[at:])
        found.append((_score(_roles(dated), kinds)[0], True, -at, f"column {at + 1} has no label", dated))
    best = max(found)
    if best[0] < _MOVES:
        return None
    return best[4], _roles(best[4]), best[3]


def _score(roles: Roles, kinds: Sequence[Sequence[Kind]]) -> tuple[float, int]:
    """Return the share of cells that fit their column's field, and how many say anything about it."""
    split = {SEARCH_DATE, "searched_at"} <= set(roles)
    fitting = evidence = 0
    for record in kinds:
        for role, kind in zip(roles, record, strict=False):
            if role is None:
                continue
            verdict = fits(role, kind, split=split)
            if verdict is not None:
                evidence += 1
                fitting += verdict
    return (fitting / evidence if evidence else 0.0), evidence


def _duplicates(labels: Sequence[str], roles: Roles) -> list[tuple[str, str]]:
    seen: set[str] = set()
    notes: list[tuple[str, str]] = []
    for label, role in zip(labels, roles, strict=True):
        if role is None or role == IGNORED:
            continue
        if role in seen:
            notes.append(("duplicate_column", f"{label[:40]!r} also names {role}"))
        seen.add(role)
    return notes
