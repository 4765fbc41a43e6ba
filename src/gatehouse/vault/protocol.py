"""What the vault does for the rooms above it, in this process or in another.

A search goes `open` (receipt of the decision), lookup in the read store, `examine` (rows), `released` on the
record, `release` (receipt of that entry). No read leaves before the last step.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from gatehouse.ledger.canonical import Json
from gatehouse.ledger.commitment import Disclosure
from gatehouse.ledger.decisions import SaltedDecision
from gatehouse.ledger.receipt import Receipt
from gatehouse.model import Read
from gatehouse.model.batch import SignedBatch
from gatehouse.reads.rows import Lookup, SealedRead
from gatehouse.vault.batch import ReadRefusal

__all__ = [
    "ENTRY_FIELDS",
    "HOLD_FIELDS",
    "RELEASE_FIELDS",
    "REQUEST_FIELDS",
    "SHOWN_FIELDS",
    "Found",
    "Learned",
    "OpenAsk",
    "Opened",
    "OpenedRead",
    "SealedBatch",
    "Shown",
    "SignedBatch",
    "Swept",
    "Vault",
]

# The fields whose disclosures each step needs; others may stand beside them and are not looked at.
REQUEST_FIELDS = ("detail", "plate", "window")
ENTRY_FIELDS = ("at", "decision", "owners_decided", "plate", "request", "window")
RELEASE_FIELDS = ("counts", "request")
HOLD_FIELDS = ("at", "detail")
SHOWN_FIELDS = ("at", "detail")


@dataclass(frozen=True, slots=True)
class SealedBatch:
    """A batch taken in: rows for the store, how many reads were refused and why, and the reads in clear.

    `reads` stands in the order of `rows` and MUST go to hotlist matching only, and be stored nowhere.
    """

    rows: Sequence[SealedRead]
    refused: Counter[ReadRefusal]
    reads: Sequence[Read]


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry of the registry with its receipt and the disclosures of `SHOWN_FIELDS`."""

    entry: bytes
    receipt: Receipt
    openings: Sequence[Disclosure]


@dataclass(frozen=True, slots=True)
class Learned:
    """By which entries the vault knows cameras and owners' retentions: the index of the newest of each."""

    cameras: Mapping[str, int]
    owners: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class OpenAsk:
    """What proves that a search may be answered.

    `request` is the entry `search:plate:requested` with its receipt and the disclosures of `REQUEST_FIELDS`;
    `entry` is `search:plate:permitted` or `approved` with its receipt and those of `ENTRY_FIELDS`. `permits`
    are the salted decisions of *all* owners asked; only those whose outcome is `permit` are reached.
    """

    request: bytes
    request_receipt: Receipt
    request_openings: Sequence[Disclosure]
    entry: bytes
    receipt: Receipt
    openings: Sequence[Disclosure]
    permits: Sequence[SaltedDecision]

    def __repr__(self) -> str:
        """Name the place in the log only: a traceback must not hold what is opened."""
        return f"OpenAsk(request={self.request_receipt.index}, entry={self.receipt.index})"


@dataclass(frozen=True, slots=True)
class Opened:
    """A search that the vault answers: what to look up, of which owners. It ends 120 s after `open`."""

    id: str
    lookups: tuple[Lookup, ...]
    owners: frozenset[str]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, as numbers; the field `counts` of the entry `released` MUST hold them as they are.

    {"reads": 3, "plates": 1, "owners": {"alder-pd": 3}, "expired": 0, "outside_window": 1, "withheld": false}

    `expired` and `outside_window` are among the rows and not among the reads; `withheld` says that more
    plates were found than are handed out one by one, so that `release` gives nothing but leave to say so.
    """

    counts: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class OpenedRead:
    """A read that is handed out. `read_id` in hex; `exact` is False where a confusable sign was exchanged."""

    read: Read
    owner: str
    read_id: str
    exact: bool


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep destroyed: sealing keys, token keys and case keys. `at` is its time.

    `truncated` is False where another reader kept the database's write-ahead log from being emptied: what is
    left in it is wrapped under a root that is gone, and the next sweep tries again.
    """

    at: datetime
    sealing_keys: int
    token_keys: int
    holds: int
    truncated: bool


class Vault(Protocol):
    """Keys, tokens and sealing. A refusal is an error of `gatehouse.model`, mostly `VerificationFailed`."""

    def enroll(self, shown: Shown) -> bool:
        """Take a camera as an entry `registry:camera:added` or `…:changed` has it.

        Return False, and change nothing, where this entry or a newer one is known.
        """
        ...

    def retain(self, *, proposed: Shown, in_force: Shown, approved: Shown | None = None) -> bool:
        """Take an owner's retention as a change of its rule has put it in force, entry by entry.

        Return False, and change nothing, where this entry or a newer one is known. What is longer than the
        retention known needs `approved` too.
        """
        ...

    def learned(self) -> Learned:
        """Return which cameras and retentions are known, so that nobody shows them again."""
        ...

    def seal(self, batch: SignedBatch, *, received_at: datetime) -> SealedBatch:
        """Check a batch and seal its reads for the camera's owner; what is refused is counted, no error.

        Key, owner, status and peak are those of the camera's newest entry that was shown (`enroll`).
        """
        ...

    def open(self, ask: OpenAsk) -> Opened:
        """Check that a search is permitted on the record, spend its receipt, and say what to look up."""
        ...

    def examine(self, opened_id: str, rows: Sequence[SealedRead]) -> Found:
        """Open the rows that the lookups found, keep the reads for `release`, and return numbers."""
        ...

    def release(
        self, opened_id: str, *, entry: bytes, receipt: Receipt, openings: Sequence[Disclosure]
    ) -> list[OpenedRead]:
        """Hand out what `examine` found, once the entry `released` with the same numbers is on the record.

        What has expired since then is left out.
        """
        ...

    def record(self, entry: bytes, receipt: Receipt) -> bool:
        """Count an entry that no call here needs: `hotlist:hit:raised`, or a `released` cut off by a crash.

        Return False where it was counted already.
        """
        ...

    def hold(self, row: SealedRead, *, entry: bytes, receipt: Receipt, openings: Sequence[Disclosure]) -> str:
        """Seal one read under a case key of its own, on the record, and return the hold's id.

        `entry` is `evidence:hold:placed`; its `detail` is {"owner", "read": hex, "ground", "until"}.
        """
        ...

    def open_hold(
        self, hold: str, *, entry: bytes, receipt: Receipt, openings: Sequence[Disclosure]
    ) -> OpenedRead:
        """Hand out a held read against the entry `evidence:hold:opened`, whose `detail` is {"hold": id}."""
        ...

    def end_hold(self, hold: str, *, entry: bytes, receipt: Receipt, openings: Sequence[Disclosure]) -> None:
        """Destroy a case key against the entry `evidence:hold:ended`, whose `detail` is {"hold": id}."""
        ...

    def sweep(self) -> Swept:
        """Destroy the keys that are due, and put those that stay under a fresh root."""
        ...

    def counters(self, day: date) -> Mapping[str, Json]:
        """Return the day's counts of entries as a document of `gatehouse-counters/1`."""
        ...

    def close(self) -> None:
        """Let go of the keys. Searches that are open end."""
        ...
