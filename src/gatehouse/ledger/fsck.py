"""Whether a stored log is what its entries say: everything else is derived from them anew and compared.

This finds damage and clumsy changes. Whoever holds the log's key and its disk can rewrite all of it; that is
found by others, who keep an old checkpoint, a receipt, or a witness's memory (`gatehouse.ledger.verify`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gatehouse.ledger import layout
from gatehouse.ledger.chains import Chains
from gatehouse.ledger.checkpoint import Checkpoint
from gatehouse.ledger.committer import Chain, Head, StoredCheckpoint, Tile
from gatehouse.ledger.errors import LogCorrupt, PolicyNotMet
from gatehouse.ledger.growing import GrowingTree
from gatehouse.ledger.layout import CHECKPOINT, TILE, Resource
from gatehouse.ledger.merkle import HASH_BYTES, leaf_hash
from gatehouse.ledger.note import open_note, split_note
from gatehouse.ledger.policy import Policy
from gatehouse.ledger.source import Directory, NotServed
from gatehouse.ledger.sqlite_storage import Contents, SqliteStorage
from gatehouse.ledger.verify import Trust, leftovers
from gatehouse.ledger.view import LogView

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found sound; the last `unpublished` entries are in no checkpoint that others may see."""

    origin: str
    size: int
    root: bytes
    checkpoints: int
    agencies: int
    tiles: int
    unpublished: int


def fsck(
    path: Path,
    *,
    keys: Sequence[str] | None = None,
    policy: Policy | None = None,
    exported: Path | None = None,
    progress: Progress | None = None,
) -> Checked:
    """Check a log in a file, and the directory that it was exported to; `LogCorrupt` says what and where.

    `PolicyNotMet` says that nothing is damaged, and the exported checkpoint bears too few cosignatures for
    the policy as it is now; after it was tightened that is so until the log publishes again.

    `keys` (vkeys) are whom the reader trusts; without them the keys count that the file itself names. What
    was exported is held to the `policy` too, as whoever reads it there does.
    `progress` is told of entries done and in all.
    """
    storage = SqliteStorage(path)
    try:
        return _Check(storage, keys, policy, progress).run(exported)
    finally:
        storage.close()


class _Check:
    def __init__(
        self,
        storage: SqliteStorage,
        keys: Sequence[str] | None,
        policy: Policy | None,
        progress: Progress | None,
    ) -> None:
        self._storage = storage
        self._keys = keys
        self._policy = policy
        self._progress = progress
        self._chains = Chains()
        self._at: datetime | None = None

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
        head = contents.head
        self._equal(
            "the log's time is not its newest checkpoint's",
            "the head",
            head.newest.at.isoformat(),
            head.at.isoformat(),
        )
        shown = head.published.size if exported is None else self._exported(exported, head)
        return Checked(
            head.origin, size, head.newest.root, len(contents.sizes), len(derived), tiles, size - shown
        )

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
        note = open_note(stored.note, keys=self._trusted(contents.head, tree.size))
        body = Checkpoint(contents.head.origin, tree.size, tree.root())
        self._equal("a checkpoint was signed with another text", where, body.text, note.text)
        self._time(stored, where)

    def _trusted(self, head: Head, size: int) -> list[str]:
        """Return who may have signed the checkpoint of a size: an older one may bear a key since replaced."""
        newest = size == head.newest.size
        return list(self._keys if self._keys is not None and newest else head.keys)

    def _time(self, stored: StoredCheckpoint, where: str) -> None:
        """Hold a checkpoint's time to the one before, and to the last hour that its entries show."""
        hours = [datetime.fromisoformat(self._chains.hour)] if self._chains.hour else []
        earliest = max([*hours, *([self._at] if self._at else [])], default=stored.at)
        if stored.at < earliest:
            raise self._corrupt(
                "a checkpoint is older than what it is over",
                where,
                f"{earliest.isoformat()} or later",
                stored.at.isoformat(),
            )
        self._at = stored.at

    def _exported(self, directory: Path, head: Head) -> int:
        """Compare what was exported, up to its own checkpoint, byte for byte; nothing may lie beyond it.

        Returns the size of that checkpoint.
        """
        source = Directory(directory)
        note = source.checkpoint()
        text, _ = split_note(note)
        exported, size = Checkpoint.parse(text), head.newest.size
        stored = self._storage.checkpoint(exported.size) if exported.size <= size else None
        own = None if stored is None else split_note(stored.note)[0]
        if own != text:
            raise self._corrupt(
                "the exported checkpoint is not one of this log",
                str(directory / CHECKPOINT),
                _in_a_line(own) if own else f"a size that was committed, at most {size}",
                _in_a_line(text),
            )
        trust = Trust.of(self._trusted(head, exported.size), self._policy)
        assert trust is not None
        opened = trust.open(note)
        view = LogView(self._storage)
        for resource in layout.tiles(exported.size):
            self._same(directory / resource.path, _exported_part(source, resource), view.part(resource))
        leftovers(source, exported, trust)
        # Last: damage must not hide behind a policy that is not met yet.
        try:
            trust.check(opened)
        except PolicyNotMet as error:
            error.what = f"all is as the entries say, but the exported checkpoint: {error.what}"
            error.where = str(directory / CHECKPOINT)
            error.hint = (
                "the policy may ask for more than when it was published: "
                "`gatehouse ledger publish` asks the witnesses again"
            )
            raise
        return exported.size

    def _same(self, file: Path, data: bytes, expected: bytes) -> None:
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


def _exported_part(source: Directory, resource: Resource) -> bytes:
    try:
        return source.fetch(resource.path)
    except NotServed as error:
        raise LogCorrupt(
            "an exported file is missing", where=error.where, expected="a file", got="none"
        ) from error


def _in_a_line(text: str) -> str:
    return text.rstrip("\n").replace("\n", ", ")
