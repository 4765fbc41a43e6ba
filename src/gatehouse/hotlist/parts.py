"""What hotlists stand on."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from gatehouse.hotlist.asking import HotlistLimits, StandingSearch, standing_of
from gatehouse.hotlist.sealing import EntryKey, LeadKeys
from gatehouse.hotlist.state import EntryRow, HotlistTables
from gatehouse.law import Pack
from gatehouse.ledger.canonical import from_canonical
from gatehouse.ledger.committer import Apply
from gatehouse.ledger.entry import Draft
from gatehouse.ledger.log import Appended
from gatehouse.ledger.pending import Pending
from gatehouse.ledger.receipt import Receipt
from gatehouse.model import BadInput, Read
from gatehouse.search.book import Book
from gatehouse.search.registry import Registry
from gatehouse.search.review import Choose

# Counts a hit that is on the record, as `Vault.record` does.
Count = Callable[[bytes, Receipt], bool]
# Told of the read behind a hit, and of its owner, so that its picture is kept. It MUST NOT raise.
Raised = Callable[[Read, str], object]


def _nothing(_read: Read, _owner: str) -> None:
    """Keep no picture."""


class ListBook(Book, Protocol):
    """A book in which many appends can be begun before the first is waited for."""

    def submit(
        self,
        draft: Draft,
        *,
        pack: bytes | None,
        apply: Apply | None = None,
        attachments: Mapping[str, bytes] = ...,
    ) -> Pending:
        """Begin to put a drafted event on the record, as `append` does, without waiting for it."""
        ...

    def result(self, pending: Pending) -> Appended:
        """Wait for an append that was begun, and return or raise as `append` does."""
        ...


@dataclass(frozen=True, slots=True)
class HotlistParts:
    """The rooms, tables and keys behind hotlists. Whoever makes them opens and closes them."""

    book: ListBook
    registry: Registry
    tables: HotlistTables
    key: EntryKey
    leads: LeadKeys
    clock: Callable[[], datetime]
    count: Count
    limits: HotlistLimits = field(default_factory=HotlistLimits)
    choose: Choose = secrets.choice
    on_raised: Raised = _nothing

    @property
    def pack(self) -> Pack:
        """Return the rulebook in force."""
        return self.registry.rulebook.pack

    @property
    def pack_hash(self) -> bytes:
        """Return the hash of the rulebook in force, as entries name it."""
        return bytes.fromhex(self.pack.id.sha256)

    def standing(self, row: EntryRow) -> StandingSearch:
        """Return what an entry looks for."""
        document = from_canonical(self.key.unseal(row.id, row.sealed))
        if not isinstance(document, dict):
            raise BadInput("an entry holds no standing search")
        return standing_of(row.agency, {str(name): value for name, value in document.items()})
