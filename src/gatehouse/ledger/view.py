"""What others may see of a log: everything below the published checkpoint, and nothing beyond it.

A tile or entry beyond it could still turn out otherwise after a crash, and whoever had seen it would keep it
for good, since tiles never change.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Self

from gatehouse.ledger import merkle
from gatehouse.ledger.committer import Storage, StoredCheckpoint
from gatehouse.ledger.errors import LogCorrupt
from gatehouse.ledger.growing import GrowingTree, Proofs
from gatehouse.ledger.layout import CHECKPOINT, LEVEL_BITS, Resource, encode_bundle, parse_path
from gatehouse.ledger.merkle import HASH_BYTES, leaf_hash
from gatehouse.ledger.receipt import Receipt
from gatehouse.model import BadInput, BadUse


class LogView:
    """Reads of a log. Opened by itself it needs no lease, so it works while another process appends."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._last: Proofs | None = None

    @classmethod
    def read(cls, path: Path) -> LogView:
        """Open the log in a file for reading only."""
        from gatehouse.ledger.sqlite_storage import SqliteStorage

        return LogView(SqliteStorage(path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the log."""
        self._storage.close()

    @property
    def origin(self) -> str:
        """Return the log's name."""
        return self._storage.head().origin

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the vkeys that the log has signed with, the newest last."""
        return self._storage.head().keys

    @property
    def size(self) -> int:
        """Return how many entries are durable, published or not."""
        return self._storage.head().newest.size

    @property
    def at(self) -> datetime:
        """Return the time of the last entry, which no later one comes before."""
        return self._storage.head().at

    def checkpoint(self) -> str:
        """Return the published checkpoint: the newest that satisfied the log's witness policy of its time.

        What was published stays so when the policy asks for more; `Log.publish` has it cosigned.
        """
        return self._published().note

    def committed(self) -> str:
        """Return the newest checkpoint that is durable; its entries may lack witnesses."""
        return self._storage.head().newest.note

    def entry(self, index: int) -> bytes:
        """Return an entry below the published checkpoint."""
        size = self._published().size
        if not 0 <= index < size:
            raise BadUse("no such entry is published", expected=f"an index below {size}", got=str(index))
        return self._storage.entries(index, index + 1)[0]

    def proof(self, index: int, size: int | None = None) -> list[bytes]:
        """Return the proof that entry `index` is in the tree of `size` entries, or of the published size."""
        size = self._within(size)
        if not 0 <= index < size:
            raise BadUse("the entry lies outside the tree", expected=f"below {size}", got=str(index))
        return list(self._proofs(size).inclusion(index))

    def proofs(self, size: int | None = None) -> Proofs:
        """Return the proofs of the tree of `size` entries, or of the published size, to ask for many."""
        return self._proofs(self._within(size))

    def consistency(self, size1: int, size2: int | None = None) -> list[bytes]:
        """Return the proof that the tree of `size1` entries begins that of `size2`, or the published one."""
        size2 = self._within(size2)
        return merkle.consistency_proof(self._proofs(size2).tree, size1=size1, size2=size2)

    def receipt(self, index: int) -> Receipt:
        """Return the receipt of an entry under the published checkpoint."""
        found = self._published()
        return Receipt(index, tuple(self.proof(index, found.size)), found.note)

    def fetch(self, path: str) -> bytes:
        """Return what C2SP tlog-tiles serves at a path; what is not published is `BadInput`."""
        published = self._published()
        if path == CHECKPOINT:
            return published.note.encode()
        resource = parse_path(path)
        if resource.end > published.size >> (LEVEL_BITS * resource.level):
            raise BadInput(
                "no tile lies there yet", where=path, expected=f"a part of {published.size} entries"
            )
        return self.part(resource)

    def part(self, resource: Resource) -> bytes:
        """Return a tile or bundle as the entries make it, published or not."""
        if resource.kind == "entries":
            return encode_bundle(self._storage.entries(resource.first, resource.end))
        full = self._storage.tile(resource.level, resource.index)
        if full is not None:
            return full[: resource.width * HASH_BYTES]
        if resource.level == 0:
            return b"".join(map(leaf_hash, self._storage.entries(resource.first, resource.end)))
        return b"".join(self._storage.roots(resource.level - 1, resource.first, resource.end))

    def _published(self) -> StoredCheckpoint:
        return self._storage.published()

    def _within(self, size: int | None) -> int:
        published = self._published().size
        if size is None:
            return published
        if not 0 <= size <= published:
            raise BadUse(
                "no such tree is published", expected=f"a size of at most {published}", got=str(size)
            )
        return size

    def _proofs(self, size: int) -> Proofs:
        # Whoever comes second may do the same work again; what either finds is the same.
        found = self._last
        if found is None or found.size != size:
            found = Proofs(GrowingTree(self._storage, size), size)
            signed = self._storage.checkpoint(size)
            if signed is not None and signed.root != found.root:
                raise LogCorrupt(
                    "the stored tree has another root than its checkpoint",
                    where=f"{self._storage.where}, size {size}",
                    expected=signed.root.hex(),
                    got=found.root.hex(),
                    hint="`gatehouse ledger fsck` says what has changed",
                )
            self._last = found
        return found
