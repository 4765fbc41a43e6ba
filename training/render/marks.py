"""What stands on a plate beside its characters: grounds, scenery, emblems, stickers, bolts, frames."""

from __future__ import annotations

from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from training.render.dies import CHARACTERS, Die, Mask
from training.render.fonts import choose, text_mask

Canvas: TypeAlias = NDArray[np.float32]
Color: TypeAlias = NDArray[np.float32]

_STICKERS: Final = (
    "JAN",
    "OCT",
    "12",
    "08",
    "07",
    "MAY",
    "AUG",
    "99",
    "04",
    "13",
    "6",
    "NOV",
    "DEC",
    "2009",
    "11-10",
    "SEP",
)
_DEALERS: Final = (
    "CITY MOTORS",
    "(555) 555-0123",
    "AUTO CENTER",
    "Ford",
    "HONDA",
    "TOYOTA",
    "ALUMNI",
    "STEVENS",
    "www.dealer.com",
)


def color(code: str) -> Color:
    """Read `#rrggbb` as blue, green, red."""
    return np.array([int(code[at : at + 2], 16) for at in (5, 3, 1)], np.float32)


def any_color(rng: np.random.Generator, low: int = 0, high: int = 255) -> Color:
    """Draw a color whose channels lie in a range."""
    return rng.integers(low, high + 1, 3).astype(np.float32)


def ink_in(canvas: Canvas, mask: Mask, x: int, y: int, ink: Color, strength: float = 1.0) -> None:
    """Lay ink through a mask whose top left corner stands at (x, y); what falls outside is cut off."""
    height, width = mask.shape
    x0, y0 = max(0, x), max(0, y)
    x1, y1 = min(canvas.shape[1], x + width), min(canvas.shape[0], y + height)
    if x1 <= x0 or y1 <= y0:
        return
    cover = mask[y0 - y : y1 - y, x0 - x : x1 - x, None].astype(np.float32) * (strength / 255)
    canvas[y0:y1, x0:x1] += (ink - canvas[y0:y1, x0:x1]) * cover


def ground(rng: np.random.Generator, colors: list[Color], size: tuple[int, int]) -> Canvas:
    """Blend colors from top to bottom over a canvas of (width, height)."""
    width, height = size
    stops = np.linspace(0, 1, len(colors)) if len(colors) > 1 else np.array([0.0])
    if len(colors) > 2:
        stops[1:-1] += rng.uniform(-0.12, 0.12, len(colors) - 2)
    at = np.linspace(0, 1, height)
    table = np.stack([np.interp(at, stops, [c[channel] for c in colors]) for channel in range(3)], 1)
    return np.repeat(table[:, None].astype(np.float32), width, 1)


def _blob(
    rng: np.random.Generator, layer: Canvas, x: int, y: int, reach: int, ink: tuple[float, ...]
) -> None:
    corners = rng.integers(3, 10)
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
    radii = rng.uniform(0.3, 1.0, corners) * reach
    points = np.stack([x + radii * np.cos(angles), y + radii * np.sin(angles)], 1)
    cv2.fillPoly(layer, [points.astype(np.int32)], ink, cv2.LINE_AA)


def scenery(rng: np.random.Generator, canvas: Canvas, kind: str) -> None:
    """Paint hills, or a faint picture behind the characters."""
    height, width = canvas.shape[:2]
    layer = canvas.copy()
    base = canvas.mean((0, 1))
    for _ in range(int(rng.integers(1, 5))):
        ink = tuple(float(v) for v in np.clip(base + rng.uniform(-130, 30, 3), 0, 255))
        if kind == "hills":
            steps = int(rng.integers(5, 16))
            level = rng.uniform(0.5, 0.95) * height
            ys = level + rng.uniform(-22, 22, steps)
            points = np.stack([np.linspace(0, width, steps), ys], 1)
            outline = np.concatenate([points, [[width, height], [0, height]]]).astype(np.int32)
            cv2.fillPoly(layer, [outline], ink, cv2.LINE_AA)
        else:
            x, y = int(rng.normal(width / 2, width / 6)), int(rng.normal(height / 2, height / 8))
            if rng.random() < 0.5:
                _blob(rng, layer, x, y, int(rng.integers(15, 60)), ink)
            else:
                axes = (int(rng.integers(8, 70)), int(rng.integers(8, 55)))
                cv2.ellipse(
                    layer,
                    (x, y),
                    axes,
                    float(rng.uniform(0, 180)),
                    0,
                    360,
                    ink,
                    int(rng.choice([-1, 2, 5])),
                    cv2.LINE_AA,
                )
    share = float(rng.uniform(0.1, 0.65))
    canvas += (cv2.GaussianBlur(layer, (0, 0), float(rng.uniform(0.5, 3))) - canvas) * share


