"""The nouns of the cameras: where a plate is in a frame, what was read, and what else it may be.

Images are arrays of height x width x 3 bytes in OpenCV's order, blue first; places are pixels from the
frame's upper left corner. None of these shows a plate in its `repr`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in a frame, in pixels."""

    x: float
    y: float
    width: float
    height: float

    @property
    def area(self) -> float:
        """Return the area in square pixels; a rectangle turned inside out has none."""
        return max(self.width, 0.0) * max(self.height, 0.0)

    def iou(self, other: Box) -> float:
        """Return the intersection over the union of two boxes, 0 to 1."""
        width = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        height = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        shared = max(width, 0.0) * max(height, 0.0)
        union = self.area + other.area - shared
        return shared / union if union > 0 else 0.0

    def padded(self, share: float) -> Box:
        """Return the box with `share` of its width and height more on each side."""
        across, along = self.width * share, self.height * share
        return Box(self.x - across, self.y - along, self.width + 2 * across, self.height + 2 * along)

    def clipped(self, width: float, height: float) -> Box:
        """Return the part of the box that lies in a frame of this size; it may be empty."""
        left, top = min(max(self.x, 0.0), width), min(max(self.y, 0.0), height)
        right = min(max(self.x + self.width, left), width)
        bottom = min(max(self.y + self.height, top), height)
        return Box(left, top, right - left, bottom - top)


@dataclass(frozen=True, slots=True)
class Detection:
    """A place where a detector sees a plate; `score` is 0 to 1."""

    box: Box
    score: float


class Why(StrEnum):
    """Why a plate is among the candidates."""

    READ = "read"
    CONFUSABLE = "confusable"
    FORMAT = "format"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A plate that may be what stands there; `confidence` is that of its least certain sign."""

    plate: str = field(repr=False)
    confidence: float
    why: Why


@dataclass(frozen=True, slots=True)
class PlateState:
    """The state that issued a plate (USPS code), with a confidence of its own."""

    code: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader made of one plate.

    `text` is what was read and nothing changes it; `characters` has the probability of each of its signs.
    `candidates` come most likely first: the first may differ from `text`, and then says why.
    """

    text: str = field(repr=False)
    characters: tuple[float, ...]
    candidates: tuple[Candidate, ...] = field(default=(), repr=False)
    state: PlateState | None = None
    region: str | None = None

    @property
    def confidence(self) -> float:
        """Return the probability of the least certain sign; nothing read has none."""
        return min(self.characters, default=0.0)


@dataclass(frozen=True, slots=True)
class SeenPlate:
    """A plate in a frame: where it is and what was read."""

    box: Box
    reading: Reading
    score: float


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a source; `time` is in seconds from the source's start, None for a still picture."""

    source: str
    number: int
    time: float | None
    image: NDArray[np.uint8] = field(repr=False)


class Detector(Protocol):
    """Finds plates in a frame."""

    def detect(self, frame: NDArray[np.uint8]) -> list[Detection]:
        """Return where plates are, the surest first."""
        ...


class PlateReader(Protocol):
    """Reads plates that were found; it cuts them out itself, as its networks want them."""

    def read(self, frame: NDArray[np.uint8], boxes: Sequence[Box]) -> list[Reading]:
        """Return what stands on the plate in each box of a frame, in order."""
        ...
