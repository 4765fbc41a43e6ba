"""A plate rendered whole: ground, characters, and all that stands beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from training.render.dies import CHARACTERS, Die, Mask
from training.render.fonts import choose, text_mask
from training.render.marks import (
    Canvas,
    Color,
    any_color,
    bolts,
    color,
    emblem,
    frame,
    ground,
    ink_in,
    scenery,
    stacked,
    sticker,
)
from training.render.states import Design, designs, serial

WIDTH: Final = 320
HEIGHT: Final = 160
EU_SIZE: Final = (368, 80)


@dataclass(frozen=True, slots=True)
class RenderedPlate:
    """A clean plate. `text` is what a reader should read: large characters only, no separator.

    `image` is H x W x 3, BGR, uint8; `corners` are the plate's corners in it from the top left clockwise, 4
    x 2 float32. `state` is the USPS code, or None for a plate that no state gave.
    """

    image: NDArray[np.uint8]
    text: str
    state: str | None
    corners: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Face:
    """What a plate's characters are drawn with: a die, or a font."""

    die: Die
    font: object | None
    proportional: bool

    def mask(self, character: str, width: int, height: int) -> Mask:
        if self.font is None:
            return self.die.mask(character, width, height)
        mask = text_mask(self.font, character, height)  # type: ignore[arg-type] # a path
        natural = mask.shape[1]
        wide = width if character not in "1IJ" else min(width, max(3, int(natural * width / (0.62 * height))))
        if self.proportional:
            wide = min(wide, natural)
        return cv2.resize(mask, (max(3, wide), height), interpolation=cv2.INTER_AREA).astype(np.uint8)


def _face(rng: np.random.Generator, dies: str) -> _Face:
    chance = 0.7 if dies == "serif" else 0.32
    style = "serif" if dies == "serif" else "plate"
    font = choose(rng, style) if rng.random() < chance else None
    return _Face(Die.draw(rng), font, bool(rng.random() < 0.4))


def _palette(rng: np.random.Generator, design: Design) -> tuple[list[Color], Color, Color]:
    """Draw the grounds, the characters' ink and the name's; a fifth of plates bear colors of no state."""
    if rng.random() < 0.22:
        if rng.random() < 0.3:
            base, ink = any_color(rng, 0, 120), any_color(rng, 190, 255)
        else:
            base, ink = any_color(rng, 165, 255), any_color(rng, 0, 90)
        grounds = [
            np.clip(base + rng.uniform(-60, 25, 3), 0, 255).astype(np.float32)
            for _ in range(int(rng.integers(1, 4)))
        ]
        return grounds, ink, any_color(rng)
    shift = rng.uniform(-14, 14, 3).astype(np.float32)
    grounds = [np.clip(color(code) + shift, 0, 255) for code in design.grounds]
    return grounds, color(str(rng.choice(design.inks))) + shift, color(str(rng.choice(design.name_inks)))


def _separate(
    rng: np.random.Generator, canvas: Canvas, kind: str, box: tuple[float, float, float], ink: Color
) -> None:
    """Put a separator into the room (left, width, height of a character) between groups of characters."""
    left, width, height = box
    x, y = int(left + width / 2), int(canvas.shape[0] * rng.uniform(0.45, 0.6))
    tone = tuple(float(v) for v in ink)
    if kind == "dot":
        cv2.circle(canvas, (x, y), max(2, int(width * rng.uniform(0.12, 0.3))), tone, -1, cv2.LINE_AA)
    elif kind == "dash":
        reach, thick = (
            max(2, int(width * rng.uniform(0.2, 0.42))),
            max(1, int(height * rng.uniform(0.03, 0.08))),
        )
        cv2.rectangle(canvas, (x - reach, y - thick), (x + reach, y + thick), tone, -1)
    elif kind == "emblem":
        wide = max(4, int(width * rng.uniform(0.6, 1.35)))
        high = max(4, int(min(height * 1.3, wide * rng.uniform(0.7, 1.8))))
        emblem(rng, canvas, x - wide // 2, y - high // 2, wide, high)


def _wear(rng: np.random.Generator, canvas: Canvas, mask: Mask, ink: Color) -> None:
    """Lay the characters' ink, worn, outlined or embossed as chance has it."""
    cover = mask[..., None].astype(np.float32) / 255
    if rng.random() < 0.14:
        outline = cv2.dilate(mask, np.ones((5, 5), np.uint8))[..., None].astype(np.float32) / 255
        canvas += (255 - ink - canvas) * outline * 0.9
    paint = np.broadcast_to(ink, canvas.shape)
    if rng.random() < 0.25:
        rough = cv2.resize(rng.random((40, 80)).astype(np.float32), (canvas.shape[1], canvas.shape[0]))
        cover = cover * np.clip(rough * 1.6 + rng.uniform(0.3, 0.8), 0, 1)[..., None]
    canvas += (paint - canvas) * cover
    if rng.random() < 0.6:
        soft = cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), float(rng.uniform(0.8, 2.0)))
        depth = int(rng.integers(1, 4))
        side = int(rng.choice([-depth, 0, depth]))
        edge = np.roll(soft, (-depth, -side), (0, 1)) - np.roll(soft, (depth, side), (0, 1))
        canvas += (edge * rng.uniform(8, 65) * rng.choice([-1, 1]))[..., None]


