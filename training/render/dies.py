"""The shapes of embossed characters: glyphs as strokes, of which a `Die` draws one manner of each.

A plate's characters are stamped with dies, and no two states own the same set. A stroke is a line through
corners in the unit square (y down); a corner with a radius is rounded, and the radius is a share of the
glyph's width. Each character has one or more manners (an open or closed 4, a bare or footed 1); a die draws
one manner of each for a whole plate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

CHARACTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

Corner: TypeAlias = tuple[float, ...]  # x, y and, where the corner is rounded, its radius
Stroke: TypeAlias = Sequence[Corner]
Mask: TypeAlias = NDArray[np.uint8]

# Sub-pixel bits of OpenCV's line drawing.
_SHIFT: Final = 4
_STEPS: Final = 7


@dataclass(frozen=True, slots=True)
class Measures:
    """What the glyphs of one die have in common; lengths are shares of the glyph's box."""

    radius: float  # of large bowls, in widths
    small: float  # of small bowls, in widths
    waist: float  # height of the middle bar
    mouth: float  # how far terminals of C, G, S, 2, 3, 5 come down
    bar: float  # height of the 4's and A's bar
    stem: float  # where the 4's stem stands
    slant: float  # how far a 7's and Y's foot leans
    notch: float  # how deep M's and W's middle goes


def measure(rng: np.random.Generator) -> Measures:
    """Draw the measures of one die."""
    radius = rng.uniform(0.22, 0.5)
    return Measures(
        radius=radius,
        small=min(radius, rng.uniform(0.2, 0.5)),
        waist=rng.uniform(0.42, 0.54),
        mouth=rng.uniform(0.17, 0.32),
        bar=rng.uniform(0.6, 0.8),
        stem=rng.uniform(0.6, 0.86),
        slant=rng.uniform(0.15, 0.5),
        notch=rng.uniform(0.4, 1.0),
    )


def _loop(top: float, bottom: float, radius: float, left: float = 0.0, right: float = 1.0) -> Stroke:
    middle = (left + right) / 2
    return [
        (middle, top),
        (right, top, radius),
        (right, bottom, radius),
        (left, bottom, radius),
        (left, top, radius),
        (middle, top),
    ]


def _turned(strokes: Sequence[Stroke]) -> list[Stroke]:
    return [[(1 - corner[0], 1 - corner[1], *corner[2:]) for corner in stroke] for stroke in strokes]


_Manner: TypeAlias = Callable[[Measures], Sequence[Stroke]]


def _zero_slashed(m: Measures) -> Sequence[Stroke]:
    return [_loop(0, 1, m.radius), [(0.18, 0.8), (0.82, 0.2)]]


def _six_curved(m: Measures) -> Sequence[Stroke]:
    top = [(1.0, m.mouth), (1.0, 0.0, m.small), (0.0, 0.0, m.radius), (0.0, 0.7)]
    return [top, _loop(m.waist - 0.06, 1, m.small)]


def _six_straight(m: Measures) -> Sequence[Stroke]:
    return [[(0.75, 0.0), (0.12, 0.48), (0.0, 0.7)], _loop(m.waist - 0.05, 1, m.small)]


def _six_open(m: Measures) -> Sequence[Stroke]:
    return [[(0.9, 0.0), (0.35, 0.0, m.radius), (0.0, 0.3, 0.3), (0.0, 0.75)], _loop(m.waist, 1, m.small)]


def _bowls(m: Measures, *, inset: float) -> Sequence[Stroke]:
    return [
        [
            (0.0, m.waist),
            (0.0, 0.0),
            (1 - inset, 0.0, m.small),
            (1 - inset, m.waist, m.small),
            (0.0, m.waist),
        ],
        [(0.0, m.waist), (1.0, m.waist, m.small), (1.0, 1.0, m.small), (0.0, 1.0), (0.0, m.waist)],
    ]


