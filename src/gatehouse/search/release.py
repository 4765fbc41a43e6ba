"""From a permitted search to its answer: open, look up, examine, put on the record, release.

Nothing that fails on the way is answered in part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gatehouse.ledger.canonical import Json
from gatehouse.ledger.commitment import Disclosure
from gatehouse.ledger.committer import Apply, NotWitnessed, ReleasesRefused
from gatehouse.ledger.decisions import SealedDecisions
from gatehouse.model import Outcome, PartUnavailable, SearchState
from gatehouse.reads.rows import Lookup, SealedRead
from gatehouse.search.answer import Failure
from gatehouse.search.book import Book, Entered
from gatehouse.search.recording import Case, Recorder
from gatehouse.vault.errors import NotOpen, TooBroad, VaultRefused
from gatehouse.vault.protocol import ENTRY_FIELDS, RELEASE_FIELDS, REQUEST_FIELDS, OpenAsk, OpenedRead, Vault


class Store(Protocol):
    """The one question that the door asks of the read store."""

    def lookup(self, lookups: Sequence[Lookup], *, owners: frozenset[str]) -> list[SealedRead]:
        """Return the rows of these tokens and owners; never a part of them."""
        ...


@dataclass(frozen=True, slots=True)
class Released:
    """What was handed out, the entry that says so, and the sealed rows among which the reads are."""

    entry: Entered
    counts: Mapping[str, Json]
    reads: tuple[OpenedRead, ...]
    rows: tuple[SealedRead, ...]


class Undelivered(PartUnavailable):
    """A release is on the record, and its reads could not be handed out."""


def release(
    case: Case,
    decided: Entered,
    permits: SealedDecisions,
    *,
    book: Book,
    vault: Vault,
    reads: Store,
    recorder: Recorder,
    changes: Sequence[Apply] = (),
    detail: Mapping[str, Json] | None = None,
) -> Released:
    """Return the reads of a search that `decided` permits, once `released` is on the record.

    What fails before that is raised as it is; after it, as `Undelivered`.
    """
    openings = book.openings(case.requested)
    opened = vault.open(
        OpenAsk(
            request=book.entry(case.requested),
            request_receipt=book.receipt(case.requested),
            request_openings=[openings.disclose(field, index=case.requested) for field in REQUEST_FIELDS],
            entry=decided.entry,
            receipt=decided.receipt,
            openings=_disclosed(decided, ENTRY_FIELDS),
            permits=permits.salted,
        )
    )
    rows = reads.lookup(opened.lookups, owners=opened.owners)
    counts = vault.examine(opened.id, rows).counts
    owners = sorted(each.decision.owner for each in permits.salted if each.decision.outcome is Outcome.PERMIT)
    done = recorder.step(
        case,
        SearchState.RELEASED,
        {"counts": counts, "owners": owners, "detail": {**(detail or {}), "search": case.id}},
        *changes,
    )
    try:
        found = vault.release(
            opened.id, entry=done.entry, receipt=done.receipt, openings=_disclosed(done, RELEASE_FIELDS)
        )
    except Exception as error:
        raise Undelivered(
            "a release is on the record, and its reads could not be handed out",
            got=type(error).__name__,
            hint="ask again",
        ) from error
    return Released(done, counts, tuple(found), tuple(rows))


def failure_of(error: Exception) -> Failure:
    """Return what an officer is told of a search that failed; never what the error holds."""
    if isinstance(error, TooBroad):
        return Failure(
            "Plate, window and owners make more lookups than one search may have.", "Narrow the window."
        )
    if isinstance(error, NotWitnessed | ReleasesRefused):
        return Failure(
            "The record lacks the witnesses without which nothing is released.", "Ask again in a minute."
        )
    if isinstance(error, NotOpen):
        return Failure(
            "The vault has let go of the search: it was started anew, or took too long.", "Ask again."
        )
    if isinstance(error, VaultRefused):
        return Failure("The vault did not open: what is on the record does not permit it.", "Ask again.")
    if isinstance(error, Undelivered):
        return Failure("The release is on the record, but its reads could not be handed out.", "Ask again.")
    if isinstance(error, PartUnavailable):
        return Failure(
            "A part of the network did not answer, and an answer without it would not be whole.",
            "Ask again; if it fails again, tell the operator.",
        )
    return Failure("The search failed, so there is no answer.", "Ask again; tell the operator if it fails.")


def _disclosed(entered: Entered, fields: Sequence[str]) -> list[Disclosure]:
    return [entered.openings.disclose(field, index=entered.index) for field in fields]
