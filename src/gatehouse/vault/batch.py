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

from pydantic_core import SchemaValidator
from pydantic_core import core_schema as form

from gatehouse.model import BadInput, Read
from gatehouse.model.batch import LONGEST_LINE, LONGEST_TEXT
from gatehouse.model.plate import normalize
from gatehouse.vault.times import from_microseconds, to_microseconds

_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_PLAIN = re.compile(r"[A-Z0-9]{1,10}")
# The form that cameras write, 2026-11-23T16:04:05.678901Z with 1 to 6 signs of a second: its parts by place.
_SECOND, _POINT, _FRACTION, _LONGEST_TIME = slice(0, 19), 19, slice(20, -1), 27
_UNITS = (0, 100_000, 10_000, 1_000, 100, 10, 1)
# Seconds that batches have named: those of an hour of all of a network's cameras, many times over.
_REMEMBERED = 50_000
_seconds: dict[str, int] = {}


def _known(schema: form.CoreSchema) -> form.TypedDictField:
    """Return a field that is null, or not there, where the camera does not know."""
    return form.typed_dict_field(
        form.with_default_schema(form.nullable_schema(schema), default=None), required=False
    )


_TEXT = form.typed_dict_field(form.str_schema(strict=True))
_SHARE = form.float_schema(ge=0, le=1, allow_inf_nan=False, strict=True)
_LINE = SchemaValidator(
    form.typed_dict_schema(
        {
            "captured_at": _TEXT,
            "plate": _TEXT,
            "confidence": _known(_SHARE),
            "state": _known(form.str_schema(pattern="^[A-Z]{2}$", strict=True)),
            "state_confidence": _known(_SHARE),
            "image": _known(form.str_schema(pattern="^[0-9a-f]{64}$", strict=True)),
        }
    ),
    # Keys alone are kept for the next call: a cache of strings would hold plates.
    form.CoreConfig(cache_strings="keys"),
)


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
    if len(line) > LONGEST_LINE:
        return ReadRefusal.TOO_LARGE
    try:
        found = _LINE.validate_json(line)
        at = _microseconds(found["captured_at"])
        text = found["plate"]
        if _PLAIN.fullmatch(text):
            plate = text
        else:
            if len(text.encode()) > LONGEST_TEXT:
                return ReadRefusal.NO_PLATE
            plate = normalize(text)
    except BadInput:
        return ReadRefusal.NO_PLATE
    except (ValueError, OverflowError):
        return ReadRefusal.MALFORMED
    return Captured(
        at,
        text,
        plate,
        found["confidence"],
        found["state"],
        found["state_confidence"],
        found["image"],
    )


def _microseconds(text: str) -> int:
    """Return a time of RFC 3339 as microseconds since 1970; another form is `ValueError`."""
    if _POINT + 2 < len(text) <= _LONGEST_TIME and text[_POINT] == "." and text[-1] == "Z":
        fraction = text[_FRACTION]
        # `int` takes blanks, signs and digits of other scripts too.
        if fraction.isascii() and fraction.isdigit():
            second = text[_SECOND]
            base = _seconds.get(second)
            if base is None:
                base = parse_time(second + "Z")
                if len(_seconds) >= _REMEMBERED:
                    _seconds.clear()
                _seconds[second] = base
            return base + int(fraction) * _UNITS[len(fraction)]
    return parse_time(text)


def parse_time(text: str) -> int:
    """Return a time of RFC 3339 as microseconds since 1970; another is `ValueError` or `OverflowError`."""
    if not _TIME.fullmatch(text):
        raise ValueError("no time of RFC 3339")
    return to_microseconds(datetime.fromisoformat(text).astimezone(UTC))
