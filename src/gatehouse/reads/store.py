"""The read store as the rooms above see it, and what it accepts.

It is asked for named tokens and by nothing else: no method takes a place or a time range, lists plates or
iterates rows (DESIGN, "What it never does"). `tests/unit/reads/test_interface.py` guards that.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Protocol

from gatehouse.model import BadUse
from gatehouse.reads.rows import (
    DAY_MINUTES,
    READ_ID_BYTES,
    TOKEN_BYTES,
    Lookup,
    ReadBatch,
    SealedRead,
    day_of,
)

# CONTRACTS, "Keys, tokens, retention": as many tokens as one search may have.
MAX_LOOKUPS = 4096
LONGEST_NAME = 255
# The last whole day that a signed 32-bit number of minutes reaches, in the year 6053.
BUCKETS_END = 1_491_308 * DAY_MINUTES
NUMBERS_END = 2**63

Values = tuple[bytes, int, str, bytes, bytes]
"""A row as a driver takes it, and as a `SealedRead` is: token, bucket, owner_id, read_id, sealed."""


class ReadStore(Protocol):
    """Sealed reads, put in by camera batch and looked up by token. Calls may come from any thread at once."""

    def add(self, batches: Sequence[ReadBatch]) -> list[bool]:
        """Store batches in one transaction and say of each, in order, whether it was new.

        False means that the camera's number was had already and nothing of the batch was stored. Batches of
        one camera are taken in the order of their numbers, and a number below one that was had counts as had.
        True means that the rows are on the disk. On `StoreUnavailable` the outcome may be unknown: the same
        batches MUST be sent again with the same numbers, which stores them once.
        """
        ...

    def last_batch(self, camera: str) -> int:
        """Return the number of the newest batch of a camera, 0 before any."""
        ...

    def lookup(self, lookups: Sequence[Lookup], *, owners: Collection[str]) -> list[SealedRead]:
        """Return the rows of these tokens in these buckets that belong to these owners, sorted.

        At most `MAX_LOOKUPS` lookups; at least one owner. The answer is complete or there is none: whatever
        part of the store does not answer raises `LookupIncomplete`.
        """
        ...

    def expire(self, *, owner: str, before: int) -> int:
        """Delete an owner's rows of buckets that begin before a minute; return how many."""
        ...

    def expire_owners(self, befores: Mapping[str, int]) -> int:
        """Do as `expire` for many owners in one pass: owner to minute."""
        ...

    def drop_days(self, before: int) -> int:
        """Drop the days that end at or before a minute, everybody's rows at once; return how many days.

        The minute MUST be no later than what the longest retention still covers.
        """
        ...

    def close(self) -> None:
        """Let go of files and connections. A closed store refuses every call."""
        ...


@dataclass(frozen=True, slots=True)
class Intake:
    """What of a call is new, once the numbers that were had are known."""

    new: list[bool]
    numbers: dict[str, int]
    rows: list[Values]


_token = itemgetter(0)


def take_in(batches: Sequence[ReadBatch], had: Mapping[str, int]) -> Intake:
    """Decide which batches are new; the rows come sorted, which is how an index grows at least cost."""
    new, last = [False] * len(batches), dict(had)
    rows: list[Values] = []
    for at in sorted(range(len(batches)), key=lambda at: (batches[at].camera, batches[at].number)):
        batch = batches[at]
        if batch.number > last.get(batch.camera, 0):
            new[at] = True
            last[batch.camera] = batch.number
            rows.extend(batch.rows)
    # A token is 128 bits of a keyed hash: what lies behind it in a row decides no order worth its time.
    rows.sort(key=_token)
    return Intake(new, {camera: last[camera] for camera in last if last[camera] != had.get(camera)}, rows)


def check_batches(batches: Sequence[ReadBatch]) -> None:
    """Refuse batches that no camera's intake makes."""
    for batch in batches:
        check_name(batch.camera, "a camera")
        if not 0 < batch.number < NUMBERS_END:
            raise BadUse("a batch's number is out of bounds", expected="1 to 2^63 - 1", got=str(batch.number))
        for owner in {row.owner_id for row in batch.rows}:
            check_name(owner, "an owner")
        if not {len(row[0]) for row in batch.rows} <= {TOKEN_BYTES} or not {
            len(row[3]) for row in batch.rows
        } <= {READ_ID_BYTES}:
            raise BadUse("a row's token or read_id has a wrong length", expected="16 bytes each")
        for bucket in {row.bucket for row in batch.rows}:
            if not _is_minute(bucket):
                raise BadUse("a row's bucket is out of bounds", got=str(bucket))


def check_lookups(lookups: Sequence[Lookup], owners: Collection[str]) -> None:
    """Refuse what is no question about named plates in the reads of named owners."""
    if len(lookups) > MAX_LOOKUPS:
        raise BadUse(
            "a lookup has too many tokens",
            expected=f"at most {MAX_LOOKUPS:,}",
            got=f"{len(lookups):,}",
            hint="narrow the window",
        )
    if isinstance(owners, str) or not owners:
        raise BadUse("a lookup must name the owners that permit it", got="no collection of owners")
    for owner in owners:
        check_name(owner, "an owner")
    for each in lookups:
        if type(each.token) is not bytes or len(each.token) != TOKEN_BYTES:
            raise BadUse("a lookup's token has a wrong length", expected=f"{TOKEN_BYTES} bytes")
        if not _is_minute(each.bucket):
            raise BadUse("a lookup's bucket is out of bounds", got=str(each.bucket))


def check_name(name: str, whose: str) -> None:
    """Refuse a name that no registry gives."""
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise BadUse(f"{whose} has no proper id", expected=f"1 to {LONGEST_NAME} printable characters")


def by_day(lookups: Sequence[Lookup]) -> dict[int, set[tuple[bytes, int]]]:
    """Return the tokens with their buckets, under the day in which each bucket begins."""
    found: dict[int, set[tuple[bytes, int]]] = {}
    for each in lookups:
        found.setdefault(day_of(each.bucket), set()).add((each.token, each.bucket))
    return found


def by_minute(befores: Mapping[str, int], since: Mapping[str, int], day: int) -> dict[int, list[str]]:
    """Return which owners' rows a sweep deletes from a day, under the minute before which it does so.

    `since` says how far an owner was swept already. The day before that one is swept once more: rows may have
    come in while it was.
    """
    found: dict[int, list[str]] = {}
    for owner, before in befores.items():
        if day_of(since.get(owner, 0)) - 1 <= day and day * DAY_MINUTES < before:
            found.setdefault(min(before, (day + 1) * DAY_MINUTES), []).append(owner)
    return found


def _is_minute(bucket: int) -> bool:
    return type(bucket) is int and 0 <= bucket < BUCKETS_END


def check_minute(before: int) -> None:
    """Refuse a minute that is none: too early is safe, too late would delete what must be kept."""
    if not _is_minute(before):
        raise BadUse("a minute is out of bounds", expected="minutes since 1970", got=str(before))
