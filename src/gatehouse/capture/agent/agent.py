"""What runs beside a camera: it takes reads, keeps them, and hands them in for as long as it runs."""

from __future__ import annotations

import logging
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Protocol

from gatehouse.capture.agent.queue import Added, ReadQueue
from gatehouse.capture.agent.reads import CameraRead
from gatehouse.capture.agent.uplink import NotNow, Outcome, Refused, Taken
from gatehouse.model import PartUnavailable
from gatehouse.model.batch import SignedBatch
from gatehouse.signing import Signer

_logger = logging.getLogger(__name__)
# A hit must be told within a second of the read: reads are gathered for a part of that only.
GATHER = 0.25
BATCH = 1_000
_IDLE = 1.0
_POLL = 0.02
_PURGE = timedelta(seconds=30)
FIRST_WAIT, LONGEST_WAIT = 0.5, 60.0


class Sends(Protocol):
    """What hands a batch in."""

    def send(self, batch: SignedBatch) -> Outcome:
        """Hand a batch in; no failure of a network is an error."""
        ...


@dataclass(slots=True)
class State:
    """How things stand, for health and counts: whether the source and the node are there, and why not."""

    source: bool = True
    source_why: str = ""
    node: bool = True
    node_why: str = ""
    accepted: int = 0
    duplicates: int = 0
    batches: int = 0
    repeats: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    @property
    def ready(self) -> bool:
        """Return whether reads come in and go out."""
        return self.source and self.node


class Agent:
    """Keeps reads in a queue and hands them in, in order, one batch at a time.

    `keep` is how long the owner keeps reads: what is older goes from the queue too, sent or not.
    """

    def __init__(
        self,
        queue: ReadQueue,
        uplink: Sends,
        signer: Signer,
        *,
        keep: timedelta,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        first_wait: float = FIRST_WAIT,
        gather: float = GATHER,
    ) -> None:
        self._queue = queue
        self._uplink = uplink
        self._signer = signer
        self._keep = keep
        self._clock = clock
        self._first_wait = first_wait
        self._gather = gather
        self._arrived = Event()
        self._purged = datetime.min.replace(tzinfo=UTC)
        self.state = State()

    def take(self, read: CameraRead, *, mark: bytes | None = None) -> Added:
        """Keep a read; when this returns it outlasts the process. A disk that fails is `PartUnavailable`."""
        added = self._queue.add(read, mark=mark)
        if added is Added.REPEAT:
            self.state.repeats += 1
        self._arrived.set()
        return added

    def on_source(self, up: bool, why: str) -> None:
        """Be told that the camera came or went."""
        if up is not self.state.source:
            _logger.warning("the source is %s", "back" if up else "lost")
        self.state.source, self.state.source_why = up, why

    def run(self, stop: Event) -> None:
        """Hand in what waits until `stop` is set; whatever is left then is on the disk."""
        wait = self._first_wait
        while not stop.is_set():
            try:
                outcome = self._step()
            except PartUnavailable as error:
                outcome = NotNow(error.what)
            except Exception as error:
                # Whatever it is, reads keep coming: a thread that ended here would leave them on the disk
                # unseen, with a health that says all is well. An error's text may hold a plate.
                _logger.exception("handing in failed: %s", type(error).__name__, exc_info=False)
                outcome = NotNow(f"the agent failed: {type(error).__name__}")
            if outcome is None:
                self._idle(stop)
                continue
            self._note(outcome)
            if isinstance(outcome, Taken):
                wait = self._first_wait
                continue
            asked = outcome.seconds if isinstance(outcome, NotNow) else None
            # Spread, so that all cameras of a node do not come back at once; no secret hangs on it.
            stop.wait(max(asked or 0.0, wait) * random.uniform(1.0, 1.5))  # noqa: S311
            wait = min(2 * wait, LONGEST_WAIT)

    def drain(self, seconds: float) -> bool:
        """Wait while another thread runs the agent, and return whether everything is handed in by then."""
        end = time.monotonic() + seconds
        while True:
            counts = self._queue.counts()
            if not counts.waiting and not counts.sending:
                return True
            if time.monotonic() >= end:
                return False
            time.sleep(_POLL)

    def _step(self) -> Outcome | None:
        now = self._clock()
        if now - self._purged >= _PURGE:
            self._queue.purge(now - self._keep)
            self._purged = now
        self._arrived.clear()
        batch = self._queue.batch(self._signer, most=BATCH)
        if batch is None:
            return None
        outcome = self._uplink.send(batch)
        if isinstance(outcome, Taken):
            self._queue.done(batch.number)
        return outcome

    def _idle(self, stop: Event) -> None:
        end = time.monotonic() + _IDLE
        while not stop.is_set() and time.monotonic() < end:
            # Short waits, since nothing wakes a thread for two events at once.
            if self._arrived.wait(_POLL):
                stop.wait(self._gather)
                return

    def _note(self, outcome: Outcome) -> None:
        state, was = self.state, self.state.node
        state.node = isinstance(outcome, Taken)
        state.node_why = "" if isinstance(outcome, Taken) else outcome.why
        if isinstance(outcome, Taken):
            state.batches += 1
            state.accepted += outcome.accepted
            state.duplicates += outcome.duplicate
            state.refused.update(outcome.refused)
            if outcome.refused:
                _logger.warning("the node took %d reads and refused %s", outcome.accepted, outcome.refused)
        elif was:
            level = logging.ERROR if isinstance(outcome, Refused) else logging.WARNING
            _logger.log(level, "reads are kept here: %s", outcome.why)
