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
from gatehouse.model import Camera, Read
from gatehouse.reads.rows import Lookup, SealedRead
from gatehouse.vault.batch import ReadRefusal, SignedBatch

__all__ = [
    "ENTRY_FIELDS",
    "HOLD_FIELDS",
    "RELEASE_FIELDS",
    "REQUEST_FIELDS",
    "Found",
    "OpenAsk",
    "Opened",
    "OpenedRead",
    "SealedBatch",
    "SignedBatch",
    "Swept",
    "Vault",
]

# The fields whose disclosures each step needs; others may stand beside them and are not looked at.
REQUEST_FIELDS = ("detail", "plate", "window")
ENTRY_FIELDS = ("at", "decision", "owners_decided", "plate", "request", "window")
RELEASE_FIELDS = ("counts", "request")
HOLD_FIELDS = ("at", "detail")


@dataclass(frozen=True, slots=True)
class SealedBatch:
    """A batch taken in: rows for the store, how many reads were refused and why, and the reads in clear.

    `reads` stands in the order of `rows` and MUST go to hotlist matching only, and be stored nowhere.
    """

    rows: Sequence[SealedRead]
    refused: Counter[ReadRefusal]
    reads: Sequence[Read]


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

    def seal(self, batch: SignedBatch, *, camera: Camera, received_at: datetime) -> SealedBatch:
        """Check a batch and seal its reads; what is refused is counted, never an error."""
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
