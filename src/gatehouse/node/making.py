"""Making a node in a new folder: its ledger, vault, read store, keys, first agency and rulebook."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from gatehouse.hotlist.sealing import EntryKey, LeadKeys
from gatehouse.hotlist.state import TABLES as HOTLIST
from gatehouse.ledger import own_tables
from gatehouse.ledger.folder import Ledger
from gatehouse.ledger.log import now
from gatehouse.model import Agency, BadUse, Officer
from gatehouse.node import record, upkeep
from gatehouse.node.config import CONFIG, Located, load_config
from gatehouse.node.packs import PACKAGED, Packs
from gatehouse.node.registry import NodeRegistry
from gatehouse.node.vaults import create_vault
from gatehouse.reads.open import init_reads
from gatehouse.signing.private_file import create_private

KEY_BYTES = 32
# Keys of the node's own: for marks of searches by the same plate, for accounts, for hotlists at rest.
MARKS_KEY, ACCOUNTS_KEY, HOTLIST_KEY = "marks.key", "accounts.key", "hotlist.key"

_TEXT = """\
# A Gatehouse node. `gatehouse config show DIR` lists every key with its meaning and bounds.

[http]
host = "127.0.0.1"
port = 8443
url = "http://localhost:8443"

[accounts]
domain = "localhost"
"""


def create_node(
    folder: Path,
    *,
    origin: str,
    operator: Agency,
    custodians: Sequence[Officer],
    config: str | None = None,
    pack: Path = PACKAGED,
    clock: Callable[[], datetime] = now,
) -> str:
    """Make a node in a new or empty folder, and return the vkey that others check its ledger with.

    `config` is the text of `node.toml`. What fails leaves nothing behind, except a read store elsewhere.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadUse("there is something already", where=str(folder), expected="a new or an empty folder")
    new = not folder.exists()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _undone(folder, folder_too=new):
        create_private(folder / CONFIG, (config or _TEXT).encode())
        located = load_config(folder)
        vkey = Ledger.create(located.ledger, origin=origin, at=clock())
        create_tables(located)
        create_vault(located, at=clock())
        init_reads(located.reads_url())
        located.keys.mkdir(mode=0o700)
        create_private(located.keys / MARKS_KEY, secrets.token_bytes(KEY_BYTES))
        EntryKey.create(located.keys / HOTLIST_KEY)
        LeadKeys.create(located.leads)
        packs = Packs(folder)
        with Ledger.open(located.ledger, clock=clock) as ledger:
            registry = NodeRegistry(ledger, packs, clock=clock)
            registry.found(operator, custodians, pack=packs.install(pack))
    return vkey


def create_tables(located: Located) -> None:
    """Make the node's tables beside the log's where they are not there yet."""
    own_tables.create(located.ledger / "log.sqlite", (*record.TABLES, *upkeep.TABLES, *HOTLIST))


@contextmanager
def _undone(folder: Path, *, folder_too: bool) -> Iterator[None]:
    """Leave a folder that was empty as it was if the block fails."""
    try:
        yield
    except BaseException:
        for each in folder.iterdir():
            if each.is_dir() and not each.is_symlink():
                shutil.rmtree(each)
            else:
                each.unlink()
        if folder_too:
            folder.rmdir()
        raise
