"""A small network for tests of the registry: an operator, an owner and a searcher, each with custodians."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from gatehouse.law import Lexicon, Rulebook
from gatehouse.ledger import own_tables
from gatehouse.ledger.folder import Ledger
from gatehouse.model import Agency, AgencyKind, Camera, Officer, Purpose, Role
from gatehouse.node import record
from gatehouse.node.backtests import untried
from gatehouse.node.bodies import (
    AgencyBody,
    AgreementBody,
    Joining,
    Kind,
    OfficerBody,
    OwnerBody,
    PackBody,
    SharingBody,
)
from gatehouse.node.changes import Changes
from gatehouse.node.packs import Packs
from gatehouse.node.registry import NodeRegistry
from tests.unit.ledger.logs import Clock

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
ORIGIN = "ledger.example.org/alder"
BACKTEST = untried(PackBody(version="1", sha256="ab" * 32, lexicon="cd" * 32), "no record yet")
DOCUMENT = "ab" * 32

ALDER = Agency("alder-pd", "Alder Police Department", "IL", AgencyKind.POLICE)
BIRCH = Agency("birch-so", "Birch County Sheriff", "IL", AgencyKind.SHERIFF, region="mid")
CEDAR = Agency("cedar-pd", "Cedar Police Department", "TX", AgencyKind.POLICE)


def custodian(agency: Agency, number: int) -> Officer:
    return Officer(f"{agency.id}.c{number}", agency.id, f"Custodian {number}", frozenset({Role.CUSTODIAN}))


def officer(agency: Agency, number: int, *roles: Role) -> Officer:
    found = frozenset(roles or {Role.OFFICER})
    return Officer(f"{agency.id}.o{number}", agency.id, f"Person {number}", found)


def camera(agency: Agency, number: int = 1) -> Camera:
    return Camera(
        f"{agency.id}.cam{number}", agency.id, f"Camera {number}", 41.5, -88.25, 90, bytes([number]) * 32
    )


class KnownPacks(Packs):
    """Packs whose rulebook and lexicon, once read, serve every test of this process."""

    def rulebook(self, body: PackBody) -> Rulebook:
        return _rulebook(body.sha256) if _packaged().sha256 == body.sha256 else super().rulebook(body)

    def lexicon(self, body: PackBody) -> Lexicon:
        return Lexicon.load() if _packaged().lexicon == body.lexicon else super().lexicon(body)


@cache
def _rulebook(sha256: str) -> Rulebook:
    from gatehouse.law import Pack

    return Rulebook(Pack.load())


@cache
def _packaged() -> PackBody:
    from gatehouse.law import Pack

    pack = Pack.load().id
    return PackBody(version=pack.version, sha256=pack.sha256, lexicon=Lexicon.load().sha256)


@dataclass(slots=True)
class Network:
    folder: Path
    clock: Clock
    ledger: Ledger
    registry: NodeRegistry
    changes: Changes
    packs: Packs

    def custodian(self, agency: Agency, number: int = 1) -> Officer:
        return self.registry.officer(f"{agency.id}.c{number}")

    def join(self, agency: Agency) -> None:
        body = Joining(
            agency=AgencyBody.of(agency),
            custodians=tuple(OfficerBody.of(custodian(agency, number)) for number in (1, 2)),
        )
        change = self.changes.propose(Kind.AGENCY, body, by=self.custodian(ALDER))
        self.changes.approve(change.id, by=self.custodian(ALDER, 2))

    def own(self, agency: Agency, *, minutes: int = 30 * 24 * 60) -> None:
        body = OwnerBody(owner=agency.id, retention_minutes=minutes)
        change = self.changes.propose(Kind.OWNER, body, by=self.custodian(agency))
        self.changes.approve(change.id, by=self.custodian(agency, 2))

    def agree(self, owner: Agency, searcher: Agency, *purposes: Purpose) -> None:
        """Let an owner share with a searcher, and let the waiting time pass."""
        open_ = [
            self.changes.propose(kind, body, by=self.custodian(owner), backtest=BACKTEST)
            for kind, body in (
                (Kind.SHARING, SharingBody(owner=owner.id, shares=True)),
                (Kind.AGREEMENT, agreement(owner, searcher, *purposes)),
            )
        ]
        for each in open_:
            self.changes.approve(each.id, by=self.custodian(owner, 2))
        self.clock.at += timedelta(days=7)
        self.changes.advance()


def agreement(owner: Agency, searcher: Agency, *purposes: Purpose) -> AgreementBody:
    wanted = frozenset(purposes or {Purpose.CRIMINAL_INVESTIGATION})
    return AgreementBody(owner=owner.id, searcher=searcher.id, purposes=wanted, document=DOCUMENT)


def made(folder: Path) -> Path:
    """Make the ledger of a node that nobody has founded."""
    Ledger.create(folder / "ledger", origin=ORIGIN, at=START)
    own_tables.create(folder / "ledger" / "log.sqlite", record.TABLES)
    return folder


def grown(folder: Path) -> Path:
    """Make a node with an owner that shares with nobody (birch) and a searcher (cedar), and close it."""
    with opened(made(folder)) as network:
        network.join(BIRCH)
        network.join(CEDAR)
        network.own(BIRCH)
    return folder


def copied(template: Path, folder: Path) -> Path:
    """Return a copy of a node that is closed."""
    shutil.copytree(template, folder, dirs_exist_ok=True)
    return folder


@contextmanager
def opened(folder: Path, clock: Clock | None = None) -> Iterator[Network]:
    clock = clock or Clock(START)
    with Ledger.open(folder / "ledger", clock=clock) as ledger:
        packs = KnownPacks(folder)
        registry = NodeRegistry(ledger, packs, clock=clock)
        changes = Changes(registry, folder / "backtests", clock=clock)
        if not registry.founded:
            custodians = [custodian(ALDER, number) for number in (1, 2)]
            registry.found(ALDER, custodians, pack=packs.install())
        yield Network(folder, clock, ledger, registry, changes, packs)
