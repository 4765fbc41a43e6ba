"""Files that are read in full: regular ones only, and never without end."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from gatehouse.model import BadInput


def read_regular(path: Path, *, most: int) -> bytes:
    """Return what a regular file of at most `most` bytes holds; what the system refuses is `OSError`.

    What is longer is `BadInput`, and so is a folder, a device or a pipe, which would have no end or no
    beginning. A link counts as what it leads to.
    """
    # Without O_NONBLOCK a named pipe would wait for a writer for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
        data = _first_bytes(descriptor, most + 1) if regular else b""
    finally:
        os.close(descriptor)
    if not regular:
        raise BadInput("no regular file stands there", where=str(path), expected="a regular file")
    if len(data) > most:
        raise BadInput(
            "the file is too long", where=str(path), expected=f"at most {most:,} bytes", got="more"
        )
    return data


def _first_bytes(descriptor: int, count: int) -> bytes:
    parts, left = [], count
    while left and (part := os.read(descriptor, min(left, 1 << 20))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)
