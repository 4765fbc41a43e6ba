"""A process that stores batches and says which of them were acknowledged, until somebody ends it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from itertools import count

from gatehouse.reads import Lookup, ReadBatch, SealedRead, StoreUnavailable, open_reads
from gatehouse.reads.rows import DAY_MINUTES

CAMERA, OWNER, EACH = "alder-1", "alder-pd", 40
FIRST_DAY = 20_780


def rows_of(number: int) -> list[SealedRead]:
    """Return the rows of a batch, which lie in two days."""
    return [
        SealedRead(
            (number << 16 | at).to_bytes(16),
            (FIRST_DAY + at % 2) * DAY_MINUTES,
            OWNER,
            (number << 16 | at).to_bytes(16),
            bytes(144),
        )
        for at in range(EACH)
    ]


def lookups_of(number: int) -> list[Lookup]:
    """Return what finds the rows of a batch."""
    return [Lookup(row.bucket, row.token) for row in rows_of(number)]


def store_until_killed(url: str) -> Iterator[int]:
    """Store batch after batch, each again until it is acknowledged, and yield their numbers."""
    store = open_reads(url)
    for number in count(store.last_batch(CAMERA) + 1):
        while True:
            try:
                store.add([ReadBatch(CAMERA, number, rows_of(number))])
                break
            except StoreUnavailable:
                continue
        yield number


if __name__ == "__main__":
    for acknowledged in store_until_killed(sys.argv[1]):
        os.write(1, b"%d\n" % acknowledged)
