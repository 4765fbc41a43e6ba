"""Views of a plate: the same plate cut out with more or less around it, and leaned one way or the other.

A reader that sees a plate cut at its very edge loses its first and last signs; one that sees it in several
ways errs differently in each. Which views, and what they bring: docs/recognition.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, radians, tan

import cv2
import numpy as np
from numpy.typing import NDArray

from gatehouse.capture.nouns import Box

# What the readers take: upstream's files squeeze every plate into it, whatever its shape.
WIDTH, HEIGHT = 128, 64
# So much around a plate is in every view of it, leaned or not.
_AROUND = 0.4


@dataclass(frozen=True, slots=True)
class View:
    """How to cut a plate out: `pad` of its size more on each side, leaned by `lean` degrees."""

    pad: float
    lean: float = 0.0


SINGLE = (View(0.10),)
LEANED = (View(0.10, lean=-6.0), View(0.10, lean=6.0))


def cut(
    frame: NDArray[np.uint8],
    box: Box,
    views: Sequence[View],
    *,
    size: tuple[int, int] = (WIDTH, HEIGHT),
    smooth: bool = False,
) -> list[NDArray[np.uint8]]:
    """Return each view of the plate in a picture of (width, height); outside the frame its edge goes on.

    `smooth` averages the pixels of a plate that is larger than that, which a network trained so reads better;
    upstream's were trained on pixels picked out.
    """
    if smooth:
        frame, box = _shrunk(frame, box, size)
    return [_warped(frame, box, view, size) for view in views]


def _shrunk(frame: NDArray[np.uint8], box: Box, size: tuple[int, int]) -> tuple[NDArray[np.uint8], Box]:
    """Return what is around a plate, shrunk where the plate is larger than `size`, and the plate in it."""
    height, width = frame.shape[:2]
    around = box.padded(_AROUND).clipped(width, height)
    left, top = int(around.x), int(around.y)
    part = frame[top : ceil(around.y + around.height), left : ceil(around.x + around.width)]
    target = tuple(
        max(1, round(min(1.0, wanted / max(has, 1.0)) * there))
        for wanted, has, there in zip(size, (box.width, box.height), part.shape[1::-1], strict=True)
    )
    across, down = target[0] / part.shape[1], target[1] / part.shape[0]
    small = cv2.resize(part, target, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), Box(
        (box.x - left) * across, (box.y - top) * down, box.width * across, box.height * down
    )


def _warped(frame: NDArray[np.uint8], box: Box, view: View, size: tuple[int, int]) -> NDArray[np.uint8]:
    wider = box.padded(view.pad)
    lean = tan(radians(view.lean)) * wider.height / 2
    left, right = wider.x, wider.x + wider.width
    top, bottom = wider.y, wider.y + wider.height
    corners = np.array([(left - lean, top), (right - lean, top), (left + lean, bottom)], np.float32)
    target = np.array([(0, 0), (size[0], 0), (0, size[1])], np.float32)
    matrix = cv2.getAffineTransform(corners, target)
    found: NDArray[np.uint8] = cv2.warpAffine(  # type: ignore[assignment]
        frame, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return found
