"""Sign-ins under way at an OpenID provider, each bound to the browser that began it.

The browser keeps the sign-in itself, sealed under a key that is drawn anew with each start, in a cookie. So
another browser cannot finish it (an attacker's sign-in in a victim's browser), nothing is stored for whoever
only begins, and what came back once is void.
"""

from __future__ import annotations

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from typing import Final

from gatehouse.model import VerificationFailed
from gatehouse.node.accounts.errors import NotSignedIn
from gatehouse.node.accounts.file import AccountsFile, Spent
from gatehouse.node.accounts.oidc import LoginRequest
from gatehouse.node.accounts.sealing import KEY_BYTES, SecretBox

LIFE: Final = timedelta(minutes=10)
_USE: Final = "login"


class Logins:
    """Seals each sign-in for its browser, and opens it once."""

    def __init__(self, file: AccountsFile) -> None:
        self._file = file
        self._spent = Spent(file)
        self._box = SecretBox(secrets.token_bytes(KEY_BYTES))

    def keep(self, request: LoginRequest) -> str:
        """Return what the browser keeps of a sign-in."""
        second = int(self._file.clock().timestamp())
        text = json.dumps([second, request.state, request.nonce, request.verifier])
        return urlsafe_b64encode(self._box.seal(text.encode(), officer=_USE)).decode().rstrip("=")

    def take(self, token: str) -> LoginRequest:
        """Return the sign-in that a browser kept, once; none is `NotSignedIn`."""
        now = self._file.clock()
        try:
            sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
            second, state, nonce, verifier = json.loads(self._box.open(sealed, officer=_USE))
        except (VerificationFailed, ValueError):
            raise _none() from None
        if not 0 <= now.timestamp() - second < LIFE.total_seconds():
            raise _none()
        if not self._spent.first(sealed, until=now + LIFE):
            raise _none()
        return LoginRequest("", state, nonce, verifier)


def _none() -> NotSignedIn:
    return NotSignedIn("this browser has begun no sign-in, or too long ago", hint="sign in again")
