"""The cameras: from a frame to a read.

The recognizer finds plates and reads them with model files that lie on this machine (`models.toml`). What is
read is never corrected; what else it may be comes as candidates beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatehouse.on_demand import names_of

if TYPE_CHECKING:
    from gatehouse.capture.models import ModelSet, find_models
    from gatehouse.capture.nouns import (
        Box,
        Candidate,
        Detection,
        Detector,
        Frame,
        PlateReader,
        PlateState,
        Reading,
        SeenPlate,
        Why,
    )
    from gatehouse.capture.recognizer import Recognizer

__all__ = [
    "Box",
    "Candidate",
    "Detection",
    "Detector",
    "Frame",
    "ModelSet",
    "PlateReader",
    "PlateState",
    "Reading",
    "Recognizer",
    "SeenPlate",
    "Why",
    "find_models",
]

_HOMES = {
    "Box": "nouns",
    "Candidate": "nouns",
    "Detection": "nouns",
    "Detector": "nouns",
    "Frame": "nouns",
    "ModelSet": "models",
    "PlateReader": "nouns",
    "PlateState": "nouns",
    "Reading": "nouns",
    "Recognizer": "recognizer",
    "SeenPlate": "nouns",
    "Why": "nouns",
    "find_models": "models",
}

__getattr__ = names_of(__name__, _HOMES)
