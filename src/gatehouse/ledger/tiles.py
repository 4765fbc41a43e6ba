"""Reading a tree from its tiles: hashes of subtrees, and entries, wherever the tiles come from."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from gatehouse.ledger.errors import InvalidTile
from gatehouse.ledger.layout import LEVEL_BITS, TILE, Resource, decode_bundle
from gatehouse.ledger.merkle import HASH_BYTES, node_hash
from gatehouse.model import BadUse

# 8 KiB a tile: 8 MiB at most.
_KEPT = 1024

Fetch = Callable[[str], bytes]


class TileReader:
    """The tree of `size` leaves, read from tiles; what is fetched is trusted only as far as a proof is."""

    def __init__(self, fetch: Fetch, size: int) -> None:
        self.size = size
        self._fetch = fetch
        self._kept: OrderedDict[Resource, bytes] = OrderedDict()
        # A bundle can be 16 MiB, so only the last one is kept.
        self._bundle: tuple[Resource, list[bytes]] | None = None

    def subtree(self, level: int, index: int) -> bytes:
        """Return the hash of the complete subtree over leaves [index << level, (index + 1) << level)."""
        if not 0 <= index < self.size >> level:
            raise BadUse("the tree has no such subtree", got=f"level {level}, index {index}")
        tile_level, above = divmod(level, LEVEL_BITS)
        first = index << above
        tile = self._tile(tile_level, first // TILE)
        start = first % TILE * HASH_BYTES
        hashes = [
            tile[at : at + HASH_BYTES] for at in range(start, start + (HASH_BYTES << above), HASH_BYTES)
        ]
        while len(hashes) > 1:
            hashes = [node_hash(*hashes[at : at + 2]) for at in range(0, len(hashes), 2)]
        return hashes[0]

    def entry(self, index: int) -> bytes:
        """Return an entry as its bundle holds it."""
        if not 0 <= index < self.size:
            raise BadUse("the log has no such entry", expected=f"an index below {self.size}", got=str(index))
        resource = self._resource("entries", 0, index // TILE)
        if self._bundle is None or self._bundle[0] != resource:
            self._bundle = resource, decode_bundle(self._fetch(resource.path), count=resource.width)
        return self._bundle[1][index % TILE]

    def _tile(self, level: int, index: int) -> bytes:
        resource = self._resource("tile", level, index)
        data = self._get(resource)
        if len(data) != resource.width * HASH_BYTES:
            raise InvalidTile(
                "a tile has the wrong length",
                where=resource.path,
                expected=f"{resource.width * HASH_BYTES} bytes",
                got=f"{len(data)} bytes",
            )
        return data

    def _resource(self, kind: str, level: int, index: int) -> Resource:
        members = self.size >> (LEVEL_BITS * level)
        width = min(TILE, members - index * TILE)
        return Resource("entries" if kind == "entries" else "tile", level, index, width)

    def _get(self, resource: Resource) -> bytes:
        found = self._kept.get(resource)
        if found is None:
            found = self._kept[resource] = self._fetch(resource.path)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(resource)
        return found
