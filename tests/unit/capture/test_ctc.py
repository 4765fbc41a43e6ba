from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gatehouse.capture.ctc import BLANK, SIGNS, greedy, path, softmax


def steps(trace: str, share: float = 0.9) -> NDArray[np.float32]:
    """Return the probabilities of a path of signs and `_` for the blank; what is left goes to the others."""
    array = np.full((len(trace), BLANK + 1), (1 - share) / BLANK, np.float32)
    for at, sign in enumerate(trace):
        array[at, BLANK if sign == "_" else SIGNS.index(sign)] = share
    return array


@pytest.mark.parametrize(
    ("trace", "text"),
    [("_A_7__", "A7"), ("AA7777", "A7"), ("A_A__7", "AA7"), ("______", ""), ("A77_7_", "A77")],
)
def test_greedy_runs_are_one_sign_and_blanks_divide(trace: str, text: str) -> None:
    assert greedy(steps(trace)) == text


def test_path_signs_are_at_their_surest_steps() -> None:
    shares = steps("_AA__7_")
    shares[2, SIGNS.index("A")] = 0.95
    found, total = path(shares, "A7")
    assert found == [2, 5]
    assert total == pytest.approx(6 * np.log(0.9) + np.log(0.95))


def test_path_twice_the_same_sign_needs_a_blank_between() -> None:
    found, total = path(steps("7_7"), "77")
    assert found == [0, 2]
    assert total == pytest.approx(3 * np.log(0.9))
    assert path(steps("777"), "77")[1] < 3 * np.log(0.9)


@pytest.mark.parametrize("text", ["77", "ABC"])
def test_path_text_too_long_for_the_steps_has_none(text: str) -> None:
    assert path(steps("7_"), text) == ([], -np.inf)


def test_path_of_nothing_is_that_of_blanks() -> None:
    found, total = path(steps("____"), "")
    assert found == []
    assert total == pytest.approx(4 * np.log(0.9))


@given(st.text("_27AZ", min_size=1, max_size=12))
def test_path_no_text_has_a_better_one_than_the_greedy(trace: str) -> None:
    shares = steps(trace)
    text = greedy(shares)
    found, total = path(shares, text)
    assert total == pytest.approx(len(trace) * np.log(0.9))
    assert [SIGNS[each] for each in shares[found].argmax(-1)] == list(text)


def test_softmax_higher_temperature_is_less_sure() -> None:
    logits = np.array([[0.0, np.log(3.0)]], np.float32)
    assert softmax(logits, 1.0).tolist() == [pytest.approx([0.25, 0.75])]
    assert softmax(logits, 2.0)[0, 1] == pytest.approx(3**0.5 / (1 + 3**0.5))
