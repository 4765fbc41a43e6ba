"""The project's own plate detector: a map of where plates have their middle, and a box for each of its cells.

The file's input is a picture whose sides 32 divides (1 x 3 x H x W, BGR, -1 to 1); its output `plates` is
1 x 5 x H/4 x W/4: how sure each cell is to be a plate's middle, 0 to 1, and the corners x1, y1, x2, y2 of
that plate in the picture's pixels. What it sees in the whole picture it looks at again from nearer: a plate
of 25 pixels has a box that is good to a few of them, one of 60 pixels a far better one.
"""

from __future__ import annotations

from math import sqrt
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gatehouse.capture.nouns import Box, Detection
from gatehouse.capture.session import open_session

_GRID = 32
# What training has never seen at the border would be seen as something; this gray is nothing.
_GRAY = 114


# From nearer, a window is so many plates wide, and so high for its width; it is seen at so many pixels.
_AROUND, _FLAT, _NEAR = 6.0, 0.6, 320
# In the whole picture a plate may be hardly seen; no more places than these are looked at again.
_GLIMPSE, _PLACES = 0.1, 5
# A box from nearer that shares less with the first one is of something else.
_SAME = 0.15


class Heatmap:
    """Detects plates in the picture shrunk to `longest` pixels along its longer side, and again from nearer.

    Detections below `least` are dropped; a score is the geometric mean of both looks.
    """

    def __init__(self, path: Path, *, threads: int, longest: int = 416, least: float = 0.3) -> None:
        self._session = open_session(path, threads=threads)
        self._name: str = self._session.get_inputs()[0].name
        self._longest = longest
        self._least = least

    def detect(self, frame: NDArray[np.uint8]) -> list[Detection]:
        """Return where plates are, the surest first."""
        glimpsed = self._seen(frame, self._longest)[:_PLACES]
        found = [near for each in glimpsed if (near := self._from_nearer(frame, each)) is not None]
        return sorted((each for each in found if each.score >= self._least), key=lambda each: -each.score)

    def _seen(self, picture: NDArray[np.uint8], longest: int) -> list[Detection]:
        tensor, scale = fitted(picture, longest)
        cells: NDArray[np.float32] = self._session.run(None, {self._name: tensor})[0][0]
        return plates_of(cells, scale=scale, least=min(_GLIMPSE, self._least), shape=picture.shape)

    def _from_nearer(self, frame: NDArray[np.uint8], glimpsed: Detection) -> Detection | None:
        """Return the surest detection of the same place in a window around it, or None."""
        left, top, right, bottom = window(glimpsed.box, frame.shape)
        for each in self._seen(frame[top:bottom, left:right], _NEAR):
            box = Box(each.box.x + left, each.box.y + top, each.box.width, each.box.height)
            if box.iou(glimpsed.box) > _SAME:
                return Detection(box, sqrt(each.score * glimpsed.score))
        return None


def window(box: Box, shape: Any) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of what is looked at around a box from nearer, inside the frame."""
    height, width = shape[:2]
    across = box.width * _AROUND / 2
    x, y = box.x + box.width / 2, box.y + box.height / 2
    return (
        max(0, int(x - across)),
        max(0, int(y - across * _FLAT)),
        min(width, int(x + across) + 1),
        min(height, int(y + across * _FLAT) + 1),
    )


def fitted(frame: NDArray[np.uint8], longest: int) -> tuple[NDArray[np.float32], tuple[float, float]]:
    """Return the network's input and how many of its pixels one of the frame's became, along and down.

    The picture lies in the upper left corner; gray fills the rest of the sides that 32 divides.
    """
    height, width = frame.shape[:2]
    scale = longest / max(height, width)
    across, down = max(round(width * scale), 1), max(round(height * scale), 1)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    sheet = np.full((-(-down // _GRID) * _GRID, -(-across // _GRID) * _GRID, 3), _GRAY, np.uint8)
    sheet[:down, :across] = cv2.resize(frame, (across, down), interpolation=way)
    tensor = sheet.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(128) - np.float32(1)
    return np.asarray(tensor, np.float32), (across / width, down / height)


def plates_of(
    cells: NDArray[np.float32], *, scale: tuple[float, float], least: float, shape: Any
) -> list[Detection]:
    """Turn cells (5 x h x w) into detections in the frame's own pixels: those no neighbor is surer than."""
    height, width = shape[:2]
    sure = cells[0]
    highest = cv2.dilate(sure, np.ones((3, 3), np.uint8))
    found = []
    for row, column in np.argwhere((sure >= least) & (sure >= highest)).tolist():
        score, x1, y1, x2, y2 = cells[:, row, column].tolist()
        box = Box(x1 / scale[0], y1 / scale[1], (x2 - x1) / scale[0], (y2 - y1) / scale[1])
        inside = box.clipped(width, height)
        if inside.width >= 1 and inside.height >= 1:
            found.append(Detection(inside, score))
    return sorted(found, key=lambda each: -each.score)
