"""Reading a tree from its tiles: hashes of subtrees, and entries, wherever the tiles come from."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256

from gatehouse.ledger.errors import InvalidTile
from gatehouse.ledger.layout import LEVEL_BITS, TILE, Resource, decode_bundle
from gatehouse.ledger.merkle import HASH_BYTES
from gatehouse.model import BadUse

# With the nodes above its hashes a tile takes 50 KiB: 12 MiB at most.
_KEPT = 256

Fetch = Callable[[str], bytes]


class TileNodes:
    """The nodes of one tile: `levels[0]` its hashes, `levels[8]` the root once it is full."""

    __slots__ = ("levels",)

    def __init__(self, hashes: list[bytes]) -> None:
        self.levels: list[list[bytes]] = [[] for _ in range(LEVEL_BITS + 1)]
        self.extend(hashes)

    def extend(self, hashes: list[bytes]) -> None:
        """Add hashes, and the nodes above that they complete."""
        below = self.levels[0]
        below += hashes
        for level in self.levels[1:]:
            pairs = range(2 * len(level), len(below) - 1, 2)
            if not pairs:
                return
            # Written out: this is done for every entry.
            level += [sha256(b"\1" + below[at] + below[at + 1]).digest() for at in pairs]
            below = level

    @classmethod
    def of(cls, tile: bytes) -> TileNodes:
        """Return the nodes of a tile as it is served or stored: its hashes in a row."""
        return cls([tile[at : at + HASH_BYTES] for at in range(0, len(tile), HASH_BYTES)])

    @property
    def full(self) -> bool:
        """Return whether the tile takes no more."""
        return len(self.levels[0]) == TILE


class TileReader:
    """The tree of `size` leaves, read from tiles; what is fetched is trusted only as far as a proof is."""

    def __init__(self, fetch: Fetch, size: int) -> None:
        self.size = size
        self._fetch = fetch
        self._kept: OrderedDict[Resource, TileNodes] = OrderedDict()
        # A bundle can be 16 MiB, so only the last one is kept.
        self._bundle: tuple[Resource, list[bytes]] | None = None

    def subtree(self, level: int, index: int) -> bytes:
        """Return the hash of the complete subtree over leaves [index << level, (index + 1) << level)."""
        if not 0 <= index < self.size >> level:
            raise BadUse("the tree has no such subtree", got=f"level {level}, index {index}")
        tile_level, above = divmod(level, LEVEL_BITS)
        tile_index, place = divmod(index, TILE >> above)
        return self._tile(tile_level, tile_index).levels[above][place]

    def entry(self, index: int) -> bytes:
        """Return an entry as its bundle holds it."""
        if not 0 <= index < self.size:
            raise BadUse("the log has no such entry", expected=f"an index below {self.size}", got=str(index))
        resource = self._resource("entries", 0, index // TILE)
        if self._bundle is None or self._bundle[0] != resource:
            self._bundle = resource, decode_bundle(self._fetch(resource.path), count=resource.width)
        return self._bundle[1][index % TILE]

    def _tile(self, level: int, index: int) -> TileNodes:
        resource = self._resource("tile", level, index)
        found = self._kept.get(resource)
        if found is not None:
            self._kept.move_to_end(resource)
            return found
        data = self._fetch(resource.path)
        if len(data) != resource.width * HASH_BYTES:
            raise InvalidTile(
                "a tile has the wrong length",
                where=resource.path,
                expected=f"{resource.width * HASH_BYTES} bytes",
                got=f"{len(data)} bytes",
            )
        found = self._kept[resource] = TileNodes.of(data)
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return found

    def _resource(self, kind: str, level: int, index: int) -> Resource:
        members = self.size >> (LEVEL_BITS * level)
        width = min(TILE, members - index * TILE)
        return Resource("entries" if kind == "entries" else "tile", level, index, width)
