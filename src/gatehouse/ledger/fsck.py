"""Whether a stored log is what its entries say: everything else is derived from them anew and compared.

This finds damage and clumsy changes. Whoever holds the log's key and its disk can rewrite all of it; that is
found by others, who keep an old checkpoint, a receipt, or a witness's memory (`gatehouse.ledger.verify`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gatehouse.ledger import layout
from gatehouse.ledger.chains import Chains
from gatehouse.ledger.checkpoint import Checkpoint
from gatehouse.ledger.committer import Chain, Tile
from gatehouse.ledger.errors import LogCorrupt
from gatehouse.ledger.growing import GrowingTree
from gatehouse.ledger.layout import CHECKPOINT, TILE
from gatehouse.ledger.merkle import HASH_BYTES, leaf_hash
from gatehouse.ledger.note import open_note, split_note
from gatehouse.ledger.sqlite_storage import Contents, SqliteStorage
from gatehouse.ledger.view import LogView

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found sound."""

    origin: str
    size: int
    root: bytes
    checkpoints: int
    agencies: int
    tiles: int


def fsck(
    path: Path,
    *,
    keys: Sequence[str] | None = None,
    exported: Path | None = None,
    progress: Progress | None = None,
) -> Checked:
    """Check a log in a file, and the directory that it was exported to; `LogCorrupt` says what and where.

    `keys` (vkeys) are whom the reader trusts; without them the keys count that the file itself names.
    `progress` is told of entries done and in all.
    """
    storage = SqliteStorage(path)
    try:
        return _Check(storage, keys, progress).run(exported)
    finally:
        storage.close()


class _Check:
    def __init__(self, storage: SqliteStorage, keys: Sequence[str] | None, progress: Progress | None) -> None:
        self._storage = storage
        self._keys = keys
        self._progress = progress
        self._chains = Chains()

    def run(self, exported: Path | None) -> Checked:
        damage = self._storage.damage()
        if damage is not None:
            raise self._corrupt("the file is damaged", "its pages", "a sound database", damage)
        contents = self._storage.contents()
        size = contents.head.newest.size
        if contents.entries != size:
            raise self._corrupt(
                "the newest checkpoint is over another number of entries",
                "the entries",
                size,
                contents.entries,
            )
        tiles = self._tree(contents)
        derived = {
            agency: Chain(at.sequence, bytes.fromhex(at.leaf)) for agency, at in self._chains.agencies.items()
        }
        self._equal("an agency's last entry is another", "the chains", derived, contents.chains)
        if exported is not None:
            self._exported(exported, size)
        head = contents.head
        return Checked(head.origin, size, head.newest.root, len(contents.sizes), len(derived), tiles)

    def _tree(self, contents: Contents) -> int:
        """Build the tree from the entries, comparing tiles and checkpoints as they come; count the tiles."""
        tree, sizes, full = GrowingTree(self._storage, 0), set(contents.sizes), 0
        self._checkpoint(tree, contents)
        for index, entry in enumerate(self._entries(contents.entries)):
            leaf = leaf_hash(entry)
            self._chains.check(index, entry, leaf)
            for tile in tree.extend([leaf]):
                self._tile(tile)
                full += 1
            if tree.size in sizes:
                self._checkpoint(tree, contents)
        if contents.tiles != full:
            raise self._corrupt("tiles are stored that no entries make", "the tiles", full, contents.tiles)
        return full

    def _entries(self, size: int) -> Iterator[bytes]:
        for first in range(0, size, TILE):
            if self._progress is not None:
                self._progress(first, size)
            yield from self._storage.entries(first, min(first + TILE, size))

    def _tile(self, tile: Tile) -> None:
        where = f"tile {tile.index} of level {tile.level}"
        stored = self._storage.tile(tile.level, tile.index)
        if stored is None:
            raise self._corrupt("a full tile is missing", where, "256 hashes", "none")
        for at in range(0, len(tile.hashes), HASH_BYTES):
            if stored[at : at + HASH_BYTES] != tile.hashes[at : at + HASH_BYTES]:
                raise self._corrupt(
                    "a tile is not what its entries make",
                    f"{where}, hash {at // HASH_BYTES}",
                    tile.hashes[at : at + HASH_BYTES].hex(),
                    stored[at : at + HASH_BYTES].hex() or "nothing",
                )
        roots = self._storage.roots(tile.level, tile.index, tile.index + 1)
        self._equal("a tile has another root", where, tile.root.hex(), roots[0].hex())

    def _checkpoint(self, tree: GrowingTree, contents: Contents) -> None:
        """Compare the checkpoint of the tree's size, and check who has signed it."""
        where = f"the checkpoint of size {tree.size}"
        stored = self._storage.checkpoint(tree.size)
        if stored is None:
            raise self._corrupt("a checkpoint is missing", where, "one", "none")
        self._equal("a checkpoint has another root", where, tree.root().hex(), stored.root.hex())
        newest = tree.size == contents.head.newest.size
        trusted = self._keys if self._keys is not None and newest else contents.head.keys
        note = open_note(stored.note, keys=list(trusted))
        body = Checkpoint(contents.head.origin, tree.size, tree.root())
        self._equal("a checkpoint was signed with another text", where, body.text, note.text)

    def _exported(self, directory: Path, size: int) -> None:
        """Compare what was exported, up to its own checkpoint, byte for byte."""
        path = directory / CHECKPOINT
        exported = Checkpoint.parse(split_note(_read(path))[0])
        stored = self._storage.checkpoint(exported.size) if exported.size <= size else None
        if stored is None or stored.root != exported.root:
            raise self._corrupt(
                "the exported checkpoint is not one of this log",
                str(path),
                stored.root.hex() if stored else f"a size that was committed, at most {size}",
                f"{exported.root.hex()}, size {exported.size}",
            )
        view = LogView(self._storage)
        for resource in layout.tiles(exported.size):
            file = directory / resource.path
            data, expected = _read(file), view.part(resource)
            if data != expected:
                pairs = enumerate(zip(data, expected, strict=False))
                at = next((n for n, (a, b) in pairs if a != b), min(len(data), len(expected)))
                raise self._corrupt(
                    "an exported file has other bytes",
                    str(file),
                    f"{len(expected)} bytes",
                    f"{len(data)} bytes, the first other one at {at}",
                )

    def _equal(self, what: str, where: str, expected: object, got: object) -> None:
        if expected != got:
            raise self._corrupt(what, where, expected, got)

    def _corrupt(self, what: str, where: str, expected: object, got: object) -> LogCorrupt:
        return LogCorrupt(what, where=f"{self._storage.where}, {where}", expected=str(expected), got=str(got))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise LogCorrupt(
            "an exported file is missing", where=str(path), expected="a file", got="none"
        ) from error
