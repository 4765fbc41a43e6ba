"""Backups of a node, and how a node is made from one.

A backup holds the record with its openings, the registry, the rulebooks, the accounts, and what was
published. It holds no key of the vault and no root, so no read can ever be opened with it, and no reads: they
would be worth nothing. The keys that seal openings, accounts and marks go into a second folder, if they are
asked for, to be kept elsewhere.

    backup.json   {"schema": "gatehouse-backup/1", "origin", "size", "checkpoint", "files": {name: sha256}}

A ledger that goes on from an older copy signs a second history. So `restore` is told what the world has seen
last, and refuses a copy that does not continue it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from hashlib import file_digest
from pathlib import Path

from gatehouse.hotlist.sealing import LeadKeys
from gatehouse.ledger.checkpoint import Checkpoint
from gatehouse.ledger.export import check_continues, export
from gatehouse.ledger.fsck import fsck
from gatehouse.ledger.layout import CHECKPOINT
from gatehouse.ledger.log import now
from gatehouse.ledger.note import open_note
from gatehouse.ledger.settings import DAY_KEYS, KEK, LOG, POLICY, SETTINGS, Folder
from gatehouse.model import BadInput, BadUse, VerificationFailed
from gatehouse.node.config import CONFIG, Located, load_config
from gatehouse.node.vaults import create_vault
from gatehouse.reads.open import init_reads

MANIFEST = "backup.json"
SCHEMA = "gatehouse-backup/1"
_ACCOUNTS = "accounts.sqlite"
# Folders of a node that are copied as they are.
_WHOLE = ("packs", "lexicons", "published")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,255}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds: how many entries, in how many files."""

    origin: str
    size: int
    files: int


def back_up(located: Located, target: Path, *, secrets: Path | None = None) -> Backup:
    """Copy a node, which may be running, into a new folder, and its keys into `secrets` if that is named.

    The keys are the `kek`, the ledger's own key if it is a file, and those of `keys/`. None is the vault's.
    A backup that fails leaves neither folder behind.
    """
    for folder in filter(None, (target, secrets)):
        if folder.exists():
            raise BadUse("there is something already", where=str(folder), expected="a new folder")
    if secrets is not None and (target in secrets.parents or secrets in target.parents):
        raise BadUse("keys do not belong into the backup", where=str(secrets), expected="another folder")
    try:
        return _backed_up(located, target, secrets)
    except BaseException:
        for folder in filter(None, (target, secrets)):
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _backed_up(located: Located, target: Path, secrets: Path | None) -> Backup:
    ledger = Folder(located.ledger)
    target.mkdir(mode=0o700, parents=True)
    inner = target / "ledger"
    inner.mkdir(mode=0o700)
    # The log first: what was published or signed in afterwards is no part of it, and nothing refers to it.
    _copy_database(ledger.log, inner / LOG)
    for name in (SETTINGS, POLICY):
        _copy(located.ledger / name, inner / name)
    for path in sorted((located.ledger / DAY_KEYS).rglob("*")):
        if path.is_file() and path.suffix in (".key", ".destroyed"):
            _copy(path, inner / DAY_KEYS / path.relative_to(located.ledger / DAY_KEYS))
    _copy(located.folder / CONFIG, target / CONFIG)
    if located.accounts.exists():
        _copy_database(located.accounts, target / _ACCOUNTS)
    for name in _WHOLE:
        for path in sorted((located.folder / name).rglob("*")):
            if path.is_file() and not any(part.startswith(".") for part in path.parts[-3:]):
                _copy(path, target / name / path.relative_to(located.folder / name))
    if secrets is not None:
        _copy_keys(located, ledger, secrets)
    checkpoint, size = _newest(inner / LOG)
    files = {name: _sha256(target / name) for name in _files(target)}
    manifest = {
        "schema": SCHEMA,
        "origin": ledger.origin,
        "size": size,
        "checkpoint": checkpoint,
        "files": files,
    }
    path = target / MANIFEST
    path.write_text(json.dumps(manifest, indent=1, sort_keys=True), "utf-8")
    return Backup(ledger.origin, size, len(files))


