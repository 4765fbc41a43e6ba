"""What can be wrong with a read store.

Error
+-- PartUnavailable       exit 5
|   +-- StoreUnavailable  the store does not answer, is full or busy; a batch may be sent again
|   +-- LookupIncomplete  a part of the store did not answer, so that there is no answer at all
+-- VerificationFailed    exit 4
    +-- StoreRefused      rows or a schema that the store cannot take as they are
"""

from __future__ import annotations

from gatehouse.model import PartUnavailable, VerificationFailed


class StoreUnavailable(PartUnavailable):
    """The read store does not answer, is full or is busy; whether a batch was stored may be unknown.

    Sending the same batch with the same number again is safe: it is stored once.
    """


class LookupIncomplete(PartUnavailable):
    """A part of the read store did not answer: an incomplete answer must not look complete."""


class StoreRefused(VerificationFailed):
    """The store holds something else than it should, or was given rows that contradict what it holds."""
