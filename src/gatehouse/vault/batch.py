"""The reads of a batch that a camera hands in (`gatehouse.model.batch`), and why one may be refused.

Keys of a line that nobody knows are left aside, so that a newer camera can say more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from pydantic_core import from_json

from gatehouse.model import BadInput, Read
from gatehouse.model.batch import LONGEST_LINE, LONGEST_TEXT
from gatehouse.model.plate import normalize

_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_PLAIN = re.compile(r"[A-Z0-9]{1,10}")
_STATE = re.compile(r"[A-Z]{2}")
_IMAGE = re.compile(r"[0-9a-f]{64}")


class ReadRefusal(StrEnum):
    """Why a read is not taken in. Every refused read is counted under one of these."""

    MALFORMED = "malformed"
    NO_PLATE = "no_plate"
    CLOCK_AHEAD = "clock_ahead"  # captured more than 60 s after it was received
    EXPIRED = "expired"  # its owner's retention is over already
    BEFORE_ENROLLMENT = "before_enrollment"  # captured long before the record had the camera's key
    IMPLAUSIBLE_RATE = "implausible_rate"  # more in a minute than the camera can have
    NO_RETENTION = "no_retention"  # its owner has set none
    CAMERA_UNKNOWN = "camera_unknown"
    CAMERA_SUSPENDED = "camera_suspended"
    CAMERA_RETIRED = "camera_retired"
    BAD_SIGNATURE = "bad_signature"
    TOO_LARGE = "too_large"


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line of a batch, from 1, that holds no read."""

    line: int
    reason: ReadRefusal


def count_lines(body: bytes) -> int:
    """Return how many reads a body claims to hold, unread: its lines that are not empty."""
    return sum(1 for line in body.split(b"\n") if line.strip())


def parse_batch(body: bytes, *, camera: str) -> Iterator[Read | Rejected]:
    """Yield each line's read, or why it has none; empty lines are no reads."""
    for number, line in enumerate(body.split(b"\n"), 1):
        if line.strip():
            found = _read(line, camera)
            yield Rejected(number, found) if isinstance(found, ReadRefusal) else found


def _read(line: bytes, camera: str) -> Read | ReadRefusal:
    try:
        if len(line) > LONGEST_LINE:
            return ReadRefusal.TOO_LARGE
        # Keys alone are kept for the next call: a cache of strings would hold plates.
        found = from_json(line, allow_inf_nan=False, cache_strings="keys")
        captured, text = found["captured_at"], found["plate"]
        if not _TIME.fullmatch(captured) or not isinstance(text, str):
            return ReadRefusal.MALFORMED
        captured_at = datetime.fromisoformat(captured).astimezone(UTC)
        confidence, state = found.get("confidence"), found.get("state")
        state_confidence, image = found.get("state_confidence"), found.get("image")
        if not (
            _is_share(confidence)
            and _is_share(state_confidence)
            and (state is None or _STATE.fullmatch(state))
            and (image is None or _IMAGE.fullmatch(image))
        ):
            return ReadRefusal.MALFORMED
        encoded = text.encode()
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return ReadRefusal.MALFORMED
    if len(encoded) > LONGEST_TEXT:
        return ReadRefusal.NO_PLATE
    try:
        plate = text if _PLAIN.fullmatch(text) else normalize(text)
    except BadInput:
        return ReadRefusal.NO_PLATE
    return Read(camera, captured_at, text, plate, confidence, state, state_confidence, image)


def _is_share(value: object) -> bool:
    """Return whether a value is null or a number from 0 to 1."""
    return value is None or (type(value) in (float, int) and 0 <= value <= 1)  # type: ignore[operator]  # a number by now
