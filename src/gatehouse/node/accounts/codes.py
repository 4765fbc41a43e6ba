"""A person's one-time codes: shown once, tried a few times."""

from __future__ import annotations

from gatehouse.node.accounts.errors import NotSignedIn
from gatehouse.node.accounts.file import AccountsFile
from gatehouse.node.accounts.sealing import SecretBox
from gatehouse.node.accounts.throttle import Throttle
from gatehouse.node.accounts.totp import matching_step


class Codes:
    """Takes one-time codes of people who have an authenticator."""

    def __init__(self, file: AccountsFile, box: SecretBox, throttle: Throttle) -> None:
        self._file = file
        self._box = box
        self._throttle = throttle

    def has(self, officer: str) -> bool:
        """Return whether a person has an authenticator."""
        with self._file.reading() as connection:
            row = connection.execute("SELECT totp FROM account WHERE officer = ?", (officer,)).fetchone()
        return row is not None and row[0] is not None

    def show(self, officer: str, code: str, *, address: str) -> None:
        """Take a code of a person who is signed in; too many wrong ones are `TooManyAttempts`."""
        with self._throttle.attempt(f"officer:{officer}", address=address):
            if not self.spend(officer, code):
                raise NotSignedIn("the code does not fit, or was used")

    def spend(self, officer: str, code: str) -> bool:
        """Return whether a code fits and neither it nor a later one was used before; the caller throttles."""
        with self._file.writing() as connection:
            row = connection.execute("SELECT totp FROM account WHERE officer = ?", (officer,)).fetchone()
            if row is None or row[0] is None:
                return False
            step = matching_step(self._box.open(row[0], officer=officer), code, at=self._file.clock())
            if step is None:
                return False
            changed = connection.execute(
                "UPDATE account SET totp_step = ? WHERE officer = ? AND totp_step < ?", (step, officer, step)
            )
            return changed.rowcount == 1
