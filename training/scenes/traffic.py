"""A clip of traffic with its truth: lanes that come and go, seen by a fixed camera above them, day and night.

Vehicles are drawn once and put into each frame where their lane's clock says. Nearer ones hide farther ones,
a beam across the road hides every plate for a moment, one lane halts at a light, and the last part is night:
vehicles dark, lamps glaring, plates lit by the camera. The same seed gives the same clip.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from training.render import RenderedPlate
from training.scenes.issued import issued_plate
from training.scenes.pen import Image, Pen, gray, rectangle
from training.scenes.street import street
from training.scenes.vehicle import Vehicle, draw_vehicle, recess

RATE: Final = 25
SIZE: Final = (1920, 1080)
# Pixels a meter at one meter's distance, for a picture 1920 wide, and how high the camera hangs in meters.
_FOCAL: Final = 3300.0
_HEIGHT: Final = 4.5
_FAR: Final = 70.0
_PLATE: Final = (0.305, 0.152)
# A vehicle is drawn at this scale, in pixels a meter, and never shown larger.
_DRAWN: Final = 280.0
_MARGIN: Final = 1.2

_Number = TypeVar("_Number", np.uint8, np.float32)


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane: its middle in meters from the camera's axis, its speed (m/s, negative: away), when it halts."""

    middle: float
    speed: float
    headway: float
    halt: tuple[float, float] = (math.inf, 0.0)

    def clock(self, seconds: float) -> float:
        """Return how long the lane has been moving."""
        start, length = self.halt
        return seconds if seconds < start else max(start, seconds - length)


LANES: Final = (Lane(-3.3, 11.0, 3.6, (9.0, 4.0)), Lane(0.0, 13.0, 3.1), Lane(3.3, -10.0, 3.9))


@dataclass(frozen=True, slots=True)
class Passing:
    """A vehicle that passes: what its plate says and between which frames the plate is in the picture."""

    text: str = field(repr=False)
    state: str | None
    lane: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class _Car:
    seed: tuple[int, ...]
    lane: Lane
    entered: float
    shape: Vehicle
    plate: RenderedPlate

    def distance(self, seconds: float) -> float:
        """Return how far the vehicle is from the camera, in meters along the road."""
        gone = (self.lane.clock(seconds) - self.entered) * abs(self.lane.speed)
        return _FAR - gone if self.lane.speed > 0 else 7.0 + gone


