"""POST /reads: cameras hand in what they have read, signed, in numbered batches.

The body is JSON lines as `gatehouse.model.batch` has them, plain or in gzip. The signature covers the plain
body. A batch that is sent again counts once. When more comes in than the node can take, it says so and takes
nothing: cameras keep their batches until they are acknowledged.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from pydantic import Field
from starlette.responses import Response

from gatehouse.model.batch import (
    CAMERA_HEADER,
    LARGEST_BODY,
    MEDIA_TYPE,
    NUMBER_HEADER,
    SIGNATURE_HEADER,
    SignedBatch,
)
from gatehouse.node.errors import Busy
from gatehouse.vault.batch import ReadRefusal
from gatehouse.web.api.model import Told
from gatehouse.web.bodies import read_body, unpack
from gatehouse.web.endpoint import Call, Endpoint
from gatehouse.web.errors import RequestRefused
from gatehouse.web.metrics import Metrics

# Batches that are unpacked and sealed at once, and bytes of bodies in memory, as they came.
AT_ONCE: Final = 4
IN_MEMORY: Final = 128 * 1024 * 1024
_RETRY_AFTER: Final = 2
_LONGEST_ID: Final = 128
_MOST: Final = 2**53 - 1
_SIGNATURE_BYTES: Final = 64
# Reasons that concern who sends, and so the whole batch.
_SENDER: Final = {
    ReadRefusal.BAD_SIGNATURE: 401,
    ReadRefusal.CAMERA_UNKNOWN: 401,
    ReadRefusal.CAMERA_SUSPENDED: 403,
    ReadRefusal.CAMERA_RETIRED: 403,
}


class BatchTaken(Told):
    """How a batch was taken in: every read of it is either accepted or refused with a reason."""

    camera: str
    number: int
    duplicate: bool = Field(description="The number was had before; nothing was added")
    accepted: int
    refused: dict[ReadRefusal, int] = Field(description="Reads that were not taken, by reason")


def endpoint(metrics: Metrics) -> Endpoint:
    """Return the route; the counters get every batch and every refused read."""
    return Endpoint(
        "POST",
        "/reads",
        "Hand in a signed batch of a camera's reads",
        "reads",
        _receiver(metrics),
        {200: BatchTaken},
        roles=None,
        plain=True,
        takes=MEDIA_TYPE,
        refusals=(400, 401, 408, 413, 415, 429),
        security="camera",
        parameters=tuple(
            {"name": name, "in": "header", "required": True, "description": what, "schema": {"type": kind}}
            for name, what, kind in (
                (CAMERA_HEADER, "Id of the camera", "string"),
                (
                    NUMBER_HEADER,
                    "Number of the batch; a camera's numbers begin at 1 and only advance",
                    "integer",
                ),
                (SIGNATURE_HEADER, "Ed25519 signature in base64", "string"),
            )
        ),
    )


class _Memory:
    """Counts the bytes of bodies that are in memory, which whoever drips slowly has few of."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0

    @contextmanager
    def held(self) -> Iterator[Callable[[int], None]]:
        """Give what each arriving piece is counted with; `Busy` when there would be too many bytes."""
        own = 0

        def arrived(count: int) -> None:
            nonlocal own
            if self._held + count > self._most:
                raise Busy(_RETRY_AFTER)
            self._held += count
            own += count

        try:
            yield arrived
        finally:
            self._held -= own


def _receiver(metrics: Metrics) -> Callable[[Call], Awaitable[Response]]:
    memory = _Memory(IN_MEMORY)
    threads = CapacityLimiter(AT_ONCE)

    async def receive(call: Call) -> Response:
        """Take a batch in, unless too many are under way."""
        try:
            with memory.held() as arrived:
                found = await _received(call, metrics, arrived, threads)
        except Busy:
            metrics.batches.labels("busy").inc()
            raise
        return Response(found.model_dump_json(), media_type="application/json")

    return receive


async def _received(
    call: Call, metrics: Metrics, arrived: Callable[[int], None], threads: CapacityLimiter
) -> BatchTaken:
    camera, number, signature = _headers(call)
    packed = await read_body(call.request, most=LARGEST_BODY, arrived=arrived)
    encoding = call.request.headers.get("content-encoding", "").strip().lower()

    def take() -> BatchTaken:
        body = unpack(packed, encoding, most=LARGEST_BODY)
        return _taken(call, metrics, SignedBatch(camera, number, body, signature))

    return await run_sync(take, limiter=threads)


def _headers(call: Call) -> tuple[str, int, bytes]:
    """Return camera, number and signature of the batch that a request carries."""
    headers = call.request.headers
    camera, number = (headers.get(name, "") for name in (CAMERA_HEADER, NUMBER_HEADER))
    if not 1 <= len(camera) <= _LONGEST_ID:
        raise RequestRefused(400, "the batch names no camera", expected=f"the header {CAMERA_HEADER}")
    if not (number.isascii() and number.isdecimal() and len(number) <= 16 and 1 <= int(number) <= _MOST):
        raise RequestRefused(400, "the batch has no number", expected=f"the header {NUMBER_HEADER}, from 1")
    signed = signature_of(call)
    if signed is None:
        raise RequestRefused(400, "the batch is not signed", expected=f"the header {SIGNATURE_HEADER}")
    return camera, int(number), signed


def signature_of(call: Call) -> bytes | None:
    """Return the camera's signature that a request carries, None where it carries none."""
    try:
        signed = b64decode(call.request.headers.get(SIGNATURE_HEADER, ""), validate=True)
    except (NotBase64, ValueError):
        return None
    return signed if len(signed) == _SIGNATURE_BYTES else None


def _taken(call: Call, metrics: Metrics, batch: SignedBatch) -> BatchTaken:
    taken = call.site.ingest(batch)
    for reason, count in taken.refused.items():
        metrics.refused.labels(reason.value).inc(count)
    metrics.reads.inc(taken.accepted)
    sender = next((reason for reason in _SENDER if taken.refused.get(reason)), None)
    if sender is not None and not taken.accepted:
        metrics.batches.labels("refused").inc()
        raise RequestRefused(
            _SENDER[sender], "the batch is not taken from this camera", got=sender.value.replace("_", " ")
        )
    metrics.batches.labels("duplicate" if taken.duplicate else "taken").inc()
    return BatchTaken(
        camera=batch.camera,
        number=batch.number,
        duplicate=taken.duplicate,
        accepted=taken.accepted,
        refused={reason: count for reason, count in taken.refused.items() if count},
    )
