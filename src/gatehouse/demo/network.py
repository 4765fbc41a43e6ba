"""Founding the story's network: agencies, people and cameras join, and rules change as rules do.

Whatever loosens takes two custodians, a published backtest and the waiting time of seven days, for which the
story's clock is turned.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gatehouse.demo.cast import (
    AGENCIES,
    AGREED,
    DAY_MINUTES,
    DECLARED,
    FORSWORN,
    OPERATOR,
    ORIGIN,
    OWNERS,
    PEOPLE,
    Owning,
    custodian,
)
from gatehouse.demo.client import Person, Reader, Site
from gatehouse.demo.clock import StoryClock
from gatehouse.demo.step import Shown, Step, holds
from gatehouse.model import Agency, Camera
from gatehouse.node.backtests import untried
from gatehouse.node.bodies import (
    LEAST_WAITING_DAYS,
    AgencyBody,
    AgreementBody,
    Body,
    DeclarationBody,
    Joining,
    Kind,
    OfficerBody,
    OwnerBody,
    SharingBody,
)
from gatehouse.node.change import ChangeState
from gatehouse.node.config import load_config
from gatehouse.node.making import create_node
from gatehouse.node.node import Node

WAITING: Final = timedelta(days=LEAST_WAITING_DAYS)
# A network that was founded today has no record of searches that a change could be tried on.
_UNTRIED: Final = "the network is new: nothing has been searched yet"


def make(folder: Path, clock: StoryClock) -> str:
    """Make the node of the operator, and return the key that its ledger is checked with."""
    people = [custodian(OPERATOR, number) for number in (1, 2)]
    return create_node(folder, origin=ORIGIN, operator=OPERATOR, custodians=people, clock=clock)


@contextmanager
def opened(folder: Path, clock: StoryClock) -> Iterator[Node]:
    """Open the node on the story's clock, on which nothing goes on by itself."""
    with Node.open(load_config(folder), clock=clock, background=False) as node:
        yield node


def join(node: Node) -> None:
    """Let every other agency join, by the operator's two custodians."""
    for agency in AGENCIES:
        if agency is not OPERATOR:
            people = tuple(OfficerBody.of(custodian(agency, number)) for number in (1, 2))
            _change(node, Kind.AGENCY, Joining(agency=AgencyBody.of(agency), custodians=people), OPERATOR)


def equip(node: Node) -> dict[str, list[Reader]]:
    """Register each owner's retention, bans, people and cameras; return the cameras by agency."""
    for officer in PEOPLE:
        node.registry.add_officer(officer, by=custodian(node.registry.agency(officer.agency), 1))
    return {each.agency.id: _owner(node, each) for each in OWNERS}


def _owner(node: Node, owning: Owning) -> list[Reader]:
    agency = owning.agency
    body = OwnerBody(owner=agency.id, retention_minutes=owning.days * DAY_MINUTES, bans=owning.bans)
    _change(node, Kind.OWNER, body, agency)
    readers = []
    for number, (name, (latitude, longitude)) in zip(count(1), owning.cameras.items(), strict=False):
        reader = Reader(f"{agency.id}.camera{number}", Ed25519PrivateKey.generate())
        camera = Camera(reader.id, agency.id, name, latitude, longitude, 90, reader.public)
        node.registry.add_camera(camera, by=custodian(agency, 1))
        readers.append(reader)
    return readers


def enroll(node: Node, site: Site, clock: StoryClock) -> dict[str, Person]:
    """Have everybody enroll over the API with the invitation of a custodian; return them by their ids."""
    found = {}
    for officer in PEOPLE:
        person = found[officer.id] = Person(site, clock, officer)
        by = f"{officer.agency}.custodian1"
        person.enroll(node.accounts.enrollment.invite(officer.id, by=(by,)).token)
    return found


def agree(node: Node) -> int:
    """Propose and approve what the owners share and what searchers declare, and return how much waits."""
    for owning in OWNERS:
        owner = owning.agency
        _change(node, Kind.SHARING, SharingBody(owner=owner.id, shares=True), owner, tried=True)
        for searcher in owning.agrees_with:
            agreement = AgreementBody(
                owner=owner.id,
                searcher=searcher.id,
                purposes=AGREED,
                document=_document(f"agreement of {owner.id} with {searcher.id}"),
            )
            _change(node, Kind.AGREEMENT, agreement, owner, tried=True)
    for searcher in DECLARED:
        declare(node, searcher)
    return len(node.changes.all(ChangeState.APPROVED))


def declare(node: Node, searcher: Agency) -> None:
    """Have an agency declare in writing what Illinois asks for; that waits for nothing but two custodians."""
    word = DeclarationBody(
        searcher=searcher.id, covers=FORSWORN, document=_document(f"declaration of {searcher.id}")
    )
    _change(node, Kind.DECLARATION, word, searcher)


def advance(node: Node, waiting: int) -> None:
    """Put in force what has waited long enough."""
    moved = node.changes.advance()
    holds(
        len(moved) == waiting and all(each.state is ChangeState.IN_FORCE for each in moved),
        "not every change came into force when its time was over",
        expected=str(waiting),
        got=str(len(moved)),
    )


def founded(node: Node, *, changes: int, reads: int) -> Step:
    """Tell who takes part, and how rules came into force."""
    cameras = node.registry.cameras()
    states = sorted({each.agency.state for each in OWNERS})
    return Step(
        "network",
        "Five invented agencies make a network",
        (
            "Towns and a county in four states own cameras; a federal agency takes part and owns none. "
            "People enroll with a password and an authenticator, and cameras sign each batch of reads.",
            "An owner shares with nobody until it says otherwise. Each agreement below took two custodians, "
            f"a published backtest and {WAITING.days} days of waiting, all of it on the record.",
        ),
        f"{len(cameras)} cameras handed in {reads:,} reads of a day and a night; {changes} changes of rules "
        "came into force",
        [
            Shown(
                f"{each.agency.name} ({each.agency.state})",
                f"keeps reads {each.days} days; agreed with {', '.join(one.name for one in each.agrees_with)}"
                + ("; bans federal searches" if "federal" in each.bans else ""),
            )
            for each in OWNERS
        ],
        {
            "agencies": [each.name for each in node.registry.agencies()],
            "states": states,
            "cameras": len(cameras),
            "reads": reads,
            "changes_in_force": changes,
        },
    )


def _change(node: Node, kind: Kind, body: Body, decider: Agency, *, tried: bool = False) -> None:
    """Have one custodian propose a change and the other approve it."""
    backtest = untried(node.registry.now.pack, _UNTRIED) if tried else None
    proposed = node.changes.propose(kind, body, by=custodian(decider, 1), backtest=backtest)
    if proposed.state is ChangeState.PROPOSED:
        node.changes.approve(proposed.id, by=custodian(decider, 2))


def _document(title: str) -> str:
    """Return the hash of the document that a rule names; the story's has one line."""
    return sha256(f"SYNTHETIC: {title}\n".encode()).hexdigest()
