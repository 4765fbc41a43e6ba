"""Taking in what cameras read: who sent it, whether it can be, and sealing it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gatehouse.model import BadUse, Camera, CameraStatus, Read
from gatehouse.reads.rows import SealedRead
from gatehouse.vault.batch import (
    LARGEST_BODY,
    MOST_READS,
    ReadRefusal,
    Rejected,
    SignedBatch,
    count_lines,
    parse_batch,
)
from gatehouse.vault.checks import CLOCK_SLACK
from gatehouse.vault.clock import ForwardClock
from gatehouse.vault.errors import ClockBehind
from gatehouse.vault.keys import Keys
from gatehouse.vault.protocol import SealedBatch
from gatehouse.vault.rates import Rates
from gatehouse.vault.retention import Keeping
from gatehouse.vault.sealing import (
    LONGEST_CAMERA,
    READ_ID_BYTES,
    make_token,
    pack_read,
    seal_row,
    to_microseconds,
)

_MINUTE = 60_000_000
_MICROSECOND = timedelta(microseconds=1)
_STATUS = {
    CameraStatus.SUSPENDED: ReadRefusal.CAMERA_SUSPENDED,
    CameraStatus.RETIRED: ReadRefusal.CAMERA_RETIRED,
}


class Intake:
    """Seals the batches of cameras under the keys of their owners."""

    def __init__(
        self, keys: Keys, *, owners: Callable[[str], Keeping | None], clock: ForwardClock, rates: Rates
    ) -> None:
        self._keys = keys
        self._owners = owners
        self._clock = clock
        self._rates = rates

    def seal(self, batch: SignedBatch, *, camera: Camera, received_at: datetime) -> SealedBatch:
        """Check a batch and seal its reads; what is refused is counted, never an error."""
        if batch.camera != camera.id or len(camera.id.encode()) > LONGEST_CAMERA:
            raise BadUse(
                "a batch is of another camera than the one that it is sealed for",
                expected=f"a camera's own batch, its id of at most {LONGEST_CAMERA} bytes",
            )
        now = self._clock()
        if received_at - now > CLOCK_SLACK:
            raise ClockBehind(
                "a batch was received in a time to come",
                where=f"camera {camera.id}",
                expected=f"{now:%Y-%m-%dT%H:%M:%SZ} or before",
                got=f"{received_at:%Y-%m-%dT%H:%M:%SZ}",
                hint="set the clocks of node and vault",
            )
        keeping = self._owners(camera.agency)
        if refusal := _refused(batch, camera, keeping):
            return SealedBatch((), Counter({refusal: count_lines(batch.body)}), ())
        assert keeping is not None
        return self._sealed(batch, camera, keeping, to_microseconds(received_at), to_microseconds(now))

    def _sealed(
        self, batch: SignedBatch, camera: Camera, keeping: Keeping, received: int, now: int
    ) -> SealedBatch:
        refused: Counter[ReadRefusal] = Counter()
        retention, width = keeping.retention.minutes, keeping.retention.bucket_minutes
        ahead = received + CLOCK_SLACK // _MICROSECOND
        fit: list[tuple[Read, int, int]] = []
        for found in parse_batch(batch.body, camera=camera.id):
            if isinstance(found, Rejected):
                refused[found.reason] += 1
                continue
            captured = to_microseconds(found.captured_at)
            minute = min(captured, received) // _MINUTE
            bucket = minute - minute % width
            if captured > ahead:
                refused[ReadRefusal.CLOCK_AHEAD] += 1
            elif (bucket + retention) * _MINUTE <= now:
                refused[ReadRefusal.EXPIRED] += 1
            else:
                fit.append((found, captured, bucket))
        admitted = self._rates.admit(camera, batch.number, [captured // _MINUTE for _, captured, _ in fit])
        taken = [each for each, fits in zip(fit, admitted, strict=True) if fits]
        if len(taken) < len(fit):
            refused[ReadRefusal.IMPLAUSIBLE_RATE] += len(fit) - len(taken)
        owner = camera.agency
        keys = self._keys.for_batch(owner, retention, {bucket for _, _, bucket in taken})
        noise = os.urandom(READ_ID_BYTES * len(taken))
        rows: list[SealedRead] = []
        for at, (read, captured, bucket) in enumerate(taken):
            token_key, sealing_key = keys[bucket]
            rows.append(
                seal_row(
                    pack_read(read, captured=captured, received=received),
                    key=sealing_key,
                    token=make_token(token_key, read.plate),
                    bucket=bucket,
                    owner=owner,
                    read_id=noise[at * READ_ID_BYTES : (at + 1) * READ_ID_BYTES],
                )
            )
        return SealedBatch(rows, refused, [read for read, _, _ in taken])


def _refused(batch: SignedBatch, camera: Camera, keeping: Keeping | None) -> ReadRefusal | None:
    """Return why no read of a batch is taken in, None if they are looked at one by one."""
    if len(batch.body) > LARGEST_BODY or batch.body.count(b"\n") > MOST_READS:
        return ReadRefusal.TOO_LARGE
    if batch.number < 1:
        return ReadRefusal.MALFORMED
    try:
        Ed25519PublicKey.from_public_bytes(camera.key).verify(batch.signature, batch.message)
    except (InvalidSignature, ValueError):
        return ReadRefusal.BAD_SIGNATURE
    if camera.status is not CameraStatus.ACTIVE:
        return _STATUS[camera.status]
    return ReadRefusal.NO_RETENTION if keeping is None else None
