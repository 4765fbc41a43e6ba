"""One event loop on a thread of its own: time limits that hold against a peer who sends a byte at a time.

A limit for each read is no limit for the whole answer; a task can be cancelled, a blocked thread cannot.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, Self, TypeVar

T = TypeVar("T")


class Background:
    """An event loop that runs until it is closed; what is left then is cancelled."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        # A daemon, so that a caller who forgets to close it cannot keep the program from ending.
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Start work and return its future."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do work and return what it returns; MUST NOT be called from the loop itself."""
        return self.submit(work).result()

    def close(self, last: Coroutine[Any, Any, None] | None = None) -> None:
        """Cancel what is left, do `last` and end the thread; closing twice does nothing."""
        if self._loop.is_closed():
            if last is not None:
                last.close()
            return
        self.run(_cancel_others())
        if last is not None:
            self.run(last)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


async def _cancel_others() -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
