"""Upstream's plate readers: compact transformers (`cct`) that give each slot of a plate its signs.

Input: bytes, N x 64 x 128 x 3, RGB. Output: N x 9 or 10 slots x 37 probabilities; version 2 tells the region
too. Two versions are averaged: they err differently. A plate that the first look leaves in doubt is looked at
again in more views.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gatehouse.capture.agreement import agreed
from gatehouse.capture.candidates import certainty, reading_of
from gatehouse.capture.formats import Formats
from gatehouse.capture.nouns import Box, Reading
from gatehouse.capture.ocr_ctc import Ctc
from gatehouse.capture.session import open_session
from gatehouse.capture.views import LEANED, SINGLE, cut

# Order of signs in both files' output; the last one fills the slots of a short plate.
SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
BLANK = len(SIGNS) - 1
SLOTS = 10
# Of upstream's 66 regions, the one whose plates write O and 0 alike.
UNITED_STATES, _REGIONS = 61, 66
# Below that probability of the least certain sign a plate is looked at again.
SURE = 0.9

Probabilities = NDArray[np.float32]


class Network:
    """One model file: views in, probabilities of every slot out."""

    def __init__(self, path: Path, *, threads: int) -> None:
        self._session = open_session(path, threads=threads)
        self._input: str = self._session.get_inputs()[0].name

    def slots(self, views: NDArray[np.uint8]) -> tuple[Probabilities, NDArray[np.float32] | None]:
        """Return N x 10 x 37 probabilities, and N x 66 of regions where the file tells them."""
        found = self._session.run(None, {self._input: views})
        return widened(found[0]), found[1] if len(found) > 1 else None


class Transformer:
    """Reads plates with one network or the average of several.

    `single` looks once and decides; otherwise doubtful plates get a second look, at which `arbiter`, a
    network of another kind, is heard too.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        threads: int,
        formats: Formats,
        single: bool = False,
        arbiter: Ctc | None = None,
    ) -> None:
        self._networks = [Network(path, threads=threads) for path in paths]
        self._formats = formats
        self._single = single
        self._arbiter = arbiter

    def read(self, frame: NDArray[np.uint8], boxes: Sequence[Box]) -> list[Reading]:
        """Return a reading for each box of the frame, in order."""
        if not boxes:
            return []
        slots, regions = self._look([view for box in boxes for view in cut(frame, box, SINGLE)])
        found = []
        for place, box in enumerate(boxes):
            signs, told = slots[place], regions[place]
            american = int(told.argmax()) == UNITED_STATES
            if not self._single and certainty(signs, pooled=american) < SURE:
                more, elsewhere = self._look(cut(frame, box, LEANED))
                signs = np.mean([signs, *more], axis=0)
                american = int(np.mean([told, *elsewhere], axis=0).argmax()) == UNITED_STATES
                if self._arbiter is not None:
                    looks = self._arbiter.look(frame, box)
                    signs = agreed(looks, pooled=american, slots=signs, networks=len(self._networks))
            found.append(reading_of(signs, united_states=american, formats=self._formats))
        return found

    def _look(self, views: Sequence[NDArray[np.uint8]]) -> tuple[Probabilities, Probabilities]:
        """Return, a view each, the slots averaged over the networks, and the regions' probabilities."""
        tensor = np.ascontiguousarray(np.stack(views)[..., ::-1])
        total: Probabilities = np.zeros((len(views), SLOTS, len(SIGNS)), np.float32)
        # A network that tells no region leaves it open: the first of all of them is none of the States.
        regions: Probabilities = np.zeros((len(views), _REGIONS), np.float32)
        for network in self._networks:
            slots, told = network.slots(tensor)
            total += slots
            regions = told if told is not None else regions
        return total / np.float32(len(self._networks)), regions


def widened(slots: Probabilities) -> Probabilities:
    """Return slots as 10: version 1 has 9, and nothing stands in the one that it lacks."""
    missing = SLOTS - slots.shape[1]
    if missing <= 0:
        return slots
    more = np.zeros((slots.shape[0], missing, slots.shape[2]), np.float32)
    more[..., BLANK] = 1.0
    return np.concatenate([slots, more], axis=1)
