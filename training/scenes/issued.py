"""Plates as a state issues most of them: its colors and name, one common die, a serial of its first format.

Training wants every plate that was ever bent and stickered (`training.render`); a clip of traffic wants those
that can be read, so that what is not read tells of the road and the camera. No font is needed.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from training.render import RenderedPlate
from training.render.dies import MANNERS, Die, Measures
from training.render.fonts import text_mask
from training.render.marks import bolts, color, ground, ink_in
from training.render.states import designs

_SIZE: Final = (320, 160)
_DIE: Final = Die(
    measures=Measures(
        radius=0.4, small=0.35, waist=0.46, mouth=0.2, bar=0.74, stem=0.78, slant=0.35, notch=0.62
    ),
    # A 1 with a flag: as a bare stem it is the I of other dies.
    manners=dict.fromkeys(MANNERS, 0) | {"1": 2},
    weight=0.2,
    flat=True,
    thin=0.75,
)
# I and Q are issued by hardly any state, and O and J by few: they are taken for 1, 0 and U.
_LETTERS: Final = "ABCDEFGHKLMNPRSTUVWXYZ"


def issued_plate(rng: np.random.Generator) -> RenderedPlate:
    """Render a plate of a state drawn, six or seven signs."""
    states = sorted(designs())
    while True:
        state = states[int(rng.integers(len(states)))]
        design = designs()[state][0]
        drawn = "".join(_sign(rng, mark) for mark in design.formats[0])
        text = drawn.replace(" ", "")
        if 6 <= len(text) <= 7:
            break
    canvas = ground(rng, [color(code) for code in design.grounds], _SIZE)
    for edge, code in zip((slice(0, 26), slice(-26, None)), design.bands, strict=False):
        if code:
            canvas[edge] = color(code)
    name = text_mask(None, design.name.upper(), 17, widest=220)
    ink_in(canvas, name, (_SIZE[0] - name.shape[1]) // 2, 8, color(design.name_inks[0]))
    wide, high, gap, space = 31, 74, 8, 14
    left = (_SIZE[0] - sum(wide + gap if sign != " " else space for sign in drawn) + gap) // 2
    for sign in drawn:
        if sign != " ":
            ink_in(canvas, _DIE.mask(sign, wide, high), left, 48, color(design.inks[0]))
        left += space if sign == " " else wide + gap
    cv2.rectangle(canvas, (2, 2), (_SIZE[0] - 3, _SIZE[1] - 3), tuple(color(design.inks[0]).tolist()), 2)
    bolts(rng, canvas)
    corners = np.array([[0, 0], [_SIZE[0], 0], list(_SIZE), [0, _SIZE[1]]], np.float32)
    return RenderedPlate(np.clip(canvas, 0, 255).astype(np.uint8), text, state, corners)


def _sign(rng: np.random.Generator, mark: str) -> str:
    """Draw what stands for a mark of a format."""
    signs = {"A": _LETTERS, "9": "0123456789"}.get(mark, mark)
    return signs[int(rng.integers(len(signs)))]
