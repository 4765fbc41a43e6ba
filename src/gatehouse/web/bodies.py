"""Bodies of requests: read within bounds of size and time, and unpacked within bounds too."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request

from gatehouse.web.errors import RequestRefused
from gatehouse.web.problem import faults_of

LARGEST_JSON: Final = 128 * 1024
# How long a body may take to arrive, however slowly it drips.
BODY_SECONDS: Final = 20.0

Model = TypeVar("Model", bound=BaseModel)


async def read_body(
    request: Request,
    *,
    most: int,
    seconds: float = BODY_SECONDS,
    arrived: Callable[[int], None] | None = None,
) -> bytes:
    """Return the body as it came; one that is too long, too slow or cut off is `RequestRefused`.

    `arrived` is told of each piece's bytes and may refuse to go on.
    """
    stated = request.headers.get("content-length", "0")
    if not stated.isdecimal() or int(stated) > most:
        raise _too_large(most)
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                if arrived is not None:
                    arrived(len(chunk))
                body += chunk
                if len(body) > most:
                    raise _too_large(most)
    except TimeoutError:
        raise RequestRefused(408, "the request came too slowly", expected=f"within {seconds:g} s") from None
    except ClientDisconnect:
        raise RequestRefused(400, "the request was cut off") from None
    return bytes(body)


async def read_model(request: Request, model: type[Model], *, most: int = LARGEST_JSON) -> Model:
    """Return the JSON body as a model; what does not fit is `RequestRefused` and is not repeated."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    # A page of another site can send a form or plain text unasked, but no JSON.
    if kind != "application/json":
        raise RequestRefused(415, "the body is of another kind", expected="application/json")
    if request.headers.get("content-encoding", "identity") != "identity":
        raise RequestRefused(415, "the body is packed", expected="plain JSON")
    body = await read_body(request, most=most)
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise RequestRefused(422, "the body does not fit", faults=faults_of(error)) from None


def unpack(body: bytes, encoding: str, *, most: int) -> bytes:
    """Return a body without its content encoding; one that would unpack to too much is `RequestRefused`."""
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        raise RequestRefused(415, "the body is packed in another way", expected="gzip")
    reader = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        # One byte more than allowed is enough to know; a bomb is never unpacked whole.
        found = reader.decompress(body, most + 1)
    except zlib.error:
        raise RequestRefused(400, "the body is no gzip") from None
    if len(found) > most:
        raise _too_large(most)
    if not reader.eof or reader.unused_data:
        raise RequestRefused(400, "the body is no gzip", expected="one whole member")
    return found


def _too_large(most: int) -> RequestRefused:
    return RequestRefused(413, "the body is too large", expected=f"at most {most} bytes")
