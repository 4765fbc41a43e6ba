"""A vault in a process of its own, over HTTPS with mutual TLS: only a known node reaches it.

Whoever holds a client certificate that the vault's authority file vouches for may call everything; what it
may *open* is what it can prove, as in one process. TLS 1.3 only.
"""

from __future__ import annotations

import logging
import os
import socket
import sqlite3
import ssl
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import partial
from threading import Event, Thread
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gatehouse.ledger.announcing import AnnouncingServer
from gatehouse.model import BadInput, BadUse, Error, PartUnavailable, VerificationFailed
from gatehouse.vault import wire
from gatehouse.vault.errors import VaultFailed
from gatehouse.vault.protocol import Vault
from gatehouse.vault.tls import Tls, tls_context
from gatehouse.vault.wire import Document

LOOPBACK: Final = "127.0.0.1"
SWEEP_SECONDS: Final = 60.0
_LOG: Final = logging.getLogger(__name__)
_STATUS: Final[tuple[tuple[type[Error], int], ...]] = (
    (BadUse, 400),
    (BadInput, 400),
    (VerificationFailed, 403),
    (PartUnavailable, 503),
)


def vault_app(vault: Vault) -> Starlette:
    """Return a vault as an ASGI application. MUST stand behind mutual TLS, see `serve`."""
    routes = [Route(f"/{name}", _answering(vault, call), methods=["POST"]) for name, call in _CALLS.items()]

    async def counters(request: Request) -> Response:
        return await run_in_threadpool(_counters, vault, request.path_params["day"])

    return Starlette(routes=[*routes, Route("/counters/{day}", counters, methods=["GET"])])


def serve(
    vault: Vault,
    tls: Tls,
    *,
    host: str = LOOPBACK,
    port: int = 8470,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve a vault, and sweep it every minute, until the process is told to end.

    `ready` is given the address.
    """
    with _listen(host, port) as listening, _sweeping(vault):
        server = _server(vault, tls)
        if ready is not None:
            server.ready = partial(ready, _url(listening, host))
        server.run(sockets=[listening])


@contextmanager
def serving(vault: Vault, tls: Tls, *, host: str = LOOPBACK, port: int = 0) -> Iterator[str]:
    """Serve a vault on a thread as long as the block runs, unswept, and give its address."""
    server = _server(vault, tls)
    with _listen(host, port) as listening:
        thread = Thread(target=server.run, kwargs={"sockets": [listening]}, name="gatehouse-vault")
        thread.start()
        try:
            yield _url(listening, host)
        finally:
            server.should_exit = True
            thread.join()


def _seal(vault: Vault, got: Document) -> Document:
    batch, received_at = wire.batch_in(got)
    return wire.sealed_out(vault.seal(batch, received_at=received_at))


def _enroll(vault: Vault, got: Document) -> Document:
    return {"new": vault.enroll(wire.shown_in(got["camera"]))}


def _retain(vault: Vault, got: Document) -> Document:
    approved = got["approved"]
    new = vault.retain(
        proposed=wire.shown_in(got["proposed"]),
        in_force=wire.shown_in(got["in_force"]),
        approved=None if approved is None else wire.shown_in(approved),
    )
    return {"new": new}


def _learned(vault: Vault, _: Document) -> Document:
    return wire.learned_out(vault.learned())


def _open(vault: Vault, got: Document) -> Document:
    return wire.opened_out(vault.open(wire.ask_in(got)))


def _examine(vault: Vault, got: Document) -> Document:
    return {"counts": vault.examine(got["id"], wire.rows_in(got["rows"])).counts}


def _release(vault: Vault, got: Document) -> Document:
    entry, receipt, openings = wire.proof_in(got["proof"])
    reads = vault.release(got["id"], entry=entry, receipt=receipt, openings=openings)
    return {"reads": [wire.read_out(each) for each in reads]}


def _record(vault: Vault, got: Document) -> Document:
    entry, receipt, _ = wire.proof_in(got["proof"])
    return {"counted": vault.record(entry, receipt)}


def _hold(vault: Vault, got: Document) -> Document:
    entry, receipt, openings = wire.proof_in(got["proof"])
    (row,) = wire.rows_in(got["rows"])
    return {"hold": vault.hold(row, entry=entry, receipt=receipt, openings=openings)}


def _open_hold(vault: Vault, got: Document) -> Document:
    entry, receipt, openings = wire.proof_in(got["proof"])
    return wire.read_out(vault.open_hold(got["hold"], entry=entry, receipt=receipt, openings=openings))


def _end_hold(vault: Vault, got: Document) -> Document:
    entry, receipt, openings = wire.proof_in(got["proof"])
    vault.end_hold(got["hold"], entry=entry, receipt=receipt, openings=openings)
    return {}


def _sweep(vault: Vault, _: Document) -> Document:
    return wire.swept_out(vault.sweep())


_CALLS: Final[Mapping[str, Callable[[Vault, Document], Document]]] = {
    "enroll": _enroll,
    "retain": _retain,
    "learned": _learned,
    "seal": _seal,
    "open": _open,
    "examine": _examine,
    "release": _release,
    "record": _record,
    "hold": _hold,
    "open-hold": _open_hold,
    "end-hold": _end_hold,
    "sweep": _sweep,
}


def _answering(
    vault: Vault, call: Callable[[Vault, Document], Document]
) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > wire.LARGEST_MESSAGE:
                return _response(wire.error_document(wire.malformed()), 413)
        return await run_in_threadpool(_answered, vault, call, bytes(body))

    return answer


def _answered(vault: Vault, call: Callable[[Vault, Document], Document], body: bytes) -> Response:
    try:
        return _response(call(vault, wire.load(body)))
    except Error as error:
        return _failed(error)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        # What the message held is not repeated: it may be a plate.
        _LOG.warning("a message to the vault has another form (%s)", type(error).__name__)
        return _failed(wire.malformed())
    except (OSError, sqlite3.Error) as error:
        _LOG.error("a call of the vault has failed: %s", error)
        return _failed(VaultFailed("the vault has met an error of its own", hint="see its log"))


def _counters(vault: Vault, day: str) -> Response:
    try:
        return _response(vault.counters(date.fromisoformat(day)))
    except ValueError:
        return _failed(wire.malformed())
    except Error as error:
        return _failed(error)


def _failed(error: Error) -> Response:
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), 500)
    return _response(wire.error_document(error), status)


def _response(document: Mapping[str, object], status: int = 200) -> Response:
    return Response(wire.dump(document), status, media_type="application/json")


def _server(vault: Vault, tls: Tls) -> AnnouncingServer:
    config = uvicorn.Config(
        vault_app(vault),
        access_log=False,
        log_level="warning",
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    config.load()
    config.ssl = tls_context(tls, ssl.Purpose.CLIENT_AUTH)
    return AnnouncingServer(config)


@contextmanager
def _sweeping(vault: Vault) -> Iterator[None]:
    """Sweep every minute as long as the block runs; a sweep that fails is logged, and tried again."""
    ended = Event()

    def sweep() -> None:
        while not ended.wait(SWEEP_SECONDS):
            try:
                vault.sweep()
            except (Error, OSError, sqlite3.Error):
                _LOG.exception("a sweep of the vault has failed; it is tried again in a minute")

    thread = Thread(target=sweep, name="gatehouse-vault-sweep")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise BadUse(
            "the vault cannot listen there",
            where=f"{host}:{port}",
            got=os.strerror(error.errno) if error.errno else str(error),
        ) from error


def _url(listening: socket.socket, host: str) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"https://{name}:{listening.getsockname()[1]}"
