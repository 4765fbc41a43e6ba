"""Plate texts as class numbers, and the network's classes as text (CTC: the blank parts equal neighbors)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

CLASSES: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
BLANK: Final = len(CLASSES)


def encode(text: str) -> list[int]:
    """Number a text's characters. Raises ValueError for others than A-Z0-9."""
    return [CLASSES.index(character) for character in text]


def decode(steps: Sequence[int]) -> str:
    """Read the best class of every step: repeats are one character, blanks none."""
    return "".join(
        CLASSES[step]
        for before, step in zip((BLANK, *steps), steps, strict=False)
        if step not in (before, BLANK)
    )


def folded(text: str) -> str:
    """Write O as 0, as labels that know only the digit do."""
    return text.replace("O", "0")
