"""Vehicles from behind and from the front: body, panes, lights, bumpers, and what is mistaken for a plate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.scenes.pen import Color, Pen, gray, paint, rectangle, shaded, words


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle's shape in meters: y is 0 at the road, x is 0 in the middle.

    `plate` is the middle of its plate, `front` whether it is seen from the front.
    """

    kind: str
    front: bool
    width: float
    height: float
    belt: float
    bumper: float
    plate: tuple[float, float]
    color: Color

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Vehicle:
        """Draw a sedan, a van, a pickup or a truck."""
        kind = str(rng.choice(["sedan", "van", "pickup", "truck"], p=[0.42, 0.3, 0.2, 0.08]))
        front = kind != "truck" and bool(rng.random() < 0.28)
        width = float(rng.uniform(1.65, 2.0))
        height = {
            "sedan": rng.uniform(1.35, 1.55),
            "van": rng.uniform(1.6, 1.95),
            "pickup": rng.uniform(1.75, 2.0),
            "truck": rng.uniform(2.2, 3.4),
        }[kind]
        belt = height * rng.uniform(0.56, 0.68)
        bumper = rng.uniform(0.5, 0.66)
        aside = rng.uniform(-0.5, 0.5) * width if rng.random() < 0.14 else rng.normal(0, 0.02)
        high = bumper - rng.uniform(0.02, 0.16)
        if not front and rng.random() < 0.55:
            high = rng.uniform(bumper + 0.12, max(belt - 0.08, bumper + 0.2))
        return cls(
            kind, front, width, float(height), float(belt), float(bumper), (float(aside), float(high)),
            paint(rng),
        )  # fmt: skip


def draw_vehicle(rng: np.random.Generator, pen: Pen, car: Vehicle, side: float) -> None:
    """Draw a vehicle, whose flank is `side` meters wide in the picture (negative: on the left)."""
    half = car.width / 2
    pen.ellipse(side / 2, 0.05, car.width * 1.15 + abs(side), 0.3, gray(rng, 5, 60))
    _flank(rng, pen, car, side)
    for x in (-half + 0.02, half - 0.26):
        pen.rectangle(x, 0.0, 0.24, 0.5, gray(rng, 5, 45))
    pen.rectangle(-half + 0.1, 0.2, car.width - 0.2, 0.25, gray(rng, 5, 50))
    _body(rng, pen, car)
    _lamps(rng, pen, car)
    _bumper(rng, pen, car)
    if car.front:
        _grille(rng, pen, car)
    for _ in range(int(rng.integers(0, 4))):
        _mark(rng, pen, car)
    for _ in range(int(rng.integers(0, 3))):
        _fitting(rng, pen, car)


def recess(rng: np.random.Generator, pen: Pen, at: tuple[float, float], size: tuple[float, float]) -> None:
    """Draw what surrounds a plate: the hollow it sits in, its frame, the lamp above and its shadow."""
    (x, y), (wide, tall) = at, size
    if rng.random() < 0.45:
        more, high = wide * rng.uniform(0.15, 1.2), tall * rng.uniform(0.2, 0.9)
        shift = rng.normal(0, 0.15) * high
        tone = gray(rng, 0, 240)
        pen.rectangle(x - (wide + more) / 2, y - (tall + high) / 2 + shift, wide + more, tall + high, tone)
    if rng.random() < 0.3:
        pen.rectangle(x - wide * 0.7, y + tall * 0.55, wide * 1.4, tall * rng.uniform(0.1, 0.35), gray(rng))
    if rng.random() < 0.35:
        edge = rng.uniform(0.006, 0.02)
        below = edge + rng.uniform(0, 0.025)
        pen.rectangle(
            x - wide / 2 - edge, y - tall / 2 - below, wide + 2 * edge, tall + edge + below,
            gray(rng, 0, 70) if rng.random() < 0.7 else gray(rng, 150, 255),
        )  # fmt: skip


def _flank(rng: np.random.Generator, pen: Pen, car: Vehicle, side: float) -> None:
    if abs(side) < 0.05:
        return
    edge = np.copysign(car.width / 2, side)
    far = edge + side
    rise = abs(side) * rng.uniform(0, 0.12)
    tone = shaded(car.color, rng.uniform(0.5, 1.15))
    roof = edge * 0.8
    pen.polygon([(edge, 0.3), (far, 0.3 + rise), (far, car.belt * 0.95), (edge, car.belt)], tone)
    top = [(edge, car.belt), (far - side * 0.25, car.belt), (far - side * 0.45, car.height * 0.97)]
    pen.polygon([*top, (roof, car.height * 0.98)], tone)
    pane = [(edge * 0.99, car.belt + 0.04), (far - side * 0.3, car.belt + 0.04)]
    pen.polygon(
        [*pane, (far - side * 0.47, car.height * 0.9), (roof * 1.02, car.height * 0.92)], gray(rng, 5, 110)
    )
    for part in (0.22, 0.8):
        x = edge + side * part
        wide = min(0.66, abs(side) * 0.35)
        pen.ellipse(x, 0.33 + rise * part, wide, 0.66, gray(rng, 5, 40))
        pen.ellipse(x, 0.33 + rise * part, wide * 0.6, 0.4, gray(rng, 60, 210))


