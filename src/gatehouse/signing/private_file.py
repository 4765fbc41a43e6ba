"""Files that their owner alone may read: made at once or not at all, never over another."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gatehouse.model import BadInput, BadUse, PartUnavailable
from gatehouse.signing.durable import replace_file, sync_directory, write_draft

# Keys and PINs are small; what is larger is some other file.
_LARGEST = 64 * 1024
_MODE = 0o600


def read_private(path: Path) -> bytes:
    """Return what a private file holds; a file that others may read or write is `BadInput`."""
    with refusals("a private file cannot be read", path):
        # Without O_NONBLOCK a named pipe would stall the process.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            data = file.read(_LARGEST + 1) if stat.S_ISREG(status.st_mode) else b""
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
    if len(data) > _LARGEST:
        raise BadInput("a private file is too large", where=str(path), expected=f"at most {_LARGEST} bytes")
    return data


def create_private(path: Path, data: bytes) -> None:
    """Write a new file with mode 0600, durable before this returns; an existing one is `BadUse`."""
    with refusals("a private file cannot be written", path):
        draft = write_draft(path, data, mode=_MODE)
        try:
            # Unlike a rename, a link never replaces a file.
            os.link(draft, path)
        except FileExistsError:
            raise BadUse(
                "a file already stands there",
                where=str(path),
                hint="choose another path, or remove it first",
            ) from None
        finally:
            draft.unlink()
        sync_directory(path.parent)


def replace_private(path: Path, data: bytes) -> None:
    """Replace a file by one with mode 0600, durable before this returns."""
    with refusals("a private file cannot be written", path):
        replace_file(path, data, mode=_MODE)


@contextmanager
def refusals(what: str, path: Path) -> Iterator[None]:
    """Tell of what the system refuses (`OSError`) as `PartUnavailable`."""
    try:
        yield
    except OSError as error:
        raise PartUnavailable(what, where=str(path), got=error.strerror or "an error") from error
