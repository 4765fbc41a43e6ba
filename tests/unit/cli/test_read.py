from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from gatehouse.capture import Box, Detection, Frame, PassReader, Reading, Recognizer
from gatehouse.cli.read import _Looks

PLATE = Reading("ZZZ123", (0.99,) * 6)


class Sees:
    """Sees one plate in every frame, and reads it."""

    def detect(self, frame: NDArray[np.uint8]) -> list[Detection]:
        return [Detection(Box(100, 100, 60, 30), 0.9)]

    def read(self, frame: NDArray[np.uint8], boxes: list[Box]) -> list[Reading]:
        return [PLATE for _ in boxes]


class Interrupted:
    """Gives frames until somebody presses Ctrl-C."""

    name = stem = "camera"
    moves = True

    def __init__(self, *, live: bool) -> None:
        self.live = live
        self.closed = False

    def __iter__(self) -> Iterator[Frame]:
        for number in range(10):
            yield Frame(self.name, number, number / 5, np.full((400, 600, 3), number, np.uint8))
        raise KeyboardInterrupt

    def close(self) -> None:
        self.closed = True


class Looks(_Looks):
    """Looks without models."""

    def __init__(self) -> None:
        self.sees = Sees()

    def reader(self) -> PassReader:
        return PassReader(Recognizer(self.sees, self.sees), gated=False)  # type: ignore[arg-type] # lists do


def test_passes_camera_interrupted_tells_who_is_in_view() -> None:
    source = Interrupted(live=True)
    told = [each.document for each in Looks().passes(source, lambda _frames: None)]
    assert [each["plates"][0]["plate"] for each in told] == ["ZZZ123"]
    assert (told[0]["started"], told[0]["ended"], told[0]["frames_seen"]) == (0.0, 1.8, 10)
    assert source.closed


def test_passes_image_source_interrupted_stops() -> None:
    source = Interrupted(live=False)
    source.moves = False
    with pytest.raises(KeyboardInterrupt):
        list(Looks().passes(source, lambda _frames: None))
    assert source.closed
