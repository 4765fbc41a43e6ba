"""A hit as a lead: what was read and what it may be, which a person must confirm before it counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gatehouse.hotlist.matching import StateFit
from gatehouse.hotlist.rows import ListFile
from gatehouse.ledger.canonical import Json, from_canonical, to_canonical
from gatehouse.ledger.receipt import Receipt
from gatehouse.model import BadInput, HitState, Purpose, Read
from gatehouse.search.fields import time_text

_MILLION = 1_000_000


class Refutation(StrEnum):
    """Why a hit is none."""

    MISREAD = "misread"  # the plate says something else
    OTHER_STATE = "other_state"
    OTHER_VEHICLE = "other_vehicle"  # plate and state are right, the vehicle is another
    NOT_LISTED = "not_listed"  # whoever listed it says that it no longer is


class Disposition(StrEnum):
    """What came of a hit."""

    LOCATED = "located"  # vehicle or person found
    NOT_FOUND = "not_found"
    NOT_PURSUED = "not_pursued"
    NO_HIT = "no_hit"


@dataclass(frozen=True, slots=True)
class Hit:
    """A lead. `id` is the ledger index of its record, so hits are in the order of their ids.

    `plate`, `state` and `file` are those of the list; `read` is what a camera saw, None once the owner's
    retention is over. `exact` is False where a sign was exchanged. `list_age` is how old the list was when
    the hit was raised.
    """

    id: int
    at: datetime
    entry: str
    agency: str
    owner: str
    state: HitState
    plate: str
    plate_state: str | None
    file: ListFile | None
    purpose: Purpose
    case_number: str | None
    officer: str
    source: str
    origin: str | None
    listed_at: datetime
    list_age: timedelta
    exact: bool
    fit: StateFit
    received_at: datetime | None
    read: Read | None
    receipt: Receipt

    @property
    def candidate(self) -> bool:
        """Return whether it rests on an exchanged sign or on a state that nobody read."""
        return not self.exact or self.fit is StateFit.NOT_READ

    def __repr__(self) -> str:
        """Name the hit and its state only: a traceback must hold no plate."""
        return f"Hit(id={self.id}, state={self.state.value!r})"


def lead_data(read: Read, received_at: datetime, salt: bytes) -> bytes:
    """Return what is sealed of a read, and whose hash is on the record; the salt hides it there."""
    document: Json = {
        "camera": read.camera,
        "captured_at": time_text(read.captured_at),
        "confidence": _millionths(read.confidence),
        "image": read.image,
        "plate": read.plate,
        "received_at": time_text(received_at),
        "salt": salt.hex(),
        "state": read.state,
        "state_confidence": _millionths(read.state_confidence),
        "text": read.text,
    }
    return to_canonical(document)


def lead_of(data: bytes) -> tuple[Read, datetime]:
    """Return the read that was sealed, and when it was received; other bytes are `BadInput`."""
    match from_canonical(data):
        case {
            "camera": str() as camera,
            "captured_at": str() as captured_at,
            "confidence": int() | None as confidence,
            "image": str() | None as image,
            "plate": str() as plate,
            "received_at": str() as received_at,
            "state": str() | None as state,
            "state_confidence": int() | None as state_confidence,
            "text": str() as text,
        }:
            read = Read(
                camera=camera,
                captured_at=datetime.fromisoformat(captured_at),
                text=text,
                plate=plate,
                confidence=None if confidence is None else confidence / _MILLION,
                state=state,
                state_confidence=None if state_confidence is None else state_confidence / _MILLION,
                image=image,
            )
            return read, datetime.fromisoformat(received_at)
    raise BadInput("a lead has another form")


def misread_signs(read: str, really: str) -> Iterator[str]:
    """Yield which sign was read for which, as `0>O`; plates of other lengths tell only that they differ."""
    if len(read) != len(really):
        yield "length"
        return
    for seen, there in zip(read, really, strict=True):
        if seen != there:
            yield f"{seen}>{there}"


def _millionths(value: float | None) -> int | None:
    return None if value is None else round(value * _MILLION)
