"""Recovery of a lost factor: by a code that the person wrote down, or by two custodians of the agency.

Neither signs anyone in. Both give an invitation, with which the person enrolls anew; then the lost factor
opens nothing any more. Until that is done what the person has stays good, so that an invitation nobody uses
locks nobody out.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gatehouse.model import Role
from gatehouse.node.accounts.enrolling import Enrollment, Invitation, code_hash, ensure_account, known_as
from gatehouse.node.accounts.errors import NotPermitted, NotSignedIn
from gatehouse.node.accounts.file import AccountsFile, micros
from gatehouse.node.accounts.passwords import Passwords
from gatehouse.node.accounts.people import AccountEvent, Officers, Recorder, custodian_of, serving
from gatehouse.node.accounts.throttle import Throttle

LIFE: Final = timedelta(days=1)
_ID_BYTES: Final = 9


@dataclass(frozen=True, slots=True)
class Recovery:
    """What one custodian has asked for, and another must approve."""

    id: str
    officer: str
    expires_at: datetime


class Recoveries:
    """Lets people back in who have lost what they sign in with."""

    def __init__(
        self,
        file: AccountsFile,
        officers: Officers,
        enrollment: Enrollment,
        *,
        passwords: Passwords,
        throttle: Throttle,
        record: Recorder,
    ) -> None:
        self._file = file
        self._officers = officers
        self._enrollment = enrollment
        self._passwords = passwords
        self._throttle = throttle
        self._record = record

    def with_code(self, login: str, code: str, *, password: str | None, address: str) -> Invitation:
        """Return an invitation for a recovery code, which is then used up.

        Who has a password must give it too: a code found on paper opens nothing by itself.
        """
        with self._throttle.attempt(f"login:{known_as(login)}", address=address):
            officer, known = self._fitting(login, code, password or "")
        serving(self._officers, officer)
        self._record(AccountEvent.RECOVERY_CODE_USED, officer=officer, by=(officer,), detail={})
        with self._file.writing() as connection:
            used = connection.execute("DELETE FROM recovery_code WHERE hash = ?", (known,)).rowcount
        if used != 1:
            raise NotSignedIn("login, password or recovery code does not fit")
        return self._enrollment.issue(officer)

    def ask(self, officer: str, *, by: str) -> Recovery:
        """Ask, as a custodian of the person's agency, that a person may enroll anew, or at all.

        A custodian enrolls for the first time this way too, since no custodian lets in a second one alone.
        """
        person = serving(self._officers, officer)
        self._custodian(by, person.id, person.agency)
        made = Recovery(secrets.token_urlsafe(_ID_BYTES), officer, self._file.clock() + LIFE)
        with self._file.reading() as connection:
            row = connection.execute("SELECT ended_at FROM account WHERE officer = ?", (officer,)).fetchone()
        none = Role.CUSTODIAN not in person.roles if row is None else row[0] is not None
        if none:
            raise NotPermitted("the person has no account", where=f"officer {officer}")
        self._record(AccountEvent.RECOVERY_ASKED, officer=officer, by=(by,), detail={})
        with self._file.writing() as connection:
            ensure_account(connection, officer)
            connection.execute("DELETE FROM recovery WHERE officer = ?", (officer,))
            connection.execute(
                "INSERT INTO recovery VALUES (?, ?, ?, ?)", (made.id, officer, by, micros(made.expires_at))
            )
        return made

    def approve(self, id: str, *, by: str) -> Invitation:
        """Return an invitation, as the second custodian: neither the first nor the person."""
        with self._file.reading() as connection:
            row = connection.execute(
                "SELECT officer, asked_by FROM recovery WHERE id = ? AND expires_at > ?",
                (id, micros(self._file.clock())),
            ).fetchone()
        if row is None:
            raise NotPermitted("the recovery is unknown, done or too old", hint="ask for it again")
        officer, asked_by = row
        person = serving(self._officers, officer)
        self._custodian(by, person.id, person.agency)
        if by == asked_by:
            raise NotPermitted("a second custodian must approve", expected="another person")
        # Who asked must still be one: a custodian who was dismissed meanwhile counts no more.
        self._custodian(asked_by, person.id, person.agency)
        self._record(AccountEvent.RECOVERY_APPROVED, officer=officer, by=(asked_by, by), detail={})
        with self._file.writing() as connection:
            done = connection.execute("DELETE FROM recovery WHERE id = ?", (id,)).rowcount
        if done != 1:
            raise NotPermitted("the recovery is unknown, done or too old", hint="ask for it again")
        return self._enrollment.issue(officer)

    def _fitting(self, login: str, code: str, password: str) -> tuple[str, bytes]:
        """Return whose login, code and password these are, and what is kept of the code."""
        with self._file.reading() as connection:
            row: tuple[str | None, str | None, bytes | None] = connection.execute(
                "SELECT account.officer, password, recovery_code.hash FROM account LEFT JOIN recovery_code "
                "ON recovery_code.officer = account.officer AND recovery_code.hash = ? "
                "WHERE login = ? AND ended_at IS NULL",
                (code_hash(code), known_as(login)),
            ).fetchone() or (None, None, None)
        officer, hashed, known = row
        fits = self._passwords.verify(hashed, password)
        if officer is None or known is None or not (fits or hashed is None):
            raise NotSignedIn("login, password or recovery code does not fit")
        return officer, known

    def _custodian(self, by: str, officer: str, agency: str) -> None:
        if by == officer:
            raise NotPermitted("nobody recovers an own account", where=f"officer {by}")
        custodian_of(self._officers, by, agency=agency)
