"""A uvicorn server that tells its address only once it takes connections, and a signal ends it in order.

Told before, a signal that comes at once meets a process whose server has not begun: it ends with warnings of
Python's in place of a sentence.
"""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn


class AnnouncingServer(uvicorn.Server):
    """A server that calls `ready` when it has started; `ready` may be set until it runs."""

    ready: Callable[[], None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets)
        if self.started and self.ready is not None:
            self.ready()
