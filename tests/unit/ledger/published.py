"""Logs, keys and witnesses made in memory, for tests of those who read a log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gatehouse.ledger.checkpoint import Checkpoint
from gatehouse.ledger.commitment import FIELDS
from gatehouse.ledger.encoding import to_base64
from gatehouse.ledger.entry import Leaf
from gatehouse.ledger.layout import encode_bundle, tiles
from gatehouse.ledger.merkle import consistency_proof, leaf_hash, node_hash, root
from gatehouse.ledger.note import COSIGNATURE, ED25519, NoteSigner, sign_note

ORIGIN = "log.example/county"
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
PACK = b"\x11" * 32


class Key:
    """An Ed25519 key made from a word, so that a test's texts are the same every time."""

    def __init__(self, word: str) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(sha256(word.encode()).digest())

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)

    def public_key(self) -> bytes:
        return self._key.public_key().public_bytes_raw()


def log_signer(word: str = "log", *, origin: str = ORIGIN) -> NoteSigner:
    return NoteSigner(origin, Key(word), ED25519)


def witness_signer(name: str = "witness.example/w1") -> NoteSigner:
    return NoteSigner(name, Key(name), COSIGNATURE)


@dataclass(frozen=True, slots=True)
class Tree:
    """A log as a list of its entries."""

    entries: tuple[bytes, ...]
    signer: NoteSigner

    @classmethod
    def of(cls, entries: Sequence[bytes], *, signer: NoteSigner | None = None) -> Tree:
        return cls(tuple(entries), signer or log_signer())

    @classmethod
    def counted(cls, size: int, word: str = "entry") -> Tree:
        return cls.of([f"{word} {number}".encode() for number in range(size)])

    def subtree(self, level: int, index: int) -> bytes:
        if level == 0:
            return leaf_hash(self.entries[index])
        return node_hash(self.subtree(level - 1, 2 * index), self.subtree(level - 1, 2 * index + 1))

    def root(self, size: int | None = None) -> bytes:
        return root(self, len(self.entries) if size is None else size)

    def proof(self, size1: int, size2: int | None = None) -> list[bytes]:
        return consistency_proof(self, size1=size1, size2=len(self.entries) if size2 is None else size2)

    def checkpoint(self, size: int | None = None, *, signers: Sequence[NoteSigner] | None = None) -> str:
        """Return the signed checkpoint of the first `size` entries."""
        size = len(self.entries) if size is None else size
        text = Checkpoint(self.signer.name, size, self.root(size)).text
        return sign_note(text, signers=signers or [self.signer], at=None)

    def request(self, old: int, size: int | None = None, *, proof: Sequence[bytes] | None = None) -> bytes:
        """Return the body of an add-checkpoint request."""
        size = len(self.entries) if size is None else size
        if proof is None:
            proof = self.proof(old, size) if old <= size else []
        lines = "".join(f"{to_base64(each)}\n" for each in proof)
        return f"old {old}\n{lines}\n{self.checkpoint(size)}".encode()

    def part(self, path: str) -> bytes:
        """Return the tile or bundle at a path."""
        from gatehouse.ledger.layout import parse_path

        resource = parse_path(path)
        if resource.kind == "entries":
            return encode_bundle(self.entries[resource.first : resource.end])
        return b"".join(
            self.subtree(8 * resource.level, index) for index in range(resource.first, resource.end)
        )

    def publish(self, folder: Path, size: int | None = None) -> Path:
        """Write the first `size` entries as tlog-tiles lays them out, and the checkpoint last."""
        size = len(self.entries) if size is None else size
        shown = Tree(self.entries[:size], self.signer)
        for resource in tiles(size):
            path = folder / resource.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(shown.part(resource.path))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "checkpoint").write_text(shown.checkpoint())
        return folder


class Book:
    """A log of leaves under way: keeps each agency's chain as a log would."""

    def __init__(self) -> None:
        self.entries: list[bytes] = []
        self._chains: dict[str, tuple[int, bytes]] = {}

    def add(self, event: str, *, agency: str = "alder-pd", hours: int = 0) -> int:
        """Append an entry `hours` after noon and return its index."""
        sequence, previous = self._chains.get(agency, (-1, None))
        entry = leaf(event, agency=agency, sequence=sequence + 1, previous=previous, hours=hours)
        self._chains[agency] = (sequence + 1, leaf_hash(entry))
        self.entries.append(entry)
        return len(self.entries) - 1

    def tree(self) -> Tree:
        return Tree.of(self.entries)


def leaf(
    event: str,
    *,
    agency: str = "alder-pd",
    sequence: int = 0,
    previous: bytes | None = None,
    hours: int = 0,
) -> bytes:
    """Return an entry whose commitments are of nothing in particular."""
    commitments = {
        field: sha256(f"{agency} {sequence} {event} {field}".encode()).digest() for field in FIELDS
    }
    return Leaf(event, agency, sequence, previous, NOON + timedelta(hours=hours), PACK, commitments).entry