def _snake(m: Measures, start: float, end: float) -> Stroke:
    return [
        (1.0, start),
        (1.0, 0.0, m.small),
        (0.0, 0.0, m.small),
        (0.0, m.waist, m.small),
        (1.0, m.waist, m.small),
        (1.0, 1.0, m.small),
        (0.0, 1.0, m.small),
        (0.0, end),
    ]


def _head(m: Measures) -> Stroke:
    # A tight corner here would make a Z of a 2.
    radius = max(m.small, 0.32)
    return [(0.0, m.mouth), (0.0, 0.0, radius), (1.0, 0.0, radius)]


def _crown(m: Measures, *, end: float) -> Stroke:
    """Return a head that is an arc from its short hook over the top to `end` degrees below the right."""
    turns = np.linspace(np.pi * 1.06, -np.deg2rad(end), 9)
    return [(0.5 + 0.5 * float(np.cos(t)), m.mouth * (1 - float(np.sin(t)))) for t in turns]


def _tail(m: Measures) -> Stroke:
    return [(1.0, 1.0, m.small), (0.0, 1.0, m.small), (0.0, 1 - m.mouth)]


def _round_p(m: Measures) -> Stroke:
    return [
        (0.0, 1.0),
        (0.0, 0.0),
        (1.0, 0.0, m.small),
        (1.0, m.waist + 0.05, m.small),
        (0.0, m.waist + 0.05),
    ]


def _mouthed(m: Measures) -> Stroke:
    return [
        (1.0, m.mouth + 0.04),
        (1.0, 0.0, m.radius),
        (0.0, 0.0, m.radius),
        (0.0, 1.0, m.radius),
        (1.0, 1.0, m.radius),
    ]


_STEM: Final = [(0.5, 0.0), (0.5, 1.0)]
_FEET: Final = [(0.1, 1.0), (0.9, 1.0)]
_SERIFS: Final = [[(0.05, 0.0), (0.95, 0.0)], [(0.05, 1.0), (0.95, 1.0)]]

