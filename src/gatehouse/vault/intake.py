"""Taking in what cameras read: who sent it, whether it can be, and sealing it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import compress

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gatehouse.model import CameraStatus
from gatehouse.model.batch import LARGEST_BODY, MOST_READS, SignedBatch
from gatehouse.reads.rows import SealedRead
from gatehouse.vault.batch import BatchReads, Captured, ReadRefusal, Rejected, count_lines, parse_batch
from gatehouse.vault.checks import CLOCK_SLACK
from gatehouse.vault.clock import ForwardClock
from gatehouse.vault.enrollment import Enrolled
from gatehouse.vault.errors import ClockBehind
from gatehouse.vault.keys import Keys
from gatehouse.vault.learning import Learning
from gatehouse.vault.protocol import SealedBatch
from gatehouse.vault.rates import Rates
from gatehouse.vault.sealing import READ_ID_BYTES, Packer, Sealer, make_token
from gatehouse.vault.times import to_microseconds

_MINUTE = 60_000_000
_MICROSECOND = timedelta(microseconds=1)
_STATUS = {
    CameraStatus.SUSPENDED: ReadRefusal.CAMERA_SUSPENDED,
    CameraStatus.RETIRED: ReadRefusal.CAMERA_RETIRED,
}


class Intake:
    """Seals the batches of cameras under the keys of their owners.

    `backlog` says how long before the record had a camera's key its reads may have been captured, None for
    any time: whoever enrolls a camera of its own learns no tokens of the time before.
    """

    def __init__(
        self,
        keys: Keys,
        *,
        learning: Learning,
        clock: ForwardClock,
        rates: Rates,
        backlog: Callable[[], timedelta | None],
    ) -> None:
        self._keys = keys
        self._learning = learning
        self._clock = clock
        self._rates = rates
        self._backlog = backlog

    def seal(self, batch: SignedBatch, *, received_at: datetime) -> SealedBatch:
        """Check a batch and seal its reads; what is refused is counted, never an error."""
        now = self._clock()
        if received_at - now > CLOCK_SLACK:
            raise ClockBehind(
                "a batch was received in a time to come",
                where=f"camera {batch.camera[:64]}",
                expected=f"{now:%Y-%m-%dT%H:%M:%SZ} or before",
                got=f"{received_at:%Y-%m-%dT%H:%M:%SZ}",
                hint="set the clocks of node and vault",
            )
        if refusal := _unfit(batch):
            return _none_of(batch, refusal)
        camera = self._learning.camera(batch.camera)
        if camera is None:
            return _none_of(batch, ReadRefusal.CAMERA_UNKNOWN)
        message = batch.message
        if refusal := _refused(batch, message, camera):
            return _none_of(batch, refusal)
        keeping = self._learning.keeping(camera.owner)
        if keeping is None:
            return _none_of(batch, ReadRefusal.NO_RETENTION)
        refused: Counter[ReadRefusal] = Counter()
        retention, width = keeping.retention.minutes, keeping.retention.bucket_minutes
        received, at = to_microseconds(received_at), to_microseconds(now)
        ahead = received + CLOCK_SLACK // _MICROSECOND
        backlog = self._backlog()
        earliest = None if backlog is None else camera.since - backlog // _MICROSECOND
        fit: list[Captured] = []
        buckets: list[int] = []
        for found in parse_batch(batch.body):
            if isinstance(found, Rejected):
                refused[found.reason] += 1
                continue
            captured = found.at
            minute = (captured if captured < received else received) // _MINUTE
            bucket = minute - minute % width
            if captured > ahead:
                refused[ReadRefusal.CLOCK_AHEAD] += 1
            elif (bucket + retention) * _MINUTE <= at:
                refused[ReadRefusal.EXPIRED] += 1
            elif earliest is not None and captured < earliest:
                refused[ReadRefusal.BEFORE_ENROLLMENT] += 1
            else:
                fit.append(found)
                buckets.append(bucket)
        admitted = self._rates.admit(
            camera.id,
            batch.number,
            [each.at // _MINUTE for each in fit],
            message=message,
            peak=camera.peak,
        )
        if not all(admitted):
            refused[ReadRefusal.IMPLAUSIBLE_RATE] += admitted.count(False)
            fit, buckets = list(compress(fit, admitted)), list(compress(buckets, admitted))
        keys = {
            bucket: (token_key, Sealer(sealing_key, bucket=bucket, owner=camera.owner))
            for bucket, (token_key, sealing_key) in self._keys.for_batch(
                camera.owner, retention, set(buckets)
            ).items()
        }
        pack = Packer(camera.id, received=received).pack
        noise = os.urandom(READ_ID_BYTES * len(fit))
        rows: list[SealedRead] = []
        for place, (read, bucket) in enumerate(zip(fit, buckets, strict=True)):
            token_key, sealer = keys[bucket]
            read_id = noise[place * READ_ID_BYTES : (place + 1) * READ_ID_BYTES]
            rows.append(sealer.row(pack(read), make_token(token_key, read.plate), read_id))
        return SealedBatch(rows, refused, BatchReads(camera.id, fit))


def _none_of(batch: SignedBatch, reason: ReadRefusal) -> SealedBatch:
    return SealedBatch((), Counter({reason: count_lines(batch.body)}), ())


def _unfit(batch: SignedBatch) -> ReadRefusal | None:
    """Return why a batch is not even looked at."""
    if len(batch.body) > LARGEST_BODY or batch.body.count(b"\n") > MOST_READS:
        return ReadRefusal.TOO_LARGE
    return ReadRefusal.MALFORMED if batch.number < 1 else None


def _refused(batch: SignedBatch, message: bytes, camera: Enrolled) -> ReadRefusal | None:
    """Return why no read of a batch is taken in, None if they are looked at one by one."""
    try:
        Ed25519PublicKey.from_public_bytes(camera.key).verify(batch.signature, message)
    except (InvalidSignature, ValueError):
        return ReadRefusal.BAD_SIGNATURE
    return _STATUS.get(camera.status)
