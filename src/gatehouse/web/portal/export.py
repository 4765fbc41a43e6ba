"""The portal as a folder that any web server can serve: `gatehouse portal export DIR`."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gatehouse.ledger.export import export
from gatehouse.model import BadUse
from gatehouse.web.portal.document import Document
from gatehouse.web.portal.render import files
from gatehouse.web.portal.sources import Portal

# Says that a folder is one of ours, which may be replaced; anything else is left alone.
MARK: Final = "data/portal.json"


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    document: Document
    files: int
    bytes: int


def export_portal(
    portal: Portal, directory: Path, *, told: Callable[[int, str], None] = lambda _count, _path: None
) -> Exported:
    """Write the portal and the record's tiles into a folder that is new, empty, or an earlier portal.

    The new folder takes the old one's place when it is whole, so nobody is served half of each. `told` hears
    of each file.
    """
    if (
        directory.exists()
        and not (directory / MARK).is_file()
        and (not directory.is_dir() or any(directory.iterdir()))
    ):
        raise BadUse(
            "there is something else already",
            where=str(directory),
            expected="a new or empty folder, or an earlier portal",
        )
    directory.parent.mkdir(parents=True, exist_ok=True)
    document = portal.document()
    made = Path(tempfile.mkdtemp(dir=directory.parent, prefix=f".{directory.name}-"))
    try:
        count = size = 0
        for name, content in files(document):
            path = made / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            count, size = count + 1, size + len(content)
            told(count, name)
        with portal.folder.view() as log:
            export(log, made / "ledger")
        _replace(made, directory)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    return Exported(document, count, size)


def _replace(made: Path, directory: Path) -> None:
    # Made by `mkdtemp`, which lets nobody else read.
    made.chmod(0o755)
    if not directory.exists():
        made.rename(directory)
        return
    old = made.with_name(f"{made.name}.old")
    directory.rename(old)
    try:
        made.rename(directory)
    except BaseException:
        old.rename(directory)
        raise
    shutil.rmtree(old)
