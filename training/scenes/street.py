"""What stands around vehicles: road, sky, walls, fences, shrubs, and signs whose letters are no plate's."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from training.scenes.pen import Color, Image, Pen, gray, words

_SIGNS: Final[tuple[Color, ...]] = (
    (255, 255, 255), (40, 190, 240), (60, 110, 20), (150, 80, 20), (30, 30, 200), (20, 120, 240),
)  # fmt: skip


def street(rng: np.random.Generator, size: tuple[int, int]) -> Image:
    """Return a picture, (width, height), with a street and no vehicle."""
    width, height = size
    image = np.empty((height, width, 3), np.uint8)
    horizon = int(height * rng.uniform(-0.2, 0.55))
    _fill(rng, image[: max(0, horizon)], gray(rng, 60, 255))
    _fill(rng, image[max(0, horizon) :], gray(rng, 40, 190))
    _mottle(rng, image)
    if rng.random() < 0.6:
        _greenery(rng, image, horizon)
    if rng.random() < 0.5:
        _buildings(rng, image, horizon)
    if rng.random() < 0.35:
        _fence(rng, image)
    for _ in range(int(rng.integers(0, 4))):
        _marking(rng, image, horizon)
    for _ in range(int(rng.integers(0, 5))):
        _clutter(rng, image)
    for _ in range(int(rng.integers(0, 3))):
        sign(rng, image)
    return image


def sign(rng: np.random.Generator, image: Image) -> None:
    """Put a road sign, a shop's letters or a timestamp anywhere."""
    height, width = image.shape[:2]
    tall = float(np.exp(rng.normal(2.3, 0.45)))
    pen = Pen(image, (rng.uniform(-10, width), rng.uniform(0, height)), tall, slope=rng.normal(0, 0.05))
    text = words(rng)
    if rng.random() < 0.6:
        ground = _SIGNS[int(rng.integers(len(_SIGNS)))]
        long = 0.75 * len(text) + 0.5
        rows = int(rng.integers(1, 4))
        pen.rectangle(-0.3, -0.4 - 1.3 * (rows - 1), long, 1.3 * rows + 0.5, ground)
        for row in range(1, rows):
            pen.letters(words(rng), 0, -1.3 * row, 1, gray(rng, 0, 90), int(rng.integers(0, 4)))
        ink = gray(rng, 0, 70) if sum(ground) > 380 else gray(rng, 200, 255)
        pen.letters(text, 0, 0, 1, ink, int(rng.integers(0, 4)))
        return
    pen.letters(text, 0, 0, 1, gray(rng), int(rng.integers(0, 4)))


def _fill(rng: np.random.Generator, part: Image, base: Color) -> None:
    if part.size:
        slope = np.linspace(rng.uniform(-35, 35), rng.uniform(-35, 35), len(part))[:, None, None]
        part[:] = np.clip(np.array(base) + slope, 0, 255).astype(np.uint8)


def _mottle(rng: np.random.Generator, image: Image) -> None:
    """Lay shadows and unevenness of several sizes over everything."""
    height, width = image.shape[:2]
    total = np.zeros((height, width), np.float32)
    for cells in (3, 9, 40):
        rough = rng.normal(0, rng.uniform(1, 13), (cells, cells * 2)).astype(np.float32)
        total += cv2.resize(rough, (width, height), interpolation=cv2.INTER_LINEAR)
    image[:] = np.clip(image + total[..., None], 0, 255).astype(np.uint8)


def _greenery(rng: np.random.Generator, image: Image, horizon: int) -> None:
    height, width = image.shape[:2]
    for _ in range(int(rng.integers(1, 9))):
        green = np.array([rng.uniform(10, 80), rng.uniform(40, 140), rng.uniform(20, 110)])
        middle = np.array([rng.uniform(0, width), horizon + rng.normal(0, height * 0.2)])
        spread = rng.uniform(5, 40)
        for _ in range(int(rng.integers(6, 22))):
            x, y = middle + rng.normal(0, spread, 2) * [1.6, 0.6]
            tone = np.clip(green * rng.uniform(0.3, 1.3), 0, 255).tolist()
            radius = int(rng.integers(2, max(3, int(spread * 0.5))))
            cv2.circle(image, (int(x), int(y)), radius, tone, -1)


