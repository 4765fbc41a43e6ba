"""From another reader's cameras to those of the network: each plate of an event once, everything counted."""

from __future__ import annotations

import secrets
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from hashlib import blake2b
from threading import Lock

from gatehouse.capture.adapters.foreign import ForeignRead, Found, Skip
from gatehouse.model import BadInput
from gatehouse.model.plate import normalize

Take = Callable[[ForeignRead], None]

# Events of an hour on a road with three vehicles a second, each told twice.
REMEMBERED = 20_000


class Bridge:
    """Hands each read to the camera that it is fed to.

    `cameras` maps the other reader's name of a camera to what takes its reads, and has kept them for good
    when it returns. A plate told again for an event is skipped, whatever its spelling; what is remembered for
    that is a keyed hash. Safe to call from several threads.
    """

    def __init__(self, cameras: Mapping[str, Take], *, remembered: int = REMEMBERED) -> None:
        self._cameras = dict(cameras)
        self._remembered = remembered
        self._had: OrderedDict[bytes, None] = OrderedDict()
        self._key = secrets.token_bytes(32)
        self._lock = Lock()
        self.taken = 0
        self.skipped: Counter[Skip] = Counter()

    def take(self, found: Found) -> tuple[int, Counter[Skip]]:
        """Hand on the reads of a message; return how many, and why the others were not.

        What the camera's part raises goes through: then the read is not remembered, so that the message can
        be told again.
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
        event = "\0".join((read.camera, read.event, plate)).encode()
        mark = blake2b(event, digest_size=16, key=self._key).digest()
        if mark in self._had:
            self._had.move_to_end(mark)
            return Skip.REPEAT
        take(read)
        self._had[mark] = None
        if len(self._had) > self._remembered:
            self._had.popitem(last=False)
        return None
