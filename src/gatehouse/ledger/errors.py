"""What a log shows that does not hold.

VerificationError            exit 4; `expected` and `got` quote both sides
+-- InvalidProof             a Merkle proof does not lead to the root
+-- InvalidNote              a text is no signed note
+-- InvalidSignature         a trusted key's signature does not fit the text
+-- UntrustedNote            no trusted key has signed
+-- InvalidCheckpoint        a note is no checkpoint, or not of this log
+-- InvalidTile              a tile or bundle is not what its path and the tree say
+-- InvalidEntry             an entry is no leaf, or breaks its agency's chain
+-- InvalidOpening           a disclosure does not open the commitment
+-- InvalidReceipt           a text is no receipt, or not for this entry
+-- PolicyNotMet             too few witnesses have cosigned
+-- SplitView                two signed checkpoints that no one log can have signed
+-- Rollback                 a log has become shorter, or its clock has run back
+-- LogCorrupt               the stored log contradicts itself
"""

from __future__ import annotations

from gatehouse.model import VerificationFailed


class VerificationError(VerificationFailed):
    """What a log shows does not hold."""


class InvalidProof(VerificationError):
    """A Merkle proof does not lead to the root."""


class InvalidNote(VerificationError):
    """A text is no signed note."""


class InvalidSignature(VerificationError):
    """A trusted key's signature does not fit the text."""


class UntrustedNote(VerificationError):
    """No trusted key has signed."""


class InvalidCheckpoint(VerificationError):
    """A note is no checkpoint, or not one of this log."""


class InvalidTile(VerificationError):
    """A tile or bundle is not what its path and the tree say."""


class InvalidEntry(VerificationError):
    """An entry is no leaf, or breaks its agency's chain."""


class InvalidOpening(VerificationError):
    """A disclosure does not open the commitment."""


class InvalidReceipt(VerificationError):
    """A text is no receipt, or not one for this entry."""


class PolicyNotMet(VerificationError):
    """Too few witnesses have cosigned."""


class SplitView(VerificationError):
    """Two signed checkpoints that no one log can have signed."""


class Rollback(VerificationError):
    """A log has become shorter, or its clock has run back."""


class LogCorrupt(VerificationError):
    """The stored log contradicts itself."""
