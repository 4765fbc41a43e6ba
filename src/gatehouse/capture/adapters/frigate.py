"""Frigate's messages over MQTT: plates of its own reader, on two topics.

`PREFIX/tracked_object_update` tells each plate as it is read, among messages of other kinds;
`PREFIX/events` tells a vehicle again and again while it is seen, with the plate as it stands. One vehicle
(`id`) may be told with several plates: each is a read of its own, and none is told twice
(`gatehouse.capture.adapters.bridge`). `sub_label` is what the owner named the plate, often a person: it is
never taken for a plate, and not kept.

Source: Frigate, docs/docs/integrations/mqtt.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gatehouse.capture.adapters.foreign import (
    ForeignRead,
    Found,
    Skip,
    epoch,
    mapping,
    name,
    parsed,
    plate,
    share,
)

UPDATES = "tracked_object_update"
EVENTS = "events"


def parse(payload: bytes, *, topic: str) -> Found:
    """Return the read of a message, or why it has none. `topic` may bear any prefix."""
    kind = topic.rpartition("/")[2]
    if kind == UPDATES:
        return parsed(payload, _update)
    if kind == EVENTS:
        return parsed(payload, _event)
    return [Skip.OTHER_KIND]


def _update(told: Mapping[str, Any]) -> Found:
    if told.get("type") != "lpr":
        return [Skip.OTHER_KIND]
    return [
        ForeignRead(
            camera=name(told.get("camera")),
            event=name(told.get("id")),
            captured_at=epoch(told.get("timestamp")),
            plate=plate(told.get("plate")),
            confidence=share(told.get("score")),
        )
    ]


def _event(told: Mapping[str, Any]) -> Found:
    after = mapping(told.get("after"))
    text = plate(after.get("recognized_license_plate"))
    return [
        ForeignRead(
            camera=name(after.get("camera")),
            event=name(after.get("id")),
            captured_at=epoch(after.get("frame_time")),
            plate=text,
            confidence=share(after.get("recognized_license_plate_score")),
        )
    ]
