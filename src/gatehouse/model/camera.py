"""Cameras and what they read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CameraStatus(StrEnum):
    """Whether reads of a camera are taken in."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera of an agency. Positions in degrees (WGS 84); `heading` in degrees from north, clockwise.

    `key` is the raw Ed25519 public key (32 bytes) that its batches are signed with; `peak` the most reads a
    minute that it can plausibly have.
    """

    id: str
    agency: str
    name: str
    latitude: float
    longitude: float
    heading: int | None
    key: bytes
    status: CameraStatus = CameraStatus.ACTIVE
    peak: int = 240


@dataclass(frozen=True, slots=True)
class Read:
    """One passing plate as a camera saw it.

    `text` is what was read and is never corrected; `plate` its normal form. `state` (USPS code) may be
    unknown and has a confidence of its own; confidences are 0 to 1. Times are UTC. `image` names a stored
    crop, None where none is kept.
    """

    camera: str
    captured_at: datetime
    text: str
    plate: str
    confidence: float | None = None
    state: str | None = None
    state_confidence: float | None = None
    image: str | None = None

    def __repr__(self) -> str:
        """Name the camera only: a traceback must hold neither plate nor time."""
        return f"Read(camera={self.camera!r})"
