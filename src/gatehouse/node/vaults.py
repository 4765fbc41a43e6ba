"""Which vault a node has: one in a folder of its own, or one in another process that it calls."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from gatehouse.ledger.folder import Ledger
from gatehouse.node.config import Located
from gatehouse.node.registry import NodeRegistry
from gatehouse.vault.images import ImageRules
from gatehouse.vault.local import DATABASE, LocalVault
from gatehouse.vault.protocol import Vault
from gatehouse.vault.remote import RemoteVault


def open_vault(
    located: Located, ledger: Ledger, registry: NodeRegistry, *, clock: Callable[[], datetime]
) -> Vault:
    """Return the node's vault, to be closed by whoever opened it.

    A vault elsewhere is not asked anything yet, and is told nothing of policy, retentions or rulebook: it
    goes by what its custodian keeps.
    """
    remote = located.remote_vault
    if remote is not None:
        return RemoteVault(*remote)
    wanted = located.config.images
    return LocalVault(
        located.vault,
        policy=ledger.folder.policy,
        owners=registry.keeping,
        pack_sha256=lambda: registry.pack_sha256,
        clock=clock,
        root=located.root,
        images=ImageRules(located.images, wanted.keep, wanted.most_megabytes << 20),
    )


def create_vault(located: Located, *, at: datetime) -> None:
    """Make the vault that a new or restored node needs: none where it is there already, or elsewhere."""
    if located.remote_vault is None and not (located.vault / DATABASE).exists():
        LocalVault.create(located.vault, name=located.config.vault.name, root=located.root, at=at)
