"""A network of thousands of owners on a node of one's own, for benchmarks of the node.

Every agency joins, sets its retention, shares and agrees with one searcher through the changes that a real
network makes, each an entry of the ledger; every owner has one camera. The searcher's own cameras, its
neighbors and its region are 1, 100 and 1,000 owners. A network is made once and kept in `bench/data`.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.unit.ledger.logs import Clock
from tests.unit.node.founded import BACKTEST, KnownPacks

from gatehouse.law.clock import EAST_END
from gatehouse.model import Agency, AgencyKind, Camera, Officer, Purpose, Role
from gatehouse.node.bodies import (
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
from gatehouse.node.changes import Changes
from gatehouse.node.config import CONFIG, load_config
from gatehouse.node.making import create_node
from gatehouse.node.node import Node

DATA = Path(__file__).resolve().parent / "data"
NEAR, REGION = 100, 1_000
SEARCHER = "larkspur-pd"
STATE = "MO"
OFFICER = Officer(f"{SEARCHER}.o1", SEARCHER, "Person 1", frozenset({Role.OFFICER}))
SUPERVISOR = Officer(f"{SEARCHER}.s1", SEARCHER, "Person 2", frozenset({Role.SUPERVISOR}))
MONTH = 30 * 24 * 60
# The law of these five lets nobody keep reads for a month.
LONG_KEEPING = sorted(EAST_END.keys() - {"CT", "ME", "NH", "VA", "WA"})
PURPOSES = frozenset({Purpose.STOLEN_VEHICLE_OR_PLATE, Purpose.CRIMINAL_INVESTIGATION})
_DOCUMENT = "ab" * 32
# Reads of a month must have come in under rules that were in force.
_BEGUN = timedelta(days=45)
_CONFIG = """\
[accounts]
domain = "localhost"

[http]
host = "127.0.0.1"
port = {port}
url = "http://localhost:{port}"

[search]
officer_hour = 10000
agency_hour = 1000000
candidates = 100000

[reads]
url = "{reads}"
"""


def owner_ids(number: int) -> list[str]:
    """Return the owners of a network of that size: the searcher first, then from near to far."""
    return [SEARCHER, *(f"owner-{at:04}" for at in range(1, number))]


def camera_of(owner: str) -> str:
    """Return the id of an owner's camera."""
    return f"{owner}.gate"


def camera_key(camera: str) -> Ed25519PrivateKey:
    """Return the key of a camera."""
    return Ed25519PrivateKey.from_private_bytes(sha256(camera.encode()).digest())


def make_network(folder: Path, owners: int, *, reads: str, port: int) -> None:
    """Make a node in `folder` on which so many owners agree with one searcher."""
    template = DATA / f"network-{owners}"
    if not template.exists():
        DATA.mkdir(exist_ok=True)
        # Tens of thousands of entries, each durable: in memory the disk has no part in it.
        memory = Path("/dev/shm")  # a folder of its own in there
        with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as making:
            made = Path(making) / "node"
            _make(made, owners)
            shutil.copytree(made, template)
    shutil.copytree(template, folder)
    (folder / CONFIG).write_text(_CONFIG.format(reads=reads, port=port), encoding="utf-8")


def _make(folder: Path, owners: int) -> None:
    clock = Clock(datetime.now(UTC) - _BEGUN)
    ids = owner_ids(owners)
    operator = Agency(
        SEARCHER, "Larkspur PD", STATE, AgencyKind.POLICE, region="mid", neighbors=frozenset(ids[1:NEAR])
    )
    create_node(
        folder,
        origin="bench.example.org/network",
        operator=operator,
        custodians=[_custodian(SEARCHER, number) for number in (1, 2)],
        config=_CONFIG.format(reads="sqlite:///reads.sqlite", port=8443),
        clock=clock,
    )
    with (
        patch("gatehouse.node.node.Packs", KnownPacks),
        Node.open(load_config(folder), clock=clock, background=False) as node,
    ):
        changes = node.changes
        _propose(changes, Kind.OWNER, OwnerBody(owner=SEARCHER, retention_minutes=MONTH), SEARCHER)
        covers = frozenset({"civil_immigration"})
        body = DeclarationBody(searcher=SEARCHER, covers=covers, document=_DOCUMENT)
        changes.propose(Kind.DECLARATION, body, by=_custodian(SEARCHER, 1))
        for person in (OFFICER, SUPERVISOR):
            node.registry.add_officer(person, by=_custodian(SEARCHER, 1))
        _add_camera(node, SEARCHER)
        chance = random.Random(owners)
        for at, owner in enumerate(ids[1:], 1):
            _join(changes, owner, chance, region="mid" if at < REGION else None)
        for owner in ids[1:]:
            _add_camera(node, owner)
            _propose(changes, Kind.OWNER, OwnerBody(owner=owner, retention_minutes=MONTH), owner)
            _propose(changes, Kind.SHARING, SharingBody(owner=owner, shares=True), owner)
            agreed = AgreementBody(owner=owner, searcher=SEARCHER, purposes=PURPOSES, document=_DOCUMENT)
            _propose(changes, Kind.AGREEMENT, agreed, owner)
        clock.at += timedelta(days=8)
        changes.advance()


def _join(changes: Changes, owner: str, chance: random.Random, *, region: str | None) -> None:
    kind = chance.choice([*[AgencyKind.POLICE] * 6, *[AgencyKind.SHERIFF] * 3, AgencyKind.UNIVERSITY])
    state = chance.choice(LONG_KEEPING)
    agency = Agency(owner, f"Town {owner[-4:]} {kind.value}", state, kind, region=region)
    custodians = tuple(OfficerBody.of(_custodian(owner, number)) for number in (1, 2))
    _propose(changes, Kind.AGENCY, Joining(agency=AgencyBody.of(agency), custodians=custodians), SEARCHER)


def _propose(changes: Changes, kind: Kind, body: Body, by: str) -> None:
    change = changes.propose(kind, body, by=_custodian(by, 1), backtest=BACKTEST)
    changes.approve(change.id, by=_custodian(by, 2))


def _custodian(agency: str, number: int) -> Officer:
    return Officer(f"{agency}.c{number}", agency, f"Custodian {number}", frozenset({Role.CUSTODIAN}))


def _add_camera(node: Node, owner: str) -> None:
    name = camera_of(owner)
    key = camera_key(name).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    node.registry.add_camera(Camera(name, owner, "Gate", 38.6, -90.2, 90, key), by=_custodian(owner, 1))
