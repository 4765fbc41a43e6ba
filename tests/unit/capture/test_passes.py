from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from gatehouse.capture import Box, Detection, Frame, Reading, Recognizer
from gatehouse.capture.passes import Pass, PassReader, left_over, same_plate

RATE = 25
Image = NDArray[np.uint8]


class Whites:
    """Detects white rectangles."""

    def detect(self, frame: Image) -> list[Detection]:
        mask = (frame[..., 0] > 250).astype(np.uint8)
        count, _, stats, _ = cv2.connectedComponentsWithStats(mask)
        boxes = [Box(*(int(each) for each in stats[place][:4])) for place in range(1, count)]
        return [Detection(each, 0.9) for each in boxes if each.area > 200]


class Shades:
    """Reads a rectangle by its red, which each plate here has of its own, and is `sure` of each sign."""

    def __init__(self, plates: dict[int, str], sure: float = 0.99) -> None:
        self.plates = plates
        self.sure = sure
        self.asked = 0

    def read(self, frame: Image, boxes: Sequence[Box]) -> list[Reading]:
        found = []
        for box in boxes:
            self.asked += 1
            shade = int(frame[int(box.y + box.height / 2), int(box.x + box.width / 2), 2])
            text = self.plates[shade]
            found.append(Reading(text, (self.sure,) * len(text)))
        return found


def clip(seconds: float, *, shade: int = 200, stands: float = 0.0, start: float = 0.5) -> Iterator[Frame]:
    """Yield frames of a car with a plate that crosses from left to right, and may stand on its way."""
    for number in range(round(seconds * RATE)):
        time = number / RATE
        image = np.full((360, 640, 3), 90, np.uint8)
        moving = time - start if time < start + 1 else max(start + 1, time - stands) - start
        x = round(-60 + 250 * moving)
        if time >= start and x < 640:
            image[150:280, max(x - 40, 0) : x + 120] = 30
            image[220:250, max(x, 0) : max(x + 60, 0)] = (255, 255, shade)
        yield Frame("clip", number, time, image)


def reader(quick: Shades, careful: Shades | None = None, **options: float | bool) -> PassReader:
    recognizer = Recognizer(Whites(), careful or quick, abstain_below=0.7)
    return PassReader(recognizer, quick=quick, **options)  # type: ignore[arg-type] # options as given


def texts(passes: list[Pass]) -> list[str]:
    return [each.plate.text for each in passes]


def test_passes_vehicle_that_crosses_is_one_pass_with_its_best_crop() -> None:
    passes = reader(Shades({200: "ZZZ123"}))
    (found,) = passes.read(clip(6))
    assert (found.source, found.plate.text) == ("clip", "ZZZ123")
    assert 0.5 < found.started <= found.time <= found.ended < 3.5
    assert found.frame == round(found.time * RATE)
    assert (found.box.width, found.box.height) == (60, 30)
    assert found.crop.shape == (51, 102, 3)
    assert (found.crop[15, 50] == (255, 255, 200)).all()
    assert found.image is None
    counts = passes.counts
    assert (counts.frames, counts.passes, counts.merged, counts.abstained) == (150, 1, 0, 0)
    assert counts.looked + counts.still == 50
    assert counts.still > 15


def test_passes_vehicle_that_halts_where_nothing_moves_is_one_pass() -> None:
    assert texts(list(reader(Shades({200: "ZZZ123"})).read(clip(14, stands=8)))) == ["ZZZ123"]


def test_passes_vehicle_that_stands_for_long_is_told_while_it_stands_and_once() -> None:
    passes = reader(Shades({200: "ZZZ123"}), longest=3.0)
    found = [(frame.number / RATE, each) for frame in clip(14, stands=8) for each in passes.feed(frame)]
    ((time, told),) = found
    assert (told.plate.text, passes.finish()) == ("ZZZ123", [])
    assert 3.5 < time < 4.5


def test_passes_plate_in_doubt_is_read_again_with_care() -> None:
    careful = Shades({200: "ZZZ123"}, sure=0.98)
    quick = Shades({200: "ZZZ128"}, sure=0.5)
    assert texts(list(reader(quick, careful).read(clip(5)))) == ["ZZZ123"]
    assert careful.asked == 3


def test_passes_sure_plate_is_not_read_at_every_look() -> None:
    quick = Shades({200: "ZZZ123"})
    passes = reader(quick)
    assert len(list(passes.read(clip(5)))) == 1
    assert quick.asked == passes.counts.readings == 6


@pytest.mark.parametrize(("text", "sure"), [("ZZZ123", 0.4), ("E", 0.99)])
def test_passes_plate_that_nobody_can_read_is_counted(text: str, sure: float) -> None:
    passes = reader(Shades({200: text}, sure=sure))
    assert list(passes.read(clip(5))) == []
    assert passes.counts.abstained == 1


@pytest.mark.parametrize(("apart", "told"), [(30.0, 1), (2.0, 2)])
def test_passes_same_plate_again_is_told_once_within_its_time(apart: float, told: int) -> None:
    passes = reader(Shades({200: "ZZZ123"}), apart=apart)
    first = list(clip(6))
    later = [Frame(each.source, each.number + 150, 6 + (each.time or 0), each.image) for each in first]
    assert texts(list(passes.read([*first, *later]))) == ["ZZZ123"] * told
    assert passes.counts.merged == 2 - told


def test_passes_without_the_gate_looks_at_every_look() -> None:
    passes = reader(Shades({200: "ZZZ123"}), gated=False, keep_images=True)
    (found,) = passes.read(clip(5))
    assert found.image is not None and found.image.shape == (360, 640, 3)
    assert (passes.counts.still, passes.counts.looked) == (0, 42)


@pytest.mark.parametrize(
    ("one", "other", "sure", "same"),
    [
        ("ZZZ123", "ZZZ123", 0.99, True),
        ("ZZZ123", "ZZZ128", 0.99, False),
        ("ZZZ123", "ZZZ128", 0.8, True),
        ("ZZZ123", "ZZ123", 0.8, True),
        ("ZZZ123", "ZZZ881", 0.8, False),
    ],
)
def test_same_plate_is_one_text_or_a_sign_apart_in_doubt(
    one: str, other: str, sure: float, same: bool
) -> None:
    assert same_plate(Reading(one, (0.99,) * len(one)), Reading(other, (sure,) * len(other))) is same


@pytest.mark.parametrize(
    ("part", "left"),
    [("ZZ123", True), ("ZZZ1", True), ("23", False), ("ZZ12", False), ("ZZZ123", False), ("AZZZ123", False)],
)
def test_left_over_is_the_beginning_or_end_of_a_text(part: str, left: bool) -> None:
    whole = Reading("ZZZ123", (0.99,) * 6)
    assert left_over(Reading(part, (0.99,) * len(part)), whole) is left
