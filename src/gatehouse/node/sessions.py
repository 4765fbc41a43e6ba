"""Sessions: who is signed in, known by a random token of which only the hash is kept.

A session ends when it is idle for long, when it has lasted for long whatever happens, at sign-out, and at
once when its person leaves: that is asked of the registry with every request, as are the roles.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from gatehouse.model import BadInput, BadUse, Officer
from gatehouse.node.accounts.errors import SessionEnded
from gatehouse.node.accounts.file import AccountsFile, micros, moment
from gatehouse.node.accounts.people import Officers, serving

TOKEN_BYTES: Final = 32
MOST_OF_ONE: Final = 5
# Writing each request's time down would cost a disk write a request.
_NOTED_EVERY: Final = timedelta(seconds=30)


class Method(StrEnum):
    """How somebody signed in."""

    TOTP = "totp"  # password and one-time code
    PASSKEY = "passkey"
    OIDC = "oidc"


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session lasts: without use, and in all."""

    idle: timedelta = timedelta(minutes=15)
    whole: timedelta = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class Session:
    """A person who is signed in, as the registry has them now, until when at the latest."""

    officer: Officer
    method: Method
    opened_at: datetime
    ends_at: datetime


class Sessions:
    """Opens, finds and ends sessions."""

    def __init__(self, file: AccountsFile, officers: Officers, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._file = file
        self._officers = officers

    def open(self, officer: str, *, method: Method, instead_of: str | None = None) -> str:
        """Return the token of a new session; the one it takes the place of ends.

        A person has `MOST_OF_ONE` sessions at most: the oldest give way.
        """
        serving(self._officers, officer)
        token = secrets.token_urlsafe(TOKEN_BYTES)
        now = micros(self._file.clock())
        with self._file.writing() as connection:
            if instead_of is not None:
                connection.execute("DELETE FROM session WHERE hash = ?", (_hash(instead_of),))
            connection.execute(
                "DELETE FROM session WHERE opened_at <= ? OR seen_at <= ?",
                (now - _in_micros(self.limits.whole), now - _in_micros(self.limits.idle)),
            )
            connection.execute(
                "DELETE FROM session WHERE hash IN (SELECT hash FROM session WHERE officer = ? "
                "ORDER BY opened_at DESC LIMIT -1 OFFSET ?)",
                (officer, MOST_OF_ONE - 1),
            )
            connection.execute(
                "INSERT INTO session VALUES (?, ?, ?, ?, ?)", (_hash(token), officer, method, now, now)
            )
        return token

    def find(self, token: str, *, use: bool = True) -> Session:
        """Return the session of a token; `SessionEnded` if it is unknown, over, or its person has left.

        Without `use` it counts as no use of the session, which goes on to be idle.
        """
        now = self._file.clock()
        with self._file.reading() as connection:
            row = connection.execute(
                "SELECT session.officer, method, opened_at, seen_at FROM session JOIN account "
                "ON account.officer = session.officer WHERE hash = ? AND ended_at IS NULL",
                (_hash(token),),
            ).fetchone()
        if row is None:
            raise _over()
        id, method, opened_at, seen_at = row[0], Method(row[1]), moment(row[2]), moment(row[3])
        if now >= opened_at + self.limits.whole or now >= seen_at + self.limits.idle or now < opened_at:
            self.end(token)
            raise _over()
        try:
            officer = serving(self._officers, id)
        except (BadInput, BadUse) as error:
            self.end_all(id)
            raise _over() from error
        if use and now - seen_at >= _NOTED_EVERY:
            with self._file.writing() as connection:
                connection.execute(
                    "UPDATE session SET seen_at = max(seen_at, ?) WHERE hash = ?", (micros(now), _hash(token))
                )
        return Session(officer, method, opened_at, opened_at + self.limits.whole)

    def end(self, token: str) -> None:
        """End a session, if there is one."""
        with self._file.writing() as connection:
            connection.execute("DELETE FROM session WHERE hash = ?", (_hash(token),))

    def end_all(self, officer: str) -> int:
        """End every session of a person and return how many there were."""
        with self._file.writing() as connection:
            return connection.execute("DELETE FROM session WHERE officer = ?", (officer,)).rowcount


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _in_micros(span: timedelta) -> int:
    return span // timedelta(microseconds=1)


def _over() -> SessionEnded:
    return SessionEnded("the session is over", hint="sign in again")
