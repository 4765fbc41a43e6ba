"""Texts that are nearly right, for parsers, and what these must do with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from hypothesis import strategies as st

from gatehouse.model import Error

_PIECES = [
    "\n",
    "\n\n",
    "\r",
    " ",
    "\t",
    "=",
    "+",
    "/",
    "A",
    "0",
    "— ",
    "#",
    "\ufeff",
    "\x00",
    "\u00a0",
    "\x7f",
]


class Spelled(Protocol):
    """What a text was read as, and how it is written."""

    @property
    def text(self) -> str: ...


def is_refused_or_has_one_spelling(text: str, parse: Callable[[str], Spelled], refusal: type[Error]) -> None:
    """Assert that a parser refuses a text with both sides of the matter, or would write it as it is."""
    try:
        found = parse(text)
    except refusal as error:
        assert error.expected and error.got
    else:
        assert found.text == text


def mutations(valid: str) -> st.SearchStrategy[str]:
    """Return texts that are one to three edits away from a valid one."""
    at = st.integers(0, len(valid))
    copied = st.tuples(at, st.integers(0, 80)).map(lambda part: valid[part[0] : sum(part)])
    added = st.one_of(st.sampled_from(_PIECES), st.text(max_size=3), copied)
    dropped = st.one_of(st.integers(0, 3), st.integers(0, 80))

    def edited(edits: list[tuple[int, int, str]]) -> str:
        text = valid
        for first, count, piece in edits:
            text = text[:first] + piece + text[first + count :]
        return text

    return st.lists(st.tuples(at, dropped, added), min_size=1, max_size=3).map(edited)
