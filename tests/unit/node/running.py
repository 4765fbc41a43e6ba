"""A running node for tests: an owner with a camera, an officer who searches, all of one agency."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gatehouse.ledger.canonical import Json
from gatehouse.model import Behalf, Camera, PlatePattern, PlateSearch, Purpose, Scope, Window
from gatehouse.model.batch import SignedBatch, signed_message
from gatehouse.node.bodies import Kind, OwnerBody
from gatehouse.node.config import load_config
from gatehouse.node.making import create_node
from gatehouse.node.node import Node
from gatehouse.search.signature import intent_hash, search_intent
from tests.unit.ledger.logs import Clock
from tests.unit.node.founded import ALDER, ORIGIN, START, camera, custodian, officer

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
CAMERA = camera(ALDER)
OFFICER = officer(ALDER, 1)
PLATE = "TEST123"


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature as the accounts would have checked it."""

    signer: str
    at: datetime
    intent: bytes
    nonce: bytes = bytes(32)
    factor: str = "passkey"

    def as_document(self) -> dict[str, Json]:
        return {"factor": self.factor, "signer": self.signer}


def made_node(folder: Path) -> Path:
    """Make a node whose operator keeps reads for 30 days, has a camera and an officer, and close it."""
    clock = Clock(START)
    create_node(
        folder, origin=ORIGIN, operator=ALDER, custodians=[custodian(ALDER, n) for n in (1, 2)], clock=clock
    )
    with opened_node(folder, clock) as node:
        by, second = custodian(ALDER, 1), custodian(ALDER, 2)
        body = OwnerBody(owner="alder-pd", retention_minutes=30 * 24 * 60)
        node.changes.approve(node.changes.propose(Kind.OWNER, body, by=by).id, by=second)
        public = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        node.registry.add_camera(_keyed(CAMERA, public), by=by)
        node.registry.add_officer(OFFICER, by=by)
    return folder


@contextmanager
def opened_node(folder: Path, clock: Clock | None = None) -> Iterator[Node]:
    with Node.open(load_config(folder), clock=clock or Clock(START), background=False) as node:
        yield node


def batch(
    number: int, at: datetime, *plates: str, key: Ed25519PrivateKey = KEY, camera: str = CAMERA.id
) -> SignedBatch:
    return signed(number, [read(plate, at) for plate in plates], key=key, camera=camera)


def read(plate: str, at: datetime) -> Mapping[str, Any]:
    return {"captured_at": at.isoformat().replace("+00:00", "Z"), "plate": plate, "state": "IL"}


def signed(
    number: int,
    reads: Sequence[Mapping[str, Any]],
    *,
    key: Ed25519PrivateKey = KEY,
    camera: str = CAMERA.id,
) -> SignedBatch:
    body = b"".join(json.dumps(each).encode() + b"\n" for each in reads)
    return SignedBatch(camera, number, body, key.sign(signed_message(camera, number, body)))


def asked(at: datetime, plate: str = PLATE) -> PlateSearch:
    return PlateSearch(
        agency="alder-pd",
        officer=OFFICER.id,
        entered_by=OFFICER.id,
        plate=PlatePattern.parse(plate),
        window=Window(at - timedelta(hours=2), at),
        scope=Scope.OWN,
        purpose=Purpose.STOLEN_VEHICLE_OR_PLATE,
        on_behalf_of=Behalf.NONE,
        reason="stolen Honda Civic taken from Main Street last night",
        offense="240",
        case_number="26-01234",
    )


def sign(search: PlateSearch, at: datetime) -> Signed:
    return Signed(search.entered_by, at, intent_hash(search_intent(search), bytes(32)))


def _keyed(camera: Camera, key: bytes) -> Camera:
    return Camera(camera.id, camera.agency, camera.name, camera.latitude, camera.longitude, 90, key)
