"""The reads of a batch that a camera hands in (`gatehouse.model.batch`), and why one may be refused.

Keys of a line that nobody knows are left aside, so that a newer camera can say more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple, overload

from pydantic_core import from_json

from gatehouse.model import BadInput, Read
from gatehouse.model.batch import LONGEST_LINE, LONGEST_TEXT
from gatehouse.model.plate import normalize
from gatehouse.vault.times import from_microseconds, to_microseconds

_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_PLAIN = re.compile(r"[A-Z0-9]{1,10}")
_STATE = re.compile(r"[A-Z]{2}")
_IMAGE = re.compile(r"[0-9a-f]{64}")
# The form that this project's own cameras write, 2026-11-23T16:04:05.678901Z: its parts by place.
_SECOND, _POINT, _FRACTION, _ZONE = slice(0, 19), 19, slice(20, 26), slice(26, None)
# Seconds that batches have named: those of an hour of all of a network's cameras, many times over.
_REMEMBERED = 50_000
_seconds: dict[str, int] = {}


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


class Captured(NamedTuple):
    """A read of a batch: a tuple, since tens of thousands a second are made and few are looked at.

    `at` is in microseconds since 1970; the other fields are those of `Read`.
    """

    at: int
    text: str
    plate: str
    confidence: float | None
    state: str | None
    state_confidence: float | None
    image: str | None

    def __repr__(self) -> str:
        """Show nothing: a traceback must hold neither plate nor time."""
        return "Captured()"

    def read(self, camera: str) -> Read:
        """Return the read of a camera that it is."""
        return Read(
            camera,
            from_microseconds(self.at),
            self.text,
            self.plate,
            self.confidence,
            self.state,
            self.state_confidence,
            self.image,
        )


class BatchReads(Sequence[Read]):
    """The reads of a camera's batch; each is made when it is asked for, since few match anything."""

    def __init__(self, camera: str, captured: Sequence[Captured]) -> None:
        self._camera = camera
        self._captured = captured

    def __repr__(self) -> str:
        """Name the camera only: a traceback must not hold a plate."""
        return f"BatchReads(camera={self._camera!r}, {len(self)} reads)"

    def __eq__(self, other: object) -> bool:
        """Return whether another sequence holds the same reads."""
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # as any sequence that compares by what it holds

    def __len__(self) -> int:
        return len(self._captured)

    @overload
    def __getitem__(self, at: int) -> Read: ...

    @overload
    def __getitem__(self, at: slice) -> BatchReads: ...

    def __getitem__(self, at: int | slice) -> Read | BatchReads:
        if isinstance(at, slice):
            return BatchReads(self._camera, self._captured[at])
        return self._captured[at].read(self._camera)

    @property
    def plates(self) -> list[str]:
        """Return the plates in their normal form, in order."""
        return [each.plate for each in self._captured]


def count_lines(body: bytes) -> int:
    """Return how many reads a body claims to hold, unread: its lines that are not empty."""
    return sum(1 for line in body.split(b"\n") if line.strip())


def parse_batch(body: bytes) -> Iterator[Captured | Rejected]:
    """Yield each line's read, or why it has none; empty lines are no reads."""
    for number, line in enumerate(body.split(b"\n"), 1):
        if line.strip():
            found = _captured(line)
            yield Rejected(number, found) if isinstance(found, ReadRefusal) else found


def _captured(line: bytes) -> Captured | ReadRefusal:
    try:
        if len(line) > LONGEST_LINE:
            return ReadRefusal.TOO_LARGE
        # Keys alone are kept for the next call: a cache of strings would hold plates.
        found = from_json(line, allow_inf_nan=False, cache_strings="keys")
        at, text = _microseconds(found["captured_at"]), found["plate"]
        if not isinstance(text, str):
            return ReadRefusal.MALFORMED
        confidence, state = found.get("confidence"), found.get("state")
        state_confidence, image = found.get("state_confidence"), found.get("image")
        if not (
            _is_share(confidence)
            and _is_share(state_confidence)
            and (state is None or _STATE.fullmatch(state))
            and (image is None or _IMAGE.fullmatch(image))
        ):
            return ReadRefusal.MALFORMED
        if _PLAIN.fullmatch(text):
            return Captured(at, text, text, confidence, state, state_confidence, image)
        encoded = text.encode()
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return ReadRefusal.MALFORMED
    if len(encoded) > LONGEST_TEXT:
        return ReadRefusal.NO_PLATE
    try:
        return Captured(at, text, normalize(text), confidence, state, state_confidence, image)
    except BadInput:
        return ReadRefusal.NO_PLATE


def _microseconds(text: str) -> int:
    """Return a time of RFC 3339 as microseconds since 1970; another form is `ValueError` or `TypeError`."""
    if text[_ZONE] == "Z" and text[_POINT] == ".":
        fraction = text[_FRACTION]
        # `int` takes blanks, signs and digits of other scripts too.
        if fraction.isascii() and fraction.isdigit():
            second = text[_SECOND]
            base = _seconds.get(second)
            if base is None:
                base = _parsed(second + "Z")
                if len(_seconds) >= _REMEMBERED:
                    _seconds.clear()
                _seconds[second] = base
            return base + int(fraction)
    return _parsed(text)


def _parsed(text: str) -> int:
    if not _TIME.fullmatch(text):
        raise ValueError("no time of RFC 3339")
    return to_microseconds(datetime.fromisoformat(text).astimezone(UTC))


def _is_share(value: object) -> bool:
    """Return whether a value is null or a number from 0 to 1."""
    return value is None or (type(value) in (float, int) and 0 <= value <= 1)  # type: ignore[operator]  # a number by now
