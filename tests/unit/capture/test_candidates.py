from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gatehouse.capture import Candidate, Why
from gatehouse.capture.candidates import MOST, reading_of
from gatehouse.capture.formats import Formats
from gatehouse.capture.ocr_transformer import SIGNS, SLOTS
from tests.unit.capture.arrays import plainly, slots

FORMATS = Formats.parse('[ZZ]\npatterns = ["AAA999"]\nsource = "https://example.org/plates"\n')


def test_reading_of_clear_signs_returns_them_with_their_probabilities() -> None:
    reading = reading_of(slots(*plainly("KTX472", 0.75)), united_states=False, formats=FORMATS)
    assert reading.text == "KTX472"
    assert reading.characters == (0.75,) * 6
    assert reading.candidates == (Candidate("KTX472", 0.75, Why.READ),)
    assert (reading.region, reading.state) == (None, None)


def test_reading_of_nothing_has_no_text_and_no_candidates() -> None:
    reading = reading_of(slots(), united_states=True, formats=FORMATS)
    assert (reading.text, reading.characters, reading.candidates) == ("", (), ())


def test_reading_of_american_letter_o_is_written_zero_and_offers_the_letter() -> None:
    signs = slots(*plainly("KTX4"), {"O": 0.75, "0": 0.25}, *plainly("2"))
    american = reading_of(signs, united_states=True, formats=FORMATS)
    assert (american.text, american.characters[4], american.region) == ("KTX402", 1.0, "US")
    assert Candidate("KTX4O2", 0.75, Why.CONFUSABLE) in american.candidates


def test_reading_of_letter_o_elsewhere_stays_as_it_was_seen() -> None:
    signs = slots(*plainly("KTX4"), {"O": 0.75, "0": 0.25}, *plainly("2"))
    reading = reading_of(signs, united_states=False, formats=FORMATS)
    assert reading.text == "KTX4O2"
    assert reading.candidates[1] == Candidate("KTX402", 0.25, Why.CONFUSABLE)


def test_reading_of_doubtful_sign_ranks_a_states_format_first_and_keeps_the_text() -> None:
    signs = slots(*plainly("KT"), {"2": 0.5, "Z": 0.375}, *plainly("472"))
    reading = reading_of(signs, united_states=True, formats=FORMATS)
    assert reading.text == "KT2472"
    assert reading.candidates[:2] == (
        Candidate("KTZ472", 0.375, Why.FORMAT),
        Candidate("KT2472", 0.5, Why.READ),
    )


@pytest.mark.parametrize(
    ("places", "first"),
    [
        ([*plainly("KTX47"), {"_": 0.5, "2": 0.375}], "KTX47"),
        ([*plainly("KT"), {"0": 0.5, "D": 0.375}, *plainly("472")], "KT0472"),
    ],
)
def test_reading_of_other_doubts_leaves_formats_no_say(places: list[dict[str, float]], first: str) -> None:
    reading = reading_of(slots(*places), united_states=True, formats=FORMATS)
    assert reading.candidates[0] == Candidate(first, 0.5, Why.READ)


def test_reading_of_sure_sign_outweighs_a_states_format() -> None:
    signs = slots(*plainly("KT"), {"2": 0.75, "Z": 0.25}, *plainly("472"))
    reading = reading_of(signs, united_states=True, formats=FORMATS)
    assert reading.candidates[0] == Candidate("KT2472", 0.75, Why.READ)


def test_reading_of_foreign_plate_is_not_held_against_formats() -> None:
    signs = slots(*plainly("KT"), {"2": 0.5, "Z": 0.375}, *plainly("472"))
    reading = reading_of(signs, united_states=False, formats=FORMATS)
    assert reading.candidates[0].why is Why.READ


def test_reading_of_doubt_whether_a_sign_follows_counts_for_the_last_one() -> None:
    signs = slots(*plainly("KTX47"), {"_": 0.625, "2": 0.375})
    reading = reading_of(signs, united_states=False, formats=FORMATS)
    assert (reading.text, reading.confidence) == ("KTX47", 0.625)
    assert [each.plate for each in reading.candidates] == ["KTX47", "KTX472"]


@pytest.mark.parametrize("united_states", [False, True])
@given(cells=arrays(np.float32, (SLOTS, len(SIGNS)), elements=st.floats(0.0, 1.0, width=16)))
def test_reading_of_any_probabilities_keeps_its_promises(
    united_states: bool, cells: np.typing.NDArray[np.float32]
) -> None:
    signs = cells + np.float32(0.001)
    signs /= signs.sum(axis=-1, keepdims=True)
    reading = reading_of(signs, united_states=united_states, formats=FORMATS)
    assert len(reading.text) == len(reading.characters)
    assert all(0.0 <= each <= 1.0 for each in reading.characters)
    plates = [each.plate for each in reading.candidates]
    assert len(plates) == len(set(plates)) <= MOST
    assert all(0.0 <= each.confidence <= 1.0 for each in reading.candidates)
    assert all((each.why is Why.READ) == (each.plate == reading.text) for each in reading.candidates)
    if united_states:
        assert "O" not in reading.text
