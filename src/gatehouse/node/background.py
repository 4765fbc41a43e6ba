"""What a node does by itself, each task at its own pace, in one thread.

A task that fails is said so, tried again at its next turn, and shown by `failing` until it succeeds.
"""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gatehouse.node.logs import say


@dataclass(frozen=True, slots=True)
class Task:
    """Work that is due every so many seconds."""

    name: str
    every: float
    work: Callable[[], object]


class Background:
    """Runs tasks until it is closed; the first turn of each is one period after the start."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._tasks = {each.name: each for each in tasks}
        self._failing: dict[str, str] = {}
        self._turn = threading.Lock()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="node-background", daemon=True)

    @property
    def failing(self) -> dict[str, str]:
        """Return which tasks failed when they were last tried, and with which kind of error."""
        return dict(self._failing)

    @property
    def alive(self) -> bool:
        """Return whether tasks are being run."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def run_now(self, name: str) -> bool:
        """Run a task at once in this thread, and return whether it succeeded."""
        return self._tried(self._tasks[name])

    def close(self) -> None:
        """End, once the task that is running is done."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        due = [(time.monotonic() + each.every, name) for name, each in self._tasks.items()]
        heapq.heapify(due)
        while due:
            at, name = due[0]
            if self._ending.wait(max(0.0, at - time.monotonic())):
                return
            task = self._tasks[name]
            self._tried(task)
            heapq.heapreplace(due, (time.monotonic() + task.every, name))

    def _tried(self, task: Task) -> bool:
        with self._turn:
            try:
                task.work()
            except Exception as error:
                self._failing[task.name] = type(error).__name__
                say("task failed", level=logging.ERROR, error=error, task=task.name)
                return False
        self._failing.pop(task.name, None)
        return True
