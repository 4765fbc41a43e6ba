"""Challenges that a node gives out: good once, for one use and person, and two minutes.

    challenge = random (16 bytes) || second of issue (4) || HMAC-SHA-256 over both, use and person (12)

Nothing is stored until one comes back, so whoever asks for many fills no disk and stands in nobody's way. The
key is drawn anew with each start: what was given out before is void then.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final

from gatehouse.node.accounts.errors import NotSignedIn
from gatehouse.node.accounts.file import AccountsFile, Spent

CHALLENGE_BYTES: Final = 32
LIFE: Final = timedelta(minutes=2)
_RANDOM_BYTES: Final = 16
_SIGNED_BYTES: Final = 20
_KEY_BYTES: Final = 32


class Use(StrEnum):
    """What a challenge is for."""

    REGISTER = "register"
    SIGN_IN = "sign_in"
    INTENT = "intent"


class Challenges:
    """Gives challenges out and takes each back once."""

    def __init__(self, file: AccountsFile) -> None:
        self._file = file
        self._spent = Spent(file)
        self._key = secrets.token_bytes(_KEY_BYTES)

    def issue(self, use: Use, *, officer: str | None) -> bytes:
        """Return a new challenge, for one person if named."""
        second = int(self._file.clock().timestamp())
        signed = secrets.token_bytes(_RANDOM_BYTES) + second.to_bytes(_SIGNED_BYTES - _RANDOM_BYTES, "big")
        return signed + self._tag(signed, use, officer)

    def spend(self, challenge: bytes, use: Use, *, officer: str | None) -> None:
        """Take a challenge back; one unknown, spent, late, or given for else is `NotSignedIn`."""
        signed, tag = challenge[:_SIGNED_BYTES], challenge[_SIGNED_BYTES:]
        now = self._file.clock()
        age = now.timestamp() - int.from_bytes(signed[_RANDOM_BYTES:], "big")
        if (
            not hmac.compare_digest(tag, self._tag(signed, use, officer))
            or not 0 <= age < LIFE.total_seconds()
            or not self._spent.first(challenge, until=now + LIFE)
        ):
            raise NotSignedIn(
                "the challenge is unknown, used or too old",
                hint=f"ask for another; it is good for {LIFE.seconds} s",
            )

    def _tag(self, signed: bytes, use: Use, officer: str | None) -> bytes:
        said = b"\0".join((signed, use.encode(), b"" if officer is None else b"of " + officer.encode()))
        return hmac.digest(self._key, said, sha256)[: CHALLENGE_BYTES - _SIGNED_BYTES]
