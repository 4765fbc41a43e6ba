"""Whether the quotes of a block open and close where RFC 4180 lets them, and where its last record ends."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
_QUOTE = 0x22
# Bytes are compared piecewise, so that the result of a comparison stays in the cache.
_PIECE = 1 << 20
_TRIES = 1000


def quotes_of(text: Bytes) -> npt.NDArray[np.int64]:
    """Return the positions of the quotes in a text."""
    pieces = [
        np.flatnonzero(text[start : start + _PIECE] == _QUOTE) + start
        for start in range(0, len(text), _PIECE)
    ]
    return np.concatenate(pieces) if pieces else np.empty(0, np.int64)


def well_quoted(text: Bytes, quotes: npt.NDArray[np.int64], delimiter: bytes) -> bool:
    """Return whether every quote of whole records is an opening, a closing or a doubled one.

    Quotes alternate: one at an even position opens a cell, so a delimiter or line end stands before it, or
    is the double of the one just before it; one at an odd position closes, so a delimiter or line end
    follows, or its double.
    """
    if not len(quotes):
        return True
    if len(quotes) % 2:
        return False
    around = np.zeros(256, np.bool_)
    around[[ord("\n"), ord("\r"), delimiter[0], _QUOTE]] = True
    opening, closing = quotes[0::2], quotes[1::2]
    before = around[text[opening - 1]]
    if opening[0] == 0:
        before[0] = True
    after = around[text[np.minimum(closing + 1, len(text) - 1)]]
    if closing[-1] == len(text) - 1:
        after[-1] = True
    return bool(before.all() and after.all())


def removed_by(quotes: npt.NDArray[np.int64]) -> int:
    """Return how many quotes of a well-quoted text are no part of its cells: all but one of each double."""
    doubled = np.count_nonzero(quotes[1:-1:2] + 1 == quotes[2::2])
    return len(quotes) - int(doubled)


def last_boundary(data: bytes, quotes: npt.NDArray[np.int64]) -> int:
    """Return where the last whole record in the text ends, by quote parity; 0 if none does."""
    end = len(data)
    for _ in range(_TRIES):
        newline = data.rfind(b"\n", 0, end)
        if newline < 0:
            return 0
        if np.searchsorted(quotes, newline) % 2 == 0:
            return newline + 1
        end = newline
    return 0
