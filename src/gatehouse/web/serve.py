"""Serving with uvicorn: on loopback unless told otherwise, and ending without losing a request."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from gatehouse.ledger.announcing import AnnouncingServer
from gatehouse.model import BadInput, BadUse

LOOPBACK: Final = "127.0.0.1"
PORT: Final = 8443
MOST_CONNECTIONS: Final = 512
_IDLE_SECONDS: Final = 75
# How long requests that are under way may take to end; streams of hits are cut off before.
GRACE_SECONDS: Final = 20


def serve(
    app: ASGIApp,
    *,
    host: str = LOOPBACK,
    port: int = PORT,
    proxies: Sequence[str] = (),
    certificate: Path | None = None,
    key: Path | None = None,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve until the process is told to end; `ready` is given the address.

    Of `proxies`, addresses in front of this one, it is believed where requests come from, and of nobody else.
    With a `certificate` and its `key` (PEM files) it serves TLS itself; files with which it cannot are
    `BadInput`, before anybody is told of an address.
    """
    _check_tls(certificate, key)
    server = _server(app, proxies, certificate, key)
    with _listen(host, port) as listening:
        if ready is not None:
            server.ready = partial(ready, _url(listening, host, "http" if certificate is None else "https"))
        server.run(sockets=[listening])


@contextmanager
def serving(
    app: ASGIApp, *, host: str = LOOPBACK, port: int = 0, proxies: Sequence[str] = ()
) -> Iterator[str]:
    """Serve on a thread as long as the block runs, and give the address."""
    server = _server(app, proxies, None, None)
    with _listen(host, port) as listening:
        thread = Thread(target=server.run, kwargs={"sockets": [listening]}, name="gatehouse-web")
        thread.start()
        try:
            yield _url(listening, host, "http")
        finally:
            server.should_exit = True
            thread.join()


class _Server(AnnouncingServer):
    """A server that has streams end before it waits for requests that are under way."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell the application, then end."""
        closing = getattr(getattr(self.config.app, "state", None), "closing", None)
        if closing is not None:
            closing.set()
        await super().shutdown(sockets)


def _server(
    app: ASGIApp, proxies: Sequence[str], certificate: Path | None, key: Path | None
) -> AnnouncingServer:
    return _Server(
        uvicorn.Config(
            app,
            access_log=False,  # paths hold ids of searches
            log_config=None,  # the node's own configuration of logs stands
            ssl_certfile=certificate,
            ssl_keyfile=key,
            lifespan="off",
            server_header=False,
            proxy_headers=bool(proxies),
            forwarded_allow_ips=list(proxies),
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=_IDLE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )


def _check_tls(certificate: Path | None, key: Path | None) -> None:
    if certificate is None:
        if key is not None:
            # Without this it would speak plain HTTP, and whoever set the key believes otherwise.
            raise BadInput("there is a key for TLS without its certificate", where=str(key))
        return
    try:
        # A key that is locked with a passphrase must not make a service wait at a prompt.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=lambda: b"")
    except OSError as error:
        # An `SSLError` is one too, and says nothing of the files' content.
        absent = [each for each in (certificate, key) if each is not None and not each.is_file()]
        raise BadInput(
            "the node cannot speak TLS with these files",
            where=", ".join(str(each) for each in absent or (certificate, key) if each is not None),
            expected="a certificate and its own key without a passphrase, as PEM files",
            got="no such file" if absent else getattr(error, "reason", None) or "files that do not fit",
        ) from error


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise BadUse(
            "the node cannot listen there",
            where=f"{host}:{port}",
            got=os.strerror(error.errno) if error.errno else str(error),
        ) from error


def _url(listening: socket.socket, host: str, scheme: str) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}:{listening.getsockname()[1]}"
