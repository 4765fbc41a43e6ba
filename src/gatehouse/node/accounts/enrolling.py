"""Enrollment: an invited person chooses what they sign in with.

An invitation is a random token, shown once to whoever hands it over, good for three days. Enrolling replaces
whatever the person had: password, authenticator, passkeys, recovery codes and sessions. So it is also the end
of each recovery, and a factor that was lost opens nothing afterwards.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import sqlite3
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from gatehouse.model import BadInput, BadUse
from gatehouse.node.accounts.errors import NotPermitted, NotSignedIn
from gatehouse.node.accounts.file import AccountsFile, micros
from gatehouse.node.accounts.passkeys import CredentialJson, Passkey, Passkeys
from gatehouse.node.accounts.passwords import Passwords
from gatehouse.node.accounts.people import AccountEvent, Officers, Recorder, serving
from gatehouse.node.accounts.sealing import SecretBox
from gatehouse.node.accounts.totp import matching_step, new_secret, provisioning

LIFE: Final = timedelta(days=3)
RECOVERY_CODES: Final = 10
# 128 bits: so many that a plain hash of a code gives nothing away.
_CODE_BYTES: Final = 16
_TOKEN_BYTES: Final = 32
_HANDLE_BYTES: Final = 32
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{1,62}[a-z0-9]")


@dataclass(frozen=True, slots=True)
class Invitation:
    """What lets one person enroll. `token` is shown to people and kept nowhere."""

    token: str
    officer: str
    expires_at: datetime

    def __repr__(self) -> str:
        """Leave the token out."""
        return f"Invitation(officer={self.officer!r})"


@dataclass(frozen=True, slots=True)
class Enrolling:
    """An invitation that was opened: the authenticator's secret as a URI to scan and as text to type."""

    officer: str
    uri: str
    secret: str

    def __repr__(self) -> str:
        """Leave the secret out."""
        return f"Enrolling(officer={self.officer!r})"


