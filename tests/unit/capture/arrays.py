"""Small arrays of probabilities, as a reader's network gives them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gatehouse.capture.ocr_transformer import BLANK, SIGNS, SLOTS


def slots(*places: dict[str, float]) -> NDArray[np.float32]:
    """Return 10 slots x 37 probabilities: those given, `_` for none, and nothing in the slots after them."""
    array = np.zeros((SLOTS, len(SIGNS)), np.float32)
    array[len(places) :, BLANK] = 1.0
    for place, shares in enumerate(places):
        for sign, share in shares.items():
            array[place, SIGNS.index(sign)] = share
    return array


def plainly(text: str, share: float = 1.0) -> list[dict[str, float]]:
    """Return slots in which each sign of a text has `share`, and the rest is nowhere."""
    return [{sign: share} for sign in text]
