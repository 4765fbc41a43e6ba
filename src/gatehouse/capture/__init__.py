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
    from gatehouse.capture.passes import Pass, PassReader
    from gatehouse.capture.recognizer import Recognizer
    from gatehouse.capture.sources import Source, open_source

__all__ = [
    "Box",
    "Candidate",
    "Detection",
    "Detector",
    "Frame",
    "ModelSet",
    "Pass",
    "PassReader",
    "PlateReader",
    "PlateState",
    "Reading",
    "Recognizer",
    "SeenPlate",
    "Source",
    "Why",
    "find_models",
    "open_source",
]

_HOMES = {
    "Box": "nouns",
    "Candidate": "nouns",
    "Detection": "nouns",
    "Detector": "nouns",
    "Frame": "nouns",
    "ModelSet": "models",
    "Pass": "passes",
    "PassReader": "passes",
    "PlateReader": "nouns",
    "PlateState": "nouns",
    "Reading": "nouns",
    "Recognizer": "recognizer",
    "SeenPlate": "nouns",
    "Source": "sources",
    "Why": "nouns",
    "find_models": "models",
    "open_source": "sources",
}

__getattr__ = names_of(__name__, _HOMES)
