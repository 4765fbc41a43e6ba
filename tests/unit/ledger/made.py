"""Keys, checkpoints and receipts for tests: every key comes from a number, so that all bytes repeat."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gatehouse.ledger.checkpoint import Checkpoint
from gatehouse.ledger.encoding import to_base64
from gatehouse.ledger.note import COSIGNATURE, ED25519, NoteSigner, sign_note
from gatehouse.ledger.receipt import Receipt
from tests.unit.ledger.naive import NaiveTree

ORIGIN = "log.example/main"
NOW = 1_760_000_000


@dataclass(frozen=True, slots=True)
class SeededKey:
    """An Ed25519 key whose private half is a number."""

    seed: int

    def sign(self, message: bytes) -> bytes:
        """Return the signature."""
        return self._key.sign(message)

    def public_key(self) -> bytes:
        """Return the public half."""
        return self._key.public_key().public_bytes_raw()

    @property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed.to_bytes(32, "big"))


def log_key(name: str = ORIGIN, seed: int = 1) -> NoteSigner:
    """Return the key of a log."""
    return NoteSigner(name, SeededKey(seed), ED25519)


def witness_key(number: int, name: str | None = None) -> NoteSigner:
    """Return the key of a witness."""
    return NoteSigner(name or f"witness{number}.example", SeededKey(1000 + number), COSIGNATURE)


def vkey_text(name: str, kind: int, public: bytes, *, key_id: str | None = None) -> str:
    """Return the text of a verifier key, sound or not."""
    body = bytes([kind]) + public
    own_id = hashlib.sha256(name.encode() + b"\n" + body).hexdigest()[:8]
    return f"{name}+{own_id if key_id is None else key_id}+{to_base64(body)}"


def checkpoint_note(
    tree: NaiveTree,
    size: int | None = None,
    *,
    origin: str = ORIGIN,
    signers: Sequence[NoteSigner] | None = None,
) -> str:
    """Return a signed checkpoint of a tree."""
    count = len(tree.entries) if size is None else size
    text = Checkpoint(origin, count, tree.root(count)).text
    return sign_note(text, signers=[log_key(origin)] if signers is None else signers, at=NOW)


def receipt(
    tree: NaiveTree,
    index: int,
    *,
    size: int | None = None,
    origin: str = ORIGIN,
    signers: Sequence[NoteSigner] | None = None,
    extra: bytes | None = None,
) -> Receipt:
    """Return the receipt of an entry."""
    count = len(tree.entries) if size is None else size
    note = checkpoint_note(tree, count, origin=origin, signers=signers)
    return Receipt(index, tuple(tree.path(index, count)), note, extra)
