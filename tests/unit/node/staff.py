"""A small station for tests of accounts: its people, its clock, and what its accounts put on the record."""

from __future__ import annotations

from base64 import b32decode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from argon2 import PasswordHasher
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from gatehouse.ledger.canonical import Json
from gatehouse.model import BadInput, Officer, Role
from gatehouse.node.accounts import AccountEvent, Accounts, RelyingParty
from gatehouse.node.accounts.passwords import Passwords
from gatehouse.node.sessions import Limits
from tests.unit.node.authenticator import Authenticator

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
SITE = RelyingParty("gatehouse.test", "Gatehouse test", ("https://gatehouse.test",))
PASSWORD = "orchard ladder winter"
ADDRESS = "192.0.2.7"


class Clock:
    """A clock that a test turns."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def turn(self, **span: float) -> None:
        """Let time pass."""
        self.at += timedelta(**span)


class Roster:
    """The people of a registry."""

    def __init__(self, *people: Officer) -> None:
        self.people = {each.id: each for each in people}

    def officer(self, id: str) -> Officer:
        """Return a person."""
        if id not in self.people:
            raise BadInput("no such person", where=f"officer {id}")
        return self.people[id]

    def leave(self, id: str) -> None:
        """Let a person leave."""
        self.people[id] = replace(self.people[id], active=False)


@dataclass
class Record:
    """What accounts record; `fails` makes it refuse."""

    events: list[tuple[AccountEvent, str, tuple[str, ...], Mapping[str, Json]]] = field(default_factory=list)
    fails: Exception | None = None

    def __call__(
        self, event: AccountEvent, *, officer: str, by: tuple[str, ...], detail: Mapping[str, Json]
    ) -> None:
        if self.fails is not None:
            raise self.fails
        self.events.append((event, officer, by, detail))

    def names(self) -> list[str]:
        """Return the events in order."""
        return [event.value for event, *_ in self.events]


def person(id: str, *roles: Role, agency: str = "alder-pd") -> Officer:
    """Return a person of the station."""
    return Officer(id, agency, f"Person {id}", frozenset(roles or {Role.OFFICER}))


class Station:
    """Accounts in a folder with the people `o-1`, `o-2`, `c-1`, `c-2`, and `c-9` of another agency."""

    def __init__(self, folder: Path, *, limits: Limits | None = None) -> None:
        self.folder = folder
        self._opened: list[Accounts] = []
        self.clock = Clock()
        self.record = Record()
        self.roster = Roster(
            person("o-1"),
            person("o-2"),
            person("c-1", Role.CUSTODIAN),
            person("c-2", Role.CUSTODIAN),
            person("c-9", Role.CUSTODIAN, agency="birch-so"),
        )
        self.accounts = self.open(limits=limits)

    def open(self, *, limits: Limits | None = None) -> Accounts:
        """Open the accounts, again after a restart."""
        made = Accounts(
            self.folder / "accounts.sqlite",
            key=self.folder / "accounts.key",
            officers=self.roster,
            relying=SITE,
            record=self.record,
            clock=self.clock,
            limits=limits,
            # The least that Argon2 can cost: what is tested here is not its strength.
            passwords=Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)),
        )
        self._opened.append(made)
        return made

    def close(self) -> None:
        """Close all accounts that were opened."""
        for each in self._opened:
            each.close()

    def enroll_with_code(self, officer: str, *, login: str | None = None) -> tuple[str, list[str]]:
        """Enroll a person and return the authenticator's secret and the recovery codes.

        The code that enrolled is used; time goes on so that the next one is fresh.
        """
        token = self.accounts.enrollment.invite(officer, by=("c-1",)).token
        secret = self.accounts.enrollment.open(token).secret
        codes = self.accounts.enrollment.with_code(
            token, login=login or f"login.{officer}", password=PASSWORD, code=self.code(secret)
        )
        self.clock.turn(seconds=60)
        return secret, codes

    def enroll_with_passkey(self, officer: str, *, login: str | None = None) -> Authenticator:
        """Enroll a person with a passkey."""
        chosen = login or f"login.{officer}"
        token = self.accounts.enrollment.invite(officer, by=("c-1",)).token
        device = Authenticator()
        options = self.accounts.enrollment.passkey_options(token, login=chosen)
        self.accounts.enrollment.with_passkey(
            token, login=chosen, credential=device.create(options), label="key"
        )
        return device

    def code(self, secret: str) -> str:
        """Return the authenticator's code now."""
        return code_at(secret, self.clock.at)


def code_at(secret: str, at: datetime) -> str:
    """Return the code that an authenticator shows."""
    return TOTP(b32decode(secret), 6, SHA1(), 30).generate(int(at.timestamp())).decode()
