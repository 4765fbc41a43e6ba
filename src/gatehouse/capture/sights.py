"""Sights of a plate: its crops worth keeping while it is followed, and what was read of them so far."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gatehouse.capture.nouns import Box, Frame, PlateReader, Reading
from gatehouse.capture.voting import Ballot, voted

# Plates lower than that in pixels are not read, and from there on a reading has its full weight.
LEAST_HEIGHT, GOOD_HEIGHT = 9.0, 36.0
# A plate is at most that many times as wide as high; what is less wide than high is none.
LEAST_ASPECT, MOST_ASPECT = 0.9, 8.0
# Nearer to a picture's edge than that share of its width, a plate may be cut off.
EDGE = 0.12
# So many readings that agree so surely are enough, until the plate is that much larger.
ENOUGH, SURE, LARGER = 6, 0.97, 1.25
# Of all readings of a plate only the best are put to the vote: most are of far and blurred glances.
VOTES = 8
# The crops that are read again, with more care, where the vote is in doubt; what such a reading weighs.
CAREFUL, CAREFUL_WEIGHT = 3, 3.0
# How much around a plate a kept crop shows, as a share of the plate's sides.
AROUND = 0.35


@dataclass(frozen=True, slots=True)
class Sight:
    """A plate in a frame, cut out with what is around it; `place` is the plate's box in the crop."""

    crop: NDArray[np.uint8] = field(repr=False)
    place: Box
    box: Box
    frame: int
    time: float
    worth: float
    image: NDArray[np.uint8] | None = field(default=None, repr=False)

    @classmethod
    def of(cls, frame: Frame, box: Box, *, time: float, worth: float, whole: bool) -> Sight:
        """Cut a plate out of a frame; `whole` keeps the frame as well."""
        height, width = frame.image.shape[:2]
        around = box.padded(AROUND).clipped(width, height)
        left, top = int(around.x), int(around.y)
        right, bottom = round(around.x + around.width), round(around.y + around.height)
        place = Box(box.x - left, box.y - top, box.width, box.height)
        crop = frame.image[top:bottom, left:right].copy()
        return cls(crop, place, box, frame.number, time, worth, frame.image if whole else None)


@dataclass(slots=True)
class Story:
    """What is known of a plate that is followed; of its sights only the best are kept."""

    started: float
    ended: float
    seen: int = 0
    ballots: list[Ballot] = field(default_factory=list)
    sights: list[Sight] = field(default_factory=list)
    told: bool = False
    tallest: float = 0.0

    def add(self, reading: Reading, sight: Sight) -> None:
        """Take in a reading."""
        self.ballots = _best([*self.ballots, Ballot(reading, weight_of(sight.box))])
        self.sights = sorted([*self.sights, sight], key=lambda each: -each.worth)[:CAREFUL]
        self.tallest = max(self.tallest, sight.box.height)

    def join(self, earlier: Story) -> None:
        """Take in what was known of the same plate when it was lost from view."""
        self.started = min(self.started, earlier.started)
        self.seen += earlier.seen
        self.ballots = _best(earlier.ballots + self.ballots)
        self.sights = sorted([*self.sights, *earlier.sights], key=lambda each: -each.worth)[:CAREFUL]
        self.tallest = max(self.tallest, earlier.tallest)
        self.told = self.told or earlier.told

    def settled(self, height: float) -> bool:
        """Return whether another reading of a plate of this height would bring nothing."""
        if height > LARGER * self.tallest or len(self.ballots) < ENOUGH:
            return False
        best = self.ballots[:ENOUGH]
        return len({each.reading.text for each in best}) == 1 and voted(best).confidence >= SURE

    def verdict(self, reader: PlateReader) -> Reading:
        """Return the vote; where it is in doubt, `reader` reads the best sights first."""
        first = voted(self.ballots)
        if first.confidence >= SURE and len(self.ballots) > 1:
            return first
        careful = [
            Ballot(reading, CAREFUL_WEIGHT * weight_of(each.box))
            for each in self.sights
            for reading in reader.read(each.crop, [each.place])
        ]
        return voted([*self.ballots, *careful])


def _best(ballots: list[Ballot]) -> list[Ballot]:
    return sorted(ballots, key=lambda each: -each.weight * each.reading.confidence)[:VOTES]


def readable(box: Box, size: tuple[int, int]) -> bool:
    """Return whether a plate can be read where it is: high enough, of a plate's shape, not cut off."""
    if not (box.height >= LEAST_HEIGHT and LEAST_ASPECT <= box.width / box.height <= MOST_ASPECT):
        return False
    edge = max(EDGE * box.width, 2.0)
    return (
        min(box.x, box.y) >= edge
        and box.x + box.width <= size[0] - edge
        and box.y + box.height <= size[1] - edge
    )


def weight_of(box: Box) -> float:
    """Return what a reading of a plate of this size weighs, 0 to 1."""
    return min(box.height / GOOD_HEIGHT, 1.0) ** 2


def worth_of(reading: Reading, box: Box) -> float:
    """Return how good a sight is: large, and surely read."""
    return weight_of(box) * (0.2 + reading.confidence)
