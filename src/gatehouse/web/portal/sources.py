"""A node's folder as the portal reads it: for reading only, also while the node runs.

portal = Portal(load_config(folder), clock=clock)
document = portal.document()
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from gatehouse.law import Pack
from gatehouse.ledger.checkpoint import Checkpoint
from gatehouse.ledger.counters import Counters, read_counters
from gatehouse.ledger.note import open_note
from gatehouse.ledger.settings import Folder
from gatehouse.model import BadInput
from gatehouse.node.bodies import PackBody
from gatehouse.node.config import Located
from gatehouse.node.packs import Packs
from gatehouse.node.record import load_record
from gatehouse.node.registry import folded
from gatehouse.node.snapshot import pack_of
from gatehouse.web.portal.document import Document, Recorded, make
from gatehouse.web.portal.seen import Searches
from gatehouse.web.portal.staffing import Staffing


class Portal:
    """The portal of a node. Threads may share it; each reading goes on from the one before."""

    def __init__(self, located: Located, *, clock: Callable[[], datetime]) -> None:
        self._located = located
        self._clock = clock
        self._lock = threading.Lock()
        self._searches = Searches()
        self._packs: dict[str, Pack] = {}

    @property
    def folder(self) -> Folder:
        """Return the ledger's folder."""
        return Folder(self._located.ledger)

    def document(self) -> Document:
        """Return what the portal shows now; a record that does not hold together is an error, not a page."""
        with self._lock:
            return make(self._recorded(), now=self._clock())

    def recorded(self) -> Recorded:
        """Return what the document is made of, as it stands in the record now."""
        with self._lock:
            return self._recorded()

    def _recorded(self) -> Recorded:
        folder = self.folder
        with folder.view() as log:
            keys, note = log.keys, log.checkpoint()
            size = Checkpoint.parse(open_note(note, keys=list(keys)).text).size
            self._searches.read(log, folder.openings(), size)
            staffing = Staffing()
            known = (each for each in load_record(log, folder.log) if each.index < size)
            view, _ = folded(known, note=staffing.note)
            return Recorded(
                searches=self._searches,
                view=view,
                staffing=staffing,
                pack=self._pack(pack_of(view, witnessed=size)),
                origin=log.origin,
                keys=keys,
                checkpoint=note,
                size=size,
                counted=tuple(self._counted()),
            )

    def _pack(self, body: PackBody) -> Pack:
        if body.sha256 not in self._packs:
            self._packs[body.sha256] = Packs(self._located.folder).pack(body)
        return self._packs[body.sha256]

    def _counted(self) -> list[Counters]:
        """Return what vaults have published of days that are over; a damaged file is `BadInput`."""
        found = []
        for path in sorted((self._located.published / "counters").glob("*.json")):
            found.append(read_counters(_text(path), where=str(path)))
        return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            "the vault's counts cannot be read", where=str(path), got=type(error).__name__
        ) from error
