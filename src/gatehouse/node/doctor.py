"""What is wrong with a node's folder, and what to do about it; the node may be running meanwhile."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from gatehouse.findings import Finding, Found, Level, findings
from gatehouse.ledger.export import check_continues
from gatehouse.ledger.log import now
from gatehouse.ledger.settings import KEK, Folder
from gatehouse.node.bodies import Kind, PackBody
from gatehouse.node.change import NODE, ChangeState
from gatehouse.node.config import Located
from gatehouse.node.making import ACCOUNTS_KEY, HOTLIST_KEY, MARKS_KEY
from gatehouse.node.packs import Packs
from gatehouse.node.record import load_record
from gatehouse.node.registry import folded
from gatehouse.node.view import View
from gatehouse.reads.open import open_reads
from gatehouse.vault.local import DATABASE
from gatehouse.vault.remote import RemoteVault

_LEAST_FREE = 2 << 30
_LOCAL = ("localhost", "127.0.0.1", "[::1]")


def examine(located: Located, *, clock: Callable[[], datetime] = now) -> Iterator[Found]:
    """Yield what each check finds; none of them changes anything."""
    checks: Mapping[str, Callable[[], Iterator[Finding]]] = {
        "permissions": lambda: _permissions(located),
        "keys": lambda: _keys(located),
        "ledger": lambda: _ledger(located, clock),
        "registry": lambda: _registry(located),
        "vault": lambda: _vault(located, clock),
        "reads": lambda: _reads(located),
        "images": lambda: _images(located),
        "space": lambda: _space(located),
        "address": lambda: _address(located),
    }
    yield from findings(checks)


def _permissions(located: Located) -> Iterator[Finding]:
    folders = [located.folder, located.ledger, located.vault, located.keys, located.images]
    files = [located.root, located.ledger / KEK, located.vault / DATABASE, located.accounts]
    if located.remote_vault is not None:
        files.append(located.remote_vault[1].key)
    open_ = [path for path in (*folders, *files) if path.exists() and _others(path)]
    for path in open_:
        yield Level.BAD, "others may read or enter this", f"chmod go-rwx {path}", 3
    if not open_:
        yield Level.GOOD, "nobody else may read the node's files"


def _others(path: Path) -> bool:
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def _keys(located: Located) -> Iterator[Finding]:
    wanted = [MARKS_KEY, HOTLIST_KEY]
    # It is drawn with the first account; another one would open no second factor of those that are there.
    if located.accounts.exists():
        wanted.append(ACCOUNTS_KEY)
    missing = [name for name in wanted if not (located.keys / name).is_file()]
    if missing:
        hint = "restore the folder `keys` from where the backup's keys are kept"
        yield Level.BAD, f"keys are missing: {', '.join(missing)}", hint, 5
    if not (located.leads / KEK).is_file():
        hint = "restore the folder `leads` if there is a copy; else what was read for earlier hits is lost"
        yield Level.BAD, "the key over what was read for hits is missing", hint, 5
    elif not missing:
        yield Level.GOOD, "the node's own keys are there"


def _ledger(located: Located, clock: Callable[[], datetime]) -> Iterator[Finding]:
    folder = Folder(located.ledger)
    policy = folder.policy()
    with folder.view() as view:
        check_continues(view, folder.public)
        yield Level.GOOD, f"the ledger holds {view.size} entries and continues what it has published"
        ahead = view.at - clock()
    if ahead > timedelta(seconds=60):
        hint = "set the clock; until the last entry's time nothing can be recorded"
        yield Level.BAD, f"the clock is {ahead.total_seconds():.0f} s behind the last entry", hint, 5
    if not policy.witnesses:
        yield (
            Level.NOTE,
            "no witness cosigns: the operator could show two histories",
            f"name witnesses in {located.ledger / 'policy'}",
        )


def _registry(located: Located) -> Iterator[Finding]:
    folder = Folder(located.ledger)
    with folder.view() as log:
        view, _ = folded(load_record(log, folder.log))
    if view.operator is None:
        yield Level.BAD, "the node has no operator", "make a node with `gatehouse node init`", 5
        return
    newest = view.newest(Kind.PACK, NODE)
    assert newest is not None and isinstance(newest.body, PackBody)
    packs = Packs(located.folder)
    packs.rulebook(newest.body)
    packs.lexicon(newest.body)
    yield Level.GOOD, f"{len(view.agencies)} agencies under rulebook {newest.body.version}"
    yield from _people(view)
    waiting = [each for each in view.changes.values() if each.state is ChangeState.PROPOSED]
    if waiting:
        yield Level.NOTE, f"{len(waiting)} changes wait for a second custodian", "gatehouse agreement list"


def _people(view: View) -> Iterator[Finding]:
    for agency in sorted(view.agencies):
        if len(view.custodians(agency)) < 2:
            hint = "let the operator's custodians add one"
            yield Level.NOTE, f"{agency} has fewer than two custodians and can change no rule", hint


def _vault(located: Located, clock: Callable[[], datetime]) -> Iterator[Finding]:
    remote = located.remote_vault
    if remote is not None:
        with RemoteVault(*remote) as vault:
            vault.counters(clock().date())
        yield Level.GOOD, "the vault in another process answers"
        return
    if not (located.vault / DATABASE).is_file() or not located.root.is_file():
        yield Level.BAD, "the vault or its root key is not there", "reads that it sealed are lost for good", 5
        return
    yield Level.GOOD, "the vault and its root key are there"
    if located.root.stat().st_dev == located.vault.stat().st_dev:
        hint = "put `vault.root` on a small volume that is in no backup and no snapshot"
        yield Level.NOTE, "the root key lies on the disk of the keys that it wraps", hint


def _reads(located: Located) -> Iterator[Finding]:
    store = open_reads(located.reads_url())
    try:
        store.last_batch("none")
    finally:
        store.close()
    yield Level.GOOD, "the read store answers"


def _images(located: Located) -> Iterator[Finding]:
    wanted = located.config.images
    if located.remote_vault is not None:
        hint = "hits are confirmed without a picture; a vault in this process takes them"
        yield Level.NOTE, "no pictures are taken: the vault is in another process", hint
        return
    held = sum(path.stat().st_size for path in located.images.rglob("*") if path.is_file()) >> 20
    if held >= wanted.most_megabytes:
        hint = "raise `images.most_megabytes`, or keep fewer (`images.keep`)"
        yield Level.BAD, f"there is no room for pictures: {held} MiB are held", hint, 5
    else:
        yield Level.GOOD, f"pictures kept: {wanted.keep}; {held} of {wanted.most_megabytes} MiB are held"


def _space(located: Located) -> Iterator[Finding]:
    free = shutil.disk_usage(located.folder).free
    if free < _LEAST_FREE:
        hint = "make room: a full disk stops reads, searches and entries"
        yield Level.BAD, f"{free >> 20} MiB are free", hint, 5
    else:
        yield Level.GOOD, f"{free >> 30} GiB are free"


def _address(located: Located) -> Iterator[Finding]:
    http, domain = located.config.http, located.config.accounts.domain
    host = http.url.partition("//")[2].rsplit(":", 1)[0]
    if host != domain and not host.endswith(f".{domain}"):
        yield Level.BAD, "passkeys are good for another domain than `http.url`", "set accounts.domain", 3
    elif http.url.startswith("http://") and host not in _LOCAL:
        yield Level.BAD, "the node's address is not https: nobody can sign in", "set http.url", 3
    else:
        yield Level.GOOD, f"people reach the node at {http.url}"
