"""Training: invented plates and invented reads. No live read is looked up, and no key is asked for.

A training search goes through the same decision and is on the record as training. Where a real one would wait
for a supervisor, training ends with that answer: nobody has to approve an exercise.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from gatehouse.model import PlatePattern, PlateSearch, Read
from gatehouse.vault.protocol import OpenedRead

# A plate that begins so is taken for nobody's.
PREFIX = "TEST"
CAMERA = "training"


def is_test_plate(plate: PlatePattern) -> bool:
    """Return whether a plate is an invented one."""
    return plate.text.startswith(PREFIX)


def invented_reads(search: PlateSearch, owners: list[str]) -> tuple[OpenedRead, ...]:
    """Return up to three reads of the plate within the window, the same for the same search."""
    span = search.window.end - search.window.start
    plate = search.plate.text.replace("?", "0")
    found = []
    for number, owner in enumerate(owners[:3]):
        share = sha256(f"{plate} {number}".encode()).digest()[0]
        at: datetime = search.window.start + span * share / 256
        read = Read(CAMERA, at, plate, plate, confidence=1.0)
        found.append(OpenedRead(read, owner, f"training-{number}", exact=True))
    return tuple(found)
