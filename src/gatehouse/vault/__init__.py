"""Keys, tokens and sealing: what a read is locked with, opened only against receipts of the ledger.

`docs/vault.md` says what it checks, and what a stolen disk, a stolen backup or a compromised node gives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatehouse.on_demand import names_of

if TYPE_CHECKING:
    from gatehouse.vault.batch import ReadRefusal
    from gatehouse.vault.local import LocalVault
    from gatehouse.vault.protocol import Found, OpenAsk, Opened, OpenedRead, SealedBatch, Swept, Vault
    from gatehouse.vault.remote import RemoteVault
    from gatehouse.vault.retention import Keeping, RetentionClass

__all__ = [
    "Found",
    "Keeping",
    "LocalVault",
    "OpenAsk",
    "Opened",
    "OpenedRead",
    "ReadRefusal",
    "RemoteVault",
    "RetentionClass",
    "SealedBatch",
    "Swept",
    "Vault",
]

_HOMES = {
    "Found": "protocol",
    "Keeping": "retention",
    "LocalVault": "local",
    "OpenAsk": "protocol",
    "Opened": "protocol",
    "OpenedRead": "protocol",
    "ReadRefusal": "batch",
    "RemoteVault": "remote",
    "RetentionClass": "retention",
    "SealedBatch": "protocol",
    "Swept": "protocol",
    "Vault": "protocol",
}

__getattr__ = names_of(__name__, _HOMES)
