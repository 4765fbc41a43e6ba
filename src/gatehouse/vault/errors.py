"""Why the vault does not open.

VerificationFailed
+-- VaultRefused             a search, hold or release is not proven to be permitted on the record
|   +-- ReceiptSpent         its receipt, or its request, has been used
|   +-- ReceiptStale         its receipt is older than 120 s, or of a time to come
|   +-- NotPermitted         the entries do not say that it is permitted, or do not belong together
|   +-- WrongCounts          what is recorded as released is not what was found
|   +-- NotOpen              no search of this id is open
+-- RowAltered               a row is not one that the lookups can have found, or was changed
BadUse
+-- TooBroad                 a search needs more tokens than one may have
PartUnavailable
+-- ClockBehind              the time is before one that the vault has seen
+-- ClockJumped              the machine's clock was set while the process ran
+-- RootMissing              the root that wraps the keys is not there, or is another's
+-- VaultInUse               another process has the vault open
+-- HoldMissing              no read is held under this id
+-- ImagesFull               there is no room for another picture
+-- VaultFailed              a vault elsewhere has met an error of its own; its log says which
+-- VaultUnreachable         it does not answer, or is not the one that it should be
BadInput
+-- ImageMissing             there is no such picture, or none any more
"""

from __future__ import annotations

from gatehouse.model import BadInput, BadUse, PartUnavailable, VerificationFailed


class VaultRefused(VerificationFailed):
    """Something is not proven to be permitted on the record, so nothing is opened."""


class ReceiptSpent(VaultRefused):
    """A receipt opens once."""


class ReceiptStale(VaultRefused):
    """A receipt opens within 120 s of its entry."""


class NotPermitted(VaultRefused):
    """The entries do not say that it is permitted, or do not belong together."""


class WrongCounts(VaultRefused):
    """What is recorded as released is not what was found."""


class NotOpen(VaultRefused):
    """No search of this id is open, or it was open for too long."""


class RowAltered(VerificationFailed):
    """A row is not one that the lookups can have found, or was changed since it was sealed."""


class TooBroad(BadUse):
    """A search needs more tokens than one may have."""


class ClockBehind(PartUnavailable):
    """The time is before one that the vault has seen."""


class ClockJumped(PartUnavailable):
    """The machine's clock was set by more than a minute while the process ran."""


class RootMissing(PartUnavailable):
    """The root that wraps the keys is not there, or is another's."""


class VaultInUse(PartUnavailable):
    """Another process has the vault open."""


class HoldMissing(PartUnavailable):
    """No read is held under this id."""


class ImagesFull(PartUnavailable):
    """There is no room for another picture; nothing of it was taken."""


class ImageMissing(BadInput):
    """There is no such picture: it was not handed in, not kept, or has expired."""


class VaultFailed(PartUnavailable):
    """A vault elsewhere has met an error of its own. Whether the call has happened is unknown."""


class VaultUnreachable(PartUnavailable):
    """A vault elsewhere does not answer, or is another. Whether the call has happened is unknown."""
