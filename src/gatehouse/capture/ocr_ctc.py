"""The project's own plate reader: a convolutional network with a CTC head, on gray crops.

The file's input `crops` is N x 1 x 48 x 128, each crop brought to mean 0 and a spread of about 1; its output
`logits` is N x 32 steps x 37 (`capture.ctc`). A plate that the first look leaves in doubt is looked at again
in more views, and the text that these agree on best is the one that is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from gatehouse.capture.agreement import agreed
from gatehouse.capture.candidates import certainty, reading_of
from gatehouse.capture.ctc import Shares, softmax
from gatehouse.capture.formats import Formats
from gatehouse.capture.nouns import Box, Reading
from gatehouse.capture.session import open_session
from gatehouse.capture.views import View, cut

WIDTH, HEIGHT = 128, 48
# Trained on tighter crops than upstream's readers, it wants less around a plate.
SINGLE = (View(0.03),)
SEVERAL = (View(0.0), View(0.05), View(0.10), View(0.05, lean=-6.0), View(0.05, lean=6.0))
# Below that probability of the least certain sign a plate is looked at again.
SURE = 0.9
# Plates of the United States are twice as wide as high; those of Europe and most others four times and more.
AMERICAN = 3.2


class Ctc:
    """Reads plates with one network; `single` looks once and decides.

    The network tells no region: whether a plate is one of the United States is judged by its shape.
    """

    def __init__(
        self, path: Path, *, temperature: float, threads: int, formats: Formats, single: bool = False
    ) -> None:
        self._session = open_session(path, threads=threads)
        self._input: str = self._session.get_inputs()[0].name
        self._temperature = temperature
        self._formats = formats
        self._single = single

    def read(self, frame: NDArray[np.uint8], boxes: Sequence[Box]) -> list[Reading]:
        """Return a reading for each box of the frame, in order."""
        found = []
        for box in boxes:
            american = box.width < AMERICAN * box.height
            signs = self._signs(frame, box, pooled=american)
            found.append(reading_of(signs, united_states=american, formats=self._formats))
        return found

    def _signs(self, frame: NDArray[np.uint8], box: Box, *, pooled: bool) -> Shares:
        signs = agreed(self.look(frame, box, SINGLE), pooled=pooled)
        if self._single or (len(signs) and certainty(signs, pooled=pooled) >= SURE):
            return signs
        return agreed(self.look(frame, box), pooled=pooled)

    def look(self, frame: NDArray[np.uint8], box: Box, views: Sequence[View] = SEVERAL) -> list[Shares]:
        """Return 32 steps x 37 probabilities for each view of a plate."""
        crops = np.stack(
            [normalized(crop) for crop in cut(frame, box, views, size=(WIDTH, HEIGHT), smooth=True)]
        )
        logits: Shares = self._session.run(None, {self._input: crops[:, None]})[0]
        return list(softmax(logits, self._temperature))


def normalized(crop: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Bring a crop to gray, mean 0 and a spread of about 1."""
    values = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY).astype(np.float32)
    return np.asarray((values - values.mean()) / (values.std() + np.float32(4)), np.float32)
