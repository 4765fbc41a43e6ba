"""The portal as a running node serves it: the same files, made anew as the record grows.

Nobody signs in, no cookie is read and nothing can be asked for but the files, so there is nothing to tell
apart who is asking.
"""

from __future__ import annotations

import mimetypes
import threading
import time
from typing import Final

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from gatehouse.ledger.layout import CHECKPOINT
from gatehouse.model import BadInput, Error
from gatehouse.web.errors import RequestRefused
from gatehouse.web.portal.document import Document
from gatehouse.web.portal.render import POLICY, file
from gatehouse.web.portal.sources import Portal
from gatehouse.web.problem import on_error, on_fault

# How long a document is served before it is made again, and how much longer than its making took: a long
# record must not keep the node busy with its portal.
FRESH_SECONDS: Final = 60.0
FRESH_SHARE: Final = 20.0
# Files of one document that are kept once made.
MOST_KEPT: Final = 2_000
_TYPES: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".parquet": "application/vnd.apache.parquet",
}
_HEADERS: Final = {
    "content-security-policy": f"{POLICY}; frame-ancestors 'none'",
    "cache-control": "no-cache",
}
_RECORD: Final = "ledger/"


class Files:
    """The portal's files, made when they are asked for, of a document that is no older than it has to be."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._lock = threading.Lock()
        self._document: Document | None = None
        self._made: dict[str, bytes] = {}
        self._until = float("-inf")

    def get(self, path: str) -> bytes | None:
        """Return a file, None if there is none of that name."""
        if path.startswith(_RECORD):
            return self._record(path.removeprefix(_RECORD))
        document, made = self._fresh()
        content = made.get(path) or file(document, path)
        # Names that are none are not kept: anybody could fill the place with them.
        if content is not None and len(made) < MOST_KEPT:
            made[path] = content
        return content

    def _fresh(self) -> tuple[Document, dict[str, bytes]]:
        """Return the document. Of those who find it old one makes it anew; the others have the old one."""
        first = self._document is None
        if time.monotonic() >= self._until and self._lock.acquire(blocking=first):
            try:
                if (began := time.monotonic()) >= self._until:
                    self._document, self._made = self._portal.document(), {}
                    ended = time.monotonic()
                    self._until = ended + max(FRESH_SECONDS, FRESH_SHARE * (ended - began))
            finally:
                self._lock.release()
        assert self._document is not None
        return self._document, self._made

    def _record(self, path: str) -> bytes | None:
        with self._portal.folder.view() as log:
            try:
                return log.fetch(path)
            except BadInput:
                return None


def routes(portal: Portal) -> list[BaseRoute]:
    """Return the routes of the portal, and the node's first page, which leads there."""
    served = Files(portal)

    async def served_file(request: Request) -> Response:
        name = request.path_params["path"]
        path = f"{name}index.html" if name == "" or name.endswith("/") else name
        try:
            content = await run_sync(served.get, path)
        except Error as error:
            return on_error(request, error)
        except Exception as error:
            return on_fault(request, error)
        if content is None:
            return on_error(
                request, RequestRefused(404, "the portal has no such page", hint="begin at /portal/")
            )
        return Response(content, media_type=_type(path), headers=_HEADERS)

    async def first(_request: Request) -> Response:
        return RedirectResponse("/portal/", 307)

    return [
        Route("/", first, methods=["GET"], name="portal.first"),
        Route("/portal/{path:path}", served_file, methods=["GET"], name="portal.file"),
    ]


def _type(path: str) -> str:
    if path == f"{_RECORD}{CHECKPOINT}":
        return "text/plain; charset=utf-8"
    known = next((kind for ending, kind in _TYPES.items() if path.endswith(ending)), None)
    return known or mimetypes.guess_type(path)[0] or "application/octet-stream"