def _characters(
    rng: np.random.Generator, canvas: Canvas, design: Design, text: str, ink: Color, face: _Face
) -> None:
    """Set the characters and what stands between and beside them."""
    height, width = canvas.shape[:2]
    groups = text.split(" ")
    count = sum(map(len, groups))
    high = int(height * rng.uniform(0.38, 0.6))
    middle = height * rng.uniform(0.47, 0.57)
    gap = rng.uniform(0.1, 0.38)
    kind = design.separator if rng.random() < 0.7 else str(rng.choice(["gap", "dot", "dash", "emblem"]))
    room = (
        float(rng.uniform(0.35, 0.9) if kind in ("gap", "dot") else rng.uniform(0.6, 1.7))
        if len(groups) > 1
        else 0.0
    )
    beside = (count <= 6 and rng.random() < (0.55 if design.scene == "left" else 0.28)) or rng.random() < 0.03
    small_after = count <= 6 and rng.random() < 0.12
    small_before = count <= 6 and rng.random() < 0.16
    units = count + (count - 1) * gap + room * (len(groups) - 1) + 0.8 * (small_after + small_before)
    picture = int(min(width * 0.26, high * rng.uniform(0.6, 1.2))) if beside else 0
    narrow = {"narrow": (0.4, 0.56), "wide": (0.55, 0.75)}.get(design.dies, (0.44, 0.72))
    free = width * rng.uniform(0.86, 0.97) - picture
    wide = min(free / units, high * rng.uniform(*narrow))
    total = wide * units
    # Most plates set their text in the middle of what is free; few let it stray.
    stray = rng.uniform(-0.5, 0.5) * max(0.0, free - total) * (0.8 if rng.random() < 0.2 else 0.15)
    x = (width - picture - total) / 2 + stray
    if picture:
        left = rng.random() < 0.85
        at = int(width * 0.03) if left else width - picture - int(width * 0.03)
        high_picture = int(picture * rng.uniform(0.7, 1.4))
        emblem(rng, canvas, at, int(middle - high_picture / 2), picture, high_picture)
        x += picture if left else 0
    mask = np.zeros((height, width), np.uint8)
    top = int(middle - high / 2)
    if small_before:
        stacked(rng, canvas, face.die, (int(x), top, int(wide * 0.6), high), ink)
        x += 0.8 * wide
    for number, group in enumerate(groups):
        if number:
            _separate(rng, canvas, kind, (x - gap * wide, wide * (room + gap), high), ink)
            x += room * wide
        for character in group:
            glyph = face.mask(character, max(4, int(wide)), high)
            left_edge = int(x + (wide - glyph.shape[1]) / 2)
            x0, x1 = max(0, left_edge), min(width, left_edge + glyph.shape[1])
            if x1 > x0:
                part = glyph[: height - top, x0 - left_edge : x1 - left_edge]
                mask[top : top + high, x0:x1] = np.maximum(mask[top : top + high, x0:x1], part)
            x += wide * (1 + gap)
    if small_after:
        stacked(rng, canvas, face.die, (int(x), top, int(wide * 0.6), high), ink)
    _wear(rng, canvas, mask, ink)


def _lettering(rng: np.random.Generator, canvas: Canvas, design: Design, ink: Color) -> None:
    """Print the state's name and slogan at top and bottom, and paint their bands."""
    height, width = canvas.shape[:2]
    for place, code in zip(("top", "bottom"), design.bands, strict=False):
        if code and rng.random() < 0.85:
            deep = int(rng.integers(18, 36))
            canvas[slice(0, deep) if place == "top" else slice(height - deep, height)] = color(code)
    at_top = (design.name_at == "top") == (rng.random() < 0.93)
    slogan = str(rng.choice(design.slogans)) if design.slogans else ""
    name = design.name if rng.random() < 0.9 else slogan
    for text, top, low, high in ((name, at_top, 13, 31), (slogan, not at_top, 8, 24)):
        if not text or rng.random() < (0.08 if text == name else 0.3):
            continue
        printed = text.upper() if rng.random() < 0.2 else text
        style = (
            design.style if rng.random() < 0.75 else str(rng.choice(["sans", "serif", "script", "narrow"]))
        )
        mask = text_mask(choose(rng, style), printed, int(rng.integers(low, high)), widest=int(width * 0.8))
        x = (width - mask.shape[1]) // 2 + int(rng.integers(-22, 23))
        y = int(rng.integers(1, 10)) if top else height - mask.shape[0] - int(rng.integers(1, 9))
        ink_in(canvas, mask, x, y, ink if rng.random() < 0.85 else any_color(rng))


