"""The Merkle tree of RFC 6962: hashes, proofs, and their verification.

Verification follows the loops of RFC 9162, sections 2.1.3.2 and 2.1.4.2; proofs are made by the recursive
definitions of RFC 6962, section 2.1, so that neither side can hide the other's mistake.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Protocol

from gatehouse.ledger.errors import InvalidProof
from gatehouse.model import BadUse

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry: SHA-256 of a zero byte and the entry."""
    return sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node with two children: SHA-256 of a one byte and both."""
    return sha256(b"\1" + left + right).digest()


def verify_inclusion(*, index: int, size: int, leaf_hash: bytes, proof: list[bytes], root: bytes) -> None:
    """Check that a leaf stands at `index` of the tree of `size` leaves with a root, else `InvalidProof`."""
    if not 0 <= index < size:
        raise InvalidProof("the entry lies outside the tree", expected=f"below {size}", got=str(index))
    _are_hashes(leaf_hash, root, *proof)
    node, last, found = index, size - 1, leaf_hash
    for step in proof:
        if last == 0:
            raise _wrong_length("inclusion", len(proof), "fewer hashes")
        if node & 1 or node == last:
            found = node_hash(step, found)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, step)
        node, last = node >> 1, last >> 1
    if last:
        raise _wrong_length("inclusion", len(proof), "more hashes")
    _same(found, root, "the inclusion proof leads to another root")


def verify_consistency(*, size1: int, size2: int, root1: bytes, root2: bytes, proof: list[bytes]) -> None:
    """Check that the tree of `size1` leaves begins the tree of `size2` leaves, else `InvalidProof`.

    The empty tree begins every tree; trees of one size must have one root. Neither takes a proof.
    """
    if not 0 <= size1 <= size2:
        raise InvalidProof("a tree cannot shrink", expected=f"a size of at least {size1}", got=str(size2))
    _are_hashes(root1, root2, *proof)
    if size1 in (0, size2):
        if proof:
            raise _wrong_length("consistency", len(proof), "no hash")
        _same(root1, root2 if size1 == size2 else EMPTY_ROOT, "trees of one size have two roots")
        if size2 == 0:
            _same(root1, EMPTY_ROOT, "the empty tree has another root")
        return
    # A complete first tree is a node of the second, so its own root opens the path.
    path = [root1, *proof] if size1 & (size1 - 1) == 0 else proof
    if not path or not proof:
        raise _wrong_length("consistency", len(proof), "more hashes")
    node, last = size1 - 1, size2 - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = path[0]
    for step in path[1:]:
        if last == 0:
            raise _wrong_length("consistency", len(proof), "fewer hashes")
        if node & 1 or node == last:
            first, second = node_hash(step, first), node_hash(step, second)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            second = node_hash(second, step)
        node, last = node >> 1, last >> 1
    if last:
        raise _wrong_length("consistency", len(proof), "more hashes")
    _same(first, root1, "the consistency proof leads to another first root")
    _same(second, root2, "the consistency proof leads to another second root")


class Subtrees(Protocol):
    """Where the hashes of complete subtrees come from."""

    def subtree(self, level: int, index: int) -> bytes:
        """Return the hash of the complete subtree over leaves [index << level, (index + 1) << level)."""
        ...


def root(subtrees: Subtrees, size: int) -> bytes:
    """Return the root of the tree of the first `size` leaves."""
    return _hash_of(subtrees, 0, size) if size else EMPTY_ROOT


def inclusion_proof(subtrees: Subtrees, *, index: int, size: int) -> list[bytes]:
    """Return the proof that entry `index` stands in the tree of `size` leaves, leaf side first."""
    if not 0 <= index < size:
        raise BadUse("the entry lies outside the tree", expected=f"an index below {size}", got=str(index))
    proof, first, end = [], 0, size
    while end - first > 1:
        middle = first + _split(end - first)
        if index < middle:
            proof.append(_hash_of(subtrees, middle, end))
            end = middle
        else:
            proof.append(_hash_of(subtrees, first, middle))
            first = middle
    return proof[::-1]


def consistency_proof(subtrees: Subtrees, *, size1: int, size2: int) -> list[bytes]:
    """Return the proof that the tree of `size1` leaves begins the tree of `size2` leaves."""
    if not 0 <= size1 <= size2:
        raise BadUse("a tree cannot shrink", expected=f"a size of at least {size1}", got=str(size2))
    if size1 in (0, size2):
        return []
    proof, first, end, whole = [], 0, size2, True
    while size1 != end:
        middle = first + _split(end - first)
        if size1 <= middle:
            proof.append(_hash_of(subtrees, middle, end))
            end = middle
        else:
            proof.append(_hash_of(subtrees, first, middle))
            first, whole = middle, False
    # The first tree itself is known to whoever asks, so it is not repeated.
    return proof[::-1] if whole else [_hash_of(subtrees, first, end), *proof[::-1]]


def complete(first: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield level and index of the largest complete subtrees that make up leaves [first, end), in order."""
    while first < end:
        aligned = (first & -first).bit_length() - 1 if first else end.bit_length()
        level = min(aligned, (end - first).bit_length() - 1)
        yield level, first >> level
        first += 1 << level


def fold(hashes: Iterable[bytes]) -> bytes:
    """Return the root over the complete subtrees of a tree, given left to right."""
    parts = list(hashes)
    found = parts.pop()
    while parts:
        found = node_hash(parts.pop(), found)
    return found


class Frontier:
    """The right edge of a growing tree: the hashes of its largest complete subtrees, left to right."""

    def __init__(self, size: int = 0, nodes: Iterable[bytes] = ()) -> None:
        self.size = size
        self._nodes = list(nodes)
        _are_hashes(*self._nodes)
        if len(self._nodes) != size.bit_count():
            raise BadUse(
                "the frontier does not fit the size",
                expected=f"{size.bit_count()} hashes",
                got=str(len(self._nodes)),
            )

    @property
    def nodes(self) -> tuple[bytes, ...]:
        """Return the hashes, the largest subtree first."""
        return tuple(self._nodes)

    def append(self, leaf: bytes) -> None:
        """Add the hash of one more leaf."""
        _are_hashes(leaf)
        at = self.size
        while at & 1:
            leaf = node_hash(self._nodes.pop(), leaf)
            at >>= 1
        self._nodes.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """Return the root of the tree so far."""
        return fold(self._nodes) if self._nodes else EMPTY_ROOT


def _hash_of(subtrees: Subtrees, first: int, end: int) -> bytes:
    width = end - first
    # Nearly every part of a proof is one subtree, which a split leaves aligned to its width.
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return subtrees.subtree(level, first >> level)
    return fold(subtrees.subtree(level, index) for level, index in complete(first, end))


def _split(width: int) -> int:
    """Return the largest power of two below a width of two or more."""
    return 1 << ((width - 1).bit_length() - 1)


def _are_hashes(*hashes: bytes) -> None:
    for each in hashes:
        if len(each) != HASH_BYTES:
            raise InvalidProof("a hash has the wrong length", expected="32 bytes", got=f"{len(each)} bytes")


def _same(got: bytes, expected: bytes, what: str) -> None:
    if got != expected:
        raise InvalidProof(what, expected=expected.hex(), got=got.hex())


def _wrong_length(kind: str, got: int, expected: str) -> InvalidProof:
    return InvalidProof(f"the {kind} proof has the wrong length", expected=expected, got=f"{got} hashes")
