"""Whether the quotes of a block open and close where RFC 4180 lets them, and where its last record ends."""

from __future__ import annotations

import numpy as np

_QUOTE = 0x22
_PIECE = 1 << 20
_TRIES = 1000


def well_quoted(data: bytes, delimiter: bytes) -> bool:
    """Return whether every quote of whole records is an opening, a closing or a doubled one.

    Quotes alternate: one at an even position opens a cell, so a delimiter or line end stands before it, or
    is the double of the one just before it; one at an odd position closes, so a delimiter or line end
    follows, or its double.
    """
    if _QUOTE not in data:
        return True
    text = np.frombuffer(data, np.uint8)
    quotes = _positions(text)
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


def last_boundary(data: bytes, size: int) -> int:
    """Return where the last whole record in the first `size` bytes ends, by quote parity; 0 if none."""
    size = min(size, len(data))
    odd = data.count(b'"', 0, size) % 2 == 1
    end = size
    for _ in range(_TRIES):
        newline = data.rfind(b"\n", 0, end)
        if newline < 0:
            return 0
        odd ^= data.count(b'"', newline, end) % 2 == 1
        if not odd:
            return newline + 1
        end = newline
    return 0


def _positions(
    text: np.ndarray[tuple[int], np.dtype[np.uint8]],
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    # Piecewise, so that the comparison's result stays in the cache.
    pieces = [
        np.flatnonzero(text[start : start + _PIECE] == _QUOTE) + start
        for start in range(0, len(text), _PIECE)
    ]
    return np.concatenate(pieces)
