"""A read as a camera hands it in: one line of a batch (`gatehouse.model.batch`)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gatehouse.capture.adapters.foreign import ForeignRead
    from gatehouse.capture.passes import Pass


@dataclass(frozen=True, slots=True)
class CameraRead:
    """A plate that was read: its text unchanged, confidences of 0 to 1, `state` a USPS code."""

    captured_at: datetime
    plate: str = field(repr=False)
    confidence: float | None = None
    state: str | None = None
    state_confidence: float | None = None

    @property
    def line(self) -> bytes:
        """Return the line of a batch, with its line break."""
        told = {
            "captured_at": self.captured_at.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z",
            "plate": self.plate,
            "state": self.state,
            "confidence": self.confidence,
            "state_confidence": self.state_confidence,
            "image": None,
        }
        return json.dumps(told, separators=(",", ":")).encode() + b"\n"

    @classmethod
    def of_pass(cls, passed: Pass, at: datetime) -> CameraRead:
        """Return the read of a vehicle that went by; `at` is when it was seen best."""
        reading, state = passed.plate, passed.plate.state
        return cls(
            at,
            reading.text,
            round(reading.confidence, 4),
            None if state is None else state.code,
            None if state is None else round(state.confidence, 4),
        )

    @classmethod
    def of_foreign(cls, read: ForeignRead) -> CameraRead:
        """Return the read of another maker's reader."""
        return cls(read.captured_at, read.plate, read.confidence, read.state, read.state_confidence)
