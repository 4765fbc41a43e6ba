"""A row of somebody's export in the normal form: every field a value or a state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")


class FieldState(StrEnum):
    """Why a cell is or is not a plain value.

    `partial` and `placeholder` keep the text beside the state: the cell says something, but not a value.
    """

    VALUE = "value"
    EMPTY = "empty"
    NOT_EXPORTED = "not_exported"
    WITHHELD = "withheld"
    REDACTED_VENDOR = "redacted_vendor"
    REDACTED_AGENCY = "redacted_agency"
    PARTIAL = "partial"
    PLACEHOLDER = "placeholder"


# States of a cell that had something to show, which is not shown, or not all of it.
MASKED = (
    FieldState.WITHHELD,
    FieldState.REDACTED_VENDOR,
    FieldState.REDACTED_AGENCY,
    FieldState.PARTIAL,
)


class Layout(StrEnum):
    """The shapes of file that are known; `other` is a table of none of them beside one that is."""

    PORTAL = "portal"
    NETWORK_AUDIT = "network_audit"
    ORGANIZATION_AUDIT = "organization_audit"
    SHARED_NETWORKS = "shared_networks"
    EVENT_LOG = "event_log"
    POLICIES = "policies"
    USER_LIST = "user_list"
    MAPPED = "mapped"
    OTHER = "other"


class LinkTier(StrEnum):
    """How sure it is that two rows are copies of one search, best first."""

    FIRST = "first"
    ID = "id"
    EXACT = "exact"
    EVENT_FRAME = "event_frame"
    EVENT = "event"
    SECOND = "second"
    PORTAL_HOUR = "portal_hour"


@dataclass(frozen=True, slots=True)
class Value(Generic[T]):
    """A field's value, or None with the state that says why."""

    value: T | None
    state: FieldState = FieldState.VALUE


@dataclass(frozen=True, slots=True)
class Bounds:
    """A count that copies make uncertain: fewest, best and most."""

    low: int
    point: int
    high: int


@dataclass(frozen=True, slots=True)
class SearchRecord:
    """One search as an export states it, with where it stands: file, row and the file's SHA-256.

    `row` is the row a spreadsheet would show: 1-based, header and blank lines counted, a multi-line cell
    counted once. Times are UTC.
    """

    file: str
    sha256: str
    row: int
    layout: Layout
    record_id: Value[str]
    officer: Value[str]
    user_id: Value[str]
    org: Value[str]
    searched_at: Value[datetime]
    networks: Value[int]
    devices: Value[int]
    frame_from: Value[datetime]
    frame_to: Value[datetime]
    plate: Value[str]
    reason: Value[str]
    offense: Value[str]
    case_number: Value[str]
    filters: Value[str]
    search_type: Value[str]
    text_prompt: Value[str]
    moderation: Value[str]
