"""A scene rendered whole: a street, vehicles, their plates with exact boxes, weather and camera."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from training.render import RenderedPlate, render_plate
from training.scenes.pen import Image, Pen, rectangle
from training.scenes.street import street
from training.scenes.vehicle import Vehicle, draw_vehicle, recess

MakePlate: TypeAlias = Callable[[np.random.Generator], RenderedPlate]
# Meters: the plates of North America, and of Europe.
_US: Final = (0.305, 0.152)
_EU: Final = (0.520, 0.110)
_COUNTS: Final = (0.08, 0.6, 0.22, 0.1)
_LEAST_SEEN: Final = 0.55


@dataclass(frozen=True, slots=True)
class Plate:
    """A plate of a scene: `box` is x1, y1, x2, y2 in pixels, cut at the picture's edge."""

    box: tuple[float, float, float, float]
    text: str = field(repr=False)
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture, H x W x 3 BGR, and all plates that can be seen in it."""

    image: Image
    plates: tuple[Plate, ...]


def render_scene(
    rng: np.random.Generator,
    *,
    size: tuple[int, int] = (320, 192),
    plate: MakePlate = render_plate,
    median: float = 30.0,
    spread: float = 0.65,
) -> Scene:
    """Render a scene of (width, height).

    Plates are log-normally wide with `median` pixels and `spread`; `plate` makes them. The same generator
    state gives the same scene where the same fonts are installed.
    """
    image = street(rng, size)
    plates: list[Plate] = []
    taken: list[tuple[float, float, float]] = []
    for _ in range(int(rng.choice(len(_COUNTS), p=_COUNTS))):
        wide = float(np.clip(median * math.exp(rng.normal(0, spread)), 9, size[0] * 0.6))
        if plates:
            wide *= rng.uniform(0.5, 1)
        x, y = _place(rng, size, wide)
        if any(abs(x - a) < (wide + w) * 1.8 and abs(y - b) < (wide + w) * 2.5 for a, b, w in taken):
            continue
        taken.append((x, y, wide))
        before = image.copy()
        new = _vehicle(rng, image, (x, y), wide, plate)
        plates = [each for each in plates if not _hidden(before, image, each)] + new
    if rng.random() < 0.25:
        before = image.copy()
        _bare_vehicle(rng, image, taken)
        plates = [each for each in plates if not _hidden(before, image, each)]
    return Scene(_seen(rng, image), tuple(plates))


def _hidden(before: Image, after: Image, plate: Plate) -> bool:
    """Return whether something was drawn over a part of a plate."""
    left, top, right, bottom = (round(edge) for edge in plate.box)
    changed = (before[top:bottom, left:right] != after[top:bottom, left:right]).any(2)
    return changed.size == 0 or float(changed.mean()) > 1 - _LEAST_SEEN


def _place(rng: np.random.Generator, size: tuple[int, int], wide: float) -> tuple[float, float]:
    """Draw where a plate's middle is: mostly anywhere within, some at the picture's edge."""
    width, height = size
    x, y = rng.uniform(wide * 0.55, width - wide * 0.55), rng.uniform(0.12, 0.97) * height
    if rng.random() < 0.12:
        edge = int(rng.integers(3))
        x = (wide * rng.uniform(0.2, 0.6), width - wide * rng.uniform(0.2, 0.6), x)[edge]
        y = (y, y, wide * rng.uniform(0.2, 0.4))[edge]
    return float(x), float(y)


def _vehicle(
    rng: np.random.Generator, image: Image, middle: tuple[float, float], wide: float, make: MakePlate
) -> list[Plate]:
    """Draw a vehicle with its plate `wide` pixels wide at `middle`; returns the plate if enough is seen."""
    plate = make(rng)
    meters = _EU if plate.state is None and rng.random() < 0.8 else _US
    if meters is _EU:
        wide *= 1.5
    car = Vehicle.draw(rng)
    yaw = float(np.clip(rng.normal(0, 0.3), -0.75, 0.75))
    squeeze = math.cos(yaw)
    scale = wide / meters[0] / squeeze
    bare = Pen(
        image, (0.0, 0.0), scale, squeeze,
        slope=math.sin(yaw) * rng.uniform(-0.12, 0.18) + rng.normal(0, 0.03),
        lean=float(rng.normal(0, 0.02)),
    )  # fmt: skip
    ((x, y),) = bare.at([car.plate]).tolist()
    pen = Pen(image, (middle[0] - x, middle[1] - y), scale, squeeze, bare.slope, bare.lean)
    if rng.random() < 0.94:
        draw_vehicle(rng, pen, car, math.sin(yaw) * rng.uniform(2.5, 4.5) / squeeze)
    recess(rng, pen, car.plate, meters)
    around = rectangle(car.plate[0] - meters[0] / 2, car.plate[1] - meters[1] / 2, *meters)
    corners = pen.at(around)
    corners += rng.normal(0, 0.012, (4, 2)) * wide
    _paste(rng, image, plate.image, corners)
    box = _seen_box(corners, image.shape)
    return [Plate(box, plate.text, plate.state)] if box is not None else []


def _seen_box(
    corners: NDArray[np.float64], shape: tuple[int, ...]
) -> tuple[float, float, float, float] | None:
    """Return the box around corners within the picture, or None where too little of it is seen."""
    height, width = shape[:2]
    (x1, y1), (x2, y2) = corners.min(0), corners.max(0)
    whole = (x2 - x1) * (y2 - y1)
    x1, x2 = np.clip([x1, x2], 0, width)
    y1, y2 = np.clip([y1, y2], 0, height)
    if (x2 - x1) * (y2 - y1) < _LEAST_SEEN * whole:
        return None
    return float(x1), float(y1), float(x2), float(y2)


def _bare_vehicle(rng: np.random.Generator, image: Image, taken: list[tuple[float, float, float]]) -> None:
    """Draw a far vehicle whose plate cannot be seen, away from the others."""
    height, width = image.shape[:2]
    x, y, scale = rng.uniform(0, width), rng.uniform(0.2, 0.9) * height, rng.uniform(12, 40)
    if all(abs(x - a) > (w * 4 + scale * 2.5) for a, _, w in taken):
        pen = Pen(image, (x, y), scale)
        draw_vehicle(rng, pen, Vehicle.draw(rng), float(rng.normal(0, 2.0)))


def _paste(rng: np.random.Generator, image: Image, plate: Image, corners: NDArray[np.float64]) -> None:
    """Lay a plate onto four corners, its light fitted to some degree to the scene's."""
    low = np.floor(corners.min(0)).astype(int) - 1
    high = np.ceil(corners.max(0)).astype(int) + 2
    (left, top), (right, bottom) = np.maximum(low, 0), np.minimum(high, image.shape[1::-1])
    if right <= left or bottom <= top:
        return
    wide, tall = (high - low).tolist()
    small = cv2.resize(plate, (max(6, wide), max(3, tall)), interpolation=cv2.INTER_AREA)
    rows, columns = small.shape[:2]
    source = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32) - 0.5
    change = cv2.getPerspectiveTransform(source, (corners - [left, top] - 0.5).astype(np.float32))
    size = (int(right - left), int(bottom - top))
    laid = cv2.warpPerspective(small, change, size, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    cover = np.zeros((size[1], size[0]), np.uint8)
    fixed = np.round((corners - [left, top] - 0.5) * 16).astype(np.int32)
    cv2.fillConvexPoly(cover, fixed, 255, cv2.LINE_AA, 4)
    mean = laid.mean()
    faded = mean + (laid - mean) * rng.uniform(0.55, 1.05)
    gain = rng.uniform(0.3, 1.0) if rng.random() < 0.5 else rng.uniform(0.8, 1.15)
    lit = faded * gain + rng.uniform(-10, 20)
    if rng.random() < 0.25:
        # A shadow from above falls on many plates.
        rows_dark = int(size[1] * rng.uniform(0.1, 0.6))
        lit[:rows_dark] *= rng.uniform(0.45, 0.9)
    part = image[top:bottom, left:right]
    share = cover[..., None].astype(np.float32) / 255
    part[:] = np.clip(part + (lit - part) * share, 0, 255).astype(np.uint8)


def _seen(rng: np.random.Generator, image: Image) -> Image:
    """See a scene by day or night, through rain and a camera."""
    height, width = image.shape[:2]
    seen: NDArray[Any] = image.astype(np.float32)
    night = rng.random() < 0.16
    if night:
        seen *= rng.uniform(0.15, 0.55)
        x, y = np.arange(width)[None], np.arange(height)[:, None]
        for _ in range(int(rng.integers(0, 4))):
            a, b, r = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(4, 50)
            glow = np.exp(-((x - a) ** 2 + (y - b) ** 2) / (2 * r * r))
            seen += (rng.uniform(30, 220) * glow)[..., None]
    elif rng.random() < 0.45:
        coarse = rng.uniform(0.45, 1.15, (int(rng.integers(2, 5)), int(rng.integers(2, 6))))
        seen *= cv2.resize(coarse.astype(np.float32), (width, height))[..., None]
    if rng.random() < 0.06:
        tone = float(rng.uniform(120, 230))
        for _ in range(int(rng.integers(20, 120))):
            a, b = int(rng.integers(0, width)), int(rng.integers(0, height))
            cv2.line(seen, (a, b), (a - 1, b + int(rng.integers(3, 12))), (tone, tone, tone), 1)
    if rng.random() < 0.12:
        haze = rng.uniform(0.15, 0.5)
        seen = seen * (1 - haze) + rng.uniform(120, 220) * haze
    seen = seen * rng.uniform(0.7, 1.25) * rng.uniform(0.92, 1.08, 3) + rng.uniform(-15, 20)
    if rng.random() < 0.6:
        seen = cv2.GaussianBlur(seen, (0, 0), float(rng.uniform(0.3, 1.1)))
    if rng.random() < 0.08:
        length = int(rng.integers(2, 5))
        seen = cv2.blur(seen, (length, 1) if rng.random() < 0.7 else (1, length))
    seen += rng.standard_normal(seen.shape, np.float32) * rng.uniform(0, 7)
    done: Image = np.clip(seen, 0, 255).astype(np.uint8)
    if rng.random() < 0.15:
        done = np.repeat(cv2.cvtColor(done, cv2.COLOR_BGR2GRAY)[..., None], 3, 2).astype(np.uint8)
    if rng.random() < 0.6:
        written = cv2.imencode(".jpg", done, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 92))])[1]
        done = np.asarray(cv2.imdecode(written, cv2.IMREAD_COLOR), np.uint8)
    return done
