"""Signing in: a password with a one-time code, or a passkey alone. A refusal never says which part failed."""

from __future__ import annotations

from typing import Any

from gatehouse.model import BadInput, BadUse
from gatehouse.node.accounts.codes import Codes
from gatehouse.node.accounts.enrolling import known_as
from gatehouse.node.accounts.errors import NotSignedIn
from gatehouse.node.accounts.file import AccountsFile
from gatehouse.node.accounts.passkeys import CredentialJson, Passkeys
from gatehouse.node.accounts.passwords import Passwords
from gatehouse.node.accounts.people import Officers, serving
from gatehouse.node.accounts.throttle import Throttle


class SignIn:
    """Finds out who is there."""

    def __init__(
        self,
        file: AccountsFile,
        officers: Officers,
        *,
        passwords: Passwords,
        codes: Codes,
        passkeys: Passkeys,
        throttle: Throttle,
    ) -> None:
        self._file = file
        self._officers = officers
        self._passwords = passwords
        self._codes = codes
        self._passkeys = passkeys
        self._throttle = throttle

    def with_code(self, login: str, password: str, code: str, *, address: str) -> str:
        """Return the id of the person whose login, password and unused one-time code these are."""
        with self._throttle.attempt(f"login:{known_as(login)}", address=address):
            with self._file.reading() as connection:
                row: tuple[str | None, str | None] = connection.execute(
                    "SELECT officer, password FROM account WHERE login = ? AND ended_at IS NULL",
                    (known_as(login),),
                ).fetchone() or (None, None)
            officer, hashed = row
            fits = self._passwords.verify(hashed, password)
            # The code is spent only where the password fits: else a stranger could use codes up.
            if not fits or officer is None or hashed is None or not self._codes.spend(officer, code):
                raise NotSignedIn("login, password or code does not fit")
            if not self._serves(officer):
                raise NotSignedIn("login, password or code does not fit")
        self._renew(officer, hashed, password)
        return officer

    def passkey_options(self) -> dict[str, Any]:
        """Return options for `navigator.credentials.get()`."""
        return self._passkeys.sign_in()

    def with_passkey(self, credential: CredentialJson, *, address: str) -> str:
        """Return the id of the person whose passkey signed a challenge of `passkey_options`."""
        # A failed assertion names nobody who could be made to wait, but for who sends it.
        with self._throttle.attempt(f"passkey:{address}", address=address):
            officer = self._passkeys.signed_in(credential)
            if not self._serves(officer):
                raise NotSignedIn("the passkey does not sign this person in")
        return officer

    def _serves(self, officer: str) -> bool:
        try:
            serving(self._officers, officer)
        except (BadInput, BadUse):
            return False
        return True

    def _renew(self, officer: str, hashed: str, password: str) -> None:
        renewed = self._passwords.renewed(hashed, password)
        if renewed is not None:
            with self._file.writing() as connection:
                connection.execute(
                    "UPDATE account SET password = ? WHERE officer = ? AND password = ?",
                    (renewed, officer, hashed),
                )
