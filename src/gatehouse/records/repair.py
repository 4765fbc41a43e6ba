"""Records whose cells stand beside their columns, moved back where the values leave one way only.

Tried are: one cell missing or too many at the left (the whole record shifted), cells cut apart at an
unquoted delimiter, and two records glued on one line. A move counts if every cell that says anything then
fits its column; if several different records result, the record is rejected rather than guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gatehouse.records.columns import SEARCH_DATE, normal_label
from gatehouse.records.layouts import Plan, Record
from gatehouse.records.values import FITTING, Kind, fits, kind_of

Cells = tuple[str | None, ...]

# Why a record was rejected.
UNREADABLE_TIME = "unreadable_time"
MISPLACED_CELLS = "misplaced_cells"
EXTRA_CELLS = "extra_cells"
MISSING_CELLS = "missing_cells"


@dataclass(frozen=True, slots=True)
class Mended:
    """What became of an irregular record: the records it holds, whether moved, or why it is rejected."""

    records: tuple[Cells, ...]
    moved: bool = False
    reason: str | None = None
    header: bool = False  # a header is glued to the end of the record


def mend(record: Record, plan: Plan, delimiter: str = ",") -> Mended:
    """Return the sound records that an irregular record holds, or the reason to reject it."""
    whole = _present(record)
    cells = _trim(whole, plan.width)
    width = plan.width
    if len(whole) == 2 * width - 1 and width > 1:
        glued = _unglue(whole, plan)
        if glued is not None:
            return glued
    prose, places = _merges(whole, plan, delimiter)
    attempts = [_shifts(cells, width), places]
    if prose:
        attempts.insert(0, prose)
    elif len(cells) <= width and _sound(cells, plan):
        return Mended((cells,))
    for attempt in attempts:
        found = {each + (None,) * (width - len(each)) for each in attempt if _sound(each, plan)}
        if len(found) == 1:
            return Mended((found.pop(),), moved=True)
    if len(cells) <= width and _sound(cells, plan):
        return Mended((cells,))
    if len(whole) > width:
        return Mended((), reason=EXTRA_CELLS)
    if not _others_sound(cells, plan):
        return Mended((), reason=MISPLACED_CELLS if len(cells) == width else MISSING_CELLS)
    if all(not (cell or "").strip() for cell in _times_of(cells, plan)):
        # A search without its time is still a search, if it shows that it is a record at all.
        return Mended((cells,)) if len(cells) == width else Mended((), reason=MISSING_CELLS)
    return Mended((), reason=UNREADABLE_TIME)


def _shifts(cells: Cells, width: int) -> list[Cells]:
    """Return the record with its cells one place to the right and to the left, where that loses none."""
    found: list[Cells] = []
    if len(cells) < width or not (cells[-1] or "").strip():
        found.append((None, *cells)[:width])
    if cells and not (cells[0] or "").strip():
        found.append(cells[1:])
    return found


def _merges(cells: Cells, plan: Plan, delimiter: str) -> tuple[list[Cells], list[Cells]]:
    """Return the records in which extra cells are one cell again that an unquoted delimiter cut apart.

    First those in which exactly the cut-off parts start with a blank, as after a comma in prose, then all.
    """
    extra = len(cells) - plan.width
    prose: list[Cells] = []
    found: list[Cells] = []
    for at, role in enumerate(plan.roles) if extra > 0 else ():
        if role in ("record_id", "user_id", "search_type"):
            continue
        parts = [cell or "" for cell in cells[at : at + extra + 1]]
        merged = delimiter.join(parts)
        if role in FITTING and not fits(role, kind_of(merged)):
            continue
        whole = (*cells[:at], merged, *cells[at + extra + 1 :])
        found.append(whole)
        if all(part.startswith(" ") and part.strip() for part in parts[1:]):
            prose.append(whole)
    return (prose if len(prose) == 1 else []), found


def _present(record: Record) -> Cells:
    """Return the cells that the record itself has, in a block whose other records may have more."""
    cells = tuple(record)
    while cells and cells[-1] is None:
        cells = cells[:-1]
    return cells


def _trim(cells: Cells, width: int) -> Cells:
    while len(cells) > width and not (cells[-1] or "").strip():
        cells = cells[:-1]
    return cells


def _sound(cells: Cells, plan: Plan) -> bool:
    """Return whether every cell fits its column, and the time is there if the layout has one."""
    if not cells or len(cells) > plan.width or not _others_sound(cells, plan):
        return False
    times = _times_of(cells, plan)
    split = len(plan.at(SEARCH_DATE)) > 0
    kinds = [kind_of(cell) for cell in times]
    return not plan.at("searched_at") or any(
        kind is Kind.MARKER or fits("searched_at", kind, split=split) for kind in kinds
    )


def _others_sound(cells: Cells, plan: Plan) -> bool:
    """Return whether every cell but that of the time fits its column."""
    return all(
        role is None or role == "searched_at" or fits(role, kind_of(cell)) is not False
        for role, cell in zip(plan.roles, cells, strict=False)
    )


def _times_of(cells: Cells, plan: Plan) -> list[str | None]:
    return [cells[at] for at in plan.at("searched_at") if at < len(cells)]


def _unglue(cells: Cells, plan: Plan) -> Mended | None:
    """Return the two records, or the record and the header, of a line without a line end between them."""
    width = plan.width
    joint = cells[width - 1] or ""
    first_label = plan.labels[0]
    tail = tuple(cells[width:])
    if [normal_label(cell) for cell in tail] == [normal_label(label) for label in plan.labels[1:]]:
        for mark in (f'"{first_label}', first_label):
            if joint.endswith(mark):
                first = (*cells[: width - 1], joint.removesuffix(mark))
                return Mended((first,), moved=True, header=True) if _sound(first, plan) else None
    if '"' in joint:
        left, _, right = joint.partition('"')
        first, second = (*cells[: width - 1], left), (right, *tail)
        if _sound(first, plan) and _sound(second, plan):
            return Mended((first, second), moved=True)
    return None


def is_total(record: Sequence[str | None]) -> bool:
    """Return whether a record is a line of totals: `Total`, and otherwise numbers and blanks."""
    filled = [cell.strip() for cell in record if cell and cell.strip()]
    if not filled or len(filled) > 4:
        return False
    words = filled[0].lower().rstrip(":").split(":")[0].strip()
    totals = (
        "total",
        "totals",
        "grand total",
        "total rows",
        "total records",
        "total searches",
        "row count",
        "count",
    )
    rest = [*filled[1:], *filled[0].split(":")[1:]]
    return words in totals and all(
        not cell.strip() or kind_of(cell) in (Kind.COUNT, Kind.SERIAL) for cell in rest
    )
