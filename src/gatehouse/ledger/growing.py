"""The tree of a log that grows: its right edge in memory, the rest in stored tiles.

Complete subtrees never change, so a tree answers for each of its earlier sizes while it grows; one thread
appends, any may read below a size that it knows to be complete.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from gatehouse.ledger.committer import Storage, Tile
from gatehouse.ledger.layout import LEVEL_BITS, TILE
from gatehouse.ledger.merkle import EMPTY_ROOT, leaf_hash, node_hash, root
from gatehouse.ledger.tiles import TileNodes

# Full tiles that were at the edge lately stay at hand: receipts of a batch look into the last few.
_KEPT = 64
_LOADED = 256


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
                hashes = list(map(leaf_hash, storage.entries(first, members)))
            else:
                hashes = storage.roots(level - 1, first, members)
            self._edges[level, first // TILE] = TileNodes(b"".join(hashes))
            members >>= LEVEL_BITS
            level += 1

    def extend(self, leaves: list[bytes]) -> list[Tile]:
        """Append leaf hashes and return the tiles that they fill."""
        filled: list[Tile] = []
        self._extend(0, self.size, leaves, filled)
        self.size += len(leaves)
        return filled

    def _extend(self, level: int, at: int, hashes: list[bytes], filled: list[Tile]) -> None:
        while hashes:
            key = level, at // TILE
            edge = self._edges.get(key)
            if edge is None:
                edge = self._edges[key] = TileNodes()
            part = hashes[: TILE - at % TILE]
            edge.extend(b"".join(part))
            if edge.full:
                tile = Tile(*key, edge.at(LEVEL_BITS, 0), bytes(edge.hashes))
                filled.append(tile)
                self._retire(key)
                self._extend(level + 1, at // TILE, [tile.root], filled)
            at += len(part)
            hashes = hashes[len(part) :]

    def subtree(self, level: int, index: int) -> bytes:
        """Return the hash of the complete subtree over leaves [index << level, (index + 1) << level)."""
        tile_level, above = divmod(level, LEVEL_BITS)
        tile_index, place = divmod(index, TILE >> above)
        return self.nodes(tile_level, tile_index).at(above, place)

    def nodes(self, level: int, index: int) -> TileNodes:
        """Return the nodes of a tile."""
        found = self._edges.get((level, index))
        if found is None:
            found = self._stored(level, index)
        return found

    def root(self) -> bytes:
        """Return the root of the tree."""
        return root(self, self.size)

    def _retire(self, key: tuple[int, int]) -> None:
        self._full.append(key)
        if len(self._full) > _KEPT:
            del self._edges[self._full.pop(0)]


class Proofs:
    """The root of one size of a growing tree, and its inclusion proofs; what these share is found once."""

    def __init__(self, tree: GrowingTree, size: int) -> None:
        self.size = size
        self.tree = tree
        # For each level, the root over the leaves below its last node, which need not be complete.
        self._last: list[bytes] = []
        self._above: dict[int, tuple[bytes, ...]] = {}
        if size:
            level, last = 0, size - 1
            found = tree.subtree(0, last)
            self._last.append(found)
            while last:
                if last & 1:
                    found = node_hash(tree.subtree(level, last - 1), found)
                self._last.append(found)
                level, last = level + 1, last >> 1

    @property
    def root(self) -> bytes:
        """Return the root of the tree."""
        return self._last[-1] if self._last else EMPTY_ROOT

    def inclusion(self, index: int) -> tuple[bytes, ...]:
        """Return the proof of an entry of the tree, leaf side first."""
        tile = index // TILE
        above = self._above.get(tile)
        if above is None:
            above = self._above[tile] = tuple(self._path(tile, LEVEL_BITS))
        nodes, node, last = self.tree.nodes(0, tile), index, self.size - 1
        proof = []
        for level in range(LEVEL_BITS):
            if node & 1:
                proof.append(nodes.at(level, node - 1 & _PLACES[level]))
            elif node + 1 < last:
                proof.append(nodes.at(level, node + 1 & _PLACES[level]))
            elif node + 1 == last:
                proof.append(self._last[level])
            node, last = node >> 1, last >> 1
        return (*proof, *above)

    def _path(self, node: int, level: int) -> Iterator[bytes]:
        """Yield the proof of a complete subtree."""
        last = self.size - 1 >> level
        while last:
            if node & 1:
                yield self.tree.subtree(level, node - 1)
            elif node + 1 < last:
                yield self.tree.subtree(level, node + 1)
            elif node + 1 == last:
                yield self._last[level]
            node, last, level = node >> 1, last >> 1, level + 1


_PLACES = tuple((TILE >> level) - 1 for level in range(LEVEL_BITS))


def _load(storage: Storage, level: int, index: int) -> TileNodes:
    hashes = storage.tile(level, index)
    if hashes is None:
        raise LookupError(f"the tile of level {level}, index {index} is not full")
    return TileNodes(hashes)
