"""A machine whose clock can be set, beside one that cannot."""

from __future__ import annotations

from dataclasses import dataclass

from gatehouse.vault.clock import SteadyClock
from tests.unit.ledger.logs import Clock


@dataclass(slots=True)
class Machine:
    """A machine on which time passes only when it is told to."""

    wall: Clock
    steady: float = 0.0

    def passes(self, seconds: float) -> None:
        """Let time pass."""
        self.wall.move(seconds)
        self.steady += seconds

    def clock(self) -> SteadyClock:
        """Return what a process that starts now goes by."""
        return SteadyClock(self.wall, steady=lambda: self.steady)
