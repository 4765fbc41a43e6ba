"""Tracks: which detections of successive frames are one plate.

Each track predicts its box with a Kalman filter of constant velocity over the box's middle and the logarithms
of its sides (as in SORT, Bewley et al. 2016; logarithms, since what approaches grows by a factor). Detections
are given to tracks so that the overlap of the boxes, each widened by what a vehicle may have moved, is in sum
the largest (Hungarian method).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp, log

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from gatehouse.capture.nouns import Box, Detection

# A plate moves by more than its width between two looks: boxes are compared with that much around them.
REACH = 1.0
# Below that overlap of the widened boxes, or if one is that much larger, two detections are two plates.
LEAST_OVERLAP = 0.1
MOST_GROWTH = 1.8
# Standard deviations: of a detector's box (share of its width; of its logarithm), of what a second does to
# the velocity (widths a second; logarithms a second), and of the velocity of what is seen first.
_SEEN, _SEEN_SIZE = 0.08, 0.08
_PUSH, _PUSH_SIZE = 8.0, 1.0
_FIRST_SPEED, _FIRST_GROWTH = 6.0, 0.8

Vector = NDArray[np.float64]


class Motion:
    """A Kalman filter: middle x and y, logarithms of width and height, and how fast each changes."""

    def __init__(self, box: Box) -> None:
        self._mean: Vector = np.concatenate([_measured(box), np.zeros(4)])
        self._spread: Vector = np.diag(np.concatenate([self._noise(), self._first()]) ** 2)

    @property
    def box(self) -> Box:
        """Return where the plate is by what is known."""
        x, y, width, height = self._mean[0], self._mean[1], exp(self._mean[2]), exp(self._mean[3])
        return Box(float(x) - width / 2, float(y) - height / 2, width, height)

    def predict(self, seconds: float) -> None:
        """Let time pass."""
        step = np.eye(8)
        step[:4, 4:] = np.eye(4) * seconds
        width = exp(self._mean[2])
        push = np.array([_PUSH * width, _PUSH * width, _PUSH_SIZE, _PUSH_SIZE]) ** 2 * seconds
        self._mean = step @ self._mean
        # What is not seen for long must not be thought to fill the frame or to vanish.
        self._mean[6:] = np.clip(self._mean[6:], -2.0, 2.0)
        self._spread = step @ self._spread @ step.T
        self._spread[:4, :4] += np.diag(push) * seconds**2 / 3
        self._spread[4:, 4:] += np.diag(push)

    def correct(self, box: Box) -> None:
        """Take in where the plate was seen."""
        noise = np.diag(self._noise() ** 2)
        gain = self._spread[:, :4] @ np.linalg.inv(self._spread[:4, :4] + noise)
        self._mean = self._mean + gain @ (_measured(box) - self._mean[:4])
        self._spread = self._spread - gain @ self._spread[:4]

    def _noise(self) -> Vector:
        width = exp(self._mean[2])
        return np.array([_SEEN * width, _SEEN * width, _SEEN_SIZE, _SEEN_SIZE])

    def _first(self) -> Vector:
        width = exp(self._mean[2])
        return np.array([_FIRST_SPEED * width, _FIRST_SPEED * width, _FIRST_GROWTH, _FIRST_GROWTH])


@dataclass(slots=True)
class Track:
    """One plate as it moves: `seen` counts its detections, `missed` the looks since the last."""

    number: int
    motion: Motion = field(repr=False)
    box: Box
    seen: int = 1
    missed: int = 0


class Tracker:
    """Gives detections to tracks, look by look; one that `patience` looks in a row have missed is over."""

    def __init__(self, *, patience: int) -> None:
        self._patience = patience
        self._number = 0
        self.tracks: list[Track] = []

    def look(
        self, found: Sequence[Detection], *, seconds: float, regions: Sequence[Box], size: tuple[int, int]
    ) -> tuple[list[Track], list[Track]]:
        """Take in the detections of a look, `seconds` after the last.

        `regions` are the parts of the frame that were looked at, since something moved there; `size` is the
        frame's width and height. Returns the track of each detection, in order, and the tracks that are over.
        """
        waiting = [each for each in self.tracks if each.missed or _in_view(each, regions, size)]
        for track in waiting:
            track.motion.predict(seconds)
        given = self._given(found)
        for place, track in given.items():
            track.motion.correct(found[place].box)
            track.box = found[place].box
            track.seen += 1
            track.missed = 0
        for track in waiting:
            if all(track is not each for each in given.values()):
                track.missed += 1
        over = [each for each in self.tracks if each.missed >= self._patience]
        self.tracks = [each for each in self.tracks if each.missed < self._patience]
        return [given.get(place) or self._new(each.box) for place, each in enumerate(found)], over

    def end(self) -> list[Track]:
        """Return all tracks: they are over."""
        over, self.tracks = self.tracks, []
        return over

    def _given(self, found: Sequence[Detection]) -> dict[int, Track]:
        """Return the track of each detection that continues one."""
        if not found or not self.tracks:
            return {}
        likeness = np.array([[likeness_of(each.box, track) for track in self.tracks] for each in found])
        rows, columns = linear_sum_assignment(-likeness)
        return {
            int(row): self.tracks[column]
            for row, column in zip(rows, columns, strict=True)
            if likeness[row, column] >= LEAST_OVERLAP
        }

    def _new(self, box: Box) -> Track:
        self._number += 1
        track = Track(self._number, Motion(box), box)
        self.tracks.append(track)
        return track


def likeness_of(box: Box, track: Track) -> float:
    """Return how well a box continues a track, 0 to 1: the overlap of the widened boxes."""
    here = track.motion.box
    if abs(log(max(box.width, 1.0) / max(here.width, 1.0))) > log(MOST_GROWTH):
        return 0.0
    return box.padded(REACH).iou(here.padded(REACH))


def _in_view(track: Track, regions: Sequence[Box], size: tuple[int, int]) -> bool:
    """Return whether a track must be seen: it is not where nothing moves, since what stood there stands."""
    box = track.motion.box
    x, y = box.x + box.width / 2, box.y + box.height / 2
    if not (0 <= x <= size[0] and 0 <= y <= size[1]):
        return True
    return any(each.x <= x <= each.x + each.width and each.y <= y <= each.y + each.height for each in regions)


def _measured(box: Box) -> Vector:
    return np.array(
        [
            box.x + box.width / 2,
            box.y + box.height / 2,
            log(max(box.width, 1.0)),
            log(max(box.height, 1.0)),
        ]
    )