# A manner named twice is drawn twice as often.
MANNERS: Final[Mapping[str, Sequence[_Manner]]] = {
    "0": [*[lambda m: [_loop(0, 1, m.radius)]] * 6, lambda m: [_loop(0, 1, 0.5)], _zero_slashed],
    "1": [
        lambda m: [_STEM],
        lambda m: [_STEM],
        lambda m: [[(0.5, 1.0), (0.5, 0.0), (0.12, 0.2)]],
        lambda m: [[(0.6, 1.0), (0.6, 0.0), (0.2, 0.12)]],
        lambda m: [[(0.5, 1.0), (0.5, 0.0), (0.15, 0.18)], _FEET],
        lambda m: [[(0.5, 1.0), (0.5, 0.0), (0.1, 0.0)], _FEET],
        lambda m: [[(0.7, 1.0), (0.7, 0.0), (0.0, 0.25)]],
    ],
    "2": [
        lambda m: [[*_head(m), (1.0, m.waist - 0.05, 0.5), (0.0, 0.92), (0.0, 1.0), (1.0, 1.0)]],
        lambda m: [[*_head(m), (1.0, 0.38), (0.0, 1.0), (1.0, 1.0)]],
        lambda m: [[*_head(m), (1.0, 0.3), (0.94, 0.44), (0.0, 1.0), (1.0, 1.0)]],
        lambda m: [[*_head(m), (1.0, 0.42, 0.5), (0.0, 1.0), (1.0, 1.0)]],
        lambda m: [[*_head(m), (1.0, m.waist, m.small), (0.0, m.waist + 0.12, m.small), (0.0, 1.0), (1.0,
                1.0)]],
        lambda m: [[*_head(m), (1.0, m.waist, 0.3), (0.0, 0.78, 0.4), (0.0, 1.0), (1.0, 1.0)]],
        lambda m: [[*_head(m), (1.0, 0.5, 0.6), (0.04, 1.0), (1.0, 1.0), (1.0, 0.92)]],
        *[lambda m: [[*_crown(m, end=25), (0.0, 1.0), (1.0, 1.0)]]] * 4,
        *[lambda m: [[*_crown(m, end=45), (0.0, 1.0), (1.0, 1.0)]]] * 2,
        lambda m: [[*_crown(m, end=30), (0.04, 0.9), (0.0, 1.0), (1.0, 1.0)]],
    ],
    "3": [
        lambda m: [[*_head(m), (1.0, m.waist, m.small), (0.3, m.waist)], [(0.3, m.waist), (1.0, m.waist,
                m.small), *_tail(m)]],
        lambda m: [[*_head(m), (1.0, m.waist, m.small), (0.3, m.waist)], [(0.3, m.waist), (1.0, m.waist,
                m.small), *_tail(m)]],
        lambda m: [[(0.0, 0.0), (1.0, 0.0), (0.42, m.waist - 0.06), (1.0, m.waist - 0.06, m.small),
                *_tail(m)]],
        lambda m: [[(0.0, 0.12), (0.0, 0.0), (0.95, 0.0), (0.35, 0.38), (0.7, 0.38, 0.3), (1.0, 0.5, 0.3),
                *_tail(m)]],
    ],
    "4": [
        lambda m: [[(m.stem, 1.0), (m.stem, 0.0), (0.0, m.bar), (1.0, m.bar)]],
        lambda m: [[(m.stem, 1.0), (m.stem, 0.0), (0.0, m.bar), (1.0, m.bar)]],
        lambda m: [[(m.stem - 0.3, 0.0), (0.0, m.bar), (1.0, m.bar)], [(m.stem, 0.35), (m.stem, 1.0)]],
        lambda m: [[(0.08, 0.0), (0.0, m.bar - 0.08), (1.0, m.bar - 0.08)], [(m.stem, 0.0), (m.stem, 1.0)]],
        lambda m: [[(m.stem - 0.12, 0.0), (0.0, m.bar), (1.0, m.bar)], [(m.stem, m.bar - 0.25), (m.stem,
                1.0)]],
        lambda m: [[(1.0, 1.0), (1.0, 0.0), (0.85, 0.0), (0.0, m.bar - 0.05), (1.0, m.bar - 0.05)]],
    ],
    "5": [
        lambda m: [[(0.95, 0.0), (0.05, 0.0), (0.0, m.waist), (0.12, m.waist - 0.06), (1.0, m.waist - 0.06,
                m.small), *_tail(m)]],
        lambda m: [[(0.95, 0.0), (0.0, 0.0), (0.0, m.waist), (1.0, m.waist, m.small), *_tail(m)]],
        lambda m: [[(0.9, 0.0), (0.15, 0.0), (0.05, 0.42), (1.0, 0.36, m.radius), *_tail(m)]],
    ],
    "6": [_six_curved, _six_curved, _six_straight, _six_open],
    "7": [
        lambda m: [[(0.0, 0.0), (1.0, 0.0), (m.slant, 1.0)]],
        lambda m: [[(0.0, 0.0), (1.0, 0.0), (1.0, 0.1), (m.slant, 1.0)]],
        lambda m: [[(0.0, 0.14), (0.0, 0.0), (1.0, 0.0), (m.slant, 1.0)]],
        lambda m: [[(0.0, 0.0), (1.0, 0.0), (1.0, 0.2, 0.2), (0.45, 0.55, 0.4), (m.slant, 1.0)]],
        lambda m: [[(0.0, 0.0), (1.0, 0.0), (0.5, 0.42, 0.5), (0.45, 1.0)]],
    ],
    "8": [
        lambda m: [_loop(0, m.waist, m.small, 0.06, 0.94), _loop(m.waist, 1, m.small)],
        lambda m: [_loop(0, m.waist, m.small), _loop(m.waist, 1, m.small)],
        lambda m: [_loop(0, m.waist, 0.5, 0.08, 0.92), _loop(m.waist, 1, 0.5)],
    ],
    "9": [
        lambda m: _turned(_six_curved(m)),
        lambda m: _turned(_six_curved(m)),
        lambda m: _turned(_six_straight(m)),
        lambda m: _turned(_six_open(m)),
    ],
    "A": [
        lambda m: [[(0.0, 1.0), (0.5, 0.0), (1.0, 1.0)], [(0.16, m.bar), (0.84, m.bar)]],
        lambda m: [[(0.0, 1.0), (0.38, 0.0), (0.62, 0.0), (1.0, 1.0)], [(0.14, m.bar), (0.86, m.bar)]],
        lambda m: [[(0.0, 1.0), (0.25, 0.0), (0.75, 0.0), (1.0, 1.0)], [(0.1, m.bar), (0.9, m.bar)]],
    ],
    "B": [lambda m: _bowls(m, inset=0.06), lambda m: _bowls(m, inset=0.0), lambda m: _bowls(m, inset=0.12)],
    "C": [lambda m: [[*_mouthed(m), (1.0, 0.96 - m.mouth)]]],
    "D": [lambda m: [[(0.0, 0.5), (0.0, 0.0), (1.0, 0.0, m.radius), (1.0, 1.0, m.radius), (0.0, 1.0), (0.0,
            0.5)]]],
    "E": [
        lambda m: [[(1.0, 0.0), (0.0, 0.0), (0.0, 1.0), (1.0, 1.0)], [(0.0, m.waist), (0.8, m.waist)]],
        lambda m: [[(1.0, 0.0), (0.0, 0.0), (0.0, 1.0), (1.0, 1.0)], [(0.0, m.waist), (0.95, m.waist)]],
    ],
    "F": [
        lambda m: [[(1.0, 0.0), (0.0, 0.0), (0.0, 1.0)], [(0.0, m.waist), (0.8, m.waist)]],
        lambda m: [[(1.0, 0.0), (0.0, 0.0), (0.0, 1.0)], [(0.0, m.waist), (0.95, m.waist)]],
    ],
    "G": [
        lambda m: [[*_mouthed(m), (1.0, 0.54), (0.5, 0.54)]],
        lambda m: [[*_mouthed(m), (1.0, 0.58)], [(0.55, 0.58), (1.0, 0.58), (1.0, 1.0)]],
        lambda m: [[*_mouthed(m), (1.0, 0.62), (0.62, 0.62)]],
    ],
    "H": [lambda m: [[(0.0, 0.0), (0.0, 1.0)], [(1.0, 0.0), (1.0, 1.0)], [(0.0, m.waist), (1.0, m.waist)]]],
    "I": [lambda m: [_STEM], lambda m: [_STEM, *_SERIFS], lambda m: [_STEM, *_SERIFS]],
    "J": [
        lambda m: [[(1.0, 0.0), (1.0, 1.0, m.radius), (0.0, 1.0, m.radius), (0.0, 1 - m.mouth - 0.05)]],
        lambda m: [[(1.0, 0.0), (1.0, 1.0, m.radius), (0.0, 1.0, m.radius), (0.0, 1 - m.mouth - 0.05)]],
        lambda m: [[(0.4, 0.0), (1.0, 0.0), (1.0, 1.0, m.radius), (0.0, 1.0, m.radius), (0.0, 1 - m.mouth)]],
    ],
    "K": [
        lambda m: [[(0.0, 0.0), (0.0, 1.0)], [(1.0, 0.0), (0.0, 0.62)], [(0.32, 0.42), (1.0, 1.0)]],
        lambda m: [[(0.0, 0.0), (0.0, 1.0)], [(1.0, 0.0), (0.1, m.waist), (1.0, 1.0)]],
    ],
    "L": [lambda m: [[(0.0, 0.0), (0.0, 1.0), (1.0, 1.0)]]],
    "M": [
        lambda m: [[(0.0, 1.0), (0.0, 0.0), (0.5, m.notch), (1.0, 0.0), (1.0, 1.0)]],
        lambda m: [[(0.0, 1.0), (0.1, 0.0), (0.5, m.notch), (0.9, 0.0), (1.0, 1.0)]],
        lambda m: [[(0.0, 1.0), (0.0, 0.0), (0.5, 0.45), (1.0, 0.0), (1.0, 1.0)]],
    ],
    "N": [lambda m: [[(0.0, 1.0), (0.0, 0.0), (1.0, 1.0), (1.0, 0.0)]]],
    "O": [*[lambda m: [_loop(0, 1, m.radius)]] * 3, lambda m: [_loop(0, 1, 0.5)]],
    "P": [lambda m: [_round_p(m)]],
    "Q": [
        lambda m: [_loop(0, 1, m.radius), [(0.55, 0.68), (1.05, 1.05)]],
        lambda m: [_loop(0, 1, m.radius), [(0.45, 0.75), (0.9, 1.0)]],
        lambda m: [_loop(0, 0.92, m.radius), [(0.4, 0.72), (0.62, 1.0), (1.0, 1.0)]],
        lambda m: [_loop(0, 0.9, m.radius), [(0.5, 0.75), (0.62, 1.05)]],
    ],
    "R": [
        lambda m: [_round_p(m), [(0.42, m.waist + 0.05), (1.0, 1.0)]],
        lambda m: [_round_p(m), [(0.6, m.waist + 0.05), (1.0, m.waist + 0.1, 0.2), (1.0, 1.0)]],
        lambda m: [_round_p(m), [(0.55, m.waist + 0.05), (0.95, 1.0)]],
    ],
    "S": [lambda m: [_snake(m, m.mouth, 1 - m.mouth)], lambda m: [_snake(m, m.mouth - 0.06, 1.06 - m.mouth)]],
    "T": [lambda m: [[(0.0, 0.0), (1.0, 0.0)], _STEM]],
    "U": [lambda m: [[(0.0, 0.0), (0.0, 1.0, m.radius), (1.0, 1.0, m.radius), (1.0, 0.0)]]],
    "V": [lambda m: [[(0.0, 0.0), (0.5, 1.0), (1.0, 0.0)]], lambda m: [[(0.0, 0.0), (0.42, 1.0), (0.58,
            1.0), (1.0, 0.0)]]],
    "W": [
        lambda m: [[(0.0, 0.0), (0.2, 1.0), (0.5, 1 - m.notch), (0.8, 1.0), (1.0, 0.0)]],
        lambda m: [[(0.0, 0.0), (0.14, 1.0), (0.5, 0.25), (0.86, 1.0), (1.0, 0.0)]],
        lambda m: [[(0.0, 0.0), (0.0, 1.0), (0.5, 1 - m.notch), (1.0, 1.0), (1.0, 0.0)]],
        lambda m: [[(0.0, 0.0), (0.08, 1.0), (0.5, 0.5), (0.92, 1.0), (1.0, 0.0)]],
    ],
    "X": [lambda m: [[(0.0, 0.0), (1.0, 1.0)], [(0.0, 1.0), (1.0, 0.0)]]],
    "Y": [
        lambda m: [[(0.0, 0.0), (0.5, m.waist), (1.0, 0.0)], [(0.5, m.waist), (0.5, 1.0)]],
        lambda m: [[(0.0, 0.0), (0.5, 0.6), (1.0, 0.0)], [(0.5, 0.6), (0.5, 1.0)]],
    ],
    "Z": [lambda m: [[(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)]]],
}  # fmt: skip

