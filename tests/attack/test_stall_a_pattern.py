"""Texts on which a backtracking pattern would hardly end."""

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
