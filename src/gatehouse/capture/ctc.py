"""Connectionist temporal classification (CTC): from a network's steps to signs, and from a text to its steps.

Arrays are steps x 37 probabilities over 0-9, A-Z and, last, the blank; a run of steps with one sign is one
sign, and a blank stands between two of the same. The algorithms are those of A. Graves et al., "Connectionist
Temporal Classification", ICML 2006, section 3.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
BLANK = len(SIGNS)
# A probability is never taken for less: its logarithm must stay finite.
_LEAST = 1e-6

Shares = NDArray[np.float32]


def softmax(logits: Shares, temperature: float) -> Shares:
    """Turn logits over the last axis into probabilities; a temperature above 1 makes them less sure."""
    scaled = logits / np.float32(temperature)
    raised = np.exp(scaled - scaled.max(-1, keepdims=True))
    return np.asarray(raised / raised.sum(-1, keepdims=True), np.float32)


def greedy(shares: Shares) -> str:
    """Return the text of the likeliest sign of each step."""
    steps = shares.argmax(-1).tolist()
    return "".join(
        SIGNS[step] for at, step in enumerate(steps) if step != BLANK and (at == 0 or steps[at - 1] != step)
    )


def path(shares: Shares, text: str) -> tuple[list[int], float]:
    """Return each sign's own step on the likeliest path that reads `text`, and that path's logarithm.

    Of the steps that a sign lasts it is the one that is surest of it. A text that is too long for the steps
    has no path: no steps, and minus infinity.
    """
    states = [BLANK]
    for sign in text:
        states += [SIGNS.index(sign), BLANK]
    logs = np.log(np.maximum(shares, _LEAST))[:, states]
    # A step may skip the blank between two signs unless they are the same.
    skips = np.array(
        [at >= 2 and each != BLANK and each != states[at - 2] for at, each in enumerate(states)], np.bool_
    )
    score = np.full(len(states), -np.inf)
    score[:2] = logs[0, :2]
    came = np.zeros((len(shares), len(states)), np.int64)
    for step in range(1, len(shares)):
        ways = np.full((3, len(states)), -np.inf)
        ways[0] = score
        ways[1, 1:] = score[:-1]
        ways[2, 2:] = np.where(skips[2:], score[:-2], -np.inf)
        came[step] = ways.argmax(0)
        score = ways.max(0) + logs[step]
    state = len(states) - 1
    if text and score[state - 1] > score[state]:
        state -= 1
    total = float(score[state])
    if not np.isfinite(total):
        return [], total
    steps, surest = [0] * len(text), [-1.0] * len(text)
    for step in range(len(shares) - 1, -1, -1):
        place, index = state // 2, states[state]
        if index != BLANK and shares[step, index] > surest[place]:
            steps[place], surest[place] = step, float(shares[step, index])
        state -= int(came[step, state])
    return steps, total