def _buildings(rng: np.random.Generator, image: Image, horizon: int) -> None:
    height, width = image.shape[:2]
    for _ in range(int(rng.integers(1, 4))):
        left, wide = rng.uniform(-60, width), rng.uniform(30, 180)
        top = rng.uniform(-60, max(10, horizon))
        wall = gray(rng, 40, 235)
        foot = int(horizon + rng.uniform(0, height * 0.15))
        cv2.rectangle(image, (int(left), int(top)), (int(left + wide), foot), wall, -1)
        step, tall = rng.uniform(8, 30), rng.uniform(6, 24)
        pane = gray(rng, 0, 200)
        for x in np.arange(left + 3, left + wide - step * 0.6, step):
            for y in np.arange(top + 4, foot - tall, tall * 1.7):
                corner = (int(x + step * 0.6), int(y + tall))
                cv2.rectangle(image, (int(x), int(y)), corner, pane, -1)


def _fence(rng: np.random.Generator, image: Image) -> None:
    """Draw bars or a rail across a part of the picture."""
    height, width = image.shape[:2]
    left, top = rng.uniform(-50, width * 0.8), rng.uniform(-20, height * 0.6)
    wide, tall = rng.uniform(20, width), rng.uniform(25, height)
    tone, step = gray(rng, 0, 220), rng.uniform(3, 16)
    thick = int(rng.integers(1, 4))
    for x in np.arange(left, left + wide, step):
        cv2.line(image, (int(x), int(top)), (int(x), int(top + tall)), tone, thick)
    for y in (top, top + tall):
        cv2.line(image, (int(left), int(y)), (int(left + wide), int(y)), tone, thick + 1)


def _marking(rng: np.random.Generator, image: Image, horizon: int) -> None:
    """Draw a lane's line, a curb or a striped bump on the road."""
    height, width = image.shape[:2]
    low = max(0, horizon)
    start = np.array([rng.uniform(-0.3, 1.3) * width, rng.uniform(low, height + 10)])
    end = np.array([rng.uniform(-0.3, 1.3) * width, rng.uniform(low, height + 10)])
    tone = (gray(rng, 140, 255), (40.0, 190.0, 220.0), gray(rng, 20, 90))[int(rng.integers(3))]
    pieces = 1 if rng.random() < 0.6 else int(rng.integers(4, 16))
    thick = int(rng.integers(1, 7))
    for at in np.linspace(0, 1, pieces, endpoint=False):
        one, two = start + (end - start) * at, start + (end - start) * (at + 0.55 / pieces)
        two = end if pieces == 1 else two
        cv2.line(image, one.astype(int).tolist(), two.astype(int).tolist(), tone, thick, cv2.LINE_AA)


def _clutter(rng: np.random.Generator, image: Image) -> None:
    """Draw a pole, a box, a cone or a bright pane."""
    height, width = image.shape[:2]
    x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
    tone = gray(rng) if rng.random() < 0.7 else tuple(rng.uniform(0, 255, 3).tolist())
    kind = int(rng.integers(4))
    if kind == 0:
        cv2.line(image, (x, y), (x, y + int(rng.integers(20, 150))), tone, int(rng.integers(1, 6)))
    elif kind == 1:
        corner = (x + int(rng.integers(4, 70)), y + int(rng.integers(4, 45)))
        cv2.rectangle(image, (x, y), corner, tone, -1)
    elif kind == 2:
        corners = np.array([[x, y], [x + 8, y + 24], [x - 8, y + 24]], np.int32)
        cv2.fillPoly(image, [corners], tone, cv2.LINE_AA)
    else:
        corners = rng.normal([x, y], [25, 18], (4, 2)).astype(np.int32)
        cv2.fillPoly(image, [cv2.convexHull(corners)], tone, cv2.LINE_AA)
