"""What a log needs of the store that holds it: reads, one lease, and durable transactions.

SQLite is the store of an embedded node (`gatehouse.ledger.sqlite`); another implements the same protocols.

PartUnavailable
+-- LeaseNotHeld      another process commits to this log
+-- ClockBehind       the clock is too far behind the last entry
+-- StorageFailed     the store refused; `uncertain` says whether the transaction may have become durable
|   +-- ChangeRefused a caller's change has undone the transaction, or kept it from being committed
|   +-- StorageTaken  what the store had open was removed or replaced; it acknowledges nothing any more
+-- NotRecorded       an append failed, and nothing of it is on the record
+-- OutcomeUnknown    an append failed, and only reading the log again can say whether it is on the record
PolicyNotMet
+-- NotWitnessed      the entry is on the record at `index`, but too few witnesses have cosigned in time
+-- ReleasesRefused   nothing may be released, since witnesses have been missing for too long
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from gatehouse.ledger.errors import PolicyNotMet
from gatehouse.model import PartUnavailable

# What the caller changes together with its entry, given the store's own connection (`sqlite3.Connection`).
# It MUST NOT begin or end a transaction, and is called again if another's change has undone the first one, as
# is whatever makes the entry. In its SQL `ledger_index()` is the index that the entry gets, and
# `ledger_at()` the entry's time in microseconds since 1970.
Apply = Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Own:
    """A change that the ledger makes: it may write what is sealed with an entry.

    `caller` is the caller's own change, made after it in the same savepoint and kept from all of the log's.
    """

    apply: Apply
    caller: Apply | None = None


class LeaseNotHeld(PartUnavailable):
    """Another process commits to this log."""


class ClockBehind(PartUnavailable):
    """The clock is too far behind the last entry."""


class StorageFailed(PartUnavailable):
    """The store refused; with `uncertain`, the transaction may have become durable all the same."""

    uncertain = False


class ChangeRefused(StorageFailed):
    """A caller's change has undone the transaction, or kept it from being committed; the store is sound."""


class StorageTaken(StorageFailed):
    """What the store had open was removed or replaced; it acknowledges nothing any more."""


class NotRecorded(PartUnavailable):
    """An append failed, and nothing of it is on the record."""


class OutcomeUnknown(PartUnavailable):
    """An append failed, and only reading the log again can say whether it is on the record."""


class NotWitnessed(PolicyNotMet):
    """The entry is on the record at `index`, but too few witnesses have cosigned in time."""

    index = -1


class ReleasesRefused(PolicyNotMet):
    """Nothing may be released, since witnesses have been missing for too long."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where an entry will stand: `sequence` (from 0) and `previous` leaf hash are those of its agency."""

    index: int
    sequence: int
    previous: bytes | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Chain:
    """The last entry of an agency."""

    sequence: int
    leaf: bytes


@dataclass(frozen=True, slots=True)
class Tile:
    """A full tile: 256 hashes, one after the other, and the root over them."""

    level: int
    index: int
    root: bytes
    hashes: bytes


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """A signed checkpoint, with the cosignatures that have arrived, and when it was committed."""

    size: int
    root: bytes
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Head:
    """The durable state of a log; `keys` are its vkeys, the newest last."""

    origin: str
    at: datetime
    newest: StoredCheckpoint
    published: StoredCheckpoint
    keys: tuple[str, ...]
    unpublished_since: datetime | None


@dataclass(frozen=True, slots=True)
class Record:
    """What one transaction adds; everything in it becomes durable together."""

    first: int = 0
    entries: tuple[bytes, ...] = ()
    tiles: tuple[Tile, ...] = ()
    chains: Mapping[str, Chain] = field(default_factory=dict)
    checkpoint: StoredCheckpoint | None = None
    keys: tuple[str, ...] = ()
    cosignatures: tuple[tuple[int, str], ...] = ()
    published: int | None = None


class Storage(Protocol):
    """Reads of what is durable, from any thread."""

    @property
    def where(self) -> str:
        """Name the store for messages."""
        ...

    def head(self) -> Head:
        """Return the state at this moment."""
        ...

    def published(self) -> StoredCheckpoint:
        """Return the newest checkpoint that others may see."""
        ...

    def entries(self, first: int, end: int) -> list[bytes]:
        """Return the entries [first, end); a missing one is `LogCorrupt`."""
        ...

    def tile(self, level: int, index: int) -> bytes | None:
        """Return the 256 hashes of a full tile, or nothing if it is not full yet."""
        ...

    def roots(self, level: int, first: int, end: int) -> list[bytes]:
        """Return the roots of the full tiles [first, end) of a level; a missing one is `LogCorrupt`."""
        ...

    def checkpoint(self, size: int) -> StoredCheckpoint | None:
        """Return the checkpoint of that size, if one was committed."""
        ...

    def close(self) -> None:
        """Let go of the store."""
        ...


class Transaction(Protocol):
    """An open transaction; what is not committed is rolled back."""

    def attempt(self, apply: Apply | Own, *, index: int, at: datetime) -> BaseException | None:
        """Let the caller change its own state; what that raised is returned, and its changes are undone.

        `index` and `at` are those of the entry that the change goes with. What is raised from here is the
        store's failure, and `ChangeRefused` that of all who share the transaction by the caller's doing.
        """
        ...

    def chain(self, agency: str) -> Chain | None:
        """Return the last entry of an agency."""
        ...

    def root(self, size: int) -> bytes | None:
        """Return the root of the checkpoint of that size, if one was committed."""
        ...

    def write(self, record: Record) -> None:
        """Add a record."""
        ...

    def commit(self) -> None:
        """Return when everything is durable; a failure is `StorageFailed` with `uncertain`.

        What a caller's change left behind that no transaction may hold is `ChangeRefused`.
        """
        ...


class Committer(Protocol):
    """The one writer of a log; all methods but `check` are called from one thread at a time."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Begin a transaction; whoever has lost the lease gets `LeaseNotHeld`."""
        ...

    def tidy(self) -> None:
        """Do upkeep between transactions, if any is due; a failure is `StorageFailed`."""
        ...

    def recover(self) -> None:
        """Open the store anew after a failure, and return when all that it then holds is durable.

        Until that has succeeded nothing may be committed: what an operating system keeps in memory after a
        failed write is not what the disk holds.
        """
        ...

    def check(self) -> None:
        """Refuse a store that was taken away with `StorageTaken`; any thread may ask at any time."""
        ...

    def close(self) -> None:
        """Give the lease back."""
        ...
