"""What a node refuses, beside what its rooms refuse.

BadInput
+-- Unknown         there is no such change, or no such entry of the record
BadUse
+-- ChangeRefused   a change of the registry or of a rule that may not be made, or not yet
VerificationFailed
+-- RecordBroken    the registry is not what the record says: a row was changed, added or taken away
PartUnavailable
+-- Busy            more is coming in than the node can take; try again after `retry_after`
"""

from __future__ import annotations

from gatehouse.model import BadInput, BadUse, PartUnavailable, VerificationFailed


class Unknown(BadInput):
    """There is no such change, or no such entry of the record."""


class ChangeRefused(BadUse):
    """A change of the registry or of a rule that may not be made, or not yet."""


class RecordBroken(VerificationFailed):
    """The registry is not what the record says: a row was changed, added or taken away."""


class Busy(PartUnavailable):
    """More is coming in than the node can take; nothing of this was taken. Try again in `retry_after` s."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            "the node takes no more at this moment",
            hint=f"send the same batch again in {retry_after} s; nothing of it was taken",
        )
        self.retry_after = retry_after