def _render_state(rng: np.random.Generator, design: Design, text: str) -> Canvas:
    grounds, ink, name_ink = _palette(rng, design)
    canvas = ground(rng, grounds, (WIDTH, HEIGHT))
    if design.scene in ("hills", "watermark") and rng.random() < 0.85:
        scenery(rng, canvas, design.scene)
    elif rng.random() < 0.25:
        scenery(rng, canvas, str(rng.choice(["hills", "watermark"])))
    _lettering(rng, canvas, design, name_ink)
    _characters(rng, canvas, design, text, ink, _face(rng, design.dies))
    for corner in ((0, 0), (1, 0), (0, 1), (1, 1)):
        if rng.random() < 0.28:
            sticker(rng, canvas, corner)
    if rng.random() < 0.5:
        cv2.rectangle(
            canvas,
            (3, 3),
            (WIDTH - 4, HEIGHT - 4),
            tuple(float(v) for v in name_ink),
            int(rng.integers(1, 4)),
        )
    if rng.random() < 0.75:
        bolts(rng, canvas)
    if rng.random() < 0.3:
        frame(rng, canvas)
    return canvas


_EU_FORMATS: Final = (
    "AA 999 AA", "AA99 AAA", "A 999 AA", "AAA 9999", "9999 AAA", "AA 9999", "99 AAA 9", "9 AA 9999",
    "AAA 999", "AA AA 999", "A AA 9999", "AA 99999", "AAA 99A",
)  # fmt: skip
_EU_COUNTRIES: Final = (
    "D",
    "F",
    "I",
    "E",
    "GB",
    "NL",
    "B",
    "PL",
    "CZ",
    "A",
    "P",
    "HR",
    "SK",
    "H",
    "S",
    "FIN",
)


def _render_eu(rng: np.random.Generator, text: str) -> Canvas:
    width, height = EU_SIZE
    base = (
        np.full(3, rng.uniform(215, 255), np.float32)
        if rng.random() < 0.75
        else np.array([40, 190, 240], np.float32)
    )
    canvas = ground(rng, [base], EU_SIZE)
    band = int(width * rng.uniform(0.08, 0.12)) if rng.random() < 0.85 else 0
    if band:
        canvas[:, :band] = np.array([170, 70, 20], np.float32) + rng.uniform(-25, 25, 3).astype(np.float32)
        mask = text_mask(
            choose(rng, "sans"), str(rng.choice(_EU_COUNTRIES)), int(height * 0.25), widest=band - 6
        )
        ink_in(canvas, mask, (band - mask.shape[1]) // 2, int(height * 0.65), np.full(3, 250, np.float32))
    face = _face(rng, "any")
    ink = any_color(rng, 0, 40)
    high = int(height * rng.uniform(0.62, 0.78))
    units = len(text.replace(" ", "")) * 1.2 + 0.5 * text.count(" ")
    wide = min((width - band - 16) / units, high * rng.uniform(0.5, 0.68))
    x = band + (width - band - wide * units) / 2
    mask = np.zeros((height, width), np.uint8)
    top = (height - high) // 2
    for character in text:
        if character == " ":
            if rng.random() < 0.3:
                emblem(rng, canvas, int(x), int(height * 0.35), max(4, int(wide * 0.45)), int(height * 0.3))
            x += 0.5 * wide
            continue
        glyph = face.mask(character, max(4, int(wide)), high)
        left = int(x + (wide - glyph.shape[1]) / 2)
        cut = glyph[:, : max(0, width - left)]
        mask[top : top + high, left : left + cut.shape[1]] = cut
        x += wide * 1.2
    _wear(rng, canvas, mask, ink)
    cv2.rectangle(canvas, (2, 2), (width - 3, height - 3), (20.0, 20.0, 20.0), int(rng.integers(1, 4)))
    if rng.random() < 0.2:
        canvas[height - int(rng.integers(4, 9)) :] = any_color(rng, 0, 60)
    return canvas


def render_plate(
    rng: np.random.Generator, *, state: str | None = None, text: str | None = None, eu: float = 0.08
) -> RenderedPlate:
    """Render a clean plate.

    `state` fixes the state (a USPS code), `text` what the plate bears (a space stands where a separator
    does); otherwise both are drawn, and a share `eu` of plates has the European shape and no state. The same
    generator state gives the same plate where the same fonts are installed. Raises KeyError for an unknown
    state and for other characters than A-Z0-9.
    """
    if state is None and rng.random() < eu:
        text = text or "".join(
            str(rng.choice(list(CHARACTERS[10:] if mark == "A" else CHARACTERS[:10]))) if mark != " " else " "
            for mark in str(rng.choice(_EU_FORMATS))
        )
        canvas = _render_eu(rng, text)
    else:
        by_state = designs()
        state = state or str(rng.choice(list(by_state)))
        design = by_state[state][int(rng.integers(len(by_state[state])))]
        text = text or serial(rng, design)
        canvas = _render_state(rng, design, text)
    height, width = canvas.shape[:2]
    return RenderedPlate(
        image=np.clip(canvas, 0, 255).astype(np.uint8),
        text=text.replace(" ", ""),
        state=state,
        corners=np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32),
    )
