from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest
from starlette.types import Message

from gatehouse.web import lingering
from gatehouse.web.lingering import LINGER_BYTES, Lingering

CLOSING: Message = {"type": "http.response.start", "status": 413, "headers": [(b"connection", b"close")]}
GOING_ON: Message = {"type": "http.response.start", "status": 200, "headers": []}


class Line:
    """A connection on which pieces of a body come, and then nothing."""

    def __init__(self, pieces: Iterable[Message]) -> None:
        self._pieces = list(pieces)
        self.taken = 0
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        if self.taken == len(self._pieces):
            await asyncio.Event().wait()
        self.taken += 1
        return self._pieces[self.taken - 1]

    async def send(self, message: Message) -> None:
        self.sent.append(message)


def piece(size: int, *, more: bool = True) -> Message:
    return {"type": "http.request", "body": bytes(size), "more_body": more}


def answered(line: Line, message: Message, *, first: int = 0) -> None:
    async def run() -> None:
        through = Lingering(line.receive, line.send)
        for _ in range(first):
            await through.receive()
        await through.send(message)

    asyncio.run(run())
    assert line.sent == [message]


def test_closing_answer_comes_after_the_rest_of_the_body() -> None:
    line = Line([piece(9), piece(9), piece(9, more=False)])
    answered(line, CLOSING, first=1)
    assert line.taken == 3


def test_closing_answer_to_a_body_read_whole_comes_at_once() -> None:
    line = Line([piece(9, more=False)])
    answered(line, CLOSING, first=1)
    assert line.taken == 1


def test_closing_answer_to_one_that_has_gone_comes_at_once() -> None:
    line = Line([{"type": "http.disconnect"}])
    answered(line, CLOSING)
    assert line.taken == 1


def test_closing_answer_to_a_body_without_end_waits_for_so_many_bytes() -> None:
    line = Line([piece(LINGER_BYTES // 4)] * 9)
    answered(line, CLOSING)
    assert line.taken == 4


def test_closing_answer_to_a_body_that_stops_waits_for_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lingering, "LINGER_SECONDS", 0.01)
    line = Line([piece(9)])
    answered(line, CLOSING)
    assert line.taken == 1


def test_answer_that_keeps_the_connection_waits_for_nothing() -> None:
    line = Line([piece(9)])
    answered(line, GOING_ON)
    assert line.taken == 0
