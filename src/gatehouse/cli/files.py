"""Small files that a command line names: read within bounds, and written whole or not at all."""

from __future__ import annotations

import sys
from pathlib import Path

from gatehouse.model import BadInput, BadUse
from gatehouse.signing.durable import replace_file


def read_file(path: Path, *, most: int) -> bytes:
    """Return what a file or pipe holds; more than `most` bytes, or nothing readable, is `BadInput`."""
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except (OSError, ValueError) as error:
        raise BadInput(
            "the file cannot be read",
            where=str(path),
            got=getattr(error, "strerror", None) or "no path",
            hint="check the path and its permissions",
        ) from error
    return _bounded(data, most, str(path))


def read_input(given: str, *, most: int) -> bytes:
    """Return what a file holds, or for `-` standard input."""
    if given != "-":
        return read_file(Path(given), most=most)
    # A closed standard input is None, whatever its type says.
    stream = getattr(sys.stdin, "buffer", None)
    if stream is None:
        raise BadInput("standard input is closed", hint="name a file")
    return _bounded(stream.read(most + 1), most, "standard input")


def read_text(path: Path, *, most: int) -> str:
    """Return a file's text; what is not UTF-8 is `BadInput`."""
    try:
        return read_file(path, most=most).decode()
    except UnicodeDecodeError as error:
        raise BadInput("the file is not UTF-8", where=str(path), got=f"byte {error.start}") from error


def write_file(path: Path, data: bytes) -> None:
    """Write a file whole, or leave what was there."""
    if path.is_dir():
        raise BadUse("a folder stands there", where=str(path), expected="a file's name")
    if path.exists() and not path.is_file():
        # A pipe or a terminal takes it as it is.
        path.write_bytes(data)
        return
    # A folder into which one may write need not be one that one may read.
    replace_file(path, data, sync_name=False)


def _bounded(data: bytes, most: int, where: str) -> bytes:
    if len(data) > most:
        raise BadInput("the file is too long", where=where, expected=f"at most {most:,} bytes", got="more")
    return data
