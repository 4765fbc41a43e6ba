"""Pictures of reads: handed in by cameras, signed; shown one by one to whom the read was told to.

There is no list of pictures, and none is found by its camera, place or time: who asks names the search or the
hit that told of the read.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from pydantic import Field
from starlette.responses import Response

from gatehouse.model import Role
from gatehouse.model.batch import CAMERA_HEADER, SIGNATURE_HEADER
from gatehouse.model.image import CAPTURED_HEADER, LARGEST_IMAGE, MEDIA_TYPE, SignedImage
from gatehouse.node.errors import Busy
from gatehouse.vault.images import ImageRefusal, ImageState
from gatehouse.web.api.hits import CONFIRMERS, hit_id
from gatehouse.web.api.model import Told
from gatehouse.web.api.reads import signature_of
from gatehouse.web.bodies import read_body
from gatehouse.web.endpoint import Call, Endpoint
from gatehouse.web.errors import RequestRefused
from gatehouse.web.metrics import Metrics

# Pictures that are in memory at once, and those among them that are sealed; batches have their own.
MOST_AT_ONCE: Final = 64
_THREADS: Final = 2
_RETRY_AFTER: Final = 2
_LONGEST_ID, _LONGEST_TIME = 128, 40
_HEADERS: Final = {
    "content-security-policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "content-disposition": "inline",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
}
_STATUS: Final = {
    ImageRefusal.BAD_SIGNATURE: 401,
    ImageRefusal.CAMERA_UNKNOWN: 401,
    ImageRefusal.CAMERA_SUSPENDED: 403,
    ImageRefusal.CAMERA_RETIRED: 403,
    ImageRefusal.TOO_LARGE: 413,
}


class ImageTold(Told):
    """How a picture was taken in; `sha256` is the name under which a read refers to it (`image`)."""

    camera: str
    sha256: str
    state: ImageState = Field(
        description="`dropped`: the node keeps none; `waiting`: for a hit of its read; `kept`: with its read"
    )
    duplicate: bool = Field(description="It was there; nothing was added")


def endpoints(metrics: Metrics) -> list[Endpoint]:
    """Return the routes; the counters get what became of every picture."""
    return [
        Endpoint(
            "POST",
            "/images",
            "Hand in the signed picture of a read",
            "images",
            _receiver(metrics),
            {200: ImageTold},
            roles=None,
            plain=True,
            takes=MEDIA_TYPE,
            refusals=(400, 401, 408, 409, 413, 415, 422, 429),
            security="camera",
            parameters=tuple(
                {
                    "name": name,
                    "in": "header",
                    "required": True,
                    "description": what,
                    "schema": {"type": "string"},
                }
                for name, what in (
                    (CAMERA_HEADER, "Id of the camera"),
                    (CAPTURED_HEADER, "When it was captured, as its read has it (RFC 3339)"),
                    (SIGNATURE_HEADER, "Ed25519 signature in base64"),
                )
            ),
        ),
        _shown("/searches/{id}/images/{sha256}", "The picture of a read of one's answer", of_search),
        _shown("/hits/{id}/image", "The picture of a hit that is to be confirmed", of_hit),
    ]


def _shown(path: str, summary: str, handle: Callable[[Call], Response]) -> Endpoint:
    return Endpoint(
        "GET",
        path,
        summary,
        "images",
        handle,
        {200: None},
        roles=frozenset({Role.OFFICER}) if path.startswith("/searches") else CONFIRMERS,
        plain=True,
        media=MEDIA_TYPE,
        refusals=(404, 409, 422),
    )


def of_search(call: Call) -> Response:
    """Show the picture of a read that a search was answered with."""
    return _picture(call.site.images.of_search(call.path["id"], call.path["sha256"], by=call.officer))


def of_hit(call: Call) -> Response:
    """Show the picture of a hit."""
    return _picture(call.site.images.of_hit(hit_id(call), by=call.officer))


def _picture(data: bytes) -> Response:
    return Response(data, media_type=MEDIA_TYPE, headers=_HEADERS)


def _receiver(metrics: Metrics) -> Callable[[Call], Awaitable[Response]]:
    threads = CapacityLimiter(_THREADS)
    under_way = 0

    async def receive_image(call: Call) -> Response:
        """Take a picture in, unless too many are under way."""
        nonlocal under_way
        if under_way >= MOST_AT_ONCE:
            metrics.images.labels("busy").inc()
            raise Busy(_RETRY_AFTER)
        under_way += 1
        try:
            image = await _received(call)
            found = await run_sync(_taken, call, metrics, image, limiter=threads)
        except Busy:
            metrics.images.labels("busy").inc()
            raise
        finally:
            under_way -= 1
        return Response(found.model_dump_json(), media_type="application/json")

    return receive_image


async def _received(call: Call) -> SignedImage:
    headers = call.request.headers
    camera, captured = headers.get(CAMERA_HEADER, ""), headers.get(CAPTURED_HEADER, "")
    if headers.get("content-type", "").partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise RequestRefused(415, "the body is of another kind", expected=MEDIA_TYPE)
    if not 1 <= len(camera) <= _LONGEST_ID:
        raise RequestRefused(400, "the picture names no camera", expected=f"the header {CAMERA_HEADER}")
    if not 1 <= len(captured) <= _LONGEST_TIME:
        raise RequestRefused(400, "the picture has no time", expected=f"the header {CAPTURED_HEADER}")
    signature = signature_of(call)
    if signature is None:
        raise RequestRefused(400, "the picture is not signed", expected=f"the header {SIGNATURE_HEADER}")
    return SignedImage(camera, captured, await read_body(call.request, most=LARGEST_IMAGE), signature)


def _taken(call: Call, metrics: Metrics, image: SignedImage) -> ImageTold:
    taken = call.site.images.take(image)
    if isinstance(taken, ImageRefusal):
        metrics.images.labels(taken.value).inc()
        raise RequestRefused(
            _STATUS.get(taken, 422), "the picture is not taken", got=taken.value.replace("_", " ")
        )
    metrics.images.labels("duplicate" if taken.duplicate else taken.state.value).inc()
    return ImageTold(camera=image.camera, sha256=image.sha256, state=taken.state, duplicate=taken.duplicate)
