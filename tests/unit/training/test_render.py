"""Rendered plates: their data, their determinism, and that their text is what they show."""

from __future__ import annotations

import re

import cv2
import numpy as np
import pytest
from training.labels import CLASSES
from training.render import camera, degrade, light, render_plate
from training.render.dies import CHARACTERS, MANNERS, Die
from training.render.states import designs, serial

STATES = frozenset(
    [
        *(
            "AL",
            "AK",
            "AZ",
            "AR",
            "CA",
            "CO",
            "CT",
            "DE",
            "DC",
            "FL",
            "GA",
            "HI",
            "ID",
            "IL",
            "IN",
            "IA",
            "KS",
        ),
        *(
            "KY",
            "LA",
            "ME",
            "MD",
            "MA",
            "MI",
            "MN",
            "MS",
            "MO",
            "MT",
            "NE",
            "NV",
            "NH",
            "NJ",
            "NM",
            "NY",
            "NC",
        ),
        *(
            "ND",
            "OH",
            "OK",
            "OR",
            "PA",
            "RI",
            "SC",
            "SD",
            "TN",
            "TX",
            "UT",
            "VT",
            "VA",
            "WA",
            "WV",
            "WI",
            "WY",
        ),
    ]
)


class TestDesigns:
    def test_designs_file_has_every_state_and_the_district(self) -> None:
        assert set(designs()) == STATES

    def test_designs_values_are_known_and_colors_are_hexadecimal(self) -> None:
        for design in (design for table in designs().values() for design in table):
            assert design.style in {"sans", "narrow", "serif", "script"}
            assert design.separator in {"none", "gap", "dot", "dash", "emblem"}
            assert design.scene in {"plain", "hills", "watermark", "left"}
            assert design.name_at in {"top", "bottom"}
            assert design.dies in {"any", "narrow", "wide", "serif"}
            codes = [*design.grounds, *design.inks, *design.name_inks, *filter(None, design.bands)]
            assert all(re.fullmatch("#[0-9a-f]{6}", code) for code in codes)
            assert all(re.fullmatch("[A-Z9]+( [A-Z9]+)?", pattern) for pattern in design.formats)

    def test_serial_many_draws_are_plate_texts(self) -> None:
        rng = np.random.default_rng(4)
        tables = list(designs().values())
        texts = [serial(rng, tables[at % len(tables)][0]) for at in range(500)]
        assert all(re.fullmatch("[A-Z0-9]+( [A-Z0-9]+)*", text) for text in texts)
        assert {len(text.replace(" ", "")) for text in texts} <= set(range(3, 9))


class TestDie:
    def test_manners_are_given_for_every_character(self) -> None:
        assert set(MANNERS) == set(CHARACTERS) == set(CLASSES)

    @pytest.mark.parametrize("character", CHARACTERS)
    def test_mask_every_manner_fills_the_height(self, character: str) -> None:
        for seed in range(12):
            mask = Die.draw(np.random.default_rng(seed)).mask(character, 36, 72)
            inked = np.flatnonzero((mask > 127).any(1))
            assert mask.shape == (72, 36)
            assert (inked[0], inked[-1]) <= (4, 71)
            assert inked[-1] >= 67
            assert 0.08 < (mask > 127).mean() < 0.8

    def test_mask_of_one_die_tells_the_characters_apart(self) -> None:
        die = Die.draw(np.random.default_rng(1))
        # O and 0 are the same shape on many dies.
        masks = {character: die.mask(character, 36, 72) for character in CHARACTERS if character != "O"}
        for first in masks:
            for second in masks:
                if first < second:
                    assert (abs(masks[first].astype(int) - masks[second]) > 127).mean() > 0.01, first + second


class TestRenderPlate:
    def test_render_plate_same_seed_gives_the_same_plate(self) -> None:
        first, second = (render_plate(np.random.default_rng(11)) for _ in range(2))
        assert np.array_equal(first.image, second.image)
        assert (first.text, first.state) == (second.text, second.state)

    def test_render_plate_given_state_and_text_bears_them(self) -> None:
        plate = render_plate(np.random.default_rng(2), state="OH", text="ABC 1234")
        assert (plate.text, plate.state) == ("ABC1234", "OH")
        assert plate.image.shape == (160, 320, 3)
        assert plate.corners.tolist() == [[0, 0], [320, 0], [320, 160], [0, 160]]

    def test_render_plate_european_has_its_shape_and_no_state(self) -> None:
        plate = render_plate(np.random.default_rng(2), eu=1.0)
        assert plate.state is None
        assert plate.image.shape == (80, 368, 3)
        assert re.fullmatch("[A-Z0-9]{6,8}", plate.text)

    def test_render_plate_other_text_shows_other_characters(self) -> None:
        first, second = (
            render_plate(np.random.default_rng(3), state="DE", text=text) for text in ("111111", "888888")
        )
        assert (abs(first.image.astype(int) - second.image) > 40).mean() > 0.02

    def test_render_plate_unknown_state_raises(self) -> None:
        with pytest.raises(KeyError):
            render_plate(np.random.default_rng(0), state="ZZ")

    @pytest.mark.parametrize("state", sorted(STATES))
    def test_render_plate_every_state_gives_readable_labels(self, state: str) -> None:
        plate = render_plate(np.random.default_rng(5), state=state)
        assert plate.state == state
        assert set(plate.text) <= set(CLASSES)
        assert plate.image.std() > 8


class TestDegrade:
    def test_degrade_many_seeds_give_gray_crops_of_the_size(self) -> None:
        plate = render_plate(np.random.default_rng(0)).image
        for seed in range(60):
            crop = degrade(np.random.default_rng(seed), plate, size=(128, 48))
            assert crop.shape == (48, 128)
            assert crop.dtype == np.uint8

    def test_degrade_same_seed_gives_the_same_crop(self) -> None:
        plate = render_plate(np.random.default_rng(0)).image
        first, second = (degrade(np.random.default_rng(9), plate, size=(128, 48)) for _ in range(2))
        assert np.array_equal(first, second)

    @pytest.mark.parametrize("channels", [1, 3])
    def test_light_and_camera_keep_shape_and_channels(self, channels: int) -> None:
        plate = render_plate(np.random.default_rng(0)).image
        image = plate if channels == 3 else cv2.cvtColor(plate, cv2.COLOR_BGR2GRAY).astype(np.uint8)
        for seed in range(30):
            rng = np.random.default_rng(seed)
            assert camera(rng, light(rng, image)).shape == image.shape
