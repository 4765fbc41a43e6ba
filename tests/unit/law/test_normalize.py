"""Folding: what the rules read, and where each character came from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.law.normalize import fold, readings


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ICE", "ice"),
        ("ІСЕ", "ice"),
        ("ΙCE", "ice"),
        ("ＩＣＥ", "ice"),
        ("𝐈𝐂𝐄", "ice"),
        ("ICÉ", "ice"),
        ("ıCE", "ice"),
        ("I\u200bC\u00adE", "ice"),
        ("Person+Crime_x", "person crime x"),
        ("26–01698", "26-01698"),
        ("a%20b%2Bc", "a b c"),
        ("one\ntwo\tthree", "one two three"),
        ("ICE🧊", "ice ice "),
        ("移民", "  "),
    ],
)
def test_fold_reads_text_as_ascii(text: str, folded: str) -> None:
    assert fold(text).lower == folded


def test_fold_keeps_case_beside_the_lower_case() -> None:
    assert fold("ΙCE, Robert").cased == "ICE, Robert"


def test_span_of_hidden_characters_covers_them() -> None:
    text = "xx I\u200bC\u200bE"
    folded = fold(text)
    start = folded.lower.index("ice")
    assert folded.span(start, start + 3) == (3, 8)


def test_span_of_an_expanding_character_is_that_character() -> None:
    folded = fold("a ﬁ b")
    start = folded.lower.index("fi")
    assert folded.span(start, start + 2) == (2, 3)


@given(st.text())
def test_fold_is_ascii_and_its_offsets_stay_inside_the_text(text: str) -> None:
    folded = fold(text)
    assert folded.lower.isascii()
    assert len(folded.lower) == len(folded.cased)
    spans = [folded.span(index, index + 1) for index in range(len(folded.lower))]
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert spans == sorted(spans)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("assist\u00e9 ICE", ["assiste ice"]),
        ("I\u200bCE", ["ice", "i ce"]),
        ("I\u00adC\u200dE", ["ice"]),
        ("x\u2066\u200bICE\u2069", ["xice", "x ice"]),
        ("traffic\x00ICE", ["trafficice", "traffic ice"]),
        ("\u202eECI tsissa\u202c now", ["eci tsissa now", "assist ice now"]),
        ("x\u202eECI", ["xeci", "x eci", "xice"]),
    ],
)
def test_readings_of_hidden_characters(text: str, read: list[str]) -> None:
    assert [folded.lower for folded in readings(text)] == read


def test_span_in_overridden_text_covers_the_characters_behind() -> None:
    text = "x \u202edloh ECI\u202c"
    shown = list(readings(text))[-1]
    start = shown.lower.index("ice")
    assert text[slice(*shown.span(start, start + 3))] == "ECI"


@given(st.text(alphabet="aI \u202e\u202c\u200b\ufb01\n%20"))
def test_readings_keep_their_offsets_inside_the_text(text: str) -> None:
    for folded in readings(text):
        spans = [folded.span(index, index + 1) for index in range(len(folded.lower))]
        assert all(0 <= start < end <= len(text) for start, end in spans)
