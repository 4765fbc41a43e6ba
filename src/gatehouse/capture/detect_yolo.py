"""The upstream plate detector: YOLOv9 with its non-maximum suppression inside the file (`end2end`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gatehouse.capture.nouns import Box, Detection
from gatehouse.capture.session import open_session

# The gray with which the network's training filled the border.
_GRAY = (114, 114, 114)


class Yolo:
    """Detects plates; the picture is scaled to the square that the file asks for, borders filled with gray.

    Detections below `least` are dropped. Upstream's own readers use 0.4.
    """

    def __init__(self, path: Path, *, threads: int, least: float = 0.4) -> None:
        self._session = open_session(path, threads=threads)
        given = self._session.get_inputs()[0]
        self._name: str = given.name
        self._size = int(given.shape[2])
        self._least = least

    def detect(self, frame: NDArray[np.uint8]) -> list[Detection]:
        """Return where plates are, the surest first."""
        tensor, scale, left, top = letterboxed(frame, self._size)
        rows: NDArray[np.float32] = self._session.run(None, {self._name: tensor})[0]
        return boxes_of(rows, scale=scale, left=left, top=top, least=self._least, shape=frame.shape)


def letterboxed(frame: NDArray[np.uint8], size: int) -> tuple[NDArray[np.float32], float, float, float]:
    """Return the network's input (1 x 3 x size x size, RGB, 0 to 1), the scale, and the border's size."""
    height, width = frame.shape[:2]
    scale = min(size / height, size / width)
    across, along = max(round(width * scale), 1), max(round(height * scale), 1)
    left, top = (size - across) / 2, (size - along) / 2
    x, y = round(left - 0.1), round(top - 0.1)
    square = np.empty((size, size, 3), np.uint8)
    square[:] = _GRAY
    square[y : y + along, x : x + across] = cv2.resize(frame, (across, along))
    tensor = cv2.dnn.blobFromImage(square, 1 / 255.0, swapRB=True)
    return tensor.astype(np.float32, copy=False), scale, left, top


def boxes_of(
    rows: NDArray[np.float32], *, scale: float, left: float, top: float, least: float, shape: Any
) -> list[Detection]:
    """Turn rows of batch, x1, y1, x2, y2, class, score into detections in the frame's own pixels."""
    height, width = shape[:2]
    found = []
    for _, x1, y1, x2, y2, _, score in rows.tolist():
        if score < least:
            continue
        box = Box((x1 - left) / scale, (y1 - top) / scale, (x2 - x1) / scale, (y2 - y1) / scale)
        inside = box.clipped(width, height)
        if inside.width >= 1 and inside.height >= 1:
            found.append(Detection(inside, score))
    return sorted(found, key=lambda each: -each.score)
