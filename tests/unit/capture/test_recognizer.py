from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from gatehouse.capture import Box, Detection, Reading, Recognizer, SeenPlate
from gatehouse.capture.drawing import as_jpeg, drawn
from gatehouse.capture.models import Model, ModelSet, Part, find_models
from gatehouse.capture.pictures import Picture, frames_of, pictures_of
from gatehouse.capture.recognizer import distinct
from gatehouse.model import BadInput, PartUnavailable

FRAME = np.zeros((100, 200, 3), np.uint8)
NEAR, FAR = Box(10, 10, 40, 20), Box(120, 60, 30, 15)


class Sees:
    """A detector that sees what it is told."""

    def __init__(self, *found: Detection) -> None:
        self._found = list(found)

    def detect(self, frame: NDArray[np.uint8]) -> list[Detection]:
        return self._found


class Reads:
    """A reader that reads by a box's left edge."""

    def __init__(self, readings: dict[float, Reading]) -> None:
        self._readings = readings

    def read(self, frame: NDArray[np.uint8], boxes: Sequence[Box]) -> list[Reading]:
        return [self._readings[each.x] for each in boxes]


SURE, UNSURE = Reading("ZZZ123", (0.99,) * 6), Reading("ZZ2123", (0.99, 0.99, 0.3, 0.9, 0.9, 0.9))
RECOGNIZER = Recognizer(
    Sees(Detection(FAR, 0.6), Detection(NEAR, 0.9)), Reads({10: SURE, 120: UNSURE}), abstain_below=0.7
)


def test_look_plate_read_with_doubt_is_left_out() -> None:
    assert RECOGNIZER.look(FRAME) == [SeenPlate(NEAR, SURE, 0.9)]


def test_look_at_all_has_every_plate_the_surest_first() -> None:
    assert RECOGNIZER.look_at_all(FRAME) == [SeenPlate(NEAR, SURE, 0.9), SeenPlate(FAR, UNSURE, 0.6)]


def test_distinct_box_over_a_surer_one_is_dropped() -> None:
    over = Box(12, 10, 40, 20)
    found = [Detection(over, 0.5), Detection(FAR, 0.7), Detection(NEAR, 0.9)]
    assert distinct(found) == [Detection(NEAR, 0.9), Detection(FAR, 0.7)]


@pytest.mark.parametrize("part", list(Part))
def test_open_form_that_nothing_runs_is_unavailable(tmp_path: Path, part: Part) -> None:
    odd = Model("odd.onnx", part, "odd", None, 1, "00" * 32, "MIT", "for a test")
    models = ModelSet(tmp_path, odd, (odd,))
    with pytest.raises(PartUnavailable, match="runs a model of this form"):
        Recognizer.open(models)


def test_open_file_that_is_no_model_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "odd.onnx").write_bytes(b"odd")
    odd = Model("odd.onnx", Part.DETECTOR, "yolo", None, 3, "00" * 32, "MIT", "for a test")
    with pytest.raises(PartUnavailable, match="cannot be loaded"):
        Recognizer.open(ModelSet(tmp_path, odd, (odd,)))


class TestPictures:
    def test_pictures_of_folder_are_those_in_it_by_name(self, tmp_path: Path) -> None:
        for name in ("b.jpg", "a.PNG", "c.mp4", "notes.txt"):
            (tmp_path / name).touch()
        assert pictures_of([tmp_path]) == [
            Picture(tmp_path / "a.PNG", False),
            Picture(tmp_path / "b.jpg", False),
            Picture(tmp_path / "c.mp4", True),
        ]

    @pytest.mark.parametrize(
        ("name", "what"), [("missing.jpg", "no such"), ("notes.txt", "by its name"), ("", "no picture")]
    )
    def test_pictures_of_what_is_none_raises(self, tmp_path: Path, name: str, what: str) -> None:
        (tmp_path / "notes.txt").touch()
        with pytest.raises(BadInput, match=what):
            pictures_of([tmp_path / name])

    def test_frames_of_image_has_one_without_time(self, tmp_path: Path) -> None:
        path = tmp_path / "ü.png"
        path.write_bytes(cv2.imencode(".png", np.full((4, 6, 3), 9, np.uint8))[1].tobytes())
        (frame,) = frames_of(Picture(path, moves=False))
        assert (frame.source, frame.number, frame.time) == (str(path), 0, None)
        assert (frame.image == 9).all() and frame.image.shape == (4, 6, 3)

    @pytest.mark.parametrize("data", [b"", b"no picture"])
    @pytest.mark.parametrize("moves", [False, True])
    def test_frames_of_damaged_file_raises(self, tmp_path: Path, data: bytes, moves: bool) -> None:
        path = tmp_path / ("damaged.avi" if moves else "damaged.png")
        path.write_bytes(data)
        with pytest.raises(BadInput, match="cannot be decoded"):
            list(frames_of(Picture(path, moves=moves)))

    def test_frames_of_recording_are_counted_and_timed(self, tmp_path: Path) -> None:
        path = tmp_path / "short.avi"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, (64, 48))
        for shade in (10, 120, 240):
            writer.write(np.full((48, 64, 3), shade, np.uint8))
        writer.release()
        found = list(frames_of(Picture(path, moves=True)))
        assert [(each.number, each.time) for each in found] == [(0, 0.0), (1, 0.04), (2, 0.08)]
        assert [round(float(each.image.mean()), -1) for each in found] == [10, 120, 240]


def test_drawn_frame_has_boxes_and_leaves_the_frame_alone() -> None:
    shown = drawn(FRAME, [SeenPlate(NEAR, SURE, 0.9)])
    assert not FRAME.any()
    assert shown[10, 30].any() and shown[20, 10].any()
    assert as_jpeg(shown).startswith(b"\xff\xd8")


@pytest.fixture(scope="module")
def upstream(reference: Path) -> Recognizer:
    return Recognizer.open(find_models(reference / "recognition" / "models"), threads=1)


@pytest.mark.shared
def test_look_photographs_finds_and_reads_them(upstream: Recognizer, reference: Path) -> None:
    right = found = 0
    labels = sorted((reference / "recognition" / "plates" / "eu").glob("*.txt"))[:12]
    for label in labels:
        name, x, y, width, height, plate = label.read_text("utf-8").split("\t")
        place = Box(float(x), float(y), float(width), float(height))
        image = np.asarray(cv2.imread(str(label.parent / name)), np.uint8)
        seen = [each for each in upstream.look_at_all(image) if each.box.iou(place) > 0.3]
        found += bool(seen)
        right += any(each.reading.text.replace("O", "0") == plate.strip().replace("O", "0") for each in seen)
    assert (len(labels), found, right) == (12, 12, 12)


@pytest.mark.shared
def test_read_plate_in_doubt_is_read_better_the_second_time(reference: Path) -> None:
    models = find_models(reference / "recognition" / "models")
    path = reference / "recognition" / "us-crops" / "id137.png"
    crop = np.asarray(cv2.imread(str(path)), np.uint8)
    box = Box(0, 0, crop.shape[1], crop.shape[0])
    once = Recognizer.open(models, single=True, threads=1).reader.read(crop, [box])[0]
    twice = Recognizer.open(models, threads=1).reader.read(crop, [box])[0]
    assert twice.region == once.region == "US"
    assert twice.characters != once.characters
