"""A small web server that takes the webhooks of OpenALPR's and Plate Recognizer's readers.

    POST /openalpr         or /openalpr/SECRET
    POST /platerecognizer  or /platerecognizer/SECRET

Whoever may post here speaks for a camera, so a secret is asked for: as `Authorization: Bearer` (or `Token`)
or, for readers that can only be told an address, as the last part of the path. An answer of 200 says that the
reads are kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import tzinfo
from functools import partial
from hmac import compare_digest
from typing import TYPE_CHECKING, Final

from gatehouse.capture.adapters import openalpr, platerecognizer
from gatehouse.capture.adapters.bridge import Bridge
from gatehouse.capture.adapters.foreign import LARGEST_PAYLOAD, Found, Skip
from gatehouse.model import BadUse, Error

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

SHORTEST_SECRET: Final = 16
_RETRY_AFTER: Final = 5
# Nothing of these can be had by sending it again.
_BAD: Final = frozenset({Skip.MALFORMED, Skip.NO_ZONE})


def webhook_app(
    bridge: Bridge, *, secret: str, frames: bool = False, zone: tzinfo | None = None
) -> Starlette:
    """Return the server's application.

    `frames` takes OpenALPR's single frames instead of its groups, `zone` is that of times that name none.
    A secret shorter than 16 signs is `BadUse`.
    """
    if len(secret) < SHORTEST_SECRET:
        raise BadUse(
            "the webhook's secret is too short to keep anyone out",
            expected=f"at least {SHORTEST_SECRET} signs",
            got=f"{len(secret)}",
        )
    from starlette.applications import Starlette
    from starlette.routing import Route

    def group(payload: bytes, _media: str) -> Found:
        return openalpr.parse(payload, frames=frames)

    def recognition(payload: bytes, media: str) -> Found:
        return platerecognizer.parse(payload, media_type=media, zone=zone)

    routes = []
    for path, parse in (("/openalpr", group), ("/platerecognizer", recognition)):
        answer = partial(_receive, bridge=bridge, secret=secret, parse=parse)
        routes += [Route(path, answer, methods=["POST"]), Route(path + "/{secret}", answer, methods=["POST"])]
    return Starlette(routes=routes)


async def _receive(
    request: Request, *, bridge: Bridge, secret: str, parse: Callable[[bytes, str], Found]
) -> Response:
    from anyio.to_thread import run_sync
    from starlette.responses import JSONResponse

    if not _knows(request, secret):
        return JSONResponse({"error": "the secret is missing or another"}, 401)
    payload = await _body(request)
    if payload is None:
        return JSONResponse({"error": f"larger than {LARGEST_PAYLOAD} bytes"}, 413)
    media = request.headers.get("content-type", platerecognizer.JSON)

    def keep() -> tuple[int, Counter[Skip]]:
        return bridge.take(parse(payload, media))

    try:
        taken, skipped = await run_sync(keep)
    except Error as error:
        return JSONResponse({"error": error.what}, 503, {"Retry-After": str(_RETRY_AFTER)})
    told = {"taken": taken, "skipped": {why.value: count for why, count in skipped.items()}}
    return JSONResponse(told, 400 if not taken and _BAD & skipped.keys() else 200)


def _knows(request: Request, secret: str) -> bool:
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    in_header = credential.strip() if scheme.lower() in ("bearer", "token") else ""
    told = in_header or request.path_params.get("secret", "")
    return compare_digest(told.encode(), secret.encode())


async def _body(request: Request) -> bytes | None:
    parts, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > LARGEST_PAYLOAD:
            return None
        parts.append(chunk)
    return b"".join(parts)
