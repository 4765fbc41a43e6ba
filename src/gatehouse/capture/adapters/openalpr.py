"""Messages of OpenALPR's library and of Rekor Scout's agent: groups, and frames for those that group nothing.

A group (`alpr_group`) is one vehicle, told up to ten seconds after it passed; its frames (`alpr_results`) are
told as well where the agent is set so. Taking both would count a vehicle twice: groups are taken, and frames
only when `frames` asks for them instead. An alert repeats a group, and a preview comes before it.

Source: docs.rekor.ai, JSON plate results and JSON group results; openalpr/openalpr,
src/openalpr/alpr_impl.cpp.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from gatehouse.capture.adapters.crops import is_jpeg
from gatehouse.capture.adapters.foreign import (
    ForeignRead,
    Found,
    Skip,
    Unreadable,
    epoch,
    mapping,
    name,
    parsed,
    plate,
    sequence,
    share,
    state,
)

GROUP: Final = "alpr_group"
RESULTS: Final = "alpr_results"
# The frame's time in milliseconds ends its id.
_FRAME_TIME = re.compile(r"-(\d{12,14})\Z")


def parse(payload: bytes, *, frames: bool = False) -> Found:
    """Return the reads of a message, or why it has none: groups, or with `frames` single frames instead."""
    return parsed(payload, lambda told: _reads(told, frames=frames))


def _reads(told: Mapping[str, Any], *, frames: bool) -> Found:
    kind = told.get("data_type")
    # Older agents send no type, or null, and are known by what they hold.
    if kind is None:
        kind = RESULTS if "results" in told else GROUP if "best_plate_number" in told else None
    if kind == GROUP:
        return [Skip.OTHER_FORM] if frames else [_group(told)]
    if kind == RESULTS:
        return _frame(told) if frames else [Skip.OTHER_FORM]
    return [Skip.OTHER_KIND]


def _group(told: Mapping[str, Any]) -> ForeignRead | Skip:
    if told.get("is_preview") is True:
        return Skip.PREVIEW
    best = told.get("best_plate")
    if isinstance(best, str):  # the plate alone, in the first version
        best = {"plate": best}
    best = mapping({} if best is None else best)
    text = plate(told.get("best_plate_number") or best.get("plate"))
    confidence = told.get("best_confidence", best.get("confidence"))
    return ForeignRead(
        camera=name(told.get("camera_id")),
        event=name(told.get("best_uuid")),
        captured_at=_best_time(told),
        plate=text,
        confidence=share(confidence, of=100),
        state=_region(told, "best_region"),
        state_confidence=_region_confidence(told, "best_region"),
        image=_crop(best.get("plate_crop_jpeg")),
    )


def _best_time(told: Mapping[str, Any]) -> datetime:
    """Return when the best frame was taken: its id tells it, within the group's own times."""
    start, end = epoch(told.get("epoch_start")), epoch(told.get("epoch_end"))
    if end < start:
        raise Unreadable
    found = _FRAME_TIME.search(name(told.get("best_uuid")))
    if found is not None and start <= (at := epoch(int(found[1]))) <= end:
        return at
    return start


def _frame(told: Mapping[str, Any]) -> Found:
    results = sequence(told.get("results"))
    if not results:
        return [Skip.NO_PLATE]
    at = epoch(told.get("epoch_time"))
    camera = name(told.get("camera_id"))
    # The library alone gives its results no id: a camera's time is one.
    event = name(told.get("uuid") or told.get("epoch_time"))
    return [_result(each, camera=camera, event=event, at=at) for each in results]


def _result(result: object, *, camera: str, event: str, at: datetime) -> ForeignRead | Skip:
    try:
        told = mapping(result)
        return ForeignRead(
            camera=camera,
            event=event,
            captured_at=at,
            plate=plate(told.get("plate")),
            confidence=share(told.get("confidence"), of=100),
            state=_region(told, "region"),
            state_confidence=_region_confidence(told, "region"),
            image=_crop(told.get("plate_crop_jpeg")),
        )
    except Unreadable as found:
        return found.why


def _region(told: Mapping[str, Any], key: str) -> str | None:
    """Return the state; the oldest form, `wa` without a country, counts where the country is not another."""
    region, country = told.get(key), told.get("country")
    if isinstance(region, str) and "-" not in region and country not in (None, "us"):
        return None
    return state(region)


def _region_confidence(told: Mapping[str, Any], key: str) -> float | None:
    return None if _region(told, key) is None else share(told.get(f"{key}_confidence"), of=100)


def _crop(value: object) -> bytes | None:
    """Return the plate's crop, where one came that is a picture; a read without one is a read."""
    if not isinstance(value, str) or not value:
        return None
    try:
        image = b64decode(value, validate=True)
    except ValueError:
        return None
    return image if is_jpeg(image) else None