# Characters that narrow dies cut thinner than the others.
_THIN: Final = frozenset("1I")
# Characters of many strokes are cut with thinner ones, lest they fill up.
_FULL: Final = frozenset("MW")


def _rounded(points: NDArray[np.float64], radii: Sequence[float]) -> NDArray[np.float64]:
    """Replace rounded corners of a line by arcs, as large as the line's pieces allow."""
    out = [points[0]]
    for before, corner, after, radius in zip(points, points[1:], points[2:], radii[1:], strict=False):
        to_before, to_after = before - corner, after - corner
        # A piece between two rounded corners gives half of its length to each.
        reach = (
            min(radius, float(np.hypot(*to_before)) * 0.5 + 1e-9, float(np.hypot(*to_after)) * 0.5 + 1e-9)
            if radius > 0
            else 0.0
        )
        if reach < 0.5:
            out.append(corner)
            continue
        first = corner + to_before / np.hypot(*to_before) * reach
        last = corner + to_after / np.hypot(*to_after) * reach
        t = np.linspace(0, 1, _STEPS)[:, None]
        # A rational quadratic Bezier curve; the weight makes a right angle's arc a circle's.
        weights = ((1 - t) ** 2, 2 * t * (1 - t) * 0.7071, t**2)
        out.extend((weights[0] * first + weights[1] * corner + weights[2] * last) / sum(weights))
    out.append(points[-1])
    return np.array(out)


