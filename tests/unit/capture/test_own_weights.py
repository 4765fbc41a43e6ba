"""The files that come with the package: a rendered scene is found and read with them and nothing else."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from training.render import render_plate

from gatehouse.capture import Box, Recognizer
from gatehouse.capture.models import find_models
from gatehouse.capture.ocr_ctc import normalized


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Recognizer:
    environment = {"XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))}
    return Recognizer.open(find_models(environment=environment), threads=1)


def picture(text: str, width: int) -> tuple[NDArray[np.uint8], Box]:
    """Render a plate on the back of a dark vehicle."""
    rng = np.random.default_rng(11)
    plate = render_plate(rng, state="IL", text=text).image
    small = cv2.resize(plate, (width, width // 2), interpolation=cv2.INTER_AREA)
    frame = np.full((360, 640, 3), 130, np.uint8)
    frame[60:300, 160:480] = (60, 45, 40)
    frame[300:] = 95
    frame[200 : 200 + width // 2, 270 : 270 + width] = small
    return cv2.GaussianBlur(frame, (0, 0), 0.7).astype(np.uint8), Box(270, 200, width, width // 2)


def test_look_rendered_plate_is_found_and_read(own: Recognizer) -> None:
    frame, place = picture("KTR 483", 110)
    (seen,) = own.look(frame)
    assert seen.reading.text == "KTR483"
    assert seen.box.iou(place) > 0.6


def test_look_empty_street_has_no_plate(own: Recognizer) -> None:
    frame, _ = picture("KTR 483", 110)
    frame[190:300, 200:440] = (60, 45, 40)
    assert own.look(frame) == []


@pytest.mark.parametrize(("shape", "region"), [((60, 120), "US"), ((30, 130), None)])
def test_read_region_is_judged_by_shape(own: Recognizer, shape: tuple[int, int], region: str | None) -> None:
    plate = render_plate(np.random.default_rng(3), state="OH", text="HNV 5127").image
    crop = cv2.resize(plate, shape[::-1], interpolation=cv2.INTER_AREA).astype(np.uint8)
    (reading,) = own.reader.read(crop, [Box(0, 0, shape[1], shape[0])])
    assert reading.region == region


def test_read_no_box_is_nothing(own: Recognizer) -> None:
    assert own.reader.read(np.zeros((20, 40, 3), np.uint8), []) == []


def test_normalized_crop_has_mean_zero_and_a_spread_below_one() -> None:
    crop = np.random.default_rng(1).integers(0, 256, (48, 128, 3)).astype(np.uint8)
    values = normalized(crop)
    assert values.shape == (48, 128)
    assert values.dtype == np.float32
    assert float(values.mean()) == pytest.approx(0, abs=1e-5)
    assert 0.9 < float(values.std()) < 1


@pytest.mark.shared
def test_read_real_crops_is_as_good_as_the_table_says(own: Recognizer, reference: Path) -> None:
    folder = reference / "recognition" / "us-crops"
    right = 0
    rows = [row.split(",") for row in (folder / "groundtruth.csv").read_text("utf-8").splitlines()[1::6]]
    for file, _, plate in rows:
        crop = np.asarray(cv2.imread(str(folder / file)), np.uint8)
        (reading,) = own.reader.read(crop, [Box(0, 0, crop.shape[1], crop.shape[0])])
        right += reading.text.replace("O", "0") == plate.strip().upper().replace("O", "0")
    assert right / len(rows) > 0.83
