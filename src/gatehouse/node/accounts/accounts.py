"""All accounts of a node, opened from their file and the key beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from gatehouse.model import BadUse
from gatehouse.node.accounts.challenges import Challenges
from gatehouse.node.accounts.codes import Codes
from gatehouse.node.accounts.countersigning import Countersigning
from gatehouse.node.accounts.enrolling import Enrollment
from gatehouse.node.accounts.errors import NotSignedIn
from gatehouse.node.accounts.file import AccountsFile, Clock, micros
from gatehouse.node.accounts.logins import Logins
from gatehouse.node.accounts.passkeys import CredentialJson, Passkey, Passkeys, RelyingParty
from gatehouse.node.accounts.passwords import Passwords
from gatehouse.node.accounts.people import AccountEvent, Officers, Recorder, serving
from gatehouse.node.accounts.recovery import Recoveries
from gatehouse.node.accounts.sealing import SecretBox
from gatehouse.node.accounts.signing_in import SignIn
from gatehouse.node.accounts.step_up import StepUp
from gatehouse.node.accounts.subjects import Subjects
from gatehouse.node.accounts.throttle import Throttle
from gatehouse.node.sessions import Limits, Sessions


class Accounts:
    """The accounts of a node.

    `enrollment` invites, `sign_in` finds out who is there, `sessions` keeps it, `step_up` asks again before a
    search, `recoveries` lets back in, `subjects` links people of an OpenID provider and `logins` keeps their
    sign-ins under way.
    """

    def __init__(
        self,
        path: Path,
        *,
        key: Path,
        officers: Officers,
        relying: RelyingParty,
        record: Recorder,
        clock: Clock,
        limits: Limits | None = None,
        passwords: Passwords | None = None,
    ) -> None:
        """Open the file at `path`, which is made if there is none, with the key file at `key`."""
        box = SecretBox.at(key)
        self._file = AccountsFile(path, clock=clock)
        self._officers = officers
        self._record = record
        throttle = Throttle(self._file)
        passwords = passwords or Passwords()
        challenges = Challenges(self._file)
        self._codes = Codes(self._file, box, throttle)
        self._passwords = passwords
        self.passkeys = Passkeys(self._file, relying, challenges)
        self.sessions = Sessions(self._file, officers, limits)
        self.enrollment = Enrollment(
            self._file, officers, passwords=passwords, passkeys=self.passkeys, box=box, record=record
        )
        self.sign_in = SignIn(
            self._file,
            officers,
            passwords=passwords,
            codes=self._codes,
            passkeys=self.passkeys,
            throttle=throttle,
        )
        self.step_up = StepUp(challenges, self.passkeys, self._codes)
        self.recoveries = Recoveries(
            self._file, officers, self.enrollment, passwords=passwords, throttle=throttle, record=record
        )
        self.subjects = Subjects(self._file, officers, record=record)
        self.countersigning = Countersigning(self._file, officers)
        self.logins = Logins(self._file)

    def enrolled(self, officer: str) -> bool:
        """Return whether a person has, or had, anything to sign in with, here or at the OpenID provider.

        Who was only invited has nothing yet. Who was unlinked counts: else whoever unlinks them could let
        themselves in under that name.
        """
        with self._file.reading() as connection:
            row = connection.execute(
                "SELECT 1 FROM account WHERE officer = ?1 AND (login IS NOT NULL OR NOT EXISTS "
                "(SELECT 1 FROM invitation WHERE officer = ?1)) "
                "UNION SELECT 1 FROM subject WHERE officer = ?1",
                (officer,),
            ).fetchone()
        return row is not None

    def has_code(self, officer: str) -> bool:
        """Return whether a person has an authenticator."""
        return self._codes.has(officer)

    def passkey_options(self, officer: str) -> dict[str, Any]:
        """Return options by which a person who is signed in adds a passkey."""
        serving(self._officers, officer)
        with self._file.reading() as connection:
            row = connection.execute(
                "SELECT login, handle FROM account WHERE officer = ? AND ended_at IS NULL", (officer,)
            ).fetchone()
        if row is None:
            raise NotSignedIn("the person has no account")
        return self.passkeys.registration(officer, name=row[0] or officer, handle=row[1], anew=False)

    def add_passkey(self, officer: str, credential: CredentialJson, *, label: str) -> Passkey:
        """Add a passkey of a person who is signed in and has just shown another factor."""
        serving(self._officers, officer)
        passkey = self.passkeys.registered(officer, credential, label=label)
        self._record(
            AccountEvent.FACTOR_ADDED,
            officer=officer,
            by=(officer,),
            detail={"factor": "passkey", "public_key": passkey.public_key.hex()},
        )
        with self._file.writing() as connection:
            self.passkeys.store(passkey, within=connection)
        return passkey

    def remove_passkey(self, officer: str, credential: bytes) -> None:
        """Remove a passkey; the last factor is `BadUse`. The person's sessions end."""
        held = self.passkeys.of(officer)
        if credential not in {each.credential for each in held}:
            raise BadUse("the passkey is not this person's")
        if len(held) == 1 and not self._codes.has(officer):
            raise BadUse("it is the last factor of this person", hint="add another passkey first")
        self._record(
            AccountEvent.FACTOR_REMOVED, officer=officer, by=(officer,), detail={"factor": "passkey"}
        )
        with self._file.writing() as connection:
            connection.execute(
                "DELETE FROM passkey WHERE credential = ? AND officer = ?", (credential, officer)
            )
            connection.execute("DELETE FROM session WHERE officer = ?", (officer,))

    def change_password(self, officer: str, password: str) -> None:
        """Change the password of a person who has just shown a factor. The person's sessions end."""
        serving(self._officers, officer)
        with self._file.reading() as connection:
            row = connection.execute(
                "SELECT login, password FROM account WHERE officer = ? AND ended_at IS NULL", (officer,)
            ).fetchone()
        if row is None or row[1] is None:
            raise BadUse("the person signs in without a password")
        hashed = self._passwords.hash(password, login=row[0])
        self._record(AccountEvent.PASSWORD_CHANGED, officer=officer, by=(officer,), detail={})
        with self._file.writing() as connection:
            connection.execute("UPDATE account SET password = ? WHERE officer = ?", (hashed, officer))
            connection.execute("DELETE FROM session WHERE officer = ?", (officer,))

    def offboard(self, officer: str, *, by: tuple[str, ...]) -> None:
        """End a person's account for good: sessions, factors, invitations and links go at once.

        The account is ended before that is recorded: whoever has left must not stay while a witness is slow.
        """
        with self._file.writing() as connection:
            ended = connection.execute(
                "UPDATE account SET ended_at = ?, login = NULL, password = NULL, totp = NULL "
                "WHERE officer = ? AND ended_at IS NULL",
                (micros(self._file.clock()), officer),
            ).rowcount
            for table in ("session", "passkey", "recovery_code", "invitation", "recovery", "subject"):
                connection.execute(f"DELETE FROM {table} WHERE officer = ?", (officer,))  # noqa: S608  # own names
        if ended:
            self._record(AccountEvent.OFFBOARDED, officer=officer, by=by, detail={})

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        """Give the accounts for a block that closes them."""
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
