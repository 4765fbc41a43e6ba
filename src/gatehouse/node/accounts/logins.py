"""Sign-ins under way at an OpenID provider, each bound to the browser that began it by a random token.

Without the token an attacker could have a victim's browser finish the attacker's own sign-in.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Final

from gatehouse.node.accounts.errors import NotSignedIn, TooManyAttempts
from gatehouse.node.accounts.file import AccountsFile, micros
from gatehouse.node.accounts.oidc import LoginRequest

LIFE: Final = timedelta(minutes=10)
MOST_OPEN: Final = 10_000
_RETRY_AFTER: Final = 30
_TOKEN_BYTES: Final = 32


class Logins:
    """Keeps each sign-in until its browser comes back, once."""

    def __init__(self, file: AccountsFile) -> None:
        self._file = file

    def keep(self, request: LoginRequest) -> str:
        """Keep a sign-in and return the token for its browser."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        now = self._file.clock()
        with self._file.writing() as connection:
            connection.execute("DELETE FROM login WHERE expires_at <= ?", (micros(now),))
            if connection.execute("SELECT count(*) FROM login").fetchone()[0] >= MOST_OPEN:
                raise TooManyAttempts("too many people sign in at once", retry_after=_RETRY_AFTER)
            connection.execute(
                "INSERT INTO login VALUES (?, ?, ?, ?, ?)",
                (_hash(token), request.state, request.nonce, request.verifier, micros(now + LIFE)),
            )
        return token

    def take(self, token: str) -> LoginRequest:
        """Return the sign-in of a browser, which is then forgotten; none is `NotSignedIn`."""
        with self._file.writing() as connection:
            row = connection.execute(
                "DELETE FROM login WHERE hash = ? RETURNING state, nonce, verifier, expires_at",
                (_hash(token),),
            ).fetchone()
        if row is None or row[3] <= micros(self._file.clock()):
            raise NotSignedIn("this browser has begun no sign-in, or too long ago", hint="sign in again")
        return LoginRequest("", *row[:3])


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
