"""What the read store holds and is asked for: sealed rows, found by token and bucket alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

TOKEN_BYTES = READ_ID_BYTES = 16
DAY_MINUTES = 1440


class SealedRead(NamedTuple):
    """A read as it is stored; all but `sealed` stands in clear.

    `token` and `read_id` have 16 bytes, `bucket` is its start in minutes since 1970 (UTC). A tuple, since
    tens of thousands a second are made, sorted and handed to a driver as they are.
    """

    token: bytes
    bucket: int
    owner_id: str
    read_id: bytes
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Lookup:
    """One token to look up in one bucket."""

    bucket: int
    token: bytes


@dataclass(frozen=True, slots=True)
class ReadBatch:
    """The reads of one camera's batch, stored together; a camera's numbers begin at 1 and only advance."""

    camera: str
    number: int
    rows: Sequence[SealedRead]


def day_of(bucket: int) -> int:
    """Return the UTC day, counted from 1970, in which a bucket begins."""
    return bucket // DAY_MINUTES
