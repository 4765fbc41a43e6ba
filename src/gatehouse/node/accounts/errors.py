"""What an account refuses.

Error
+-- NotSignedIn        exit 4: what was presented does not prove who is there; it never says which part failed
|   +-- SessionEnded   a session is unknown, over, or its person has left
+-- NotPermitted       exit 2: the person may not do this
+-- TooManyAttempts    exit 5: wait `retry_after` seconds
"""

from __future__ import annotations

from gatehouse.model import BadUse, PartUnavailable, VerificationFailed


class NotSignedIn(VerificationFailed):
    """What was presented does not prove who is there; which part of it failed is not told."""


class SessionEnded(NotSignedIn):
    """A session is unknown, over, or its person has left."""


class NotPermitted(BadUse):
    """The person may not do this, whatever they prove."""


class TooManyAttempts(PartUnavailable):
    """Too much was tried or is under way; `retry_after` says in whole seconds when to come again."""

    def __init__(self, what: str, *, retry_after: int) -> None:
        super().__init__(what, hint=f"try again in {retry_after} s")
        self.retry_after = retry_after
