"""Opening a container by its first bytes, never by its name."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from gatehouse.model import BadInput
from gatehouse.records.containers.archive import open_archive
from gatehouse.records.containers.errors import ZIP_DAMAGE
from gatehouse.records.containers.limits import refuse_bomb
from gatehouse.records.containers.magic import OLE, SEEN, ZIP, is_container
from gatehouse.records.raw import Source

# The parts that make an archive a workbook.
_WORKBOOKS = frozenset({"xl/workbook.xml", "xl/workbook.bin"})


def open_container(path: str) -> list[Source] | None:
    """Return the tables of a workbook, an archive or a PDF, in its order; None for any other file.

    Raises `BadInput` when the container is damaged, protected by a password or holds no table.
    """
    file = Path(path)
    try:
        with file.open("rb") as stream:
            head = stream.read(SEEN)
            if not is_container(head):
                return None
            stream.seek(0)
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise BadInput("the file cannot be opened", where=path, got=error.strerror) from error
    return open_stream(path, stream=lambda: file.open("rb"), sha256=digest, archives=2)


def open_stream(label: str, *, stream: Callable[[], BinaryIO], sha256: str, archives: int) -> list[Source]:
    """Return the tables of a container given as bytes.

    `stream` opens the bytes, seekable, from the start, as often as it is called. `archives` is how many
    archives may still stand one inside the other.
    """
    with stream() as file:
        head = file.read(SEEN)
    if head.startswith(ZIP):
        if not _is_workbook(label, stream):
            return open_archive(
                label, stream=stream, sha256=sha256, open_inner=open_stream, archives=archives
            )
    elif not head.startswith(OLE):
        # Imported when needed: either reader takes longer to load than most exports take to read.
        from gatehouse.records.containers.pdf import open_pdf

        return [open_pdf(label, stream=stream, sha256=sha256)]
    from gatehouse.records.containers.workbook import open_workbook

    return open_workbook(label, stream=stream, sha256=sha256)


def _is_workbook(label: str, stream: Callable[[], BinaryIO]) -> bool:
    try:
        with stream() as file, zipfile.ZipFile(file) as archive:
            refuse_bomb(archive, where=label)
            return not _WORKBOOKS.isdisjoint(archive.namelist())
    except (*ZIP_DAMAGE, NotImplementedError) as error:
        raise BadInput(
            "the archive or workbook is damaged",
            where=label,
            expected="a whole ZIP file",
            got=str(error),
            hint="download it again",
        ) from error
