"""Rendered scenes: their determinism, and that each box has its plate in it."""

from __future__ import annotations

import numpy as np
from training.render import RenderedPlate
from training.scenes import MakePlate, Scene, render_scene


def plain(tone: int) -> MakePlate:
    """Return what makes plates of one gray."""
    image = np.full((80, 160, 3), tone, np.uint8)
    return lambda _: RenderedPlate(image, "ZZZ123", "IL", np.zeros((4, 2), np.float32))


def scenes(count: int, *, seed: int = 5, plate: MakePlate | None = None) -> list[Scene]:
    rng = np.random.default_rng(seed)
    return [render_scene(rng, plate=plate or plain(200)) for _ in range(count)]


def test_render_scene_same_generator_state_returns_same_scene() -> None:
    one, two = scenes(4), scenes(4)
    assert [each.plates for each in one] == [each.plates for each in two]
    assert all(np.array_equal(a.image, b.image) for a, b in zip(one, two, strict=True))


def test_render_scene_any_has_the_size_asked_for_and_boxes_within() -> None:
    rng = np.random.default_rng(6)
    for _ in range(12):
        scene = render_scene(rng, size=(160, 96), plate=plain(200))
        assert scene.image.shape == (96, 160, 3)
        assert scene.image.dtype == np.uint8
        for each in scene.plates:
            left, top, right, bottom = each.box
            assert 0 <= left < right <= 160
            assert 0 <= top < bottom <= 96
            assert (each.text, each.state) == ("ZZZ123", "IL")


def test_render_scene_boxes_hold_the_plate_and_nothing_else() -> None:
    checked = 0
    for light, dark in zip(scenes(60, plate=plain(250)), scenes(60, plate=plain(5)), strict=True):
        # Only the plates differ, so that where the pictures do, a plate is.
        change = np.abs(light.image.astype(np.float32) - dark.image).mean(2)
        covered = np.zeros(change.shape, bool)
        for each in light.plates:
            left, top, right, bottom = (round(edge) for edge in each.box)
            strong = float(np.median(change[top:bottom, left:right])) / 2
            assert strong > 2
            assert (change[top:bottom, left:right] > strong).mean() > 0.55
            covered[max(0, top - 2) : bottom + 2, max(0, left - 2) : right + 2] = True
            checked += 1
        if len(light.plates) == 1:
            # Around the plate alone: further off may be one that too little is seen of to be told.
            near = np.zeros(change.shape, bool)
            tall, wide = bottom - top, right - left
            near[max(0, top - tall) : bottom + tall, max(0, left - wide) : right + wide] = True
            assert (change[near & ~covered] > strong).sum() < 0.05 * covered.sum()
    assert checked >= 40


def test_render_scene_many_have_none_one_or_several_plates() -> None:
    assert {len(scene.plates) for scene in scenes(60)} >= {0, 1, 2}


def test_render_scene_median_sets_how_wide_plates_are() -> None:
    rng = np.random.default_rng(7)
    wide = [
        np.median(
            [
                p.box[2] - p.box[0]
                for _ in range(25)
                for p in render_scene(rng, plate=plain(200), median=m).plates
            ]
        )
        for m in (15.0, 60.0)
    ]
    assert wide[1] > 2 * wide[0]