def emblem(rng: np.random.Generator, canvas: Canvas, x: int, y: int, width: int, height: int) -> None:
    """Paint a picture in a box: shapes over each other, with a letter or two in some."""
    for _ in range(int(rng.integers(1, 4))):
        ink = tuple(float(v) for v in any_color(rng))
        chance = rng.random()
        middle = (x + width // 2 + int(rng.integers(-2, 3)), y + height // 2 + int(rng.integers(-2, 3)))
        if chance < 0.35:
            axes = (max(1, int(width * rng.uniform(0.25, 0.5))), max(1, int(height * rng.uniform(0.25, 0.5))))
            cv2.ellipse(
                canvas,
                middle,
                axes,
                float(rng.uniform(0, 180)),
                0,
                360,
                ink,
                int(rng.choice([-1, -1, 2, 4])),
                cv2.LINE_AA,
            )
        elif chance < 0.75:
            _blob(rng, canvas, *middle, max(2, min(width, height) // 2), ink)
        elif chance < 0.9:
            corner = (x + int(width * rng.uniform(0, 0.3)), y + int(height * rng.uniform(0, 0.3)))
            other = (x + int(width * rng.uniform(0.7, 1)), y + int(height * rng.uniform(0.7, 1)))
            cv2.rectangle(canvas, corner, other, ink, int(rng.choice([-1, 2, 4])))
        else:
            for _ in range(4):
                xs = x + rng.integers(0, width + 1, 2)
                ys = y + rng.integers(0, height + 1, 2)
                start, end = (int(xs[0]), int(ys[0])), (int(xs[1]), int(ys[1]))
                cv2.line(canvas, start, end, ink, int(rng.integers(1, 6)), cv2.LINE_AA)
    if width > 24 and rng.random() < 0.45:
        letters = "".join(rng.choice(list(CHARACTERS), int(rng.integers(1, 4))))
        mask = text_mask(
            choose(rng, "serif"), letters, max(6, int(height * rng.uniform(0.2, 0.5))), widest=width
        )
        ink_in(
            canvas,
            mask,
            x + (width - mask.shape[1]) // 2,
            y + int(height * rng.uniform(0.1, 0.5)),
            any_color(rng),
        )


def stacked(
    rng: np.random.Generator, canvas: Canvas, die: Die, box: tuple[int, int, int, int], ink: Color
) -> None:
    """Stamp two or three small characters over each other in a box (x, y, width, height)."""
    x, y, width, height = box
    count = int(rng.choice([2, 2, 2, 3]))
    each = int(height / count * 0.86)
    for at in range(count):
        wide = max(4, min(width, int(each * rng.uniform(0.6, 0.9))))
        mask = die.mask(str(rng.choice(list(CHARACTERS))), wide, max(5, each))
        ink_in(canvas, mask, x + (width - wide) // 2, y + at * height // count, ink)


def sticker(rng: np.random.Generator, canvas: Canvas, corner: tuple[int, int]) -> None:
    """Glue a registration sticker into a corner: (0, 0) is top left, (1, 1) bottom right."""
    height, width = canvas.shape[:2]
    w, h = int(rng.integers(22, 50)), int(rng.integers(15, 30))
    margin_x, margin_y = int(rng.integers(2, 20)), int(rng.integers(1, 9))
    x = margin_x if corner[0] == 0 else width - w - margin_x
    y = margin_y if corner[1] == 0 else height - h - margin_y
    cv2.rectangle(
        canvas,
        (x, y),
        (x + w, y + h),
        tuple(float(v) for v in any_color(rng)),
        -1 if rng.random() < 0.8 else 2,
    )
    mask = text_mask(choose(rng, "sans"), str(rng.choice(_STICKERS)), max(6, h - 9), widest=w - 4)
    ink_in(canvas, mask, x + 3, y + 4, any_color(rng))


def bolts(rng: np.random.Generator, canvas: Canvas) -> None:
    """Drive bolts, or leave holes, at the top and often the bottom."""
    height, width = canvas.shape[:2]
    share, radius, depth = (
        float(rng.choice([0.2, 0.22, 0.25, 0.3])),
        int(rng.integers(3, 8)),
        int(rng.integers(8, 18)),
    )
    gray = float(rng.choice([20, 60, 120, 200]))
    rows = (depth, height - depth) if rng.random() < 0.7 else (depth,)
    for x in (int(share * width), int((1 - share) * width)):
        for y in rows:
            cv2.circle(canvas, (x, y), radius, (gray, gray, gray), -1, cv2.LINE_AA)
            if rng.random() < 0.4:
                cv2.circle(
                    canvas, (x - 1, y - 1), max(1, radius // 2), (min(255.0, gray + 60),) * 3, -1, cv2.LINE_AA
                )


def frame(rng: np.random.Generator, canvas: Canvas) -> None:
    """Put a dealer's frame around the plate, which covers some of its edge."""
    height, width = canvas.shape[:2]
    dark = rng.random() < 0.7
    metal = any_color(rng, 0, 60) if dark else np.full(3, rng.uniform(120, 230), np.float32)
    top, bottom, side = int(rng.integers(3, 27)), int(rng.integers(3, 30)), int(rng.integers(2, 9))
    canvas[:top] = metal
    canvas[height - bottom :] = metal
    canvas[:, :side] = metal
    canvas[:, width - side :] = metal
    for y, depth in ((0, top), (height - bottom, bottom)):
        if depth > 12 and rng.random() < 0.7:
            mask = text_mask(
                choose(rng, "sans"), str(rng.choice(_DEALERS)), depth - 6, widest=int(width * 0.9)
            )
            ink = any_color(rng, 170, 255) if dark else any_color(rng, 0, 80)
            ink_in(canvas, mask, (width - mask.shape[1]) // 2, y + 3, ink)
