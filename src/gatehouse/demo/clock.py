"""The story's clock: it is turned by the script, stays behind the machine's, and joins it in the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gatehouse.model import BadUse


class StoryClock:
    """A clock that stands still unless it is turned. It only goes forward, and never past the present."""

    def __init__(self, at: datetime) -> None:
        self._at: datetime = at

    def __call__(self) -> datetime:
        """Return the story's time, UTC."""
        return self._at

    def turn(self, span: timedelta) -> None:
        """Let time pass."""
        self.turn_to(self._at + span)

    def turn_to(self, at: datetime) -> None:
        """Let time pass until then; what would go back, or lies in the future, is `BadUse`."""
        if at < self._at or at > datetime.now(UTC):
            raise BadUse("the story's clock goes forward, up to the present", got=f"{at:%FT%TZ}")
        self._at = at
