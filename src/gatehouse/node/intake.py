"""Reads coming in: sealed as they come, stored in batches of batches, acknowledged once they are on the disk.

Whoever hands in a batch waits until it is durable. What waits is bounded: beyond that nothing is taken, and
the camera is told when to come again (`Busy`). Of one camera one batch is under way at a time. The store
takes numbers that advance only, so a camera MUST wait for an answer before it sends the next.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from gatehouse.model import BadInput, Camera, Error, PartUnavailable, Read
from gatehouse.model.batch import SignedBatch
from gatehouse.node.errors import Busy
from gatehouse.reads.rows import ReadBatch
from gatehouse.reads.store import ReadStore
from gatehouse.vault.batch import ReadRefusal, count_lines
from gatehouse.vault.protocol import SealedBatch

_STRIPES = 1024
# Refusals of a whole batch, which leave its number free.
_WHOLE = frozenset(
    {
        ReadRefusal.BAD_SIGNATURE,
        ReadRefusal.CAMERA_UNKNOWN,
        ReadRefusal.CAMERA_RETIRED,
        ReadRefusal.CAMERA_SUSPENDED,
        ReadRefusal.NO_RETENTION,
    }
)


@dataclass(frozen=True, slots=True)
class IngestResult:
    """How a batch was taken in. `duplicate` says that its number was had before, and nothing was added."""

    accepted: int
    refused: Mapping[ReadRefusal, int]
    duplicate: bool = False


@dataclass(frozen=True, slots=True)
class CameraHealth:
    """What a camera has handed in since the node started; times are those of arrival."""

    batches: int = 0
    accepted: int = 0
    refused: int = 0
    last_at: datetime | None = None


class Cameras(Protocol):
    """What the intake asks of the registry."""

    def camera(self, camera: str) -> Camera:
        """Return the camera of an id; one that is not registered is `BadInput`."""
        ...


class Sealing(Protocol):
    """What the intake asks of the vault."""

    def seal(self, batch: SignedBatch, *, received_at: datetime) -> SealedBatch:
        """Check a batch of a camera of the registry and seal its reads; see `Vault.seal`."""
        ...


# Told of reads in clear, once they are stored; after a crash perhaps a second time.
OnReads = Callable[[Sequence[Read], Camera, datetime], object]


@dataclass(slots=True)
class _Waiting:
    """A sealed batch that waits to be stored."""

    batch: ReadBatch
    done: threading.Event = field(default_factory=threading.Event)
    new: bool = False
    error: Exception | None = None


class Intake:
    """Takes batches in, from any thread. `on_reads` is told of their reads, in the caller's thread.

    Before an answer it was told of what was stored, also where a node had ended between the two and the
    camera sends again. Then it may be told a second time, and MUST take what it knows for known.
    """

    def __init__(
        self,
        *,
        vault: Sealing,
        reads: ReadStore,
        cameras: Cameras,
        clock: Callable[[], datetime],
        on_reads: OnReads,
        most_waiting: int,
        rows: int,
        retry_after: int,
    ) -> None:
        self._vault = vault
        self._reads = reads
        self._cameras = cameras
        self._clock = clock
        self._on_reads = on_reads
        self._most_waiting = most_waiting
        self._rows = rows
        self._retry_after = retry_after
        self._turns = [threading.Lock() for _ in range(_STRIPES)]
        self._changed = threading.Condition()
        self._queue: list[_Waiting] = []
        self._held = 0
        self._closed = False
        self._health: dict[str, CameraHealth] = {}
        # By camera the number of the newest batch that `on_reads` was told of since the start.
        self._told: dict[str, int] = {}
        self._thread = threading.Thread(target=self._run, name="node-intake", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Return how many reads are on their way to the store."""
        return self._held

    @property
    def healthy(self) -> bool:
        """Return whether batches are being stored."""
        return self._thread.is_alive() and not self._closed

    def health(self, camera: str) -> CameraHealth:
        """Return what a camera has handed in since the node started."""
        return self._health.get(camera, CameraHealth())

    def ingest(self, batch: SignedBatch) -> IngestResult:
        """Take a batch in and return once it is durable; `Busy` means that nothing of it was taken.

        When the store fails, its error comes back, and the same batch can be sent again: it is stored once.
        """
        lines = max(1, count_lines(batch.body))
        self._enter(lines)
        try:
            try:
                camera = self._cameras.camera(batch.camera)
            except BadInput:
                return IngestResult(0, {ReadRefusal.CAMERA_UNKNOWN: lines})
            with self._turns[hash(camera.id) % _STRIPES]:
                return self._taken(batch, camera, lines)
        finally:
            self._leave(lines)

    def close(self) -> None:
        """Store what waits, and end. What comes afterwards is refused."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()

    def _enter(self, lines: int) -> None:
        with self._changed:
            if self._closed:
                raise PartUnavailable("the node is closing", hint="send the same batch again later")
            # A batch that is larger than all that may wait passes alone.
            if self._held and self._held + lines > self._most_waiting:
                raise Busy(self._retry_after)
            self._held += lines

    def _leave(self, lines: int) -> None:
        with self._changed:
            self._held -= lines

    def _taken(self, batch: SignedBatch, camera: Camera, lines: int) -> IngestResult:
        received_at = self._clock()
        sealed = self._vault.seal(batch, received_at=received_at)
        if not _WHOLE.isdisjoint(sealed.refused):
            # Nobody may use up the number of a camera that is not known to have sent this.
            return IngestResult(0, dict(sealed.refused))
        waiting = _Waiting(ReadBatch(camera.id, batch.number, sealed.rows))
        with self._changed:
            self._queue.append(waiting)
            self._changed.notify_all()
        waiting.done.wait()
        if waiting.error is not None:
            raise waiting.error
        if not waiting.new:
            # A node that ended before it answered may not have told anybody of what it has stored. Whoever
            # sends again sends its newest; what is older was answered, and is heard of no more.
            if batch.number == self._reads.last_batch(camera.id) != self._told.get(camera.id):
                self._tell(batch, sealed.reads, camera, received_at)
            return IngestResult(0, {}, duplicate=True)
        self._count(camera.id, len(sealed.rows), sealed.refused, received_at)
        self._tell(batch, sealed.reads, camera, received_at)
        return IngestResult(len(sealed.rows), dict(sealed.refused))

    def _tell(self, batch: SignedBatch, reads: Sequence[Read], camera: Camera, received_at: datetime) -> None:
        if reads:
            self._on_reads(reads, camera, received_at)
        self._told[camera.id] = batch.number

    def _count(
        self, camera: str, accepted: int, refused: Counter[ReadRefusal], received_at: datetime
    ) -> None:
        known = self.health(camera)
        self._health[camera] = CameraHealth(
            known.batches + 1, known.accepted + accepted, known.refused + refused.total(), received_at
        )

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._queue and not self._closed:
                    self._changed.wait()
                if not self._queue:
                    # Whoever still seals has entered before the end, and waits to be stored.
                    if self._held == 0:
                        return
                    self._changed.wait(0.01)
                    continue
                taken, rows = 0, 0
                while taken < len(self._queue) and (taken == 0 or rows < self._rows):
                    rows += len(self._queue[taken].batch.rows)
                    taken += 1
                work, self._queue = self._queue[:taken], self._queue[taken:]
            self._store(work)

    def _store(self, work: list[_Waiting]) -> None:
        try:
            found = self._reads.add([each.batch for each in work])
            for each, new in zip(work, found, strict=True):
                each.new = new
        except Exception as error:
            for each in work:
                each.error = _again(error)
        finally:
            for each in work:
                each.done.set()


def _again(error: Exception) -> Exception:
    """Return an error of its own for each who waits: several threads would add to one traceback."""
    if isinstance(error, Error):
        again = type(error)(
            error.what, where=error.where, expected=error.expected, got=error.got, hint=error.hint
        )
    else:
        again = PartUnavailable("the read store failed", got=type(error).__name__)
    again.__cause__ = error
    return again
