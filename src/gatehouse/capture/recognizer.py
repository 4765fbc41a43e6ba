"""The recognizer: a frame in, the plates in it out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gatehouse.capture.models import Model, ModelSet
from gatehouse.capture.nouns import Detection, Detector, PlateReader, SeenPlate
from gatehouse.model import PartUnavailable

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
        reader = _reader(readers, models.folder, threads, single=single)
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


def _reader(models: Sequence[Model], folder: Path, threads: int, *, single: bool) -> PlateReader:
    from gatehouse.capture.formats import formats

    forms = {model.form for model in models}
    if forms == {"ctc"}:
        from gatehouse.capture.ocr_ctc import Ctc

        (own,) = models
        return Ctc(
            own.path(folder),
            temperature=own.temperature,
            threads=threads,
            formats=formats(),
            single=single,
        )
    for model in models:
        if model.form != "transformer":
            raise _unknown(model)
    from gatehouse.capture.ocr_transformer import Transformer

    paths = [model.path(folder) for model in models]
    return Transformer(paths, threads=threads, formats=formats(), single=single)


def _unknown(model: Model) -> PartUnavailable:
    return PartUnavailable(
        "no part of the program runs a model of this form", where=model.name, got=model.form
    )
