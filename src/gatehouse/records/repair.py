"""Records whose cells stand beside their columns, moved back where the values leave one way only.

Tried are: one cell missing or too many at the left (the whole record shifted), cells cut apart at an
unquoted delimiter, and two records glued on one line. A move counts if every cell that says anything then
fits its column; if several different records result, the record is rejected rather than guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gatehouse.records.columns import IGNORED, normal_label
from gatehouse.records.layouts import Plan, Record
from gatehouse.records.values import FITTING, Kind, fits, kind_of

Cells = tuple[str | None, ...]

# Why a record was rejected.
UNREADABLE_TIME = "unreadable_time"
MISPLACED_CELLS = "misplaced_cells"
EXTRA_CELLS = "extra_cells"
MISSING_CELLS = "missing_cells"
CUT_RECORD = "cut_record"


@dataclass(frozen=True, slots=True)
class Mended:
    """What became of an irregular record: the records it holds, whether moved, or why it is rejected."""

    records: tuple[Cells, ...]
    moved: bool = False
    reason: str | None = None
    header: bool = False  # a header is glued to the end of the record


def mend(record: Record, plan: Plan, delimiter: str = ",") -> Mended:
    """Return the sound records that an irregular record holds, or the reason to reject it."""
    cells = _trim(tuple(record), plan.width)
    width = plan.width
    if len(cells) == 2 * width - 1 and width > 1:
        glued = _unglue(cells, plan)
        if glued is not None:
            return glued
    if len(cells) <= width and _sound(cells, plan):
        return Mended((cells,))
    candidates = {_padded(each, width) for each in _moves(cells, plan, delimiter) if _sound(each, plan)}
    if len(candidates) == 1:
        return Mended((candidates.pop(),), moved=True)
    if len(cells) > width:
        return Mended((), reason=EXTRA_CELLS)
    if len(cells) < width and not _sound(cells, plan):
        return Mended((), reason=MISSING_CELLS)
    if _time_alone_is_wrong(cells, plan):
        return Mended((), reason=UNREADABLE_TIME)
    return Mended((), reason=MISPLACED_CELLS)


def _moves(cells: Cells, plan: Plan, delimiter: str) -> Iterator[Cells]:
    width = plan.width
    yield (None, *cells)[:width] if not (cells[width - 1 : width] and cells[width - 1]) else cells[:0]
    if cells and not (cells[0] or "").strip():
        yield cells[1:]
    extra = len(cells) - width
    if extra > 0:
        for at, role in enumerate(plan.roles):
            if role is not None and role in FITTING:
                continue
            merged = delimiter.join(cell or "" for cell in cells[at : at + extra + 1])
            yield (*cells[:at], merged, *cells[at + extra + 1 :])


def _trim(cells: Cells, width: int) -> Cells:
    while len(cells) > width and not (cells[-1] or "").strip():
        cells = cells[:-1]
    while cells and cells[-1] is None:
        cells = cells[:-1]
    return cells


def _padded(cells: Cells, width: int) -> Cells:
    return cells + (None,) * (width - len(cells))


def _sound(cells: Cells, plan: Plan) -> bool:
    """Return whether every cell fits its column and the time, if the layout has one, is there."""
    if not cells or len(cells) > plan.width:
        return False
    timed = "searched_at" not in plan.roles
    for role, cell in zip(plan.roles, cells, strict=False):
        if role is None or role == IGNORED:
            continue
        kind = kind_of(cell)
        verdict = fits(role, kind)
        if verdict is False:
            return False
        if role == "searched_at":
            timed = timed or verdict is True or kind is Kind.MARKER
    return timed


def _time_alone_is_wrong(cells: Cells, plan: Plan) -> bool:
    """Return whether all but the time column fits."""
    time_at = plan.at("searched_at")
    others = tuple(None if at in time_at else cell for at, cell in enumerate(cells))
    return all(
        fits(role, kind_of(cell)) is not False
        for role, cell in zip(plan.roles, others, strict=False)
        if role is not None
    )


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
