"""Which person of the registry a subject of an OpenID provider is.

A provider says who somebody is, never what they may do. A subject is linked to one person by the operator or
two custodians; one that is not linked signs nobody in. E-mail addresses and names of a provider are never
matched: they change hands.
"""

from __future__ import annotations

from typing import Final

from gatehouse.model import BadInput
from gatehouse.node.accounts.enrolling import ensure_account
from gatehouse.node.accounts.errors import NotPermitted, NotSignedIn
from gatehouse.node.accounts.file import AccountsFile
from gatehouse.node.accounts.people import AccountEvent, Officers, Recorder, custodian_of, serving

# OpenID Connect Core 1.0, section 2: a subject has at most 255 ASCII characters.
LONGEST_SUBJECT: Final = 255
_TOGETHER: Final = 2


class Subjects:
    """Links subjects to people."""

    def __init__(self, file: AccountsFile, officers: Officers, *, record: Recorder) -> None:
        self._file = file
        self._officers = officers
        self._record = record

    def link(self, issuer: str, subject: str, officer: str, *, by: tuple[str, ...]) -> None:
        """Link a subject to a person who serves; one that is linked to another is `BadInput`.

        `by` is empty where the operator does it, else two custodians of the agency: one alone could link an
        own subject to somebody else and act under that name.
        """
        if not (subject.isascii() and 1 <= len(subject) <= LONGEST_SUBJECT):
            raise BadInput("a subject has another form", expected=f"1 to {LONGEST_SUBJECT} ASCII characters")
        person = serving(self._officers, officer)
        for each in by:
            custodian_of(self._officers, each, agency=person.agency)
        if by and len({*by} - {officer}) < _TOGETHER:
            raise NotPermitted("two custodians link a subject together, neither of them their own")
        with self._file.reading() as connection:
            row = connection.execute(
                "SELECT officer FROM subject WHERE issuer = ? AND subject = ?", (issuer, subject)
            ).fetchone()
        if row is not None:
            if row[0] == officer:
                return
            raise BadInput("the subject is linked to another person", hint="unlink it there first")
        self._record(AccountEvent.SUBJECT_LINKED, officer=officer, by=by, detail={"issuer": issuer})
        with self._file.writing() as connection:
            ensure_account(connection, officer)
            # Whoever kept one would let themselves in beside a person who never needs it.
            connection.execute("DELETE FROM invitation WHERE officer = ?", (officer,))
            connection.execute("INSERT INTO subject VALUES (?, ?, ?)", (issuer, subject, officer))

    def unlink(self, issuer: str, subject: str, *, by: tuple[str, ...]) -> None:
        """Unlink a subject and end the person's sessions; `by` are custodians of the agency, or the operator.

        It only takes something away, so one custodian is enough.
        """
        with self._file.reading() as connection:
            row = connection.execute(
                "SELECT officer FROM subject WHERE issuer = ? AND subject = ?", (issuer, subject)
            ).fetchone()
        if row is None:
            raise BadInput("the subject is linked to nobody")
        agency = self._officers.officer(row[0]).agency
        for each in by:
            custodian_of(self._officers, each, agency=agency)
        self._record(AccountEvent.SUBJECT_UNLINKED, officer=row[0], by=by, detail={"issuer": issuer})
        with self._file.writing() as connection:
            connection.execute("DELETE FROM subject WHERE issuer = ? AND subject = ?", (issuer, subject))
            connection.execute("DELETE FROM session WHERE officer = ?", (row[0],))

    def of(self, officer: str) -> list[tuple[str, str]]:
        """Return issuer and subject of each link of a person."""
        with self._file.reading() as connection:
            return connection.execute(
                "SELECT issuer, subject FROM subject WHERE officer = ? ORDER BY issuer, subject", (officer,)
            ).fetchall()

    def officer(self, issuer: str, subject: str) -> str:
        """Return the id of the person whom a verified subject is; `NotSignedIn` if it is nobody."""
        with self._file.reading() as connection:
            row = connection.execute(
                "SELECT subject.officer FROM subject JOIN account ON account.officer = subject.officer "
                "WHERE issuer = ? AND subject = ? AND ended_at IS NULL",
                (issuer, subject),
            ).fetchone()
        if row is None:
            raise NotSignedIn(
                "the provider knows this person and this node does not",
                hint="ask a custodian of the agency to link the account",
            )
        serving(self._officers, row[0])
        return str(row[0])
