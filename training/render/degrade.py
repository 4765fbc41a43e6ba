"""What camera, light and road make of a plate: from a clean rendering to the gray crop a reader gets."""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Gray: TypeAlias = NDArray[np.uint8]
Image: TypeAlias = NDArray[np.uint8]


def _gray(rng: np.random.Generator, image: Image) -> Gray:
    """Reduce colors to one channel: as the eye weighs them, or as an infrared or cheap sensor might."""
    weights = np.array([0.114, 0.587, 0.299], np.float32)
    if rng.random() < 0.35:
        weights = rng.dirichlet([2.0, 2.0, 2.0]).astype(np.float32)
    return cv2.transform(image, weights[None]).astype(np.uint8).reshape(image.shape[:2])


def placed(rng: np.random.Generator, plate: Gray, size: tuple[int, int]) -> Gray:
    """Set a plate into a crop of (width, height), tilted and seen from aside, on whatever is behind it."""
    width, height = size
    tight = rng.random() < 0.25
    low, high = (-0.07, 0.04) if tight else (-0.02, 0.15)
    left, right, top, bottom = rng.uniform(low, high, 4)
    quad = np.array([[left, top], [1 - right, top], [1 - right, 1 - bottom], [left, 1 - bottom]])
    angle = np.deg2rad(rng.normal(0, 4.0))
    middle = quad.mean(0)
    offset = (quad - middle) * [2, 1]
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    offset = offset @ turn.T
    offset[:, 0] += offset[:, 1] * rng.normal(0, 0.13)
    offset[:, 1] += offset[:, 0] * rng.normal(0, 0.03)
    offset /= [2, 1]
    if rng.random() < 0.75:
        # A detector's box holds the whole plate.
        offset *= np.minimum(1, 0.55 / np.abs(offset).max(0))
    quad = middle + offset + rng.normal(0, 0.012, (4, 2))
    source = np.array(
        [[0, 0], [plate.shape[1], 0], [plate.shape[1], plate.shape[0]], [0, plate.shape[0]]], np.float32
    )
    transform = cv2.getPerspectiveTransform(source, (quad * [width, height]).astype(np.float32))
    behind = np.full(
        (height, width), rng.integers(0, 256) if rng.random() < 0.4 else rng.integers(0, 90), np.uint8
    )
    if rng.random() < 0.6:
        coarse = rng.integers(0, 256, (int(rng.integers(2, 7)), int(rng.integers(2, 9))), np.uint8)
        way = cv2.INTER_LINEAR if rng.random() < 0.6 else cv2.INTER_NEAREST
        spread = cv2.resize(coarse, size, interpolation=way).astype(np.float32)
        behind = np.clip(spread * rng.uniform(0, 0.6) + behind * 0.5, 0, 255).astype(np.uint8)
    return cv2.warpPerspective(
        plate, transform, size, dst=behind, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_TRANSPARENT
    ).astype(np.uint8)


