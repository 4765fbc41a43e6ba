"""The web interface of a witness: `POST add-checkpoint` and `GET <hex sha256(origin)>/checkpoint`.

The submission and the monitoring prefix are the same. There is no login: a request counts for as much as the
log's signature on it. It listens on loopback unless told otherwise; put TLS and rate limits before it.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Thread
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from gatehouse.ledger.announcing import AnnouncingServer
from gatehouse.ledger.witness import LARGEST_REQUEST, Answer, Witness
from gatehouse.model import BadUse, PartUnavailable

LOOPBACK: Final = "127.0.0.1"
MOST_CONNECTIONS: Final = 256
# How long a request may take to arrive, however slowly it drips.
_BODY_SECONDS: Final = 10.0
_IDLE_SECONDS: Final = 75


def witness_app(witness: Witness, *, prefix: str = "") -> Starlette:
    """Return the witness as an ASGI application below a prefix such as `/witness`."""

    async def add_checkpoint(request: Request) -> Response:
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                body = await _body(request)
        except TimeoutError:
            return _response(Answer(408, "the request came too slowly\n"))
        except ClientDisconnect:
            return _response(Answer(400, "the request was cut off\n"))
        if body is None:
            return _response(Answer(413, f"a request has at most {LARGEST_REQUEST} bytes\n"))
        try:
            return _response(await run_in_threadpool(witness.add_checkpoint, body))
        except PartUnavailable as error:
            return _response(Answer(503, f"{error.what}\n"))

    async def checkpoint(request: Request) -> Response:
        try:
            return _response(await run_in_threadpool(witness.checkpoint, request.path_params["origin_hash"]))
        except PartUnavailable as error:
            return _response(Answer(503, f"{error.what}\n"))

    routes = [
        Route("/add-checkpoint", add_checkpoint, methods=["POST"]),
        Route("/{origin_hash}/checkpoint", checkpoint, methods=["GET"]),
    ]
    if not prefix:
        return Starlette(routes=routes)
    return Starlette(routes=[Mount("/" + prefix.strip("/"), routes=routes)])


def serve(
    witness: Witness,
    *,
    host: str = LOOPBACK,
    port: int = 8460,
    prefix: str = "",
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve a witness until the process is told to end; `ready` is given its submission prefix."""
    server = _server(witness, prefix)
    with _listen(host, port) as listening:
        if ready is not None:
            server.ready = partial(ready, _url(listening, host, prefix))
        server.run(sockets=[listening])


@contextmanager
def serving(witness: Witness, *, host: str = LOOPBACK, port: int = 0, prefix: str = "") -> Iterator[str]:
    """Serve a witness on a thread as long as the block runs, and give its submission prefix."""
    server = _server(witness, prefix)
    with _listen(host, port) as listening:
        thread = Thread(target=server.run, kwargs={"sockets": [listening]}, name="gatehouse-witness")
        thread.start()
        try:
            yield _url(listening, host, prefix)
        finally:
            server.should_exit = True
            thread.join()


def _url(listening: socket.socket, host: str, prefix: str) -> str:
    """Return the submission prefix under which a socket is reached."""
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{listening.getsockname()[1]}/{prefix.strip('/')}".rstrip("/")


def _server(witness: Witness, prefix: str) -> AnnouncingServer:
    return AnnouncingServer(
        uvicorn.Config(
            witness_app(witness, prefix=prefix),
            access_log=False,
            log_level="warning",
            lifespan="off",
            server_header=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=_IDLE_SECONDS,
            timeout_graceful_shutdown=5,
        )
    )


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise BadUse(
            "the witness cannot listen there",
            where=f"{host}:{port}",
            got=os.strerror(error.errno) if error.errno else str(error),
        ) from error


async def _body(request: Request) -> bytes | None:
    """Return the body; None as soon as it is longer than any request can be."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_REQUEST:
            return None
    return bytes(body)


def _response(answer: Answer) -> Response:
    # Starlette would add a charset to a text type of its own accord, which text/x.tlog.size does not have.
    return Response(answer.body.encode(), answer.status, headers={"content-type": answer.media_type})
