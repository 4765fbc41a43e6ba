"""Proof that a log has shown two histories, which anybody can check with the log's key alone.

Two checkpoints of one size with two roots are the proof themselves. Of different sizes it takes one thing
more: what the larger tree begins with at the size of the smaller one, and the consistency proof (RFC 6962,
section 2.1.2) that it does. If that beginning is not the root that the log has signed for that size, no one
tree can have both. The log's signatures are over both checkpoints, so nobody else can make such evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gatehouse.ledger.checkpoint import Checkpoint
from gatehouse.ledger.errors import SplitView
from gatehouse.ledger.merkle import HASH_BYTES, Subtrees, consistency_proof, root, verify_consistency

if TYPE_CHECKING:
    from gatehouse.ledger.verify import Trust


def beginning_proof(subtrees: Subtrees, *, size: int, of: int) -> tuple[str, ...]:
    """Return what a tree of `of` entries begins with at `size`, and the proof of it, in hex."""
    return tuple(
        each.hex() for each in (root(subtrees, size), *consistency_proof(subtrees, size1=size, size2=of))
    )


def check_split_view(notes: Sequence[str], proof: Sequence[str], *, trust: Trust, origin: str | None) -> None:
    """Refuse what does not prove that one log has signed two histories; raises `VerificationError`."""
    if len(notes) != 2:
        raise SplitView("a split view is of two checkpoints", expected="2 notes", got=str(len(notes)))
    first, second = sorted(
        (trust.open(each, origin=origin).checkpoint for each in notes), key=lambda each: each.size
    )
    _check_apart(first, second, proof)


def _check_apart(first: Checkpoint, second: Checkpoint, proof: Sequence[str]) -> None:
    if first.origin != second.origin:
        raise SplitView("the checkpoints are of two logs", expected=first.origin, got=second.origin)
    if first.size == second.size:
        beginning = second.root
    elif first.size == 0:
        raise SplitView("every tree begins with the empty one", expected="two sizes above 0", got="0")
    else:
        try:
            hashes = [bytes.fromhex(each) for each in proof]
        except ValueError:
            hashes = []
        if not hashes or any(len(each) != HASH_BYTES for each in hashes):
            raise SplitView(
                "checkpoints of two sizes need a proof",
                expected=f"what {second.size} entries begin with at {first.size}",
                got=f"{len(proof)} lines",
            )
        beginning = hashes[0]
        verify_consistency(
            size1=first.size, size2=second.size, root1=beginning, root2=second.root, proof=hashes[1:]
        )
    if beginning == first.root:
        raise SplitView(
            "one tree can have both checkpoints", expected=f"another root than {first.root.hex()}", got="it"
        )
