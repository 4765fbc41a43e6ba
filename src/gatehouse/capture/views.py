"""Views of a plate: the same plate cut out with more or less around it, and leaned one way or the other.

A reader that sees a plate cut at its very edge loses its first and last signs; one that sees it in several
ways errs differently in each. Which views, and what they bring: docs/recognition.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import radians, tan

import cv2
import numpy as np
from numpy.typing import NDArray

from gatehouse.capture.nouns import Box

# What the readers take: upstream's files squeeze every plate into it, whatever its shape.
WIDTH, HEIGHT = 128, 64


@dataclass(frozen=True, slots=True)
class View:
    """How to cut a plate out: `pad` of its size more on each side, leaned by `lean` degrees."""

    pad: float
    lean: float = 0.0


SINGLE = (View(0.10),)
SEVERAL = (View(0.05), View(0.10), View(0.15), View(0.10, lean=-6.0), View(0.10, lean=6.0))


def cut(
    frame: NDArray[np.uint8],
    box: Box,
    views: Sequence[View] = SEVERAL,
    *,
    size: tuple[int, int] = (WIDTH, HEIGHT),
) -> list[NDArray[np.uint8]]:
    """Return each view of the plate in a picture of (width, height); outside the frame its edge goes on."""
    return [_warped(frame, box, view, size) for view in views]


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