class Traffic:
    """A clip: `passings` is its truth, iterating draws its frames, H x W x 3 BGR."""

    def __init__(
        self,
        seed: int,
        *,
        seconds: float,
        size: tuple[int, int] = SIZE,
        lanes: tuple[Lane, ...] = LANES,
        night: float = 0.65,
    ) -> None:
        self.seed = seed
        self.size = size
        self.frames = round(seconds * RATE)
        self.night = round(self.frames * night)
        self._focal = _FOCAL * size[0] / SIZE[0]
        self._cars = list(_cars(seed, seconds, lanes))
        self.passings = tuple(
            Passing(each.plate.text, each.plate.state, lanes.index(each.lane), min(shown), max(shown))
            for each in self._cars
            if (shown := [place for place in range(self.frames) if self._plate_in(each, place)])
        )

    def __iter__(self) -> Iterator[Image]:
        """Draw the frames in order."""
        rng = np.random.default_rng([self.seed, 1])
        road = self._road(rng)
        day, dark = cv2.GaussianBlur(road, (0, 0), 1.2), (road * 0.16).astype(np.uint8)
        noise = rng.normal(0, 1, (self.size[1] + 64, self.size[0] + 64, 3)).astype(np.float32)
        beam = int(self.size[1] * 0.52), int(self.size[1] * 0.05)
        tone = gray(rng, 30, 120)
        sprites: dict[int, _Sprite] = {}
        grains = {lit: _grain(noise, 3.0 if lit else 6.0) for lit in (True, False)}
        for place in range(self.frames):
            lit = place < self.night
            frame = np.asarray(day if lit else dark, np.uint8).copy()
            there = [
                (each.distance(place / RATE), number)
                for number, each in enumerate(self._cars)
                if place / RATE >= each.entered and self._in(each, place)
            ]
            for gone in sprites.keys() - {number for _, number in there}:
                del sprites[gone]
            for distance, number in sorted(there, reverse=True):
                if number not in sprites:
                    sprites[number] = _Sprite(self._cars[number])
                self._put(frame, sprites[number], distance, lit=lit)
            frame[beam[0] : beam[0] + beam[1]] = tuple(each * (1 if lit else 0.3) for each in tone)
            x, y = rng.integers(0, 64, 2).tolist()
            more, less = (each[y : y + self.size[1], x : x + self.size[0]] for each in grains[lit])
            yield np.asarray(cv2.subtract(cv2.add(frame, more), less), np.uint8)

    def _road(self, rng: np.random.Generator) -> Image:
        """Draw what stands still: verges with what stands on them, and the road with its lines."""
        image = street(rng, self.size)
        asphalt, paint = gray(rng, 70, 120), gray(rng, 190, 240)
        rough = rng.normal(0, 7, (self.size[1] // 3, self.size[0] // 3)).astype(np.float32)
        surface = cv2.resize(rough, self.size)[..., None] + np.array(asphalt, np.float32)
        cover = np.zeros((self.size[1], self.size[0]), np.uint8)
        cv2.fillPoly(cover, [self._strip(0.0, 11.0)], 255)
        image[cover > 0] = surface.clip(0, 255).astype(np.uint8)[cover > 0]
        for middle in (-5.2, -1.65, 1.65, 5.2):
            cv2.fillPoly(image, [self._strip(middle, 0.15)], paint, cv2.LINE_AA)
        return image

    def _strip(self, middle: float, width: float) -> NDArray[np.int32]:
        """Return the corners of a strip along the road, all distances of it, in pixels."""
        near, far = self._focal / 5, self._focal / 400
        return np.array(
            [
                (self.size[0] / 2 + (middle + side * width / 2) * scale, _HEIGHT * scale)
                for side, scale in ((-1, near), (-1, far), (1, far), (1, near))
            ]
        ).astype(np.int32)

    def _spot(self, car: _Car, distance: float) -> tuple[float, float, float]:
        """Return the pixel of a vehicle's middle on the road, and its scale."""
        scale = self._focal / distance
        return self.size[0] / 2 + car.lane.middle * scale, _HEIGHT * scale, scale

    def _in(self, car: _Car, place: int) -> bool:
        """Return whether any of a vehicle may be in the picture."""
        distance = car.distance(place / RATE)
        if not 4.0 < distance <= _FAR:
            return False
        _, foot, scale = self._spot(car, distance)
        return foot - car.shape.height * scale < self.size[1]

    def _plate_in(self, car: _Car, place: int) -> bool:
        """Return whether a vehicle's plate is in the picture, hidden or not."""
        if place / RATE < car.entered or not self._in(car, place):
            return False
        x, y, scale = self._spot(car, car.distance(place / RATE))
        wide, tall = _PLATE[0] * scale, _PLATE[1] * scale
        across, up = x + car.shape.plate[0] * scale, y - car.shape.plate[1] * scale
        return wide / 2 < across < self.size[0] - wide / 2 and tall / 2 < up < self.size[1] - tall / 2

    def _put(self, frame: Image, sprite: _Sprite, distance: float, *, lit: bool) -> None:
        x, y, scale = self._spot(sprite.car, distance)
        # How far it moves while the shutter is open: 1/1500 s by day, 1/500 s at night.
        moved = _HEIGHT * scale / distance * abs(sprite.car.lane.speed) / (1500 if lit else 500)
        sprite.put(frame, (x, y), scale, lit=lit, smear=moved)
        if lit:
            return
        for edge in (-1, 1):
            _glow(
                frame, (x + edge * 0.72 * scale, y - 0.72 * scale), 0.16 * scale, front=sprite.car.shape.front
            )


class _Sprite:
    """A vehicle drawn once, by day and at night, in halving sizes; colors are multiplied by the cover."""

    def __init__(self, car: _Car) -> None:
        self.car = car
        shape = car.shape
        self._middle = (shape.width / 2 + _MARGIN) * _DRAWN
        self._foot = (shape.height + 0.2) * _DRAWN
        size = (round(self._foot + 0.25 * _DRAWN), round(2 * self._middle))
        black, white = (self._drawn(np.full((*size, 3), tone, np.uint8)) for tone in (0, 255))
        cover = 255 - (white.astype(np.int16) - black).mean(2).clip(0, 255)
        self._lean = 0.03 * car.lane.middle / 3.3 + float(np.random.default_rng(car.seed).normal(0, 0.015))
        gain = np.full((*size, 1), 0.2, np.float32)
        self._lay(gain, np.full((2, 2, 1), 0.85, np.float32))
        self._lay(black, car.plate.image)
        alpha = cover.astype(np.uint8)[..., None]
        self._sizes = {
            lit: _halved(np.concatenate([image, alpha], 2))
            for lit, image in ((True, black), (False, (black * gain).astype(np.uint8)))
        }

    def put(self, frame: Image, foot: tuple[float, float], scale: float, *, lit: bool, smear: float) -> None:
        """Put the vehicle into a frame, its middle on the road at `foot`."""
        level = min(max(int(math.log2(_DRAWN / scale)), 0), len(self._sizes[lit]) - 1)
        source = self._sizes[lit][level]
        by = scale / _DRAWN
        left, top = foot[0] - self._middle * by, foot[1] - self._foot * by
        tall, wide = source.shape[0] * 2**level * by, source.shape[1] * 2**level * by
        x1, y1 = max(int(left) - 8, 0), max(int(top), 0)
        x2, y2 = min(int(left + wide) + 8, frame.shape[1]), min(int(top + tall) + 1, frame.shape[0])
        if x2 <= x1 or y2 <= y1:
            return
        step = by * 2**level
        # The foot stays where it is; what is above it leans.
        shift = left - x1 + self._lean * self._foot * by
        change = np.array([[step, -self._lean * step, shift], [0, step, top - y1]], np.float32)
        laid = cv2.warpAffine(source, change, (x2 - x1, y2 - y1), flags=cv2.INTER_LINEAR)
        if smear >= 1.5:
            laid = cv2.blur(laid, (1, round(smear)))
        part = frame[y1:y2, x1:x2]
        rest = cv2.cvtColor(255 - laid[..., 3], cv2.COLOR_GRAY2BGR)
        part[:] = cv2.add(cv2.multiply(part, rest, scale=1 / 255), laid[..., :3])

    def _drawn(self, image: Image) -> Image:
        rng = np.random.default_rng(self.car.seed)
        pen = Pen(image, (self._middle, self._foot), _DRAWN)
        draw_vehicle(rng, pen, self.car.shape, -0.25 * self.car.lane.middle)
        recess(rng, pen, self.car.shape.plate, _PLATE)
        return image

    def _lay(self, image: NDArray[_Number], plate: NDArray[_Number]) -> None:
        """Lay a plate upright where the vehicle bears it."""
        x, y = self.car.shape.plate
        pen = Pen(np.zeros((1, 1, 3), np.uint8), (self._middle, self._foot), _DRAWN)
        corners = pen.at(rectangle(x - _PLATE[0] / 2, y - _PLATE[1] / 2, *_PLATE)).round().astype(int)
        (left, top), (right, bottom) = corners[0], corners[2]
        small = cv2.resize(plate, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
        image[top:bottom, left:right] = small.reshape(bottom - top, right - left, -1)


def _cars(seed: int, seconds: float, lanes: tuple[Lane, ...]) -> Iterator[_Car]:
    """Draw vehicles for each lane, the last so early that it is gone before the clip ends."""
    seen: set[str] = set()
    for number, lane in enumerate(lanes):
        rng = np.random.default_rng([seed, 2, number])
        entered = float(rng.uniform(0.1, 0.9))
        through = (_FAR - 7.0) / abs(lane.speed) + 1.2
        while entered < lane.clock(seconds) - through:
            shape = Vehicle.draw(rng)
            across, high = shape.plate
            shape = replace(shape, front=lane.speed > 0, plate=(float(np.clip(across, -0.2, 0.2)), high))
            plate = issued_plate(rng)
            if plate.text not in seen:
                seen.add(plate.text)
                yield _Car((seed, 3, number, len(seen)), lane, entered, shape, plate)
            entered += lane.headway * float(rng.uniform(0.8, 1.3))


def _halved(image: Image) -> list[Image]:
    found = [image]
    while len(found) < 4:
        found.append(np.asarray(cv2.pyrDown(found[-1]), np.uint8))
    # A pyramid's levels round their sides up; the scale stays that of the first.
    return found


def _grain(noise: NDArray[np.float32], strength: float) -> tuple[Image, Image]:
    """Return what noise adds and what it takes, each without a sign."""
    strong = noise * strength
    return np.maximum(strong, 0).astype(np.uint8), np.maximum(-strong, 0).astype(np.uint8)


def _glow(frame: Image, middle: tuple[float, float], radius: float, *, front: bool) -> None:
    """Let a lamp shine, white in front and red behind."""
    reach = int(radius * 3)
    x, y = (round(each) for each in middle)
    x1, y1 = max(x - reach, 0), max(y - reach, 0)
    x2, y2 = min(x + reach, frame.shape[1]), min(y + reach, frame.shape[0])
    if x2 <= x1 or y2 <= y1:
        return
    across, down = np.arange(x1, x2) - x, np.arange(y1, y2) - y
    shine = np.exp(-(across[None] ** 2 + down[:, None] ** 2) / (2 * radius**2)).astype(np.float32)
    color = np.array([210, 225, 235] if front else [20, 20, 170], np.float32)
    lit = (shine[..., None] * color).astype(np.uint8)
    frame[y1:y2, x1:x2] = cv2.add(frame[y1:y2, x1:x2], lit)
