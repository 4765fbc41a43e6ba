"""Showing the vault what is on the record: cameras, and how long their owners keep reads.

The vault takes reads for nobody that it has not seen there. So before a camera's first batch it is shown the
camera's entries and those of its owner's rule, and what changes later as soon as the node looks
(`Showing.changed`). What it knows, it has kept: nothing is shown twice.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from functools import partial

from gatehouse.model import PartUnavailable
from gatehouse.model.batch import SignedBatch
from gatehouse.node.bodies import Kind
from gatehouse.node.change import Change, Version
from gatehouse.node.logs import say
from gatehouse.node.registry import NodeRegistry
from gatehouse.vault.batch import ReadRefusal
from gatehouse.vault.errors import VaultRefused
from gatehouse.vault.protocol import SealedBatch, Vault


class Showing:
    """Shows a vault the registry's entries. Threads may share it."""

    def __init__(self, registry: NodeRegistry, vault: Vault) -> None:
        self._registry = registry
        self._vault = vault
        self._lock = threading.Lock()
        self._known: tuple[dict[str, int], dict[str, int]] | None = None

    def seal(self, batch: SignedBatch, *, received_at: datetime) -> SealedBatch:
        """Have a batch of a camera of the registry sealed, once the vault has been shown the camera."""
        self.camera(batch.camera)
        sealed = self._vault.seal(batch, received_at=received_at)
        if ReadRefusal.CAMERA_UNKNOWN not in sealed.refused:
            return sealed
        # It is another vault than before, or an emptied one, and nothing was sealed.
        self._known = None
        self.camera(batch.camera)
        return self._vault.seal(batch, received_at=received_at)

    def camera(self, camera: str) -> None:
        """Show a camera and its owner's rule, as far as they are not known.

        While witnesses have not cosigned the camera's newest entry, it is `PartUnavailable`: neither what the
        camera was nor what it shall be may be relied on.
        """
        entries = self._registry.view.enrollments[camera]
        cameras, owners = self._learned()
        if cameras.get(camera, -1) < entries[-1]:
            if entries[-1] >= self._registry.witnessed:
                raise PartUnavailable(
                    "the camera's entry waits for witnesses", hint="send the same batch again later"
                )
            with self._lock:
                self._show_camera(camera, cameras)
        owner = self._registry.view.cameras[camera].agency
        newest = self._registry.view.newest(Kind.OWNER, owner)
        if newest is not None and owners.get(owner, -1) < newest.entry < self._registry.witnessed:
            with self._lock:
                self._show_owner(owner, owners)

    def changed(self) -> None:
        """Show what has changed of the cameras and owners that the vault knows."""
        view, (cameras, owners) = self._registry.view, self._learned()
        with self._lock:
            for camera in [each for each in cameras if each in view.enrollments]:
                self._show_camera(camera, cameras)
            for owner in list(owners):
                self._show_owner(owner, owners)

    def _learned(self) -> tuple[dict[str, int], dict[str, int]]:
        found = self._known
        if found is None:
            learned = self._vault.learned()
            found = self._known = dict(learned.cameras), dict(learned.owners)
        return found

    def _show_camera(self, camera: str, known: dict[str, int]) -> None:
        for entry in self._registry.view.enrollments[camera]:
            if known.get(camera, -1) < entry < self._registry.witnessed:
                _told(partial(self._vault.enroll, self._registry.shown(entry)), entry)
                known[camera] = entry

    def _show_owner(self, owner: str, known: dict[str, int]) -> None:
        view = self._registry.view
        for version in view.rules.get((Kind.OWNER, owner), ()):
            if known.get(owner, -1) < version.entry < self._registry.witnessed:
                assert version.change is not None
                self._show_rule(version, view.changes[version.change])
                known[owner] = version.entry

    def _show_rule(self, version: Version, change: Change) -> None:
        shown = self._registry.shown
        proposed, in_force = shown(change.entry), shown(version.entry)
        approved = None if change.approval is None else shown(change.approval)
        tell = partial(self._vault.retain, proposed=proposed, in_force=in_force, approved=approved)
        _told(tell, version.entry)


def _told(tell: Callable[[], bool], entry: int) -> None:
    """Tell the vault; what it does not accept, it goes on without, and the operator hears of it."""
    try:
        tell()
    except VaultRefused as error:
        say("vault does not follow", level=logging.WARNING, error=error, count=entry)
