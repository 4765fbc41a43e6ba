"""The motion gate: where a frame differs from the one looked at before, found on a small gray copy.

A detector costs fifty times as much. It is not asked where nothing moves, and otherwise about the parts that
do: a plate in a part of the frame is larger in the detector's small input than in the whole.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from gatehouse.capture.nouns import Box

# The copy's width in pixels, and by how many of 256 grays one of its pixels must change, above the noise's.
WIDTH = 320
LEAST_CHANGE = 10.0
NOISES = 6.0
# Changed pixels fewer than that are an insect, not a vehicle that could be read.
LEAST_PIXELS = 12
# Changes so near to each other, in pixels of the copy, are of one vehicle.
NEAR = 9
# A region is never smaller than that share of the frame's width: a detector wants to see what is around.
LEAST_SIDE = 0.3
MOST_REGIONS = 3
# Regions that cover more than that of the frame together are worth no more than the whole.
WHOLE = 0.85


class MotionGate:
    """Tells where something has moved since the last frame that it was given."""

    def __init__(self) -> None:
        self._before: NDArray[np.uint8] | None = None

    def moved(self, frame: NDArray[np.uint8]) -> list[Box]:
        """Return the parts of the frame in which something moved, none where nothing did.

        Of the first frame, and of one of another size than that before, it is the whole.
        """
        height, width = frame.shape[:2]
        whole = Box(0, 0, width, height)
        small = reduced(frame)
        before, self._before = self._before, small
        if before is None or before.shape != small.shape:
            return [whole]
        changed = cv2.absdiff(small, before)
        # What half of the pixels do is noise, or a change of light that shows no vehicle either.
        limit = max(LEAST_CHANGE, NOISES * float(np.median(changed)))
        mask = cv2.threshold(changed, limit, 255, cv2.THRESH_BINARY)[1].astype(np.uint8)
        mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, _CROSS).astype(np.uint8)
        scale = width / small.shape[1]
        found = [widened(each, width, height) for each in _spots(mask, scale)]
        regions = grouped(found)
        return [whole] if sum(each.area for each in regions) > WHOLE * whole.area else regions


_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
_BRIDGE = cv2.getStructuringElement(cv2.MORPH_RECT, (NEAR, NEAR))


def reduced(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a gray copy of a frame, WIDTH pixels wide."""
    height, width = frame.shape[:2]
    size = (WIDTH, max(round(height * WIDTH / width), 1))
    return np.asarray(cv2.cvtColor(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY))


def widened(box: Box, width: int, height: int) -> Box:
    """Return a region that holds a box, some of what is around it, and no pixel beyond the frame."""
    side = LEAST_SIDE * width
    across = min(max(box.width * 1.15, side), width)
    down = min(max(box.height * 1.15, side), height)
    x = min(max(box.x + (box.width - across) / 2, 0), width - across)
    y = min(max(box.y + (box.height - down) / 2, 0), height - down)
    return Box(round(x), round(y), round(across), round(down))


def grouped(boxes: list[Box]) -> list[Box]:
    """Return at most MOST_REGIONS boxes that hold all; those are joined whose joint box adds least."""
    found = list(boxes)
    while len(found) > 1:
        pairs = [(one, other) for place, one in enumerate(found) for other in found[place + 1 :]]
        added, one, other = min(
            ((joined(*pair).area - pair[0].area - pair[1].area, *pair) for pair in pairs),
            key=lambda each: each[0],
        )
        if added > 0 and len(found) <= MOST_REGIONS:
            break
        found = [each for each in found if each is not one and each is not other] + [joined(one, other)]
    return found


def joined(one: Box, other: Box) -> Box:
    """Return the box around two boxes."""
    x, y = min(one.x, other.x), min(one.y, other.y)
    right = max(one.x + one.width, other.x + other.width)
    bottom = max(one.y + one.height, other.y + other.height)
    return Box(x, y, right - x, bottom - y)


def _spots(mask: NDArray[np.uint8], scale: float) -> list[Box]:
    """Return the boxes of what changed, near changes in one, in the frame's pixels."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(cv2.dilate(mask, _BRIDGE))
    found = []
    for label in range(1, count):
        x, y, across, down, _ = (int(each) for each in stats[label])
        part = mask[y : y + down, x : x + across] * (labels[y : y + down, x : x + across] == label)
        if cv2.countNonZero(part) >= LEAST_PIXELS:
            found.append(Box(x * scale, y * scale, across * scale, down * scale))
    return found