def restore(
    backup: Path,
    folder: Path,
    *,
    secrets: Path,
    seen: Path | None,
    clock: Callable[[], datetime] = now,
) -> Backup:
    """Make a node in a new folder from a backup and its keys.

    `seen` is the newest checkpoint of this log that anyone has (a file, or a folder with one): a copy that
    does not continue it is refused, and nothing is left behind. None says that nobody has seen any. The vault
    is a new one, unless the configuration names one that is still there, and the read store too.
    """
    if folder.exists():
        raise BadUse("there is something already", where=str(folder), expected="a new folder")
    manifest = _read_manifest(backup)
    try:
        folder.mkdir(mode=0o700, parents=True)
        for name in manifest.files:
            _copy(backup / name, folder / name)
        located = load_config(folder)
        if (located.folder / "ledger").resolve() != located.ledger.resolve():
            (folder / "ledger").replace(located.ledger)
        _put_keys(secrets, located)
        ledger = Folder(located.ledger)
        keys = ledger.policy().log_keys
        fsck(ledger.log, keys=keys)
        with ledger.view() as view:
            if seen is not None:
                _check_seen(seen, folder, lambda place: check_continues(view, place), keys)
            export(view, ledger.public)
        create_vault(located, at=clock())
        LeadKeys.create(located.leads)
        init_reads(located.reads_url())
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Backup(manifest.origin, manifest.size, len(manifest.files))


@dataclass(frozen=True, slots=True)
class _Manifest:
    origin: str
    size: int
    files: dict[str, str]


def _read_manifest(backup: Path) -> _Manifest:
    """Return what a backup says that it holds, once every file is exactly that."""
    path = backup / MANIFEST
    try:
        found = json.loads(path.read_text("utf-8"))
        match found:
            case {"schema": schema, "origin": str(origin), "size": int(size), "files": dict(files)}:
                pass
            case _:
                raise ValueError("keys are missing")
        if schema != SCHEMA:
            raise ValueError("another schema")
        names = {str(name): str(digest) for name, digest in files.items()}
        if not all(_NAME.fullmatch(name) and ".." not in name for name in names):
            raise ValueError("a name that no file of a node has")
    except (OSError, ValueError, RecursionError) as error:
        raise BadInput("this is no backup of a node", where=str(path), got=type(error).__name__) from error
    there = set(_files(backup)) - {MANIFEST}
    if there != names.keys():
        odd = min(there ^ names.keys())
        raise VerificationFailed("the backup holds other files than it says", where=odd)
    for name, digest in names.items():
        if _sha256(backup / name) != digest:
            raise VerificationFailed("a file of the backup was changed", where=name, expected=digest)
    return _Manifest(origin, size, names)


def _check_seen(seen: Path, folder: Path, check: Callable[[Path], None], keys: list[str]) -> None:
    path = seen / CHECKPOINT if seen.is_dir() else seen
    try:
        note = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput("the checkpoint that was seen cannot be read", where=str(path)) from error
    open_note(note, keys=keys)
    place = folder / ".seen"
    place.mkdir()
    (place / CHECKPOINT).write_text(note, "utf-8")
    check(place)
    shutil.rmtree(place)


def _copy_keys(located: Located, ledger: Folder, secrets: Path) -> None:
    secrets.mkdir(mode=0o700, parents=True)
    _copy(located.ledger / KEK, secrets / KEK)
    for path in sorted(located.keys.iterdir()):
        _copy(path, secrets / "keys" / path.name)
    for uri in ledger.signers:
        name = uri.removeprefix("file:")
        if name != uri and not name.startswith("/"):
            _copy(located.ledger / name, secrets / "signers" / name)


def _put_keys(secrets: Path, located: Located) -> None:
    if not (secrets / KEK).is_file():
        raise BadInput(
            "this folder holds no keys of a node",
            where=str(secrets),
            expected=f"a {KEK}",
            hint="`gatehouse node backup --keys` made one beside the backup",
        )
    _copy(secrets / KEK, located.ledger / KEK)
    for name, place in (("keys", located.keys), ("signers", located.ledger)):
        for path in sorted((secrets / name).glob("*")):
            _copy(path, place / path.name)


def _newest(path: Path) -> tuple[str, int]:
    from gatehouse.ledger.view import LogView

    with LogView.read(path) as view:
        note = view.checkpoint()
        return note, Checkpoint.parse(open_note(note, keys=list(view.keys)).text).size


def _copy_database(source: Path, target: Path) -> None:
    """Copy a database as it stands at one moment, while others may write to it."""
    uri = f"{source.resolve().as_uri()}?mode=ro"
    target.touch(mode=0o600)
    with closing(sqlite3.connect(uri, uri=True, timeout=30)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
        # The copy needs no files beside it, which a backup would have to hold as well.
        new.execute("PRAGMA journal_mode = DELETE")
    _sync(target)


def _copy(source: Path, target: Path) -> None:
    # `parents` would make the folders above with what the umask leaves.
    for folder in reversed(target.parents):
        if not folder.exists():
            folder.mkdir(mode=0o700)
    target.touch(mode=0o600)
    shutil.copyfile(source, target, follow_symlinks=False)
    _sync(target)


def _sync(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _files(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise BadInput("a backup holds files and folders only", where=str(path))
        if path.is_file():
            yield path.relative_to(folder).as_posix()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
