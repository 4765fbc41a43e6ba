"""What is done with the rest of a body that was refused unread, before the connection is closed.

A server that closes a socket on which bytes still lie unread resets the connection, and a reset discards the
answer at the client (RFC 9112, section 9.6): a camera that is told to wait would see a broken line in place
of its `Retry-After`. So what still comes is passed over first, within bounds.
"""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Send

from gatehouse.model.batch import LARGEST_BODY

# Enough for whoever sends twice what is allowed, and an end for whoever goes on.
LINGER_BYTES: Final = 2 * LARGEST_BODY
LINGER_SECONDS: Final = 1.0


class Lingering:
    """The body of one request as it is received, whose rest is passed over before a closing answer."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._ended = False

    async def receive(self) -> Message:
        """Pass a piece on, and note whether it was the last."""
        message = await self._receive()
        if message["type"] != "http.request" or not message.get("more_body", False):
            self._ended = True
        return message

    async def send(self, message: Message) -> None:
        """Pass a part of the answer on; one that closes the connection waits for what still comes."""
        if message["type"] == "http.response.start":
            headers = Headers(raw=list(message["headers"]))
            if headers.get("connection") == "close":
                await self._pass_over()
        await self._send(message)

    async def _pass_over(self) -> None:
        passed = 0
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                while not self._ended and passed < LINGER_BYTES:
                    passed += len((await self.receive()).get("body", b""))
        except TimeoutError:
            return