@dataclass(frozen=True, slots=True)
class Die:
    """A set of glyphs: the manner drawn for each character, their measures, and how they are cut."""

    measures: Measures
    manners: Mapping[str, int]
    weight: float  # the stroke's width as a share of the glyph's width
    flat: bool  # strokes end at the box's edge instead of round within it
    thin: float  # the width of 1 and I as a share of the others'

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Die:
        """Draw a die."""
        return cls(
            measures=measure(rng),
            manners={character: int(rng.integers(len(manners))) for character, manners in MANNERS.items()},
            weight=float(rng.uniform(0.15, 0.26)),
            flat=bool(rng.random() < 0.5),
            thin=float(rng.choice([1.0, 1.0, 0.75, 0.55])),
        )

    def mask(self, character: str, width: int, height: int) -> Mask:
        """Draw a glyph as coverage (255 is ink) in a box; thin ones stand in its middle."""
        strokes = MANNERS[character][self.manners[character]](self.measures)
        bare = character in _THIN and len(strokes) == 1
        span = width * self.thin if bare else float(width)
        share = self.weight * (0.76 if character in _FULL else 1.0)
        thick = max(1, round(min(share * width, 0.17 * height)))
        inset = thick / 2
        left = (width - span) / 2
        scale = np.array([max(span - thick, 1.0), height - thick])
        mask = np.zeros((height, width), np.uint8)
        for stroke in strokes:
            points = np.array([corner[:2] for corner in stroke]) * scale + [left + inset, inset]
            radii = [corner[2] * width if len(corner) > 2 else 0.0 for corner in stroke]
            line = _rounded(points, radii)
            if self.flat:
                line = _lengthened(line, thick, width, height)
            fixed = np.round(line * (1 << _SHIFT)).astype(np.int32)
            cv2.polylines(mask, [fixed], False, 255, thick, cv2.LINE_AA, _SHIFT)
        return mask


def _lengthened(line: NDArray[np.float64], thick: float, width: int, height: int) -> NDArray[np.float64]:
    """Push ends that run against the box's edge through it, so that the box cuts them flat."""
    line = line.copy()
    near = thick * 0.6
    for end, inner in ((0, 1), (-1, -2)):
        x, y = line[end]
        away = line[end] - line[inner]
        length = float(np.hypot(*away))
        if length == 0:
            continue
        dx, dy = away / length
        # A terminal that merely runs along an edge would be lengthened into its own bowl.
        beside = (dx > 0.3 and width - x < near) or (dx < -0.3 and x < near)
        above = (dy < -0.3 and y < near) or (dy > 0.3 and height - y < near)
        if beside or above:
            line[end] += (dx * thick, dy * thick)
    return line
