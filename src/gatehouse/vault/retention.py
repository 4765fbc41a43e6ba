"""Retention: how long an owner keeps reads, and the bucket of time whose keys end together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gatehouse.model import BadUse

_HOUR, _DAY = 60, 24 * 60
_MONTH = 30 * _DAY
# A hundred years: what is longer is no retention, and its end could not be written as a time.
LONGEST_MINUTES = 100 * 365 * _DAY
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class RetentionClass:
    """An owner's period in minutes. Owners of one period share token keys, each has its own sealing keys."""

    minutes: int

    def __post_init__(self) -> None:
        if not 1 <= self.minutes <= LONGEST_MINUTES:
            raise BadUse(
                "no retention has this length",
                expected=f"1 to {LONGEST_MINUTES} minutes",
                got=str(self.minutes),
            )

    @classmethod
    def of(cls, period: timedelta) -> RetentionClass:
        """Return the class of a period, a part of a minute cut off: never longer than the owner said."""
        return cls(period // _MINUTE)

    @property
    def bucket_minutes(self) -> int:
        """Return how long a bucket is: a day from 30 days on, an hour from a day on, else a minute."""
        if self.minutes >= _MONTH:
            return _DAY
        return _HOUR if self.minutes >= _DAY else 1

    def bucket(self, at: datetime) -> int:
        """Return the start of the bucket that an aware time falls into, in minutes since 1970 (UTC)."""
        minutes = (at - _EPOCH) // _MINUTE
        return minutes - minutes % self.bucket_minutes

    def destroy_at(self, bucket: int) -> datetime:
        """Return when the keys of a bucket end: its start and the retention, so never late for any read."""
        return _EPOCH + timedelta(minutes=bucket + self.minutes)


@dataclass(frozen=True, slots=True)
class Keeping:
    """What the vault must know of an owner: how long its reads are kept."""

    retention: RetentionClass
