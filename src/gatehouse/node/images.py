"""Pictures at a node: in from cameras, out to who was told of the read, each through the vault.

A vault in another process takes no pictures: the calls here say so, and no read names one that can be opened.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from gatehouse.hotlist.hotlists import Hotlists
from gatehouse.model import BadInput, BadUse, Officer, Read
from gatehouse.model.image import SignedImage
from gatehouse.node.errors import Busy
from gatehouse.node.intake import Cameras
from gatehouse.node.logs import say
from gatehouse.search.errors import UnknownSearch
from gatehouse.search.parts import Parts
from gatehouse.vault.errors import ImageMissing, ImagesFull
from gatehouse.vault.images import HIT_FIELDS, ImageRefusal, ImageTaken
from gatehouse.vault.images import Images as Sealed
from gatehouse.vault.local import LocalVault
from gatehouse.vault.protocol import Vault

# A sweep makes room every few minutes.
_RETRY_AFTER = 60


def sealed_of(vault: Vault) -> Sealed | None:
    """Return the pictures of a vault, None of one in another process."""
    return vault.images if isinstance(vault, LocalVault) else None


def keeper(sealed: Sealed | None) -> Callable[[Read, str], None]:
    """Return what is told of reads behind hits. A picture that cannot be kept must not hold up the hit."""

    def keep(read: Read, owner: str) -> None:
        if sealed is None:
            return
        try:
            sealed.wanted(read, owner)
        except Exception as error:
            say("picture not kept", level=logging.ERROR, error=error)

    return keep


class Images:
    """The node's pictures. Threads may share it; `show` shows the vault a camera before its picture."""

    def __init__(
        self,
        sealed: Sealed | None,
        *,
        show: Callable[[str], object],
        registry: Cameras,
        parts: Parts,
        hotlists: Hotlists,
    ) -> None:
        self._sealed = sealed
        self._show = show
        self._registry = registry
        self._parts = parts
        self._hotlists = hotlists

    def take(self, image: SignedImage) -> ImageTaken | ImageRefusal:
        """Take a picture of a camera in, on the disk when this returns; `Busy` means that it is not."""
        sealed = self._here()
        try:
            self._registry.camera(image.camera)
        except BadInput:
            return ImageRefusal.CAMERA_UNKNOWN
        self._show(image.camera)
        try:
            return sealed.take(image)
        except ImagesFull:
            raise Busy(_RETRY_AFTER) from None

    def is_there(self, read: Read, owner: str) -> bool:
        """Return whether a read that was handed out, or raised a hit, has a picture here."""
        return self._sealed is not None and self._sealed.is_there(read, owner)

    def of_search(self, search: str, image: str, *, by: Officer) -> bytes:
        """Open the picture of a read, for the person whom its search was answered to.

        To others there is no such search. Where no read of the answer has the picture, or the answer was let
        go of, it is `ImageMissing`.
        """
        sealed, parts = self._here(), self._parts
        row, person = parts.tables.search(search), parts.registry.officer(by.id)
        if not person.active or person.agency != row.agency or person.id not in (row.officer, row.entered_by):
            raise UnknownSearch("there is no such search", expected="the id of a search of one's own")
        entry = parts.handed.entry(search)
        if entry is None:
            raise ImageMissing("this search has no answer with pictures", hint="ask the search again")
        return sealed.open_released(image, entry=parts.book.entry(entry), receipt=parts.book.receipt(entry))

    def of_hit(self, hit: int, *, by: Officer) -> bytes:
        """Open the picture of a hit, for a person of its agency who may still confirm it."""
        sealed, book = self._here(), self._parts.book
        lead = self._hotlists.hits.lead(hit, by)
        if lead is None:
            raise ImageMissing("what was read for the hit has expired")
        openings = book.openings(hit)
        return sealed.open_hit(
            lead,
            entry=book.entry(hit),
            receipt=book.receipt(hit),
            openings=[openings.disclose(field, index=hit) for field in HIT_FIELDS],
        )

    def _here(self) -> Sealed:
        if self._sealed is None:
            raise BadUse(
                "this node takes no pictures: its vault is in another process",
                hint="compare with what the camera's operator can show",
            )
        return self._sealed
