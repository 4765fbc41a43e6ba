"""What another reader reports, in one form, and why a report may hold no read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any

from pydantic_core import from_json

from gatehouse.law.codes import STATES
from gatehouse.model.batch import LONGEST_TEXT

LARGEST_PAYLOAD = 16 * 1024 * 1024
_LONGEST_NAME = 256
# The year 5138 in seconds and March 1973 in milliseconds: what lies above counts in thousandths. The next
# bound is the same for microseconds.
_MILLISECONDS = 100_000_000_000
_MICROSECONDS = 100_000_000_000_000
_LARGEST = 10**17
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)


class Skip(StrEnum):
    """Why a report gives no read. Every report without one is counted under one of these."""

    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    OTHER_KIND = "other_kind"  # a message about something else: a heartbeat, a face, a description
    NO_PLATE = "no_plate"  # a report of a picture in which nothing was read
    PREVIEW = "preview"  # the same vehicle is reported again when it has passed
    OTHER_FORM = "other_form"  # a frame where groups are taken, or a group where frames are
    REPEAT = "repeat"  # this plate was reported for this event before
    NO_ZONE = "no_zone"  # a time of day of which nobody says where
    OTHER_CAMERA = "other_camera"  # a camera that is fed to no camera of the network


class Unreadable(Exception):
    """A payload holds no read; caught by the parser that raised it."""

    def __init__(self, why: Skip = Skip.MALFORMED) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True, slots=True)
class ForeignRead:
    """A plate that another reader has read.

    `camera` and `event` are that reader's names; `plate` is its text unchanged; confidences are 0 to 1,
    `state` a USPS code; `image` is the plate's crop as a JPEG where the reader sends one.
    """

    camera: str
    event: str
    captured_at: datetime
    plate: str = field(repr=False)
    confidence: float | None = None
    state: str | None = None
    state_confidence: float | None = None
    image: bytes | None = field(default=None, repr=False)


Found = list[ForeignRead | Skip]


def parsed(payload: bytes, reads: Callable[[Mapping[str, Any]], Found]) -> Found:
    """Return what `reads` makes of a payload's JSON object; whatever it cannot read is `Skip`."""
    if len(payload) > LARGEST_PAYLOAD:
        return [Skip.TOO_LARGE]
    try:
        # Keys alone are kept for the next call: a cache of strings would hold plates.
        document = from_json(payload, allow_inf_nan=False, cache_strings="keys")
        return reads(mapping(document))
    except Unreadable as found:
        return [found.why]
    except ValueError:
        return [Skip.MALFORMED]


def mapping(value: object) -> Mapping[str, Any]:
    """Return a JSON object as it is; anything else is `Unreadable`."""
    if not isinstance(value, dict):
        raise Unreadable
    return value


def sequence(value: object) -> list[Any]:
    """Return a JSON array as it is; anything else is `Unreadable`."""
    if not isinstance(value, list):
        raise Unreadable
    return value


def name(value: object) -> str:
    """Return an identifier as text: makers send some as numbers. An empty or endless one is `Unreadable`."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Unreadable
    text = str(value)
    if not 0 < len(text) <= _LONGEST_NAME:
        raise Unreadable
    return text


def plate(value: object) -> str:
    """Return a plate's text unchanged; none is `Skip.NO_PLATE`, what cannot be one `Skip.MALFORMED`."""
    if value is None or (isinstance(value, str) and not value.strip()):
        raise Unreadable(Skip.NO_PLATE)
    if not isinstance(value, str):
        raise Unreadable
    try:
        fits = len(value.encode()) <= LONGEST_TEXT
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can spell
        raise Unreadable from None
    if not fits:
        raise Unreadable
    return value


def share(value: object, *, of: float = 1.0) -> float | None:
    """Return a confidence as 0 to 1, given as 0 to `of`; null stays None."""
    number = _number(value)
    if number is None:
        return None
    if not 0 <= number <= of:
        raise Unreadable
    return number / of


def epoch(value: object) -> datetime:
    """Return the time of a Unix time in seconds, milliseconds or microseconds, told apart by its size."""
    number = _number(value)
    if number is None or number < 0:
        raise Unreadable
    unit = 1_000_000 if number >= _MICROSECONDS else 1_000 if number >= _MILLISECONDS else 1
    # In whole microseconds, as a float of seconds would be off by some of them.
    micros = number * (1_000_000 // unit) if isinstance(number, int) else round(number * (1_000_000 / unit))
    try:
        return _plausible(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros))
    except OverflowError:
        raise Unreadable from None


def written(value: object, *, zone: tzinfo | None) -> datetime:
    """Return the time of an ISO 8601 text; one without a zone is taken in `zone`, or is `Skip.NO_ZONE`."""
    if not isinstance(value, str):
        raise Unreadable
    try:
        found = datetime.fromisoformat(value)
        if found.tzinfo is None:
            if zone is None:
                raise Unreadable(Skip.NO_ZONE)
            found = found.replace(tzinfo=zone)
        return _plausible(found.astimezone(UTC))
    except (ValueError, OverflowError):
        raise Unreadable from None


def state(value: object) -> str | None:
    """Return the USPS code of `us-ca`, `ca` or `CA`; any other place, and none, is None."""
    if not isinstance(value, str):
        return None
    return STATES.get(value.strip().upper().removeprefix("US-"))


def _plausible(found: datetime) -> datetime:
    """Return a time that a reader can have read at."""
    if not _EARLIEST <= found < _LATEST:
        raise Unreadable
    return found


def _number(value: object) -> int | float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unreadable
    # Compared so that what is no number falls out, and an integer beyond any float too.
    if not -_LARGEST <= value <= _LARGEST:
        raise Unreadable
    return value
