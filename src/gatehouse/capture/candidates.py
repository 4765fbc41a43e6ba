"""From probabilities to a reading: the text as read, and what else the plate may be.

On plates of the United States O and 0 count as one sign, written `0`: most states issue one of the two in
a place, or cut both from one die, and no reader tells them apart by their look. The same plate written with
an O is then among the candidates. Elsewhere the sign stays as the networks saw it.
"""

from __future__ import annotations

from math import prod

import numpy as np
from numpy.typing import NDArray

from gatehouse.capture.formats import Formats
from gatehouse.capture.nouns import Candidate, Reading, Why
from gatehouse.model.plate import CONFUSABLE

_SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
_BLANK = _SIGNS.index("_")
_ZERO, _LETTER = _SIGNS.index("0"), _SIGNS.index("O")
# A sign below that is no alternative, and of all combinations only the likeliest are kept.
LEAST = 0.03
MOST = 8
# A text that is no state's format must be that many times likelier than a look-alike that is.
ODDS = 2.0


def reading_of(slots: NDArray[np.float32], *, united_states: bool, formats: Formats) -> Reading:
    """Read slots x 37 probabilities: the likeliest sign of each slot is the text, and never changes.

    Only a plate of the United States is held against the states' formats.
    """
    seen = slots.astype(np.float64)
    signs = seen
    if united_states:
        signs = seen.copy()
        signs[:, _ZERO] += signs[:, _LETTER]
        signs[:, _LETTER] = 0.0
    best = signs.argmax(axis=-1)
    places = [slot for slot, sign in enumerate(best) if sign != _BLANK]
    text = "".join(_SIGNS[best[slot]] for slot in places)
    shares = tuple(float(min(signs[slot, best[slot]], 1.0)) for slot in places)
    region = "US" if united_states else None
    if ends := [float(signs[slot, _BLANK]) for slot in range(len(best)) if slot not in places]:
        # Whether another sign stands there is the doubt of the last one that was read.
        shares = (*shares[:-1], min(shares[-1], *ends)) if shares else shares
    if not text:
        return Reading(text, shares, region=region)
    ranked = _ranked(signs, text, formats if united_states else None)
    ranked += _confusables(text, seen[places], shares, {each.plate for each in ranked})
    return Reading(text, shares, tuple(ranked[:MOST]), region=region)


def certainty(signs: NDArray[np.float32], *, pooled: bool) -> float:
    """Return the probability of the least certain slot; `pooled` takes O and 0 for one sign."""
    if pooled:
        signs = signs.copy()
        signs[:, _ZERO] += signs[:, _LETTER]
    return float(signs.max(axis=-1).min())


def _ranked(signs: NDArray[np.float64], text: str, formats: Formats | None) -> list[Candidate]:
    """Return what was read and its alternatives, likeliest first, those of a state's format before others."""
    scored = []
    # Formats tell letters from digits and know no more: they have a say only where that is the doubt.
    odd = formats is not None and not formats.fit(text, pooled=True)
    for plate, shares in beam(signs):
        fits = odd and formats is not None and _same_but_for_kinds(text, plate) and formats.fit(plate)
        scored.append((prod(shares) * (ODDS if fits else 1.0), plate, min(shares)))
    scored.sort(key=lambda each: (-each[0], each[1] != text, each[1]))
    return [
        Candidate(plate, share, Why.READ if plate == text else Why.FORMAT if place == 0 else Why.CONFUSABLE)
        for place, (_, plate, share) in enumerate(scored)
    ]


def _same_but_for_kinds(text: str, plate: str) -> bool:
    """Return whether two texts differ only where one has a letter and the other a digit.

    A serial of digits alone says too little: each look-alike of a personalized plate would be one.
    """
    return (
        len(text) == len(plate)
        and not plate.isdigit()
        and all(
            one == other or one.isdigit() != other.isdigit() for one, other in zip(text, plate, strict=True)
        )
    )


def _confusables(
    text: str, seen: NDArray[np.float64], shares: tuple[float, ...], have: set[str]
) -> list[Candidate]:
    """Return the plates that differ in one sign which people mistake, unless they are candidates already."""
    found = []
    for place, sign in enumerate(text):
        other = CONFUSABLE.get(sign)
        if other is None:
            continue
        plate = text[:place] + other + text[place + 1 :]
        if plate in have:
            continue
        share = float(min(seen[place, _SIGNS.index(other)], *shares))
        found.append(Candidate(plate, share, Why.CONFUSABLE))
    return sorted(found, key=lambda each: (-each.confidence, each.plate))


def beam(signs: NDArray[np.float64]) -> list[tuple[str, tuple[float, ...]]]:
    """Return the likeliest texts with their signs' probabilities, each text once."""
    beams: list[tuple[str, tuple[float, ...]]] = [("", ())]
    for slot in signs:
        top = slot.max()
        options = [
            ("" if each == _BLANK else _SIGNS[each], float(min(slot[each], 1.0)))
            for each in np.argsort(-slot, kind="stable")[:4]
            if slot[each] >= LEAST or slot[each] == top
        ]
        grown = [(text + sign, (*shares, share)) for text, shares in beams for sign, share in options]
        beams = sorted(grown, key=lambda each: -prod(each[1]))[:MOST]
    best: dict[str, tuple[float, ...]] = {}
    for text, shares in beams:
        if text:
            best.setdefault(text, shares)
    return list(best.items())
