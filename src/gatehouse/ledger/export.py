"""A log as files: what C2SP tlog-tiles serves, for any web server or disk.

A file that exists is never written again with other bytes. Each is written beside the checkpoint, brought
to the disk, and put in place in one step; the checkpoint comes last, so what a reader finds named by it is
there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gatehouse.ledger.checkpoint import Checkpoint
from gatehouse.ledger.encoding import LARGEST_NOTE
from gatehouse.ledger.errors import LogCorrupt, Rollback
from gatehouse.ledger.layout import CHECKPOINT, LARGEST_ENTRY, LEVEL_BITS, TILE, Resource, tiles
from gatehouse.ledger.merkle import verify_consistency
from gatehouse.ledger.note import split_note
from gatehouse.model import PartUnavailable
from gatehouse.signing.durable import remove_drafts, replace_file, sync_directory
from gatehouse.signing.regular_file import read_regular

if TYPE_CHECKING:
    from gatehouse.ledger.view import LogView

_LARGEST_PART = TILE * (2 + LARGEST_ENTRY)


def export(log: LogView, directory: Path) -> str:
    """Write the published log to a directory and return the checkpoint that stands there now.

    Exporting again adds what is new. Bytes that the directory has and the log has not are `LogCorrupt`, a
    longer log in the directory `Rollback`; both leave the directory as it is. Of a tile that has become full
    only the partial form stays that the checkpoint before needs, which somebody may be reading. Drafts of an
    export that was killed are removed, so nobody else may export to the directory meanwhile.
    """
    note = log.checkpoint()
    now = _read(note)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        before = _before(log, directory, now)
        remove_drafts(directory)
        folders: dict[Path, None] = {}
        for resource in tiles(now.size, since=before.size if before else 0):
            path = directory / resource.path
            if _put(path, log.part(resource), drafts=directory):
                folders[path.parent] = None
        for folder in folders:
            _sync_up(folder, directory)
        replace_file(directory / CHECKPOINT, note.encode())
        if before is not None:
            _remove_partial(directory, before.size, now.size)
    except OSError as error:
        raise PartUnavailable(
            "the log cannot be exported", where=directory.name, got=error.strerror or type(error).__name__
        ) from error
    return note


def check_continues(log: LogView, directory: Path) -> None:
    """Refuse a log that does not continue what was exported: signing for it would fork what the world saw."""
    try:
        _before(log, directory, _read(log.checkpoint()))
    except OSError as error:
        raise PartUnavailable(
            "what was exported cannot be read",
            where=directory.name,
            got=error.strerror or type(error).__name__,
        ) from error


def _before(log: LogView, directory: Path, now: Checkpoint) -> Checkpoint | None:
    """Return the checkpoint that was exported last, which must be an earlier one of this log."""
    path = directory / CHECKPOINT
    try:
        note = read_regular(path, most=LARGEST_NOTE)
    except FileNotFoundError:
        # A link that leads nowhere hides what was exported: it does not say that nothing was.
        for each in (directory, path):
            if each.is_symlink():
                raise PartUnavailable(
                    "a link leads nowhere, so what was exported cannot be compared",
                    where=str(each),
                    hint="bring back what it led to; remove it only if nothing was ever exported there",
                ) from None
        return None
    before = _read(note.decode(errors="replace"))
    where = f"{directory.name}/{CHECKPOINT}"
    if before.origin != now.origin:
        raise LogCorrupt("another log lies there", where=where, expected=now.origin, got=before.origin)
    if before.size > now.size:
        raise Rollback(
            "the directory holds a longer log",
            where=where,
            expected=f"at most {now.size} entries",
            got=str(before.size),
            hint="the log was set back; find its newer copy before anything is signed",
        )
    try:
        verify_consistency(
            size1=before.size,
            size2=now.size,
            root1=before.root,
            root2=now.root,
            proof=log.consistency(before.size, now.size),
        )
    except Exception as error:
        raise LogCorrupt(
            "what was exported is not the beginning of this log",
            where=where,
            expected=f"the root of the first {before.size} entries",
            got=before.root.hex(),
            hint="keep both: together they prove that history was changed",
        ) from error
    return before


def _put(path: Path, data: bytes, *, drafts: Path) -> bool:
    """Write a file that never changes; return whether it was missing."""
    try:
        present = read_regular(path, most=_LARGEST_PART)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, data, sync_name=False, drafts=drafts)
        return True
    if present != data:
        raise LogCorrupt(
            "an exported file has other bytes",
            where=str(path),
            expected=f"{len(data)} bytes that the entries make",
            got=f"{len(present)} others",
            hint="keep it, and compare it with the log by `gatehouse ledger fsck`",
        )
    return False


def _sync_up(folder: Path, top: Path) -> None:
    """Bring a folder's names to the disk, and its own name in those above."""
    while folder != top:
        sync_directory(folder)
        folder = folder.parent


def _remove_partial(directory: Path, before: int, now: int) -> None:
    """Remove the partial forms of tiles that have become full, but for those of the checkpoint before."""
    for last in _partial(before):
        if replace(last, width=TILE).end <= now >> (LEVEL_BITS * last.level):
            keep = directory / last.path
            for each in keep.parent.iterdir():
                if each != keep:
                    each.unlink()


def _partial(size: int) -> Iterator[Resource]:
    """Yield the partial tiles and the partial bundle of a tree."""
    if size % TILE:
        yield Resource("entries", 0, size // TILE, size % TILE)
    level = 0
    while members := size >> (LEVEL_BITS * level):
        if members % TILE:
            yield Resource("tile", level, members // TILE, members % TILE)
        level += 1


def _read(note: str) -> Checkpoint:
    return Checkpoint.parse(split_note(note)[0])
