"""What the own detector's cells mean in a frame's pixels, and what its network is given."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gatehouse.capture import Box, Detection, detect_heatmap
from gatehouse.capture.detect_heatmap import fitted, plates_of, window


def cells(*sure: tuple[int, int, float, tuple[float, float, float, float]]) -> NDArray[np.float32]:
    """Return 5 x 8 x 16 cells with (row, column, score, corners)."""
    array = np.zeros((5, 8, 16), np.float32)
    for row, column, score, corners in sure:
        array[:, row, column] = (score, *corners)
    return array


def test_plates_of_cells_returns_boxes_of_the_frame_surest_first() -> None:
    given = cells((2, 3, 0.5, (4, 6, 24, 16)), (6, 12, 0.75, (40, 20, 60, 30)))
    assert plates_of(given, scale=(0.5, 0.25), least=0.3, shape=(128, 128, 3)) == [
        Detection(Box(80, 80, 40, 40), 0.75),
        Detection(Box(8, 24, 40, 40), 0.5),
    ]


def test_plates_of_neighbor_that_is_surer_hides_a_cell() -> None:
    given = cells((2, 3, 0.5, (4, 6, 24, 16)), (3, 4, 0.75, (5, 6, 25, 16)))
    assert plates_of(given, scale=(1, 1), least=0.3, shape=(32, 64, 3)) == [
        Detection(Box(5, 6, 20, 10), 0.75)
    ]


def test_plates_of_cell_below_least_is_dropped() -> None:
    assert plates_of(cells((2, 3, 0.25, (4, 6, 24, 16))), scale=(1, 1), least=0.3, shape=(32, 64, 3)) == []


def test_plates_of_box_beyond_the_edge_is_cut_and_one_outside_dropped() -> None:
    given = cells((0, 0, 0.5, (-8, -2, 12, 8)), (7, 15, 0.75, (70, 10, 90, 20)))
    assert plates_of(given, scale=(1, 1), least=0.3, shape=(32, 64, 3)) == [Detection(Box(0, 0, 12, 8), 0.5)]


def test_plates_of_box_turned_inside_out_is_dropped() -> None:
    assert plates_of(cells((2, 3, 0.5, (24, 16, 4, 6))), scale=(1, 1), least=0.3, shape=(32, 64, 3)) == []


@pytest.mark.parametrize(
    ("height", "width", "shape", "scale"),
    [(1080, 1920, (1, 3, 256, 416), (416 / 1920, 234 / 1080)), (416, 208, (1, 3, 416, 224), (1.0, 1.0))],
)
def test_fitted_frame_is_scaled_into_sides_that_32_divides(
    height: int, width: int, shape: tuple[int, ...], scale: tuple[float, float]
) -> None:
    tensor, got = fitted(np.full((height, width, 3), 64, np.uint8), 416)
    assert (tensor.shape, got) == (shape, scale)
    assert tensor.dtype == np.float32
    assert tensor[0, :, 0, 0].tolist() == [-0.5] * 3
    assert tensor[0, :, -1, -1].tolist() == [114 / 128 - 1] * 3


@given(st.integers(1, 90), st.integers(1, 90))
def test_fitted_any_frame_keeps_its_place_in_the_upper_left(height: int, width: int) -> None:
    tensor, (across, down) = fitted(np.full((height, width, 3), 255, np.uint8), 64)
    filled = (tensor[0, 0] > 0.9).sum()
    assert filled == round(width * across) * round(height * down)
    assert (tensor.shape[2] % 32, tensor.shape[3] % 32) == (0, 0)


class Sees:
    """A session that gives the same cells for every picture, and keeps the pictures' shapes."""

    def __init__(self, *arrays: NDArray[np.float32]) -> None:
        self.arrays = list(arrays)
        self.shapes: list[tuple[int, ...]] = []

    def get_inputs(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name="picture")]

    def run(self, names: None, given: dict[str, NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        self.shapes.append(given["picture"].shape)
        return [self.arrays[len(self.shapes) - 1][None]]


def detected(session: Sees, monkeypatch: pytest.MonkeyPatch) -> list[Detection]:
    monkeypatch.setattr(detect_heatmap, "open_session", lambda path, *, threads: session)
    detector = detect_heatmap.Heatmap(Path("plates.onnx"), threads=1, longest=64)
    return detector.detect(np.zeros((320, 640, 3), np.uint8))


def test_detect_plate_is_looked_at_from_nearer_in_the_frames_own_pixels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # 40 x 20 pixels at (300, 150): the window is 241 x 145 pixels at (200, 88), seen at 320 pixels.
    session = Sees(cells((4, 8, 0.5, (30, 15, 34, 17))), cells((5, 8, 0.72, (140, 88, 180, 108))))
    (found,) = detected(session, monkeypatch)
    across, down = 241 / 320, 145 / 193
    assert found.score == pytest.approx(0.6)
    box = (found.box.x, found.box.y, found.box.width, found.box.height)
    assert box == pytest.approx((200 + 140 * across, 88 + 88 * down, 40 * across, 20 * down), abs=0.01)
    assert session.shapes == [(1, 3, 32, 64), (1, 3, 224, 320)]


def test_detect_plate_that_is_none_from_nearer_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = cells((1, 1, 0.9, (4, 4, 24, 16)))
    assert detected(Sees(cells((4, 8, 0.5, (30, 15, 34, 17))), elsewhere), monkeypatch) == []


@pytest.mark.parametrize(
    ("box", "place"),
    [(Box(300, 150, 40, 20), (200, 88, 441, 233)), (Box(0, 0, 40, 20), (0, 0, 141, 83))],
)
def test_window_lies_around_the_box_and_in_the_frame(box: Box, place: tuple[int, int, int, int]) -> None:
    assert window(box, (320, 640, 3)) == place
