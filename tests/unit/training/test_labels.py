"""Texts as class numbers and back, through the repeats and blanks that CTC puts between."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from training.labels import BLANK, CLASSES, decode, encode, folded

TEXTS = st.text(CLASSES, max_size=9)


def test_encode_text_numbers_digits_before_letters() -> None:
    assert encode("09AZ") == [0, 9, 10, 35]


@pytest.mark.parametrize("text", ["a", "-", " ", "É"])
def test_encode_other_character_raises(text: str) -> None:
    with pytest.raises(ValueError, match="substring not found"):
        encode(text)


@given(TEXTS, st.data())
def test_decode_any_alignment_returns_text(text: str, data: st.DataObject) -> None:
    steps = [BLANK] * data.draw(st.integers(0, 2))
    for index in encode(text):
        # Equal neighbors need a blank between them, others may have one.
        least = 1 if steps and steps[-1] == index else 0
        steps += [BLANK] * data.draw(st.integers(least, 2)) + [index] * data.draw(st.integers(1, 3))
    assert decode(steps) == text


def test_decode_equal_neighbors_without_blank_are_one_character() -> None:
    assert decode([1, 1, BLANK, 1]) == "11"


def test_folded_letter_o_becomes_zero() -> None:
    assert folded("O0Q") == "00Q"
