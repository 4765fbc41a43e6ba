"""Time that never runs back, and never leaps.

A clock set back would bring receipts and reads back to life. One set forward would destroy keys before their
time, which no later correction undoes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from gatehouse.vault.checks import CLOCK_SLACK
from gatehouse.vault.errors import ClockBehind, ClockJumped
from gatehouse.vault.times import from_microseconds, to_microseconds


def machine_time() -> datetime:
    """Return the time of this machine."""
    return datetime.now(UTC)


def steady_seconds() -> float:
    """Return the seconds of a clock that nobody can set, and that runs on while the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class SteadyClock:
    """The machine's clock, held against one that cannot be set: for a process that runs for long.

    A correction of up to 60 s is followed. After a longer one every call is `ClockJumped` until the clock is
    set back; a start of the process takes it as it is. Threads may share it.
    """

    def __init__(
        self,
        clock: Callable[[], datetime] = machine_time,
        *,
        steady: Callable[[], float] = steady_seconds,
    ) -> None:
        self._clock = clock
        self._steady = steady
        self._lock = threading.Lock()
        self._last = clock(), steady()

    def __call__(self) -> datetime:
        """Return the time."""
        with self._lock:
            at, steady = self._clock(), self._steady()
            last, then = self._last
            jumped = at - last - timedelta(seconds=steady - then)
            if abs(jumped) > CLOCK_SLACK:
                raise ClockJumped(
                    "the machine's clock was set while the process ran",
                    expected=f"within {CLOCK_SLACK.total_seconds():.0f} s of a clock that cannot be set",
                    got=f"{jumped.total_seconds():+.0f} s",
                    hint="set the clock right; if it was wrong before and is right now, start the node or "
                    "vault anew. Until then nothing is recorded, taken in, released or destroyed",
                )
            # Corrections by little MUST NOT add up.
            self._last = at, steady
            return at


class ForwardClock:
    """A clock held against the latest time that it, or an earlier run of the vault, has shown."""

    def __init__(self, clock: Callable[[], datetime], *, seen: int) -> None:
        self._clock = clock
        self._seen = from_microseconds(seen)

    def __call__(self) -> datetime:
        """Return the time; a clock that is a little behind stands still, one that is far is `ClockBehind`."""
        at = self._clock().astimezone(UTC)
        if at + CLOCK_SLACK < self._seen:
            raise ClockBehind(
                "the vault's clock is behind a time that it has shown",
                expected=f"{self._seen:%Y-%m-%dT%H:%M:%SZ} or later",
                got=f"{at:%Y-%m-%dT%H:%M:%SZ}",
                hint="set the clock; nothing is opened or sealed until then",
            )
        self._seen = max(self._seen, at)
        return self._seen

    @property
    def seen(self) -> int:
        """Return the latest time shown, in microseconds since 1970."""
        return to_microseconds(self._seen)
