"""Receipts by C2SP tlog-proof: all that it takes to check offline that an entry is in a log."""

from __future__ import annotations

from dataclasses import dataclass

from gatehouse.ledger.checkpoint import Checkpoint, open_checkpoint
from gatehouse.ledger.encoding import from_base64, from_decimal, to_base64
from gatehouse.ledger.errors import InvalidReceipt
from gatehouse.ledger.merkle import HASH_BYTES, leaf_hash, verify_inclusion
from gatehouse.ledger.policy import Policy

_HEADER = "c2sp.org/tlog-proof@v1"
# A tree of 2^63 leaves is 63 levels high.
_LONGEST_PROOF = 63


@dataclass(frozen=True, slots=True)
class Receipt:
    """An entry's place, the proof, and the signed checkpoint, as `checkpoint` came.

    Nothing signs `extra`: whoever reads it MUST NOT trust it.
    """

    index: int
    proof: tuple[bytes, ...]
    checkpoint: str
    extra: bytes | None = None

    @property
    def text(self) -> str:
        """Return the receipt as a file holds it (`.tlog-proof`)."""
        lines = [_HEADER]
        if self.extra is not None:
            lines.append(f"extra {to_base64(self.extra)}")
        lines += [f"index {self.index}", *map(to_base64, self.proof), "", self.checkpoint]
        return "\n".join(lines)

    @classmethod
    def parse(cls, text: str) -> Receipt:
        """Read a receipt, which has one spelling; else `InvalidReceipt`."""
        head, _, checkpoint = text.partition("\n\n")
        header, *lines = head.split("\n")
        try:
            if header != _HEADER:
                raise ValueError("another first line")
            extra = None
            if lines and lines[0].startswith("extra "):
                extra = from_base64(lines.pop(0).removeprefix("extra "))
            if not lines or not lines[0].startswith("index "):
                raise ValueError("no index")
            index = from_decimal(lines.pop(0).removeprefix("index "))
            proof = tuple(map(from_base64, lines))
            if len(proof) > _LONGEST_PROOF or any(len(each) != HASH_BYTES for each in proof):
                raise ValueError("hashes of the wrong length or number")
            found = cls(index, proof, checkpoint, extra)
            if found.text != text:
                raise ValueError("another spelling")
        except ValueError as error:
            raise InvalidReceipt(
                "the text is no receipt", expected=f"a text by {_HEADER}", got=str(error)
            ) from error
        return found

    def verify(self, entry: bytes, *, policy: Policy) -> Checkpoint:
        """Return the checkpoint that proves the entry to be in a log of the policy; raise if none does."""
        return self.verify_leaf(leaf_hash(entry), policy=policy)

    def verify_leaf(self, leaf: bytes, *, policy: Policy) -> Checkpoint:
        """Do the same for an entry of which only the hash is at hand."""
        signed = open_checkpoint(self.checkpoint, keys=policy.keys)
        policy.check(signed.note)
        found = signed.checkpoint
        # A log that is trusted for its own entries is not trusted for another's.
        signed_by = {(each.name, each.key_id) for each in signed.note.signatures}
        logs = {each.key.name for each in policy.logs if (each.key.name, each.key.key_id) in signed_by}
        if found.origin not in logs:
            raise InvalidReceipt(
                "the receipt is of another log", expected=" or ".join(sorted(logs)), got=found.origin
            )
        verify_inclusion(
            index=self.index, size=found.size, leaf_hash=leaf, proof=list(self.proof), root=found.root
        )
        return found
