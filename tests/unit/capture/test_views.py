from __future__ import annotations

import numpy as np

from gatehouse.capture import Box
from gatehouse.capture.detect_yolo import boxes_of, letterboxed
from gatehouse.capture.views import HEIGHT, LEANED, WIDTH, View, cut


def striped() -> np.typing.NDArray[np.uint8]:
    frame = np.zeros((200, 400, 3), np.uint8)
    frame[:, 200:] = 255
    return frame


def test_cut_box_is_scaled_to_the_readers_input() -> None:
    (found,) = cut(striped(), Box(100, 50, 200, 100), [View(0.0)])
    assert found.shape == (HEIGHT, WIDTH, 3)
    assert (found[:, : WIDTH // 2 - 1] == 0).all()
    assert (found[:, WIDTH // 2 + 1 :] == 255).all()


def test_cut_box_at_the_frames_edge_goes_on_with_the_edge() -> None:
    (found,) = cut(striped(), Box(300, 0, 100, 50), [View(0.5)])
    assert (found == 255).all()


def test_cut_leaned_view_moves_top_and_bottom_apart() -> None:
    (found,) = cut(striped(), Box(100, 50, 200, 100), [View(0.0, lean=20.0)])
    top, bottom = (int((row[:, 0] < 128).sum()) for row in (found[1], found[-2]))
    assert top > WIDTH // 2 + 5
    assert bottom < WIDTH // 2 - 5


def test_cut_several_gives_each_view() -> None:
    left, right = cut(striped(), Box(100, 50, 200, 100), LEANED)
    assert (left[1] != right[1]).any()
    assert (left[::-1, ::-1] == 255 - left).mean() > 0.95


def test_cut_smooth_view_averages_what_is_shrunk() -> None:
    frame = np.zeros((200, 400, 3), np.uint8)
    frame[:, ::2] = 200
    box = Box(40, 40, 256, 128)
    (picked,) = cut(frame, box, [View(0.0)], size=(64, 32))
    (averaged,) = cut(frame, box, [View(0.0)], size=(64, 32), smooth=True)
    assert averaged.shape == picked.shape == (32, 64, 3)
    assert np.ptp(averaged) <= 2 and abs(int(averaged.mean()) - 100) <= 1


def test_cut_smooth_small_plate_is_left_as_it_is() -> None:
    frame = np.random.default_rng(4).integers(0, 256, (60, 90, 3)).astype(np.uint8)
    (plain,) = cut(frame, Box(20, 20, 40, 20), [View(0.05)])
    (smooth,) = cut(frame, Box(20, 20, 40, 20), [View(0.05)], smooth=True)
    assert (plain == smooth).all()


def test_letterboxed_wide_frame_has_gray_above_and_below() -> None:
    tensor, scale, left, top = letterboxed(striped(), 100)
    assert tensor.shape == (1, 3, 100, 100)
    assert tensor.dtype == np.float32
    assert (scale, left, top) == (0.25, 0.0, 25.0)
    assert np.allclose(tensor[:, :, :25], 114 / 255)
    assert np.allclose(tensor[:, :, 26:74, :49], 0.0)
    assert np.allclose(tensor[:, :, 26:74, 51:], 1.0)


def test_letterboxed_frame_becomes_red_first() -> None:
    frame = np.zeros((10, 10, 3), np.uint8)
    frame[..., 2] = 255
    tensor, *_ = letterboxed(frame, 10)
    assert [float(each.mean()) for each in tensor[0]] == [1.0, 0.0, 0.0]


def test_boxes_of_rows_are_in_the_frames_pixels_surest_first() -> None:
    rows = np.array(
        [
            [0, 10, 35, 30, 45, 0, 0.5],
            [0, 50, 35, 70, 45, 0, 0.75],
            [0, 50, 35, 70, 45, 0, 0.25],
            [0, 120, 35, 130, 45, 0, 0.9],
        ],
        np.float32,
    )
    found = boxes_of(rows, scale=0.25, left=0.0, top=25.0, least=0.4, shape=(200, 400, 3))
    assert [(each.box, each.score) for each in found] == [
        (Box(200, 40, 80, 40), 0.75),
        (Box(40, 40, 80, 40), 0.5),
    ]
