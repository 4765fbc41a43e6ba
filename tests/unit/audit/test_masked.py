"""Masking by shape gives what masking one by one gives."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.audit.masked import masked
from gatehouse.law.masking import mask

WORDS = st.sampled_from(["stolen vehicle", "warrant", "Invented Person", "dob", "ICE", "BOLO", "", "Zzyx"])
NUMBERS = st.one_of(
    st.from_regex(r"(\d{2}|\d{4})-\d{5,8}", fullmatch=True),
    st.from_regex(r"\d{1,12}", fullmatch=True),
    st.from_regex(r"[A-Z]{3}\d{3,4}", fullmatch=True),
)
TEXTS = st.lists(
    st.one_of(
        st.text(max_size=20),
        st.builds("{} {}".format, WORDS, NUMBERS),
        st.builds("{}{}".format, NUMBERS, WORDS),
    ),
    max_size=12,
)


@given(TEXTS)
def test_masked_equals_masking_one_by_one(texts: list[str]) -> None:
    assert masked(pl.Series(texts, dtype=pl.String)).to_list() == [mask(text) for text in texts]
