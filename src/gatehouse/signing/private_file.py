"""Files that their owner alone may read: made at once or not at all, never over another."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from gatehouse.model import BadInput, BadUse, PartUnavailable

# Keys and PINs are small; what is larger is some other file.
_LARGEST = 64 * 1024


def read_private(path: Path) -> bytes:
    """Return what a private file holds; a file that others may read or write is `BadInput`."""
    try:
        # Without O_NONBLOCK a named pipe would stall the process.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise PartUnavailable(
            "a private file cannot be read", where=str(path), got=error.strerror or "an error"
        ) from error
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise BadInput("a key or PIN stands in a regular file only", where=str(path))
        if status.st_mode & 0o077:
            raise BadInput(
                "others may read a private file",
                where=str(path),
                expected="mode 0600",
                got=f"mode {stat.S_IMODE(status.st_mode):04o}",
                hint=f"chmod 600 {path}, and replace the key if it was exposed",
            )
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise BadInput("a private file is too large", where=str(path), expected=f"at most {_LARGEST} bytes")
    return data


def create_private(path: Path, data: bytes) -> None:
    """Write a new file with mode 0600, durable before this returns; an existing one is `BadUse`."""
    draft = _draft(path, data)
    try:
        # Unlike a rename, a link never replaces a file.
        os.link(draft, path)
    except FileExistsError:
        raise BadUse(
            "a file already stands there", where=str(path), hint="choose another path, or remove it first"
        ) from None
    except OSError as error:
        raise _refused(path, error) from error
    finally:
        draft.unlink()
    sync_directory(path.parent)


def replace_private(path: Path, data: bytes) -> None:
    """Replace a file by one with mode 0600, durable before this returns."""
    draft = _draft(path, data)
    try:
        draft.replace(path)
    except OSError as error:
        draft.unlink()
        raise _refused(path, error) from error
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Wait until the names in a directory are on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _draft(path: Path, data: bytes) -> Path:
    """Write the bytes beside the path, durable, and return where."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _refused(path, error) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            # The process's umask may take rights away, never add them; the mode is set whatever it is.
            os.fchmod(descriptor, 0o600)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
    except OSError as error:
        draft.unlink()
        raise _refused(path, error) from error
    return draft


def _refused(path: Path, error: OSError) -> PartUnavailable:
    return PartUnavailable(
        "a private file cannot be written", where=str(path), got=error.strerror or "an error"
    )