class Enrollment:
    """Invites people and takes what they choose."""

    def __init__(
        self,
        file: AccountsFile,
        officers: Officers,
        *,
        passwords: Passwords,
        passkeys: Passkeys,
        box: SecretBox,
        record: Recorder,
    ) -> None:
        self._file = file
        self._officers = officers
        self._passwords = passwords
        self._passkeys = passkeys
        self._box = box
        self._record = record

    def invite(self, officer: str, *, by: tuple[str, ...]) -> Invitation:
        """Return an invitation for a person who serves, in place of an earlier one.

        `by` names who invites, nobody where the operator of the node does. Who may is the caller's to check.
        """
        serving(self._officers, officer)
        with self._file.reading() as connection:
            row = connection.execute("SELECT ended_at FROM account WHERE officer = ?", (officer,)).fetchone()
        if row is not None and row[0] is not None:
            raise NotPermitted("the account has ended", where=f"officer {officer}")
        self._record(AccountEvent.INVITED, officer=officer, by=by, detail={})
        return self.issue(officer)

    def issue(self, officer: str) -> Invitation:
        """Return an invitation that is on the record already."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        expires_at = self._file.clock() + LIFE
        with self._file.writing() as connection:
            ensure_account(connection, officer)
            connection.execute("DELETE FROM invitation WHERE officer = ?", (officer,))
            connection.execute(
                "INSERT INTO invitation VALUES (?, ?, ?, NULL)", (_hash(token), officer, micros(expires_at))
            )
        return Invitation(token, officer, expires_at)

    def open(self, token: str) -> Enrolling:
        """Return what a person needs for an authenticator; the same each time the invitation is opened."""
        with self._file.writing() as connection:
            officer, sealed, _ = self._invited(connection, token)
            if sealed is None:
                secret = new_secret()
                connection.execute(
                    "UPDATE invitation SET totp = ? WHERE hash = ?",
                    (self._box.seal(secret, officer=officer), _hash(token)),
                )
            else:
                secret = self._box.open(sealed, officer=officer)
        uri, typed = provisioning(secret, account=officer, issuer=self._passkeys.relying.name)
        return Enrolling(officer, uri, typed)

    def with_code(self, token: str, *, login: str, password: str, code: str) -> list[str]:
        """Enroll with a password and an authenticator, and return the recovery codes."""
        with self._file.reading() as connection:
            officer, sealed, _ = self._invited(connection, token)
        if sealed is None:
            raise BadUse("the authenticator was not set up", hint="open the invitation first")
        chosen = _login(login)
        secret = self._box.open(sealed, officer=officer)
        step = matching_step(secret, code, at=self._file.clock())
        if step is None:
            raise NotSignedIn("the code does not fit", hint="check the clock of the device")
        hashed = self._passwords.hash(password, login=chosen)
        return self._enroll(
            token, login=chosen, password=hashed, secret=secret, step=step, passkey=None, factor="totp"
        )

    def passkey_options(self, token: str, *, login: str) -> dict[str, Any]:
        """Return options for `navigator.credentials.create()`."""
        with self._file.reading() as connection:
            officer, _, handle = self._invited(connection, token)
        return self._passkeys.registration(officer, name=_login(login), handle=handle, anew=True)

    def with_passkey(self, token: str, *, login: str, credential: CredentialJson, label: str) -> list[str]:
        """Enroll with a passkey and no password, and return the recovery codes."""
        with self._file.reading() as connection:
            officer, _, _ = self._invited(connection, token)
        passkey = self._passkeys.registered(officer, credential, label=label)
        return self._enroll(
            token,
            login=_login(login),
            password=None,
            secret=None,
            step=0,
            passkey=passkey,
            factor="passkey",
        )

    def _enroll(
        self,
        token: str,
        *,
        login: str,
        password: str | None,
        secret: bytes | None,
        step: int,
        passkey: Passkey | None,
        factor: str,
    ) -> list[str]:
        with self._file.reading() as connection:
            officer, _, _ = self._invited(connection, token)
            _check_free(connection, login, officer)
        key = None if passkey is None else passkey.public_key.hex()
        self._record(
            AccountEvent.ENROLLED,
            officer=officer,
            by=(officer,),
            detail={"factor": factor, "public_key": key},
        )
        with self._file.writing() as connection:
            # Meanwhile the invitation may have been used, or the login taken.
            self._invited(connection, token)
            _check_free(connection, login, officer)
            for table in ("passkey", "recovery_code", "session", "recovery", "invitation"):
                connection.execute(f"DELETE FROM {table} WHERE officer = ?", (officer,))  # noqa: S608  # own names
            connection.execute(
                "UPDATE account SET login = ?, password = ?, totp = ?, totp_step = max(totp_step, ?) "
                "WHERE officer = ?",
                (
                    login,
                    password,
                    None if secret is None else self._box.seal(secret, officer=officer),
                    step,
                    officer,
                ),
            )
            if passkey is not None:
                self._passkeys.store(passkey, within=connection)
            codes = [new_code() for _ in range(RECOVERY_CODES)]
            connection.executemany(
                "INSERT INTO recovery_code VALUES (?, ?)", [(code_hash(code), officer) for code in codes]
            )
        return codes

    def _invited(self, connection: sqlite3.Connection, token: str) -> tuple[str, bytes | None, bytes]:
        """Return whom an invitation is for, the sealed secret it has, and the person's passkey handle."""
        row = connection.execute(
            "SELECT invitation.officer, invitation.totp, handle FROM invitation JOIN account "
            "ON account.officer = invitation.officer WHERE hash = ? AND expires_at > ? AND ended_at IS NULL",
            (_hash(token), micros(self._file.clock())),
        ).fetchone()
        if row is None:
            raise NotSignedIn(
                "the invitation is unknown, used or too old", hint="ask a custodian of the agency for another"
            )
        serving(self._officers, row[0])
        return row[0], row[1], row[2]


def ensure_account(connection: sqlite3.Connection, officer: str) -> None:
    """Make an account that nothing opens yet, if a person has none."""
    connection.execute(
        "INSERT INTO account (officer, handle) VALUES (?, ?) ON CONFLICT (officer) DO NOTHING",
        (officer, secrets.token_bytes(_HANDLE_BYTES)),
    )


def _check_free(connection: sqlite3.Connection, login: str, officer: str) -> None:
    taken = connection.execute(
        "SELECT 1 FROM account WHERE login = ? AND officer != ?", (login, officer)
    ).fetchone()
    if taken is not None:
        raise BadInput("the login is taken", hint="choose another")


def new_code() -> str:
    """Return a recovery code as people write it down: groups of letters and digits."""
    text = b32encode(secrets.token_bytes(_CODE_BYTES)).decode().rstrip("=").lower()
    return "-".join(text[start : start + 5] for start in range(0, len(text), 5))


def known_as(login: str) -> str:
    """Return a login as accounts have it, from whatever somebody typed."""
    # What is no Unicode text at all is nobody's login, and must not fail in another way than others do.
    return login.strip().casefold().encode(errors="replace").decode()


def code_hash(code: str) -> bytes:
    """Return what is kept of a recovery code, whatever its hyphens, blanks and capitals."""
    plain = "".join(sign for sign in code.lower() if sign.isalnum())
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).digest()


def _login(login: str) -> str:
    folded = login.strip().casefold()
    if not _LOGIN.fullmatch(folded):
        raise BadInput(
            "a login has another form", expected="3 to 64 letters a-z, digits and `.`, `_`, `-`, `@` between"
        )
    return folded


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
