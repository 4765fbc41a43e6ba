"""Webhooks of Plate Recognizer's Stream and Snapshot: JSON, alone or as a field of a form with the picture.

`timestamp` is UTC with a zone, or without one (older versions): then `timestamp_local` is taken if it says
its offset, else the zone that the operator names, and without one the read is not taken, since an hour's
error can turn what a time window means. Snapshot tells of every picture, also without a plate.

Source: guides.platerecognizer.com, Stream: Webhooks and Outputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from email.parser import BytesParser
from email.policy import compat32
from typing import Any

from gatehouse.capture.adapters.crops import cropped
from gatehouse.capture.adapters.foreign import (
    LARGEST_PAYLOAD,
    ForeignRead,
    Found,
    Skip,
    Unreadable,
    mapping,
    name,
    parsed,
    plate,
    sequence,
    share,
    state,
    written,
)
from gatehouse.capture.nouns import Box

JSON = "application/json"
FORM = "multipart/form-data"
_EVENTS = ("recognition", "image.done")


def parse(payload: bytes, *, media_type: str = JSON, zone: tzinfo | None = None) -> Found:
    """Return the reads of a webhook's body, or why it has none; `media_type` is its Content-Type."""
    if len(payload) > LARGEST_PAYLOAD:
        return [Skip.TOO_LARGE]
    image = None
    if media_type.partition(";")[0].strip().lower() == FORM:
        form = _fields(payload, media_type)
        if "json" not in form:
            return [Skip.MALFORMED]
        payload, image = form["json"], form.get("upload")
    return parsed(payload, lambda told: _reads(told, image, zone))


def _fields(payload: bytes, media_type: str) -> dict[str, bytes]:
    """Return a form's fields by name (RFC 7578)."""
    # A line break in the header would begin another.
    header = "".join(sign for sign in media_type if sign.isprintable()).encode("ascii", "replace")
    message = BytesParser(policy=compat32).parsebytes(b"Content-Type: " + header + b"\r\n\r\n" + payload)
    found = {}
    for part in message.walk():
        field = part.get_param("name", header="content-disposition")
        content = None if part.is_multipart() else part.get_payload(decode=True)
        if isinstance(field, str) and isinstance(content, bytes):
            found[field] = content
    return found


def _reads(told: Mapping[str, Any], image: bytes | None, zone: tzinfo | None) -> Found:
    hook, data = told.get("hook"), mapping(told.get("data"))
    if hook is not None and mapping(hook).get("event", "recognition") not in _EVENTS:
        return [Skip.OTHER_KIND]
    results = sequence(data.get("results"))
    if not results:
        return [Skip.NO_PLATE]
    camera = name(data.get("camera_id") or mapping(hook).get("id"))
    at = _time(data, zone)
    event = name(data.get("filename") or data.get("timestamp"))
    return [_result(each, camera=camera, event=event, at=at, image=image) for each in results]


def _time(data: Mapping[str, Any], zone: tzinfo | None) -> datetime:
    try:
        return written(data.get("timestamp"), zone=None)
    except Unreadable as found:
        if found.why is not Skip.NO_ZONE:
            raise
    local = data.get("timestamp_local")
    if isinstance(local, str):
        try:
            return written(local, zone=None)
        except Unreadable as found:
            if found.why is not Skip.NO_ZONE:
                raise
    return written(data.get("timestamp"), zone=zone)


def _result(
    result: object, *, camera: str, event: str, at: datetime, image: bytes | None
) -> ForeignRead | Skip:
    try:
        told = mapping(result)
        text = plate(told.get("plate"))
        region = mapping(told.get("region") or {})
        code = state(region.get("code"))
        return ForeignRead(
            camera=camera,
            event=event,
            captured_at=at,
            plate=text,
            confidence=share(told.get("score")),
            state=code,
            state_confidence=None if code is None else share(region.get("score")),
            image=None if image is None else _crop(image, told.get("box")),
        )
    except Unreadable as found:
        return found.why


def _crop(image: bytes, box: object) -> bytes | None:
    """Return the plate's part of the picture; a box that makes no sense costs the picture, not the read."""
    if not isinstance(box, dict):
        return None
    sides = [box.get(key) for key in ("xmin", "ymin", "xmax", "ymax")]
    if not all(type(each) in (int, float) and abs(each) < 1e6 for each in sides):  # type: ignore[arg-type]  # numbers by now
        return None
    left, top, right, bottom = (float(each) for each in sides)  # type: ignore[arg-type]  # numbers by now
    return cropped(image, Box(left, top, right - left, bottom - top))
