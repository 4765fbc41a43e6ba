"""Redaction and placeholder markers."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.model import FieldState
from gatehouse.records.states import is_marker, text_states

TEXTS = {
    FieldState.EMPTY: [""],
    FieldState.REDACTED_VENDOR: ["***"],
    FieldState.REDACTED_AGENCY: [
        "REDACTED",
        "[redacted]",
        "(Redacted)",
        "REDACTED.",
        "Redacted by Alder PD",
        "withheld",
        "exempt",
        "##",
        "###",
        "**",
        "*****",
        "* * *",
        "\u2588",
        "\u2588\u2588 \u2588\u2588",
        "7923.600 GC",
        "7923.600(a) G.C.",
        "Gov. Code 7923.600",
        "Government Code section 7923.600",
        "(b)(6)",
        "(b)(7)(C)",
        "XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX",
        "********-****-****-****-************",
    ],
    FieldState.PARTIAL: [
        "REDACTED, drug case",
        "drug case REDACTED",
        "case of [REDACTED] and others",
        "seen \u2588\u2588\u2588 here",
        "4f9f0a1c-****-****-****-************",
        "XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXX8e24",
    ],
    FieldState.PLACEHOLDER: [
        *("none", "N/A", "n/a", "na", "NA.", "-", "--", "\u2013", "x", "XXX", "*", ".", "...", "0", "000"),
        *("test", "TEST", "null", "nil", "00000000-0000-0000-0000-000000000000"),
    ],
    FieldState.VALUE: [
        *("inv", "testing", "theft", "459PC", "211 PC", "x-ray", "10851", "no", "A. Aaa", "redaction"),
        *("exemption", "nonesuch", "T21", "\u00e9"),
        "4f9f0a1c-0000-4000-8000-5d0c3b6f8e24",
    ],
}


@pytest.mark.parametrize(
    ("text", "state"), [(text, state) for state, texts in TEXTS.items() for text in texts]
)
def test_text_states_of_a_marker_names_it(text: str, state: FieldState) -> None:
    assert text_states(pl.Series([text])).to_list() == [state.value]


def test_text_states_of_a_whole_column_keep_the_order() -> None:
    texts = [text for each in TEXTS.values() for text in each]
    expected = [state.value for state, each in TEXTS.items() for _ in each]
    assert text_states(pl.Series(texts)).to_list() == expected


@pytest.mark.parametrize("name", ["A. Aaa", "J.Smi", "B. Li.", "Q. X"])
def test_text_states_of_an_officers_fragment_is_partial(name: str) -> None:
    assert text_states(pl.Series([name]), officer=True).to_list() == [FieldState.PARTIAL.value]


@given(st.text(max_size=30).map(str.strip))
def test_is_marker_agrees_with_text_states(text: str) -> None:
    states = text_states(pl.Series([text.strip()], dtype=pl.String)).to_list()
    assert is_marker(text) == (states not in (["value"], ["empty"]))


@pytest.mark.parametrize("text", [text for each in TEXTS.values() for text in each if text])
def test_is_marker_agrees_on_every_example(text: str) -> None:
    assert is_marker(text) == (text_states(pl.Series([text])).item() != FieldState.VALUE.value)