def _body(rng: np.random.Generator, pen: Pen, car: Vehicle) -> None:
    half, color = car.width / 2, car.color
    roof = half * {"sedan": 0.7, "van": 0.84, "pickup": 0.8, "truck": 0.99}[car.kind]
    top = rng.uniform(0.97, 1.0) * half
    cabin = [(-roof * 0.93, car.height), (roof * 0.93, car.height), (roof, car.height - 0.06)]
    pen.polygon([*cabin, (top, car.belt), (-top, car.belt), (-roof, car.height - 0.06)], color)
    for at in np.linspace(car.belt, 0.28, 6)[:-1]:
        tall = (car.belt - 0.28) / 5
        tone = shaded(color, rng.uniform(0.75, 1.15))
        pen.rectangle(-half, at - tall, car.width, tall * 1.04, tone)
    if car.kind == "truck":
        if rng.random() < 0.6:
            pen.line((0, car.bumper), (0, car.height - 0.1), shaded(color, 0.6), 0.03)
        pen.letters(words(rng), -half * 0.8, car.height * 0.7, rng.uniform(0.1, 0.4), gray(rng), 2)
        return
    low, pane = car.belt + rng.uniform(0.02, 0.06), gray(rng, 0, 120)
    glass = [(-roof * 0.88, car.height - 0.12), (roof * 0.88, car.height - 0.12)]
    pen.polygon([*glass, (top * 0.86, low), (-top * 0.86, low)], pane)
    if rng.random() < 0.5:
        x = rng.uniform(-0.5, 0.2) * half
        sheen = [(x, car.height - 0.12), (x + 0.3, car.height - 0.12), (x + 0.5, low), (x + 0.1, low)]
        pen.polygon(sheen, shaded(pane, rng.uniform(1.1, 1.8)))
    if car.front:
        for edge in (-1, 1):
            pen.ellipse(edge * (half + 0.08), car.belt + 0.06, 0.2, 0.15, shaded(color, 0.8))
    for _ in range(int(rng.integers(1, 4))):
        y = rng.uniform(car.bumper, car.belt)
        pen.line((-half * 0.95, y), (half * 0.95, y), shaded(color, rng.uniform(0.5, 1.4)), 0.012)
    if rng.random() < 0.3:
        wide, tall = rng.uniform(0.25, 1.0) * car.width, rng.uniform(0.03, 0.07)
        y = car.plate[1] + 0.1 + rng.uniform(0, 0.08)
        pen.rectangle(-wide / 2, y, wide, tall, gray(rng, 90, 250))


def _lamps(rng: np.random.Generator, pen: Pen, car: Vehicle) -> None:
    """Draw head or tail lamps, both sides alike, with their panes of white and amber."""
    half = car.width / 2
    lens = gray(rng, 150, 255)
    if not car.front:
        red = rng.uniform(70, 255)
        lens = (float(red * rng.uniform(0, 0.35)), float(red * rng.uniform(0, 0.3)), float(red))
    upright = not car.front and car.kind in ("van", "pickup", "truck") and rng.random() < 0.7
    wide, tall = (rng.uniform(0.1, 0.2), rng.uniform(0.25, 0.6)) if upright else (
        rng.uniform(0.2, 0.5), rng.uniform(0.1, 0.2)
    )  # fmt: skip
    low = rng.uniform(car.bumper + 0.06, max(car.belt - tall, car.bumper + 0.07))
    round_ones = rng.random() < 0.25
    pane, part = rng.random() < 0.7, rng.uniform(0.2, 0.45)
    within = gray(rng, 190, 255) if rng.random() < 0.6 else (20.0, 130.0, 235.0)
    for edge in (-1, 1):
        left = -half + 0.02 if edge < 0 else half - wide - 0.02
        if round_ones:
            pen.ellipse(left + wide / 2, low + tall / 2, wide, tall, lens)
        else:
            pen.rectangle(left, low, wide, tall, lens)
        if pane and upright:
            pen.rectangle(left, low + tall * 0.3, wide, tall * part, within)
        elif pane:
            inner = left + (wide * (1 - part) if edge < 0 else 0)
            pen.rectangle(inner, low + tall * 0.1, wide * part, tall * 0.8, within)


