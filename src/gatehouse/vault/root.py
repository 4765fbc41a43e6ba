"""The root key: wraps all that the vault keeps, stands in one small file, and is replaced at every sweep.

Its file lies outside the database, the write-ahead log and every backup. Whoever has an older copy of the
database needs the root of that time, which was destroyed. Replacing it takes four steps, each durable:

    1. the fresh root is written to `<path>.next`
    2. one transaction of the database puts everything under it and names it
    3. `<path>` gets a second name, `<path>.old`, and `<path>.next` is renamed to `<path>`
    4. `<path>.old` is overwritten in place and unlinked

The database names its root by an id, so after a cut at any point `settle` knows which of the two is in force,
and destroys the other. The id says nothing about the key: it is a hash of a label and the key.

What overwriting cannot promise: a file system that copies on write, a snapshot, an SSD that moves blocks may
hold the old bytes still. Put the root on a small volume of its own that is in no backup, best in memory that
is fed from a hardware token at the start, if the node can bear to lose its reads with its power.
"""

from __future__ import annotations

import os
import secrets
from hashlib import sha256
from pathlib import Path

from gatehouse.model import BadInput
from gatehouse.signing.durable import sync_directory
from gatehouse.signing.private_file import create_private, read_private
from gatehouse.vault.errors import RootMissing

KEY_BYTES = 32
ID_BYTES = 16
_LABEL = b"gatehouse-vault-root-id/1\n"


def root_id(root: bytes) -> bytes:
    """Return by what the database names a root."""
    return sha256(_LABEL + root).digest()[:ID_BYTES]


def create_root(path: Path) -> bytes:
    """Draw a root and write it to a new file with mode 0600, durable before this returns."""
    root = secrets.token_bytes(KEY_BYTES)
    create_private(path, root.hex().encode() + b"\n")
    return root


def prepare_root(path: Path) -> bytes:
    """Do step 1: draw the root that will follow the one in `path`; `settle` has left none waiting."""
    return create_root(_next(path))


def install_root(path: Path) -> None:
    """Do steps 3 and 4, after the database names the waiting root; cut off, `settle` does the rest."""
    _old(path).hardlink_to(path)
    _next(path).replace(path)
    sync_directory(path.parent)
    _destroy(_old(path))


def settle(path: Path, named: bytes) -> bytes:
    """Return the root that the database names, and finish what was cut off; else `RootMissing`.

    A root that the database does not name is destroyed only once the one that it names was found.
    """
    found = {each: _read(each) for each in (path, _next(path), _old(path)) if each.exists()}
    matching = {each for each, root in found.items() if root is not None and root_id(root) == named}
    if path in matching:
        # The fresh root never came into force, or the old one was not destroyed yet.
        if _next(path) in found:
            _destroy(_next(path))
        _clear_old(path)
    elif _next(path) in matching:
        if path in found:
            _clear_old(path)
            install_root(path)
        else:
            _next(path).replace(path)
            sync_directory(path.parent)
    else:
        raise RootMissing(
            "the vault's root is not there, or is another's",
            where=str(path),
            expected=f"root {named.hex()}",
            got=", ".join(root_id(root).hex() for root in found.values() if root is not None) or "no root",
            hint="keys under a lost root are lost; a backup of the database has no root by design",
        )
    root = _read(path)
    assert root is not None
    return root


def _clear_old(path: Path) -> None:
    """Destroy a root that was left over, but never the one in `path` under its second name."""
    old = _old(path)
    if old.exists():
        if old.samefile(path):
            _forget(old)
        else:
            _destroy(old)


def _read(path: Path) -> bytes | None:
    """Return the root in a file, None where what stands there is none: a destruction that was cut off."""
    try:
        root = bytes.fromhex(read_private(path).decode("ascii").removesuffix("\n"))
    except (ValueError, UnicodeDecodeError):
        return None
    except BadInput as error:
        error.what = "the vault's root is not private, or no small regular file"
        raise
    return root if len(root) == KEY_BYTES else None


def _destroy(path: Path) -> None:
    """Write random bytes over a file in place, wait until they are on the disk, and unlink it."""
    with path.open("r+b") as file:
        size = os.fstat(file.fileno()).st_size
        file.write(secrets.token_bytes(size))
        file.flush()
        os.fsync(file.fileno())
    _forget(path)


def _forget(path: Path) -> None:
    path.unlink()
    sync_directory(path.parent)


def _next(path: Path) -> Path:
    return path.with_name(path.name + ".next")


def _old(path: Path) -> Path:
    return path.with_name(path.name + ".old")
