"""Opening the record to an auditor, one field at a time, each time on the record before it is shown."""

from __future__ import annotations

from dataclasses import dataclass

from gatehouse.ledger.checkpoint import Checkpoint
from gatehouse.ledger.commitment import Disclosure
from gatehouse.ledger.entry import read_entry
from gatehouse.ledger.folder import Ledger
from gatehouse.ledger.note import open_note
from gatehouse.model import Officer, Role
from gatehouse.node.accounts.errors import NotPermitted
from gatehouse.node.errors import Unknown

DISCLOSED = "audit:field:disclosed"


@dataclass(frozen=True, slots=True)
class Disclosed:
    """A field that was opened; `index` is that of the entry that says so."""

    disclosure: Disclosure
    index: int


def published(ledger: Ledger, index: int) -> bytes:
    """Return an entry that the world may see; one that there is not (yet) is `Unknown`."""
    log = ledger.log
    if not 0 <= index < Checkpoint.parse(open_note(log.checkpoint(), keys=list(log.keys)).text).size:
        raise Unknown("there is no such entry", expected="an index below the published checkpoint's size")
    return ledger.entry(index)


def disclose(ledger: Ledger, index: int, field: str, *, by: Officer, reason: str, pack: bytes) -> Disclosed:
    """Open one field of an entry of the auditor's own agency, and put on the record that it was opened.

    `by` is the person as the registry has them now. What a destroyed day key sealed is `DayKeyDestroyed`.
    """
    leaf = read_entry(published(ledger, index))
    if not by.active or Role.AUDITOR not in by.roles or by.agency != leaf.agency:
        raise NotPermitted("an auditor opens entries of the own agency", where=f"entry {index}")
    disclosure = ledger.openings(index).disclose(field, index=index)
    recorded = ledger.append(
        DISCLOSED,
        agency=leaf.agency,
        fields={"officer": by.id, "reason": reason, "detail": {"entry": index, "field": field}},
        pack=pack,
    )
    return Disclosed(disclosure, recorded.index)
