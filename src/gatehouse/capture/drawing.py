"""Frames with their plates drawn in, for eyes."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from gatehouse.capture.nouns import SeenPlate

_GREEN, _BLACK = (60, 200, 60), (0, 0, 0)


def drawn(image: NDArray[np.uint8], plates: Sequence[SeenPlate]) -> NDArray[np.uint8]:
    """Return a copy of a frame with a box around each plate and what was read above it."""
    copy = image.copy()
    size = max(image.shape[0] / 900, 0.5)
    thick = max(round(2 * size), 1)
    for each in plates:
        x, y = round(each.box.x), round(each.box.y)
        corner = (round(each.box.x + each.box.width), round(each.box.y + each.box.height))
        cv2.rectangle(copy, (x, y), corner, _GREEN, thick)
        label = f"{each.reading.text} {each.reading.confidence:.2f}"
        (across, along), base = cv2.getTextSize(label, cv2.FONT_HERSHEY_SIMPLEX, size, thick)
        top = max(y - along - base, 0)
        cv2.rectangle(copy, (x, top), (x + across, top + along + base), _GREEN, cv2.FILLED)
        cv2.putText(copy, label, (x, top + along), cv2.FONT_HERSHEY_SIMPLEX, size, _BLACK, thick, cv2.LINE_AA)
    return copy


def as_jpeg(image: NDArray[np.uint8]) -> bytes:
    """Return a frame as a JPEG."""
    came, data = cv2.imencode(".jpg", image)
    if not came:
        raise ValueError("the frame has no picture in it")
    return data.tobytes()
