"""The files that somebody gives: whether they can be read at all, before anything slow is loaded."""

from __future__ import annotations

from pathlib import Path

from gatehouse.model import BadInput, BadUse

READABLE = "a CSV, XLSX, XLSM, XLSB, XLS or JSON file, a ZIP of them, or a PDF with text"
_HEAD_BYTES = 64 << 10


def read_head(path: str) -> bytes:
    """Return the first bytes of a file; one that nobody can read is `BadInput`, a folder `BadUse`."""
    file = Path(path)
    if file.is_dir():
        raise BadUse(
            "a folder cannot be read as an export",
            where=path,
            expected="one or more files",
            hint="name the files, for example with a wildcard: folder/*.csv",
        )
    try:
        # A pipe gives its bytes once; recognition, reading and hashing each need them.
        if not file.is_file() and file.exists():
            raise BadInput(
                "the file cannot be read more than once",
                where=path,
                expected="a file on a disk",
                got="a pipe or a device",
                hint="save it as a file and give that",
            )
        with file.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
    except OSError as error:
        raise BadInput(
            "the file cannot be opened",
            where=path,
            expected="a file that may be read",
            got=error.strerror or type(error).__name__,
            hint="check the path and its permissions",
        ) from error
    if not head:
        raise BadInput(
            "the file is empty", where=path, expected=READABLE, got="0 bytes", hint="export it again"
        )
    return head