def light(rng: np.random.Generator, image: Image) -> Image:
    """Change how an image is lit: shadow, dirt, glare, contrast, exposure; some as dark as at night."""
    height, width = image.shape[:2]
    flat = image.ndim == 2
    lit = image.astype(np.float32)
    factor = np.ones((height, width), np.float32)
    if rng.random() < 0.35:
        coarse = rng.uniform(0.3, 1.1, (int(rng.integers(1, 4)), int(rng.integers(2, 5)))).astype(np.float32)
        factor *= cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.15:
        across = (
            np.arange(width)[None] - rng.uniform(0, width) + rng.uniform(-1, 1) * np.arange(height)[:, None]
        )
        factor *= np.where(across > 0, np.float32(rng.uniform(0.35, 0.8)), np.float32(1))
    lit *= factor if flat else factor[..., None]
    if rng.random() < 0.15:
        coarse = rng.random((int(rng.integers(6, 17)), int(rng.integers(12, 40)))).astype(np.float32)
        spots = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        cover = np.clip((spots - rng.uniform(0.55, 0.8)) * 4, 0, 1) * rng.uniform(0.3, 0.75)
        cover = cover if flat else cover[..., None]
        lit += (rng.uniform(20, 160) - lit) * cover
    if rng.random() < 0.15:
        x, y = (
            np.arange(width)[None] - rng.uniform(0, width),
            np.arange(height)[:, None] - rng.uniform(0, height),
        )
        glow = rng.uniform(40, 200) * np.exp(-(x**2 + (2 * y) ** 2) / (2 * rng.uniform(6, width / 3) ** 2))
        lit += (glow if flat else glow[..., None]).astype(np.float32)
    contrast = rng.uniform(0.45, 1.25) if rng.random() < 0.75 else rng.uniform(0.15, 0.5)
    mean = float(lit.mean())
    level = rng.uniform(35, 220) if rng.random() < 0.5 else mean * contrast + rng.uniform(0, 30)
    lit = (lit - mean) * contrast + level
    if rng.random() < 0.3:
        lit = 255 * np.power(np.clip(lit, 0, 255) / 255, np.exp(rng.normal(0, 0.5)))
    return np.clip(lit, 0, 255).astype(np.uint8)


def _smeared(rng: np.random.Generator, image: Image) -> Image:
    """Blur an image along a line, as motion does."""
    length = int(rng.integers(2, 7))
    kernel = np.zeros((length, length), np.float32)
    chance = rng.random()
    if chance < 0.6:
        kernel[length // 2] = 1
    elif chance < 0.8:
        kernel[:, length // 2] = 1
    else:
        np.fill_diagonal(kernel, 1)
    return cv2.filter2D(image, -1, kernel / kernel.sum()).astype(np.uint8)


def camera(rng: np.random.Generator, image: Image, *, smallest: int = 12) -> Image:
    """See an image through a camera: blur, motion, as few as `smallest` rows, noise, sharpening, JPEG."""
    height, width = image.shape[:2]
    if rng.random() < 0.35:
        image = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.4, 1.4))).astype(np.uint8)
    if rng.random() < 0.2:
        image = _smeared(rng, image)
    if rng.random() > 0.8:
        return _noisy(rng, image, 0.2) if rng.random() < 0.5 else image
    share = float(rng.triangular(smallest / height, 0.7, 1.1))
    rows = max(smallest, int(height * share * rng.uniform(0.85, 1.5)))
    small = cv2.resize(
        image,
        (max(16, int(width * share)), rows),
        interpolation=cv2.INTER_AREA if rng.random() < 0.8 else cv2.INTER_LINEAR,
    ).astype(np.uint8)
    if rng.random() < 0.6:
        small = _noisy(rng, small, 0.2)
    if rng.random() < 0.28:
        soft = cv2.GaussianBlur(small, (0, 0), 1.0)
        amount = float(rng.uniform(0.4, 1.4))
        small = cv2.addWeighted(small, 1 + amount, soft, -amount, 0).astype(np.uint8)
    if rng.random() < 0.65:
        written = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 90))])[1]
        small = np.asarray(cv2.imdecode(written, cv2.IMREAD_UNCHANGED), np.uint8)
    way = cv2.INTER_LINEAR if rng.random() < 0.7 else cv2.INTER_CUBIC
    return cv2.resize(small, (width, height), interpolation=way).astype(np.uint8)


def _noisy(rng: np.random.Generator, image: Image, most: float) -> Image:
    noise = rng.standard_normal(image.shape, np.float32) * (
        float(image.std()) * rng.uniform(0.02, most) + 0.5
    )
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def degrade(rng: np.random.Generator, image: Image, *, size: tuple[int, int]) -> Gray:
    """Make a gray crop of (width, height) from a clean plate (BGR): placed, lit, seen through a camera."""
    return camera(rng, light(rng, placed(rng, _gray(rng, image), size)))
