"""The vault's time, which never runs back: a clock set back would bring receipts and reads back to life."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from gatehouse.vault.checks import CLOCK_SLACK
from gatehouse.vault.errors import ClockBehind
from gatehouse.vault.sealing import from_microseconds, to_microseconds


def machine_time() -> datetime:
    """Return the time of this machine."""
    return datetime.now(UTC)


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
