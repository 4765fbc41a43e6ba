"""Passes: each vehicle that goes by is one read, voted over what was seen of its plate, with the best crop.

A frame is looked at only so many times a second and only where something moved (`motion`). What the detector
finds is followed (`tracking`), read where it can be read (`sights`), and put to the vote (`voting`) when the
plate has not been seen for a while or has stood in view for long. What that yields twice is told once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gatehouse.capture.motion import MotionGate
from gatehouse.capture.nouns import Box, Detection, Frame, PlateReader, Reading
from gatehouse.capture.recognizer import Recognizer, distinct
from gatehouse.capture.sights import Sight, Story, readable, worth_of
from gatehouse.capture.tracking import Track, Tracker
from gatehouse.capture.voting import edits, voted

# A source that tells no times is taken to have that many frames a second.
RATE = 25.0
# What was seen once only must be read that surely.
ONCE = 0.9
# A single sign is a bolt, a badge or a lamp far more often than anybody's plate.
LEAST_SIGNS = 2
# What was seen in no more looks may be the part of a plate that a picture's edge or a pole left over.
GLANCES = 3
# Two texts that differ in one sign are one plate where one of them was read with less.
DOUBTED = 0.9


@dataclass(frozen=True, slots=True)
class Pass:
    """A plate that went by: what the vote says of it, and where and when it was seen best.

    `started` and `ended` are in seconds from the source's start; `frame`, `time`, `box` and `crop` are those
    of its best frame, and `image` is that frame itself where the reader was told to keep it.
    """

    source: str
    started: float
    ended: float
    plate: Reading
    crop: NDArray[np.uint8] = field(repr=False)
    box: Box
    frame: int
    time: float
    frames_seen: int
    image: NDArray[np.uint8] | None = field(default=None, repr=False)


@dataclass(slots=True)
class Counts:
    """What became of frames and plates since the start."""

    frames: int = 0
    looked: int = 0
    still: int = 0
    regions: int = 0
    readings: int = 0
    passes: int = 0
    joined: int = 0
    merged: int = 0
    abstained: int = 0


class PassReader:
    """Turns the frames of one source into passes.

    `quick` reads what the recognizer's detector finds, look by look; the recognizer's own reader decides
    where the vote is in doubt. There are at most `looks` a second. A plate is gone when it has not been seen
    for `unseen` seconds of looks; one that stands in view is told after `longest` seconds. The same plate
    within `apart` seconds is one pass. Without `gated` each look is at the whole frame.
    """

    def __init__(
        self,
        recognizer: Recognizer,
        *,
        quick: PlateReader | None = None,
        looks: float = 8.4,
        unseen: float = 1.0,
        longest: float = 20.0,
        apart: float = 30.0,
        gated: bool = True,
        keep_images: bool = False,
    ) -> None:
        self.counts = Counts()
        self.gate = MotionGate() if gated else None
        self._recognizer = recognizer
        self._quick = quick or recognizer.reader
        self._tracker = Tracker(patience=max(round(unseen * looks), 2))
        self._stories: dict[int, Story] = {}
        self._every = 1.0 / looks
        self._longest = longest
        self._apart = apart
        self._keep_images = keep_images
        self._source = ""
        self._looked_at: float | None = None
        self._told: list[Pass] = []

    def read(self, frames: Iterable[Frame]) -> Iterator[Pass]:
        """Yield the passes of frames, the last ones when the frames end."""
        for frame in frames:
            yield from self.feed(frame)
        yield from self.finish()

    def feed(self, frame: Frame) -> list[Pass]:
        """Take in a frame; returns the passes that are over with it."""
        self.counts.frames += 1
        self._source = frame.source
        now = frame.number / RATE if frame.time is None else frame.time
        before = self._looked_at
        # Half a frame of leave: 25 frames a second must not become 6 looks for want of a millisecond.
        if before is not None and 0 <= now - before < self._every - 0.5 / RATE:
            return []
        self._looked_at = now
        height, width = frame.image.shape[:2]
        regions = [Box(0, 0, width, height)] if self.gate is None else self.gate.moved(frame.image)
        found = self._detected(frame.image, regions)
        seconds = 0.0 if before is None else max(now - before, 0.0)
        tracks, over = self._tracker.look(found, seconds=seconds, regions=regions, size=(width, height))
        self._take(frame, now, found, tracks)
        return self._ended(over) + self._standing(now)

    def finish(self) -> list[Pass]:
        """Return the passes that were not over when the frames ended."""
        return self._ended(self._tracker.end())

    def _detected(self, image: NDArray[np.uint8], regions: list[Box]) -> list[Detection]:
        """Return the plates that are seen in parts of a frame, in the frame's pixels."""
        self.counts.looked += bool(regions)
        self.counts.still += not regions
        self.counts.regions += len(regions)
        found = []
        for region in regions:
            left, top = int(region.x), int(region.y)
            part = image[top : top + int(region.height), left : left + int(region.width)]
            for each in self._recognizer.detector.detect(part):
                box = each.box
                # A plate that a region's edge cuts is no plate; where it is whole, it is found.
                if region.width == image.shape[1] or readable(box, part.shape[1::-1]):
                    found.append(Detection(Box(box.x + left, box.y + top, box.width, box.height), each.score))
        return distinct(found)

    def _take(self, frame: Frame, now: float, found: list[Detection], tracks: list[Track]) -> None:
        """Note what was seen of each track, and read what can be read and is not settled yet."""
        height, width = frame.image.shape[:2]
        wanted = []
        for detection, track in zip(found, tracks, strict=True):
            story = self._stories.setdefault(track.number, Story(now, now))
            story.ended = now
            story.seen += 1
            box = detection.box
            if not story.told and readable(box, (width, height)) and not story.settled(box.height):
                wanted.append((story, box))
        readings = self._quick.read(frame.image, [box for _, box in wanted])
        self.counts.readings += len(readings)
        for (story, box), reading in zip(wanted, readings, strict=True):
            worth = worth_of(reading, box)
            story.add(reading, Sight.of(frame, box, time=now, worth=worth, whole=self._keep_images))

    def _ended(self, over: list[Track]) -> list[Pass]:
        """Return the passes of tracks that are over, but for those that another track carries on."""
        stories = [self._stories.pop(track.number) for track in over]
        return [each for story in stories if (each := self._told_of(story)) is not None]

    def _standing(self, now: float) -> list[Pass]:
        """Return the passes of plates that have been in view so long that they are told before they leave."""
        found = []
        for story in self._stories.values():
            if not story.told and story.ballots and now - story.started >= self._longest:
                if (each := self._told_of(story)) is not None:
                    found.append(each)
                story.told = True
        return found

    def _told_of(self, story: Story) -> Pass | None:
        """Return the pass that a story is, None where it was told, cannot be read, or goes on elsewhere."""
        if story.told or not story.ballots:
            return None
        if self._joined(story):
            return None
        reading = story.verdict(self._recognizer.reader)
        least = max(self._recognizer.abstain_below, ONCE if story.seen == 1 else 0.0)
        if reading.confidence < least or len(reading.text) < LEAST_SIGNS:
            self.counts.abstained += 1
            return None
        best = story.sights[0]
        found = Pass(
            self._source,
            story.started,
            story.ended,
            reading,
            best.crop,
            best.box,
            best.frame,
            best.time,
            story.seen,
            best.image,
        )
        self._told = [each for each in self._told if story.started - each.ended <= self._apart]
        glance = story.seen <= GLANCES
        if any(
            same_plate(each.plate, reading) or (glance and left_over(reading, each.plate))
            for each in self._told
        ):
            self.counts.merged += 1
            return None
        self._told.append(found)
        self.counts.passes += 1
        return found

    def _joined(self, story: Story) -> bool:
        """Hand a story on to a track that began after it ended and reads the same, if there is one."""
        reading = voted(story.ballots)
        glance = story.seen <= GLANCES
        for other in self._stories.values():
            if other is story or not other.ballots:
                continue
            whole = voted(other.ballots)
            if other.started > story.ended and same_plate(whole, reading):
                other.join(story)
            elif not (glance and left_over(reading, whole)):
                continue
            self.counts.joined += 1
            return True
        return False


def same_plate(one: Reading, other: Reading) -> bool:
    """Return whether two readings are one plate: the same text, or a sign apart where either was in doubt."""
    apart = edits(one.text, other.text)
    return apart == 0 or (apart == 1 and min(one.confidence, other.confidence) < DOUBTED)


def left_over(part: Reading, whole: Reading) -> bool:
    """Return whether a text is what is left of another whose beginning or end was hidden."""
    if not 3 <= len(part.text) < len(whole.text):
        return False
    return whole.text.startswith(part.text) or whole.text.endswith(part.text)
