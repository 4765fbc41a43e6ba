"""From another reader's cameras to those of the network: each plate of an event once, everything counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from hashlib import sha256
from threading import Lock

from gatehouse.capture.adapters.foreign import ForeignRead, Found, Skip
from gatehouse.model import BadInput
from gatehouse.model.plate import normalize

# Keeps a read for good and says whether the mark is new to it; what cannot be kept is an error.
Take = Callable[[ForeignRead, bytes], bool]


class Bridge:
    """Hands each read to the camera that it is fed to.

    `cameras` maps the other reader's name of a camera to what takes its reads. Each comes with a mark of its
    event and plate, whatever the plate's spelling; one that was had before is skipped. Safe to call from
    several threads.
    """

    def __init__(self, cameras: Mapping[str, Take]) -> None:
        self._cameras = dict(cameras)
        self._lock = Lock()
        self.taken = 0
        self.skipped: Counter[Skip] = Counter()

    def take(self, found: Found) -> tuple[int, Counter[Skip]]:
        """Hand on the reads of a message; return how many, and why the others were not.

        What the camera's part raises goes through, so that whoever tells the message tells it again.
        """
        taken, skipped = 0, Counter[Skip]()
        with self._lock:
            try:
                for each in found:
                    why = each if isinstance(each, Skip) else self._hand_on(each)
                    if why is None:
                        taken += 1
                    else:
                        skipped[why] += 1
            finally:
                self.taken += taken
                self.skipped += skipped
        return taken, skipped

    def _hand_on(self, read: ForeignRead) -> Skip | None:
        take = self._cameras.get(read.camera)
        if take is None:
            return Skip.OTHER_CAMERA
        try:
            plate = normalize(read.plate)
        except BadInput:
            return Skip.NO_PLATE
        mark = sha256("\0".join((read.event, plate)).encode()).digest()[:16]
        return None if take(read, mark) else Skip.REPEAT
