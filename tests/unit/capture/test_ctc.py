from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gatehouse.capture.ctc import BLANK, SIGNS, aligned, greedy, softmax


def steps(path: str, share: float = 0.9) -> NDArray[np.float32]:
    """Return the probabilities of a path of signs and `_` for the blank; what is left goes to the others."""
    array = np.full((len(path), BLANK + 1), (1 - share) / BLANK, np.float32)
    for at, sign in enumerate(path):
        array[at, BLANK if sign == "_" else SIGNS.index(sign)] = share
    return array


@pytest.mark.parametrize(
    ("path", "text"),
    [("_A_7__", "A7"), ("AA7777", "A7"), ("A_A__7", "AA7"), ("______", ""), ("A77_7_", "A77")],
)
def test_greedy_runs_are_one_sign_and_blanks_divide(path: str, text: str) -> None:
    assert greedy(steps(path)) == text


def test_aligned_signs_are_those_of_their_surest_steps() -> None:
    shares = steps("_AA__7_")
    shares[2, SIGNS.index("A")] = 0.95
    signs, mean = aligned(shares, "A7")
    assert (signs == shares[[2, 5]]).all()
    assert mean == pytest.approx((6 * np.log(0.9) + np.log(0.95)) / 7)


def test_aligned_other_sign_has_the_probability_it_was_given() -> None:
    signs, _ = aligned(steps("_2_7__"), "Z7")
    assert signs[0, SIGNS.index("Z")] == np.float32(0.1 / BLANK)
    assert signs[0, SIGNS.index("2")] == np.float32(0.9)


def test_aligned_twice_the_same_sign_needs_a_blank_between() -> None:
    assert aligned(steps("7_7"), "77")[1] == pytest.approx(np.log(0.9))
    assert aligned(steps("777"), "77")[1] < np.log(0.9)


@pytest.mark.parametrize("text", ["77", "ABC"])
def test_aligned_text_too_long_for_the_steps_has_no_path(text: str) -> None:
    signs, mean = aligned(steps("7_"), text)
    assert signs.shape == (len(text), BLANK + 1)
    assert not signs.any()
    assert mean == -np.inf


def test_aligned_nothing_is_the_path_of_blanks() -> None:
    signs, mean = aligned(steps("____"), "")
    assert signs.shape == (0, BLANK + 1)
    assert mean == pytest.approx(np.log(0.9))


@given(st.text("_27AZ", min_size=1, max_size=12))
def test_aligned_no_text_has_a_better_path_than_the_greedy_one(path: str) -> None:
    shares = steps(path)
    text = greedy(shares)
    signs, mean = aligned(shares, text)
    assert mean == pytest.approx(np.log(0.9))
    assert [SIGNS[each] for each in signs.argmax(-1)] == list(text)


def test_softmax_higher_temperature_is_less_sure() -> None:
    logits = np.array([[0.0, np.log(3.0)]], np.float32)
    assert softmax(logits, 1.0).tolist() == [pytest.approx([0.25, 0.75])]
    assert softmax(logits, 2.0)[0, 1] == pytest.approx(3**0.5 / (1 + 3**0.5))
