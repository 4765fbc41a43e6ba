"""Challenges that a node gives out: 256 random bits, good once, for one use and two minutes."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from enum import StrEnum
from typing import Final

from gatehouse.node.accounts.errors import NotSignedIn, TooManyAttempts
from gatehouse.node.accounts.file import AccountsFile, micros

CHALLENGE_BYTES: Final = 32
LIFE: Final = timedelta(minutes=2)
# Anyone can ask for a challenge to sign in with; they must not fill the disk.
MOST_OPEN: Final = 10_000
_RETRY_AFTER: Final = 30


class Use(StrEnum):
    """What a challenge is for."""

    REGISTER = "register"
    SIGN_IN = "sign_in"
    INTENT = "intent"


class Challenges:
    """Gives challenges out and takes each back once."""

    def __init__(self, file: AccountsFile) -> None:
        self._file = file

    def issue(self, use: Use, *, officer: str | None) -> bytes:
        """Return a new challenge, for one person if named."""
        made = secrets.token_bytes(CHALLENGE_BYTES)
        now = self._file.clock()
        with self._file.writing() as connection:
            connection.execute("DELETE FROM challenge WHERE expires_at <= ?", (micros(now),))
            if connection.execute("SELECT count(*) FROM challenge").fetchone()[0] >= MOST_OPEN:
                raise TooManyAttempts("too many people sign in at once", retry_after=_RETRY_AFTER)
            connection.execute(
                "INSERT INTO challenge VALUES (?, ?, ?, ?)", (_hash(made), use, officer, micros(now + LIFE))
            )
        return made

    def spend(self, challenge: bytes, use: Use, *, officer: str | None) -> None:
        """Take a challenge back; one unknown, spent, late, or given for else is `NotSignedIn`."""
        with self._file.writing() as connection:
            row = connection.execute(
                "DELETE FROM challenge WHERE hash = ? RETURNING use, officer, expires_at", (_hash(challenge),)
            ).fetchone()
        if row is None or row[:2] != (use, officer) or row[2] <= micros(self._file.clock()):
            raise NotSignedIn(
                "the challenge is unknown, used or too old",
                hint=f"ask for another; it is good for {LIFE.seconds} s",
            )


def _hash(challenge: bytes) -> bytes:
    return hashlib.sha256(challenge).digest()
