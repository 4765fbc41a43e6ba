"""Base64 and decimal numbers: each value has one spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.ledger.encoding import from_base64, from_decimal, to_base64


@given(st.binary(max_size=100))
def test_base64_gives_the_bytes_back(data: bytes) -> None:
    assert from_base64(to_base64(data)) == data


@given(st.one_of(st.text(max_size=20), st.text(alphabet="AZaz09+/=-_ \n\r", max_size=12)))
def test_base64_of_any_text_is_canonical_or_refused(text: str) -> None:
    try:
        data = from_base64(text)
    except ValueError:
        return
    assert to_base64(data) == text


@pytest.mark.parametrize(
    "text",
    ["AB==", "AAB=", "AA", "AA=", "AA===", "AAAA====", " AAAA", "AAAA\n", "AA\nAA", "A-_A", "ＡＡＡＡ",
     "AA==AA==", "="],
)  # fmt: skip
def test_base64_in_another_spelling_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"base64"):
        from_base64(text)


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("7", 7), ("9223372036854775807", 2**63 - 1)])
def test_decimal_is_read(text: str, value: int) -> None:
    assert from_decimal(text) == value


@pytest.mark.parametrize(
    "text",
    ["", "00", "01", "+1", "-1", "-0", " 1", "1 ", "1\n", "1_0", "1.0", "1e3", "0x1", "٣", "１", "²",
     "9223372036854775808", "9" * 5000],
)  # fmt: skip
def test_decimal_in_another_spelling_or_beyond_2_to_the_63_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a decimal number"):
        from_decimal(text)


@given(st.one_of(st.text(max_size=25), st.text(alphabet="0123456789+-_ ", max_size=25)))
def test_decimal_of_any_text_has_one_spelling_or_is_refused(text: str) -> None:
    try:
        value = from_decimal(text)
    except ValueError:
        return
    assert str(value) == text
