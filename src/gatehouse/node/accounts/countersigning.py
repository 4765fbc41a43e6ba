"""What takes two custodians and has no other place to wait: one asks, another of the same agency agrees.

Nothing happens and nothing is recorded before the second agrees; then the record names both. What is asked
for is kept as it was said, so that the second agrees to those words.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from gatehouse.ledger.canonical import Json, from_canonical, to_canonical
from gatehouse.node.accounts.errors import NotPermitted
from gatehouse.node.accounts.file import AccountsFile, micros, moment
from gatehouse.node.accounts.people import Officers, custodian_of

LIFE: Final = timedelta(days=1)
# Of one agency at a time, so that nobody fills the file.
MOST: Final = 100
_ID_BYTES: Final = 9
_COLUMNS: Final = "id, kind, agency, asked, asked_by, expires_at"


class Matter(StrEnum):
    """What two custodians do together."""

    SUBJECT = "subject"  # a subject of the OpenID provider is a person of the agency
    SOURCE = "source"  # a source of hotlists is authoritative


@dataclass(frozen=True, slots=True)
class Asked:
    """What one custodian has asked for, and another must agree to."""

    id: str
    matter: Matter
    agency: str
    words: Mapping[str, Json]
    asked_by: str
    expires_at: datetime


class Countersigning:
    """Keeps what waits for a second custodian."""

    def __init__(self, file: AccountsFile, officers: Officers) -> None:
        self._file = file
        self._officers = officers

    def ask(self, matter: Matter, words: Mapping[str, Json], *, by: str) -> Asked:
        """Ask, as a custodian, for something that concerns the own agency."""
        agency = self._officers.officer(by).agency
        custodian_of(self._officers, by, agency=agency)
        at = self._file.clock()
        made = Asked(secrets.token_urlsafe(_ID_BYTES), matter, agency, dict(words), by, at + LIFE)
        with self._file.writing() as connection:
            connection.execute("DELETE FROM countersigning WHERE expires_at <= ?", (micros(at),))
            (waiting,) = connection.execute(
                "SELECT count(*) FROM countersigning WHERE agency = ?", (agency,)
            ).fetchone()
            if waiting >= MOST:
                raise NotPermitted(
                    "too much waits for a second custodian", expected=f"at most {MOST}", hint="withdraw some"
                )
            connection.execute(
                "INSERT INTO countersigning VALUES (?, ?, ?, ?, ?, ?)",
                (made.id, matter.value, agency, to_canonical(made.words), by, micros(made.expires_at)),
            )
        return made

    def waiting(self, agency: str) -> list[Asked]:
        """Return what waits for a second custodian of an agency, the first to end first."""
        with self._file.reading() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM countersigning WHERE agency = ? AND expires_at > ?"  # noqa: S608
                " ORDER BY expires_at, id",
                (agency, micros(self._file.clock())),
            ).fetchall()
        return [_asked(row) for row in rows]

    def agreed(self, id: str, *, by: str) -> Asked:
        """Return what a second custodian agrees to. Whoever does it calls `done` after."""
        found = self._found(id, by)
        if by == found.asked_by:
            raise NotPermitted("a second custodian must agree", expected="another person")
        # Who asked must still be one: a custodian who was dismissed meanwhile counts no more.
        custodian_of(self._officers, found.asked_by, agency=found.agency)
        return found

    def done(self, id: str) -> None:
        """Forget what was done."""
        with self._file.writing() as connection:
            connection.execute("DELETE FROM countersigning WHERE id = ?", (id,))

    def withdraw(self, id: str, *, by: str) -> None:
        """Forget what no custodian of the agency wants any more."""
        self.done(self._found(id, by).id)

    def _found(self, id: str, by: str) -> Asked:
        with self._file.reading() as connection:
            row = connection.execute(
                f"SELECT {_COLUMNS} FROM countersigning WHERE id = ? AND expires_at > ?",  # noqa: S608
                (id, micros(self._file.clock())),
            ).fetchone()
        if row is None:
            raise NotPermitted("what is agreed to is unknown, done or too old", hint="ask for it again")
        found = _asked(row)
        custodian_of(self._officers, by, agency=found.agency)
        return found


def _asked(row: tuple[Any, ...]) -> Asked:
    id, matter, agency, words, asked_by, expires_at = row
    said = from_canonical(words)
    assert isinstance(said, dict)
    return Asked(id, Matter(matter), agency, said, asked_by, moment(expires_at))
