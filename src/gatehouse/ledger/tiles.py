"""Reading a tree from its tiles: hashes of subtrees, and entries, wherever the tiles come from."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from hashlib import sha256
from operator import add

from gatehouse.ledger.errors import InvalidTile
from gatehouse.ledger.layout import LEVEL_BITS, TILE, Resource, decode_bundle
from gatehouse.ledger.merkle import HASH_BYTES
from gatehouse.model import BadUse

# With the nodes above its hashes a tile takes 50 KiB: 12 MiB at most.
_KEPT = 256

_PAIR = 2 * HASH_BYTES
# What every node begins with; a copy of it costs less than a new hash.
_NODE = sha256(b"\1")

Fetch = Callable[[str], bytes]


class TileNodes:
    """The nodes of one tile: `hashes` in a row as it is served, and the nodes above that they complete."""

    __slots__ = ("_above", "hashes")

    def __init__(self, hashes: bytes = b"") -> None:
        self.hashes = bytearray()
        self._above: list[list[bytes]] = [[] for _ in range(LEVEL_BITS)]
        self.extend(hashes)

    def extend(self, hashes: bytes) -> None:
        """Add hashes, and the nodes above that they complete."""
        self.hashes += hashes
        below = self._above[0]
        fresh = bytes(self.hashes[_PAIR * len(below) :])
        _hash_pairs([fresh[at : at + _PAIR] for at in range(0, len(fresh) - HASH_BYTES, _PAIR)], below)
        for level in self._above[1:]:
            first = 2 * len(level)
            if len(below) - first < 2:
                return
            _hash_pairs(map(add, below[first::2], below[first + 1 :: 2]), level)
            below = level

    def at(self, level: int, place: int) -> bytes:
        """Return a node: of level 0 are the hashes themselves, of level 8 the root of a full tile."""
        if level:
            return self._above[level - 1][place]
        if not (found := bytes(self.hashes[HASH_BYTES * place : HASH_BYTES * (place + 1)])):
            raise IndexError("the tile has no such hash")
        return found

    @property
    def full(self) -> bool:
        """Return whether the tile takes no more."""
        return len(self.hashes) == TILE * HASH_BYTES


def _hash_pairs(pairs: Iterable[bytes], nodes: list[bytes]) -> None:
    """Append the node over each pair of hashes."""
    # Written out: a call for each node would cost half as much as its hash.
    begun = _NODE.copy
    for pair in pairs:
        node = begun()
        node.update(pair)
        nodes.append(node.digest())


class TileReader:
    """The tree of `size` leaves, read from tiles; what is fetched is trusted only as far as a proof is."""

    def __init__(self, fetch: Fetch, size: int) -> None:
        self.size = size
        self._fetch = fetch
        self._kept: OrderedDict[tuple[int, int], TileNodes] = OrderedDict()
        # A bundle can be 16 MiB, so only the last one is kept.
        self._bundle: tuple[Resource, list[bytes]] | None = None

    def subtree(self, level: int, index: int) -> bytes:
        """Return the hash of the complete subtree over leaves [index << level, (index + 1) << level)."""
        if not 0 <= index < self.size >> level:
            raise BadUse("the tree has no such subtree", got=f"level {level}, index {index}")
        tile_level, above = divmod(level, LEVEL_BITS)
        tile_index, place = divmod(index, TILE >> above)
        return self._tile(tile_level, tile_index).at(above, place)

    def entry(self, index: int) -> bytes:
        """Return an entry as its bundle holds it."""
        if not 0 <= index < self.size:
            raise BadUse("the log has no such entry", expected=f"an index below {self.size}", got=str(index))
        resource = self._resource("entries", 0, index // TILE)
        if self._bundle is None or self._bundle[0] != resource:
            self._bundle = resource, decode_bundle(self._fetch(resource.path), count=resource.width)
        return self._bundle[1][index % TILE]

    def _tile(self, level: int, index: int) -> TileNodes:
        found = self._kept.get((level, index))
        if found is not None:
            self._kept.move_to_end((level, index))
            return found
        resource = self._resource("tile", level, index)
        data = self._fetch(resource.path)
        if len(data) != resource.width * HASH_BYTES:
            raise InvalidTile(
                "a tile has the wrong length",
                where=resource.path,
                expected=f"{resource.width * HASH_BYTES} bytes",
                got=f"{len(data)} bytes",
            )
        found = self._kept[level, index] = TileNodes(data)
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return found

    def _resource(self, kind: str, level: int, index: int) -> Resource:
        members = self.size >> (LEVEL_BITS * level)
        width = min(TILE, members - index * TILE)
        return Resource("entries" if kind == "entries" else "tile", level, index, width)
