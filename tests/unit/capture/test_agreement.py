from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gatehouse.capture.agreement import agreed, path_of_slots
from gatehouse.capture.ctc import BLANK, SIGNS
from tests.unit.capture.arrays import plainly, slots


def look(trace: str, share: float) -> NDArray[np.float32]:
    """Return the steps of a CTC reader; what is left of each goes to the other signs."""
    array = np.full((len(trace), BLANK + 1), (1 - share) / BLANK, np.float32)
    for at, sign in enumerate(trace):
        array[at, BLANK if sign == "_" else SIGNS.index(sign)] = share
    return array


def text_of(signs: NDArray[np.float32]) -> str:
    return "".join(SIGNS[each] for each in signs.argmax(-1))


def test_agreed_surer_looks_outvote_a_doubtful_one() -> None:
    signs = agreed([look("_2_7_", 0.9), look("_Z_7_", 0.5), look("2__7_", 0.8)], pooled=False)
    assert text_of(signs) == "27"
    assert signs[1, 7] == pytest.approx((0.9 + 0.5 + 0.8) / 3)


def test_agreed_looks_that_see_nothing_have_no_signs() -> None:
    assert agreed([look("____", 0.9)], pooled=False).shape == (0, BLANK + 1)


def test_agreed_slots_weigh_as_much_as_their_networks() -> None:
    doubtful = slots({"8": 0.45, "B": 0.55}, *plainly("123"))
    signs = agreed([look("_8_1_2_3", 0.9)], pooled=False, slots=doubtful, networks=2)
    assert text_of(signs) == "8123"
    assert signs[0, 8] == pytest.approx((0.9 + 2 * 0.45) / 3)


def test_agreed_small_letters_that_only_slots_read_are_left_out() -> None:
    stacked = slots({"C": 0.6, "_": 0.4}, {"C": 0.5, "_": 0.5}, *plainly("16FF", 0.97))
    signs = agreed([look("__1__6_F__F", 0.9)], pooled=False, slots=stacked)
    assert text_of(signs) == "16FF"


def test_agreed_pooled_keeps_the_shares_of_zero_and_letter_apart() -> None:
    round_sign = slots({"0": 0.3, "O": 0.3, "Q": 0.4}, *plainly("12"))
    seen = look("_Q_1_2", 0.5)
    together = agreed([seen], pooled=True, slots=round_sign)
    apart = agreed([seen], pooled=False, slots=round_sign)
    assert together[0].tolist() == apart[0].tolist()
    assert together[0, 0] == together[0, SIGNS.index("O")] == pytest.approx((2 * 0.3 + 0.5 / BLANK) / 3)


def test_path_of_slots_leaves_out_what_is_no_sign() -> None:
    array = slots({"A": 0.9, "_": 0.1}, {"I": 0.3, "_": 0.7}, {"7": 0.8})
    places, total = path_of_slots(array, "A7")
    assert places == [0, 2]
    assert total == pytest.approx(np.log(0.9 * 0.7 * 0.8))


def test_path_of_slots_text_of_too_many_signs_has_none() -> None:
    assert path_of_slots(slots(), "12345678901") == ([], -np.inf)


@given(st.text(SIGNS, max_size=10))
def test_path_of_slots_text_that_they_hold_is_certain(text: str) -> None:
    assert path_of_slots(slots(*plainly(text)), text) == (list(range(len(text))), 0.0)
