"""Files put in place whole, and brought to the disk before anybody counts on them.

This lies in the lowest room that writes files for the rooms above; a key that is half written is no key.
"""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

# What `write_draft` draws behind a name.
_DRAFT = re.compile(r"\..+\.[0-9a-f]{16}", re.ASCII)


def replace_file(
    path: Path,
    data: bytes,
    *,
    mode: int | None = None,
    sync_name: bool = True,
    drafts: Path | None = None,
) -> None:
    """Write a file whole, or leave what was there; what the system refuses is `OSError`.

    The file has exactly the `mode`, by default what the umask leaves. Its bytes are on the disk when this
    returns, and its name too unless `sync_name` is false, for a caller who syncs the directory after many.
    Its draft is written beside it, or in the directory `drafts` of the same file system.
    """
    draft = write_draft(path if drafts is None else drafts / path.name, data, mode=mode)
    try:
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    if sync_name:
        sync_directory(path.parent)


def write_draft(path: Path, data: bytes, *, mode: int | None = None) -> Path:
    """Write the bytes beside a path, on the disk, and return where: a new file of a name of its own."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    # Nobody may open it before its mode is what it shall be.
    descriptor = os.open(
        draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666 if mode is None else mode
    )
    try:
        with os.fdopen(descriptor, "wb") as file:
            if mode is not None:
                # The process's umask may take rights away, never add them; the mode is set whatever it is.
                os.fchmod(descriptor, mode)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    return draft


def remove_drafts(directory: Path) -> None:
    """Remove what writers that were killed have left in a directory; nobody may be writing there."""
    for each in directory.iterdir():
        if _DRAFT.fullmatch(each.name):
            each.unlink()


def sync_directory(path: Path) -> None:
    """Wait until the names in a directory are on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
