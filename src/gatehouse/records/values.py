"""What kind of value a cell holds, told from its shape alone."""

from __future__ import annotations

import re
from enum import StrEnum

from gatehouse.records.states import is_marker


class Kind(StrEnum):
    """The shapes that tell columns of an export apart."""

    BLANK = "blank"
    MARKER = "marker"  # redacted or a placeholder: fits every column
    UUID = "uuid"
    TIME = "time"
    DATE = "date"
    CLOCK = "clock"
    FRAME = "frame"
    COUNT = "count"
    SERIAL = "serial"  # a date as a spreadsheet counts days
    SEARCH_TYPE = "search_type"
    TEXT = "text"


SEARCH_TYPES = frozenset(
    {
        "lookup",
        "search",
        "convoy",
        "visual",
        "freeform",
        "multigeo",
        "apilookup",
        "apiv1",
        "searchsummary",
        "mostseenocrvalues",
    }
)

_DATE = r"(?:\d{1,4}[/-]\d{1,2}[/-]\d{1,4})"
_CLOCK = r"(?:\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:[AaPp]\.?[Mm]\.?)?)"
_ZONE = r"(?:\s*(?:UTC|GMT|Z|[+-]\d{2}:?\d{2}))?"
_TIME = rf"{_DATE}(?:,\s*|\s+|T){_CLOCK}{_ZONE}"
_SHAPES = (
    (Kind.UUID, re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")),
    (Kind.TIME, re.compile(_TIME)),
    (Kind.FRAME, re.compile(rf"{_TIME}(?:\s*\n\s*|\s+(?:to|-|\u2013)\s+){_TIME}")),
    (Kind.DATE, re.compile(_DATE)),
    (Kind.CLOCK, re.compile(_CLOCK + _ZONE)),
    (Kind.SERIAL, re.compile(r"[3-5]\d{4}(?:\.\d+)?")),
    (Kind.COUNT, re.compile(r"\d{1,3}(?:,\d{3})+|\d{1,9}(?:\.0+)?")),
)


def kind_of(cell: str | None) -> Kind:
    """Return the kind of a cell's value; a five-digit number that could be a date is `SERIAL`."""
    text = (cell or "").strip().replace("\u202f", " ").replace("\xa0", " ")
    if not text:
        return Kind.BLANK
    for kind, shape in _SHAPES:
        if shape.fullmatch(text):
            return kind
    if text.lower().removesuffix(" - mobile") in SEARCH_TYPES:
        return Kind.SEARCH_TYPE
    return Kind.MARKER if is_marker(text) else Kind.TEXT


_TIMES = frozenset({Kind.TIME, Kind.SERIAL})
# What a column of a field may hold. Fields not named here are text and may hold anything.
FITTING: dict[str, frozenset[Kind]] = {
    "searched_at": _TIMES,
    "search_date": _TIMES | {Kind.DATE},
    "time_frame": _TIMES | {Kind.FRAME},
    "frame_from": _TIMES | {Kind.DATE},
    "frame_to": _TIMES | {Kind.DATE},
    "networks": frozenset({Kind.COUNT, Kind.SERIAL}),
    "devices": frozenset({Kind.COUNT, Kind.SERIAL}),
}
# Kinds that a text column does not hold as a rule: seeing one there hints at a shift.
FOREIGN: dict[str, frozenset[Kind]] = {
    "org": frozenset({Kind.UUID, Kind.TIME, Kind.FRAME, Kind.COUNT, Kind.SERIAL, Kind.SEARCH_TYPE}),
    "officer": frozenset({Kind.TIME, Kind.FRAME, Kind.SEARCH_TYPE}),
    "reason": frozenset({Kind.UUID, Kind.TIME, Kind.FRAME, Kind.SEARCH_TYPE}),
    "offense": frozenset({Kind.UUID, Kind.TIME, Kind.FRAME, Kind.COUNT, Kind.SEARCH_TYPE}),
    "case_number": frozenset({Kind.UUID, Kind.TIME, Kind.FRAME, Kind.SEARCH_TYPE}),
    "plate": frozenset({Kind.UUID, Kind.TIME, Kind.FRAME}),
    "filters": frozenset({Kind.UUID, Kind.TIME, Kind.FRAME, Kind.SEARCH_TYPE}),
    "moderation": frozenset({Kind.UUID, Kind.TIME, Kind.FRAME, Kind.SEARCH_TYPE}),
    "text_prompt": frozenset({Kind.UUID, Kind.TIME, Kind.FRAME, Kind.SEARCH_TYPE}),
    "record_id": frozenset({Kind.TIME, Kind.FRAME, Kind.SEARCH_TYPE}),
    "search_type": frozenset({Kind.UUID, Kind.TIME, Kind.FRAME, Kind.COUNT}),
}


def fits(role: str, kind: Kind, *, split: bool = False) -> bool | None:
    """Return whether a kind belongs in a column of this field, or None where it says nothing.

    `split` says that the day of the search stands in a column of its own, beside the time.
    """
    if kind in (Kind.BLANK, Kind.MARKER):
        return None
    if split and role == "searched_at" and kind is Kind.CLOCK:
        return True
    if role in FITTING:
        return kind in FITTING[role]
    if kind in FOREIGN.get(role, ()):
        return False
    if (role, kind) in (
        ("record_id", Kind.UUID),
        ("user_id", Kind.UUID),
        ("search_type", Kind.SEARCH_TYPE),
    ):
        return True
    return None