def _bumper(rng: np.random.Generator, pen: Pen, car: Vehicle) -> None:
    half = car.width / 2
    tone = shaded(car.color, rng.uniform(0.8, 1.15))
    if rng.random() < 0.4:
        tone = gray(rng, 10, 80) if rng.random() < 0.6 else gray(rng, 150, 240)
    tall = rng.uniform(0.16, 0.32)
    pen.rectangle(-half, car.bumper - tall, car.width, tall, tone)
    pen.line((-half, car.bumper), (half, car.bumper), shaded(tone, rng.uniform(0.4, 1.4)), 0.015)
    if rng.random() < 0.5:
        pen.rectangle(-half * 0.7, car.bumper - tall, car.width * 0.7, tall * 0.3, gray(rng, 5, 70))
    if rng.random() < 0.55:
        wide, high = rng.uniform(0.08, 0.3), rng.uniform(0.03, 0.09)
        red, amber = (30.0, 20.0, rng.uniform(120, 240)), (20.0, 130.0, 230.0)
        glass = (red, amber, gray(rng, 160, 255))[int(rng.integers(3))]
        y = car.bumper - rng.uniform(0.08, tall)
        x = rng.uniform(0.45, 0.85) * half
        for left in (-x - wide, x):
            pen.rectangle(left, y, wide, high, glass)


def _grille(rng: np.random.Generator, pen: Pen, car: Vehicle) -> None:
    wide, tall = rng.uniform(0.5, 1.1), rng.uniform(0.12, 0.35)
    low = car.bumper + rng.uniform(0.0, 0.1)
    for bottom, high in ((low, tall), (0.24, rng.uniform(0.06, 0.2))):
        pen.rectangle(-wide / 2, bottom, wide, high, gray(rng, 0, 60))
        bar = gray(rng, 50, 230)
        if rng.random() < 0.6:
            for y in np.linspace(bottom, bottom + high, int(rng.integers(3, 8))):
                pen.line((-wide / 2, y), (wide / 2, y), bar, 0.012)
        if rng.random() < 0.5:
            for x in np.linspace(-wide / 2, wide / 2, int(rng.integers(5, 18))):
                pen.line((x, bottom), (x, bottom + high), bar, 0.01)
    pen.ellipse(0, low + tall / 2, 0.14, 0.1, gray(rng, 120, 250))


def _mark(rng: np.random.Generator, pen: Pen, car: Vehicle) -> None:
    """Stick a badge, a sticker or a maker's letters on the body or the pane."""
    half = car.width / 2
    x, y = rng.uniform(-0.85, 0.6) * half, rng.uniform(car.bumper - 0.2, car.height * 0.9)
    wide, tall = rng.uniform(0.06, 0.32), rng.uniform(0.04, 0.14)
    kind = int(rng.integers(4))
    if kind == 0:
        pen.ellipse(x, y, wide, tall, gray(rng, 100, 255))
    elif kind == 1:
        blue, green, red = rng.uniform(0, 255, 3).tolist()
        pen.rectangle(x, y, wide, tall, gray(rng, 180, 255) if rng.random() < 0.5 else (blue, green, red))
        pen.letters(words(rng, 2, 6), x + 0.01, y + tall * 0.3, tall * 0.5, gray(rng, 0, 90))
    elif kind == 2:
        pen.letters(words(rng, 2, 9), x, y, rng.uniform(0.04, 0.15), gray(rng, 0, 255), int(rng.integers(4)))
    else:
        pen.outline(rectangle(x, y, wide, tall), gray(rng), 0.01)


def _fitting(rng: np.random.Generator, pen: Pen, car: Vehicle) -> None:
    """Hang on a hitch, an exhaust, a handle, a lamp or a dark hollow."""
    half = car.width / 2
    kind = int(rng.integers(5))
    x = rng.uniform(-0.8, 0.8) * half
    if kind == 0:
        pen.rectangle(x * 0.2 - 0.09, 0.26, 0.18, 0.14, gray(rng, 5, 70))
        pen.ellipse(x * 0.2, 0.36, 0.08, 0.08, gray(rng, 60, 250))
    elif kind == 1:
        pen.ellipse(x, 0.27, 0.12, 0.09, gray(rng, 100, 240))
        pen.ellipse(x, 0.27, 0.08, 0.06, gray(rng, 0, 40))
    elif kind == 2:
        y = rng.uniform(car.bumper + 0.1, car.belt)
        pen.rectangle(-0.14, y, 0.28, 0.1, gray(rng, 0, 60))
        pen.rectangle(-0.11, y + 0.03, 0.22, 0.04, gray(rng, 20, 180))
    elif kind == 3:
        pen.rectangle(-0.2, car.height - 0.11, 0.4, 0.03, (30.0, 20.0, rng.uniform(90, 240)))
    else:
        y = rng.uniform(0.28, car.bumper)
        pen.rectangle(x, y, rng.uniform(0.1, 0.35), rng.uniform(0.04, 0.14), gray(rng, 0, 50))
