"""Passwords: what is accepted (NIST SP 800-63B, section 3.1.1) and how they are kept (RFC 9106, Argon2id).

One hash takes 64 MiB and a good part of a second of a core, so only a few run at once: whoever comes when all
are taken is asked to come again, rather than that the node runs out of memory.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from gatehouse.model import BadInput
from gatehouse.node.accounts.errors import TooManyAttempts

SHORTEST: Final = 12
LONGEST: Final = 256
FEWEST_DIFFERENT: Final = 6
AT_ONCE: Final = 2
_WAIT_SECONDS: Final = 3.0
_RETRY_AFTER: Final = 5


class Passwords:
    """Hashes and verifies passwords, at most `at_once` at a time."""

    def __init__(
        self, hasher: PasswordHasher | None = None, *, at_once: int = AT_ONCE, wait: float = _WAIT_SECONDS
    ) -> None:
        # The second recommendation of RFC 9106: 64 MiB, three passes, four lanes.
        self._hasher = hasher or PasswordHasher()
        self._turns = BoundedSemaphore(at_once)
        self._wait = wait
        # Whoever names an account that does not exist waits as long as one who names one that does.
        self._nobody = self._hasher.hash("nobody has this password")

    def hash(self, password: str, *, login: str) -> str:
        """Return the hash of a new password; one that is too weak is `BadInput`."""
        folded = _folded(password)
        _check(folded, login)
        with self._turn():
            return self._hasher.hash(_bytes(folded))

    def verify(self, hashed: str | None, password: str) -> bool:
        """Return whether a password fits; no hash takes as long and fits none."""
        folded = _folded(password)
        if len(folded) > LONGEST:
            return False
        with self._turn():
            try:
                self._hasher.verify(hashed or self._nobody, _bytes(folded))
            except (VerificationError, InvalidHashError):
                return False
        return hashed is not None

    def renewed(self, hashed: str, password: str) -> str | None:
        """Return a new hash if the costs have changed since this one was made."""
        if not self._hasher.check_needs_rehash(hashed):
            return None
        with self._turn():
            return self._hasher.hash(_bytes(_folded(password)))

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._turns.acquire(timeout=self._wait):
            raise TooManyAttempts("too many people sign in at once", retry_after=_RETRY_AFTER)
        try:
            yield
        finally:
            self._turns.release()


def _folded(password: str) -> str:
    """Return one spelling of what keyboards compose in several ways."""
    return unicodedata.normalize("NFKC", password)


def _bytes(folded: str) -> bytes:
    return folded.encode("utf-8", "surrogatepass")


def _check(password: str, login: str) -> None:
    if not SHORTEST <= len(password) <= LONGEST:
        raise BadInput(
            "a password has another length",
            expected=f"{SHORTEST} to {LONGEST} characters",
            got=f"{len(password)}",
            hint="several words in a row are easy to keep in mind",
        )
    if len(set(password)) < FEWEST_DIFFERENT:
        raise BadInput(
            "a password repeats itself",
            expected=f"at least {FEWEST_DIFFERENT} different characters",
            got=f"{len(set(password))}",
        )
    if login.casefold() in password.casefold() or "gatehouse" in password.casefold():
        raise BadInput(
            "a password is easily guessed", expected="one that names neither the account nor the system"
        )
