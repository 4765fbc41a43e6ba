"""The recognizer: a frame in, the plates in it out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gatehouse.capture.models import Model, ModelSet
from gatehouse.capture.nouns import Detection, Detector, PlateReader, SeenPlate
from gatehouse.model import PartUnavailable

if TYPE_CHECKING:
    from gatehouse.capture.ocr_ctc import Ctc

# Chosen on crops and European photographs, never on what accuracy is told of (docs/recognition.md).
ABSTAIN_BELOW = 0.7
# Two boxes that share more are one plate, whatever the detector says.
_SAME = 0.5


class Recognizer:
    """Finds and reads the plates of a frame; what is read below `abstain_below` is left out.

    The images are those of OpenCV: height x width x 3 bytes, blue first.
    """

    def __init__(
        self, detector: Detector, reader: PlateReader, *, abstain_below: float = ABSTAIN_BELOW
    ) -> None:
        self.detector = detector
        self.reader = reader
        self.abstain_below = abstain_below

    @classmethod
    def open(
        cls,
        models: ModelSet,
        *,
        single: bool = False,
        abstain_below: float = ABSTAIN_BELOW,
        threads: int = 2,
    ) -> Recognizer:
        """Load the models; `single` reads each plate once with one network, which is faster and errs more."""
        readers = models.readers[-1:] if single else models.readers
        detector = _detector(models.detector, models.folder, threads)
        arbiter = None if single else models.arbiter
        reader = _reader(readers, arbiter, models.folder, threads, single=single)
        return cls(detector, reader, abstain_below=abstain_below)

    def look(self, frame: NDArray[np.uint8]) -> list[SeenPlate]:
        """Return the plates of a frame that could be read, the surest detection first."""
        return [each for each in self.look_at_all(frame) if each.reading.confidence >= self.abstain_below]

    def look_at_all(self, frame: NDArray[np.uint8]) -> list[SeenPlate]:
        """Return every plate that was detected, however little could be read of it."""
        found = distinct(self.detector.detect(frame))
        readings = self.reader.read(frame, [each.box for each in found])
        return [
            SeenPlate(each.box, reading, each.score) for each, reading in zip(found, readings, strict=True)
        ]


def distinct(found: list[Detection]) -> list[Detection]:
    """Return the detections without those that cover a surer one."""
    kept: list[Detection] = []
    for each in sorted(found, key=lambda one: -one.score):
        if all(each.box.iou(other.box) < _SAME for other in kept):
            kept.append(each)
    return kept


def _detector(model: Model, folder: Path, threads: int) -> Detector:
    if model.form == "yolo":
        from gatehouse.capture.detect_yolo import Yolo

        return Yolo(model.path(folder), threads=threads)
    if model.form == "heatmap":
        from gatehouse.capture.detect_heatmap import Heatmap

        return Heatmap(model.path(folder), threads=threads)
    raise _unknown(model)


def _reader(
    models: Sequence[Model], arbiter: Model | None, folder: Path, threads: int, *, single: bool
) -> PlateReader:
    for model in models:
        if model.form != models[0].form or model.form not in ("transformer", "ctc"):
            raise _unknown(model)
    if models[0].form == "ctc":
        return _ctc(models[0], folder, threads, single=single)
    from gatehouse.capture.formats import formats
    from gatehouse.capture.ocr_transformer import Transformer

    return Transformer(
        [model.path(folder) for model in models],
        threads=threads,
        formats=formats(),
        single=single,
        arbiter=None if arbiter is None else _ctc(arbiter, folder, threads, single=False),
    )


def _ctc(model: Model, folder: Path, threads: int, *, single: bool) -> Ctc:
    from gatehouse.capture.formats import formats
    from gatehouse.capture.ocr_ctc import Ctc

    return Ctc(
        model.path(folder),
        temperature=model.temperature,
        threads=threads,
        formats=formats(),
        single=single,
    )


def _unknown(model: Model) -> PartUnavailable:
    return PartUnavailable(
        "no part of the program runs a model of this form", where=model.name, got=model.form
    )
