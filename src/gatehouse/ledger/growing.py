"""The tree of a log that grows: its right edge in memory, the rest in stored tiles.

Complete subtrees never change, so a tree answers for each of its earlier sizes while it grows; one thread
appends, any may read below a size that it knows to be complete.
"""

from __future__ import annotations

from functools import lru_cache

from gatehouse.ledger.committer import Storage, Tile
from gatehouse.ledger.layout import LEVEL_BITS, TILE
from gatehouse.ledger.merkle import HASH_BYTES, leaf_hash, node_hash, root

# Full tiles that were at the edge lately stay at hand: receipts of a batch look into the last few.
_KEPT = 64
_LOADED = 256


class TileNodes:
    """The nodes of one tile: `levels[0]` its hashes, `levels[8]` the root once it is full."""

    __slots__ = ("levels",)

    def __init__(self, hashes: list[bytes]) -> None:
        self.levels: list[list[bytes]] = [[] for _ in range(LEVEL_BITS + 1)]
        for each in hashes:
            self.append(each)

    def append(self, hash_: bytes) -> None:
        """Add a hash, and each node above that it completes."""
        for level in self.levels:
            level.append(hash_)
            if len(level) & 1:
                return
            hash_ = node_hash(level[-2], hash_)

    @property
    def full(self) -> bool:
        """Return whether the tile takes no more."""
        return len(self.levels[0]) == TILE

    def tile(self, level: int, index: int) -> Tile:
        """Return a full tile as it is stored."""
        return Tile(level, index, self.levels[LEVEL_BITS][0], b"".join(self.levels[0]))


class GrowingTree:
    """The tree over the first `size` entries of a store, and over those appended since."""

    def __init__(self, storage: Storage, size: int) -> None:
        self.size = size
        self._edges: dict[tuple[int, int], TileNodes] = {}  # by level and index; full ones among them
        self._full: list[tuple[int, int]] = []
        self._stored = lru_cache(maxsize=_LOADED)(lambda level, index: _load(storage, level, index))
        level, members = 0, size
        while members:
            first = members - members % TILE
            if level == 0:
                hashes = [leaf_hash(each) for each in storage.entries(first, members)]
            else:
                hashes = storage.roots(level - 1, first, members)
            self._edges[level, first // TILE] = TileNodes(hashes)
            members >>= LEVEL_BITS
            level += 1

    def append(self, leaf: bytes) -> list[Tile]:
        """Add a leaf hash and return the tiles that it fills."""
        filled: list[Tile] = []
        level, at, hash_ = 0, self.size, leaf
        while True:
            key = level, at // TILE
            edge = self._edges.get(key)
            if edge is None:
                edge = self._edges[key] = TileNodes([])
            edge.append(hash_)
            if not edge.full:
                break
            tile = edge.tile(*key)
            filled.append(tile)
            self._retire(key)
            level, at, hash_ = level + 1, at // TILE, tile.root
        self.size += 1
        return filled

    def subtree(self, level: int, index: int) -> bytes:
        """Return the hash of the complete subtree over leaves [index << level, (index + 1) << level)."""
        tile_level, above = divmod(level, LEVEL_BITS)
        tile_index, place = divmod(index, TILE >> above)
        nodes = self._edges.get((tile_level, tile_index))
        if nodes is None:
            nodes = self._stored(tile_level, tile_index)
        return nodes.levels[above][place]

    def root(self) -> bytes:
        """Return the root of the tree."""
        return root(self, self.size)

    def _retire(self, key: tuple[int, int]) -> None:
        self._full.append(key)
        if len(self._full) > _KEPT:
            del self._edges[self._full.pop(0)]


def _load(storage: Storage, level: int, index: int) -> TileNodes:
    hashes = storage.tile(level, index)
    if hashes is None:
        raise LookupError(f"the tile of level {level}, index {index} is not full")
    return TileNodes([hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)])
