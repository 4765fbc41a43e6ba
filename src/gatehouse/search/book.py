"""The book: what the door asks of the ledger, which `gatehouse.ledger.folder.Ledger` does.

The door's own tables (`state`) lie in the ledger's database, so that an entry and the change that goes with
it are durable together or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from gatehouse.ledger.canonical import Json
from gatehouse.ledger.commitment import Openings
from gatehouse.ledger.committer import Apply
from gatehouse.ledger.folder import Entered
from gatehouse.ledger.receipt import Receipt

__all__ = ["Book", "Entered"]


class Book(Protocol):
    """A ledger opened for appending; all its threads may share it."""

    def append(
        self,
        event: str,
        *,
        agency: str,
        fields: Mapping[str, Json],
        pack: bytes | None,
        apply: Apply | None = None,
        attachments: Mapping[str, bytes] = ...,
    ) -> Entered:
        """Put an event on the record with the caller's change, and return once it is durable and witnessed.

        What `apply` raises comes back as it is, and nothing is recorded. A `…:released` event is refused
        while witnesses are missing. `attachments` are sealed as the openings are.
        """
        ...

    def entry(self, index: int) -> bytes:
        """Return an entry that is on the record."""
        ...

    def receipt(self, index: int) -> Receipt:
        """Return the proof that an entry is on the record, under the newest published checkpoint."""
        ...

    def openings(self, index: int) -> Openings:
        """Return everything that an entry hides; a destroyed day key is `DayKeyDestroyed`."""
        ...

    def attachment(self, index: int, name: str) -> bytes:
        """Return what is attached to an entry under a name; a destroyed day key is `DayKeyDestroyed`."""
        ...
