"""What several looks at one plate agree on, by networks that give signs in different ways.

A slot reader says of each of its places which sign stands there, or none; a CTC reader says it of steps
(`capture.ctc`). Each of their likeliest texts is laid against all of them, and the one that fits best says
how many signs there are and where each reader saw them; there their probabilities are averaged.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gatehouse.capture.candidates import beam
from gatehouse.capture.ctc import BLANK, SIGNS, greedy
from gatehouse.capture.ctc import path as path_of_steps

Shares = NDArray[np.float32]

_ZERO, _LETTER = SIGNS.index("0"), SIGNS.index("O")
# A slot reader is often wholly sure of a sign too many. No slot may rule a text out by itself.
_LEAST = 0.01


def agreed(
    looks: Sequence[Shares], *, pooled: bool, slots: Shares | None = None, networks: int = 2
) -> Shares:
    """Return the signs of the best text, their number x 37 probabilities.

    `looks` are steps of one CTC reader; `slots` the average of so many `networks`, each of which counts as
    much as that reader. `pooled` takes O and 0 for one sign while texts are weighed.
    """
    weighed = [_pooled(each) if pooled else each for each in looks]
    texts = [greedy(each) for each in weighed]
    held = None
    if slots is not None:
        held = _pooled(slots) if pooled else slots
        texts += [text for text, _ in beam(held.astype(np.float64))]
    best, signs = -np.inf, np.zeros((0, BLANK + 1), np.float32)
    for text in dict.fromkeys(texts):
        paths = [path_of_steps(each, text) for each in weighed]
        score = float(np.mean([total for _, total in paths]))
        if not np.isfinite(score):
            continue
        rows = np.mean([each[steps] for each, (steps, _) in zip(looks, paths, strict=True)], axis=0)
        if held is not None and slots is not None:
            places, total = path_of_slots(held, text)
            if not np.isfinite(total):
                continue
            score += total
            rows = (rows + networks * slots[places]) / (1 + networks)
        if score > best:
            best, signs = score, np.asarray(rows, np.float32).reshape(-1, BLANK + 1)
    return signs


def path_of_slots(slots: Shares, text: str) -> tuple[list[int], float]:
    """Return the slots in which the signs of a text stand likeliest, and the logarithm of all slots together.

    The others hold nothing. A text of more signs than slots has no path: no slots, and minus infinity.
    """
    if len(text) > len(slots):
        return [], -np.inf
    logs = np.log(np.maximum(slots, _LEAST))
    signs = [SIGNS.index(sign) for sign in text]
    score = np.full(len(text) + 1, -np.inf)
    score[0] = 0.0
    filled = np.zeros((len(slots), len(text) + 1), np.bool_)
    for slot, here in enumerate(logs):
        left_out = score + here[BLANK]
        taken = np.concatenate([[-np.inf], score[:-1] + here[signs]])
        filled[slot] = taken > left_out
        score = np.maximum(left_out, taken)
    places: list[int] = []
    for slot in range(len(slots) - 1, -1, -1):
        if filled[slot, len(text) - len(places)]:
            places.append(slot)
    return places[::-1], float(score[-1])


def _pooled(shares: Shares) -> Shares:
    together = shares.copy()
    together[:, _ZERO] += together[:, _LETTER]
    together[:, _LETTER] = 0.0
    return together
