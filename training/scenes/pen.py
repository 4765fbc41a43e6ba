"""Drawing in meters: shapes of a vehicle or a sign, seen from aside and put anywhere in a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Color = tuple[float, float, float]
_BITS: Final = 4
_FAR: Final = 1e5


def gray(rng: np.random.Generator, low: float = 0, high: float = 255) -> Color:
    """Draw a gray with a tinge of another color, BGR."""
    base = rng.uniform(low, high)
    blue, green, red = np.clip(base + rng.normal(0, 7, 3), 0, 255)
    return float(blue), float(green), float(red)


def paint(rng: np.random.Generator) -> Color:
    """Draw the color of a vehicle's body: three in four are white, gray, silver or black."""
    if rng.random() < 0.72:
        return gray(rng, 8, 250)
    blue, green, red = rng.uniform(0, 230, 3)
    return float(blue), float(green), float(red)


def shaded(color: Color, factor: float) -> Color:
    """Return a color made darker or lighter."""
    blue, green, red = (min(255.0, value * factor) for value in color)
    return blue, green, red


@dataclass(frozen=True, slots=True)
class Pen:
    """Draws on `image` at `scale` pixels a meter; x runs right and y up from the pixel `origin`.

    `squeeze` narrows what is seen from aside, `slope` lets it fall to the right (pixels a pixel), `lean`
    shifts what stands higher to the right.
    """

    image: Image
    origin: tuple[float, float]
    scale: float
    squeeze: float = 1.0
    slope: float = 0.0
    lean: float = 0.0

    def at(self, points: Sequence[tuple[float, float]]) -> NDArray[np.float64]:
        """Return pixels, N x 2, of points in meters."""
        x, y = np.asarray(points, float).T * self.scale
        across = (x + y * self.lean) * self.squeeze
        return np.stack([self.origin[0] + across, self.origin[1] - y + across * self.slope], 1)

    def polygon(self, points: Sequence[tuple[float, float]], color: Color) -> None:
        """Fill a polygon."""
        cv2.fillPoly(self.image, [self._fixed(points)], color, cv2.LINE_AA, _BITS)

    def outline(self, points: Sequence[tuple[float, float]], color: Color, width: float) -> None:
        """Draw a polygon's edge, `width` in meters and at least a pixel."""
        thick = self._thick(width)
        cv2.polylines(self.image, [self._fixed(points)], True, color, thick, cv2.LINE_AA, _BITS)

    def rectangle(self, x: float, y: float, width: float, height: float, color: Color) -> None:
        """Fill a rectangle given by its lower left corner."""
        self.polygon(rectangle(x, y, width, height), color)

    def ellipse(self, x: float, y: float, width: float, height: float, color: Color) -> None:
        """Fill an ellipse given by its middle."""
        angle = np.linspace(0, 2 * np.pi, 20, endpoint=False)
        self.polygon(
            [(x + width / 2 * float(np.cos(a)), y + height / 2 * float(np.sin(a))) for a in angle], color
        )

    def line(self, start: tuple[float, float], end: tuple[float, float], color: Color, width: float) -> None:
        """Draw a line, `width` in meters and at least a pixel."""
        (one, two) = self._fixed([start, end])
        cv2.line(self.image, one.tolist(), two.tolist(), color, self._thick(width), cv2.LINE_AA, _BITS)

    def letters(self, text: str, x: float, y: float, height: float, color: Color, font: int = 0) -> None:
        """Write letters from their lower left corner, `height` in meters."""
        tall = height * self.scale
        if tall < 3:
            return
        ((left, base),) = self.at([(x, y)]).tolist()
        place = (round(min(max(left, -_FAR), _FAR)), round(min(max(base, -_FAR), _FAR)))
        cv2.putText(self.image, text, place, font, tall / 22, color, max(1, round(tall / 9)), cv2.LINE_AA)

    def _fixed(self, points: Sequence[tuple[float, float]]) -> NDArray[np.int32]:
        return np.round(np.clip(self.at(points), -_FAR, _FAR) * (1 << _BITS)).astype(np.int32)

    def _thick(self, width: float) -> int:
        return int(np.clip(round(width * self.scale), 1, 60))


def rectangle(x: float, y: float, width: float, height: float) -> list[tuple[float, float]]:
    """Return the corners of a rectangle given by its lower left corner, from the upper left clockwise."""
    return [(x, y + height), (x + width, y + height), (x + width, y), (x, y)]


def words(rng: np.random.Generator, least: int = 2, most: int = 10) -> str:
    """Draw letters and digits such as stand on signs, shops and tailgates."""
    letters = list("ABCDEFGHIJKLMNOPRSTUVWXYZ0123456789-")
    return "".join(rng.choice(letters, int(rng.integers(least, most + 1))).tolist())
