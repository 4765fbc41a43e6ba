"""The book: a log that cannot be quietly edited, and that anyone can check.

Formats are those of C2SP (tlog-tiles, tlog-checkpoint, signed-note, tlog-cosignature, tlog-witness,
tlog-policy, tlog-proof) over the tree of RFC 6962; `docs/ledger.md` says what it proves and what it cannot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatehouse.on_demand import names_of

if TYPE_CHECKING:
    from gatehouse.ledger.checkpoint import Checkpoint, open_checkpoint
    from gatehouse.ledger.errors import VerificationError
    from gatehouse.ledger.merkle import leaf_hash, verify_consistency, verify_inclusion
    from gatehouse.ledger.note import Note, NoteSigner, VerifierKey, open_note, sign_note
    from gatehouse.ledger.policy import Policy
    from gatehouse.ledger.receipt import Receipt

__all__ = [
    "Checkpoint",
    "Note",
    "NoteSigner",
    "Policy",
    "Receipt",
    "VerificationError",
    "VerifierKey",
    "leaf_hash",
    "open_checkpoint",
    "open_note",
    "sign_note",
    "verify_consistency",
    "verify_inclusion",
]

_HOMES = {
    "Checkpoint": "checkpoint",
    "Note": "note",
    "NoteSigner": "note",
    "Policy": "policy",
    "Receipt": "receipt",
    "VerificationError": "errors",
    "VerifierKey": "note",
    "leaf_hash": "merkle",
    "open_checkpoint": "checkpoint",
    "open_note": "note",
    "sign_note": "note",
    "verify_consistency": "merkle",
    "verify_inclusion": "merkle",
}

__getattr__ = names_of(__name__, _HOMES)
