"""Texts on which a backtracking pattern would hardly end, and what could push a span beside its words."""

from __future__ import annotations

import pytest

from gatehouse.law.masking import mask
from gatehouse.law.reasons import Lexicon
from gatehouse.records.values import Kind, kind_of

PIECES = [
    "i",
    "i-",
    "I C E ",
    "i.c.e. ",
    "ICE+ERO ",
    "immigratio ",
    "on behalf of ",
    "12/",
    "1-",
    "Jan 1 ",
    "[name]",
    "((",
    "\u200b",
    "\u202e",
    "e\u0301",
    "\ufb03",
    "\U0001f600",
    "\0",
    "* ",
    "x y ",
    "REDACTED ",
]


@pytest.mark.parametrize("piece", PIECES)
def test_repeated_piece_is_classified_and_masked(piece: str) -> None:
    text = piece * (20_000 // len(piece))
    matches = Lexicon.load().classify(text)
    assert all(0 <= match.start < match.end <= len(text) for match in matches)
    assert len(mask(text)) > 0


@pytest.mark.parametrize("piece", [" x", ". y", " *", "\u2588 ", "redacted x"])
def test_gigantic_cell_has_a_kind(piece: str) -> None:
    assert kind_of("a" + piece * (1 << 18) + "b") in (Kind.TEXT, Kind.MARKER)


@pytest.mark.parametrize("before", ["", "\u200b", "\U0001f600 ", "e\u0301 ", "\ufb03 ", "\u0130 ", "\udfff "])
def test_span_points_at_the_words_whatever_stands_before(before: str) -> None:
    text = f"{before}assist ICE hold"
    found = {text[match.start : match.end] for match in Lexicon.load().classify(text)}
    assert "ICE" in found
