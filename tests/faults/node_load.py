"""A node under load: cameras hand batches in and officers search at once, and each outcome is told at once.

A line for each: `opened <searches left open>`, `taken <camera> <number>`, `answered <search> <reads>` for an
answer that holds reads or says that there are none, `closed <search>` for one that failed on the record,
`unavailable <who>` for an error that nothing was handed out with, and `broken <what>` for what must not be.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from unittest.mock import patch

from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gatehouse.law import Lexicon, Pack
from gatehouse.model import Camera, Error, PartUnavailable, PlatePattern, PlateSearch, SearchState, Window
from gatehouse.model.batch import SignedBatch
from gatehouse.node.accounts.passwords import Passwords
from gatehouse.node.bodies import Kind, OwnerBody, PackBody
from gatehouse.node.config import load_config
from gatehouse.node.making import create_node
from gatehouse.node.node import Node
from gatehouse.search.answer import Answer
from tests.unit.ledger.logs import Clock
from tests.unit.node.founded import ALDER, ORIGIN, START, KnownPacks, camera, custodian, officer
from tests.unit.node.running import asked, read, sign, signed

EACH = 3  # reads of a batch
MONTH = 30 * 24 * 60
TOGETHER = 100  # batches whose reads bear one plate
OFFICERS = [officer(ALDER, number) for number in (1, 2, 3)]
CAMERAS = [camera(ALDER, number) for number in (1, 2, 3)]
KEYS = {each.id: Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n, each in enumerate(CAMERAS, 1)}
FIRST = START - timedelta(days=1)
OPENED = START + timedelta(hours=1)
_CONFIG = """\
[search]
officer_hour = 10000
agency_hour = 1000000
candidates = 100000
"""
# A read by its camera, the number of its batch, and its place in there.
Seen = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Running:
    """A clock that goes on from one process to the next; `since` is when it showed `OPENED`."""

    since: float

    def __call__(self) -> datetime:
        return OPENED + timedelta(seconds=time.time() - self.since)


def make(folder: Path, *, reads: str | None = None, more: str = "") -> None:
    """Make a node with three cameras and three officers, whose reads lie at a URL.

    `more` is configuration.
    """
    clock = Clock(START)
    config = _CONFIG + (f'[reads]\nurl = "{reads}"\n' if reads else "") + more
    create_node(
        folder,
        origin=ORIGIN,
        operator=ALDER,
        custodians=[custodian(ALDER, number) for number in (1, 2)],
        config=config,
        clock=clock,
    )
    with open_node(folder, clock) as node:
        by, second = custodian(ALDER, 1), custodian(ALDER, 2)
        body = OwnerBody(owner=ALDER.id, retention_minutes=MONTH)
        node.changes.approve(node.changes.propose(Kind.OWNER, body, by=by).id, by=second)
        for each in CAMERAS:
            public = KEYS[each.id].public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
            node.registry.add_camera(replace(each, key=public), by=by)
        for person in OFFICERS:
            node.registry.add_officer(person, by=by)


def open_node(folder: Path, clock: Callable[[], datetime]) -> Node:
    """Open a node; the rulebook is read once for all nodes of a process and of those forked from it."""
    # The least that Argon2 can cost: an open node tries it once.
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    with (
        patch("gatehouse.node.node.Packs", KnownPacks),
        patch("gatehouse.node.accounts.accounts.Passwords", return_value=passwords),
    ):
        return Node.open(load_config(folder), clock=clock, background=False)


def captured(number: int, place: int) -> datetime:
    """Return when a read was captured: apart enough for its camera's peak, and no two at once."""
    return FIRST + timedelta(seconds=number, microseconds=place)


def plate_of(camera: str, number: int) -> str:
    """Return the plate that all reads of a batch bear."""
    return f"TS{camera[-1]}{number // TOGETHER:04d}"


def batch_of(camera: str, number: int) -> SignedBatch:
    """Return a camera's batch."""
    plate = plate_of(camera, number)
    reads = [read(plate, captured(number, place)) for place in range(EACH)]
    return signed(number, reads, key=KEYS[camera], camera=camera)


def search_of(person: str, plate: str, at: datetime) -> PlateSearch:
    """Return an officer's search for a plate among all that was ever captured."""
    window = Window(FIRST - timedelta(hours=1), at)
    return replace(
        asked(at), plate=PlatePattern.parse(plate), officer=person, entered_by=person, window=window
    )


def ask(node: Node, person: str, plate: str) -> Answer:
    """Ask for a plate, signed."""
    at = node.clock()
    search = search_of(person, plate, at)
    return node.door.ask(search, signed=sign(search, at))


def seen_in(answer: Answer) -> list[Seen]:
    """Return the reads of an answer."""
    found = []
    for each in answer.reads:
        since = each.read.captured_at - FIRST
        found.append((each.read.camera, since // timedelta(seconds=1), since.microseconds))
    return found


def reads_of(camera: str, numbers: Collection[int]) -> set[Seen]:
    """Return the reads of batches."""
    return {(camera, number, place) for number in numbers for place in range(EACH)}


@dataclass(slots=True)
class Load:
    """The cameras and the officers of a node, who go on until the process ends or `stop` is set."""

    node: Node
    tell: Callable[[str], None]
    stop: threading.Event = field(default_factory=threading.Event)
    _stored: dict[str, int] = field(default_factory=dict)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Begin."""
        for each in CAMERAS:
            self._stored[each.id] = self.node.reads.last_batch(each.id)
        works = [
            *(lambda each=each: self._hand_in(each) for each in CAMERAS),
            *(lambda person=person: self._search(person.id) for person in OFFICERS),
            self._sweep,
        ]
        for work in works:
            self._threads.append(threading.Thread(target=self._guarded, args=(work,), daemon=True))
            self._threads[-1].start()

    def end(self) -> None:
        """Have all of them end, and return when they have."""
        self.stop.set()
        for each in self._threads:
            each.join()

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            self.tell(f"broken {type(error).__name__}")
            raise

    def _hand_in(self, camera: Camera) -> None:
        while not self.stop.is_set():
            number = self._stored[camera.id] + 1
            try:
                taken = self.node.ingest(batch_of(camera.id, number))
            except Error:
                self.tell(f"unavailable {camera.id}")
                time.sleep(0.005)
                continue
            # Stored before, by a call whose answer got lost.
            if not taken.duplicate and (taken.accepted, dict(taken.refused)) != (EACH, {}):
                self.tell(f"broken batch-{number}")
            self.tell(f"taken {camera.id} {number}")
            self._stored[camera.id] = number
            # Cameras without a pause would leave the officers no time.
            time.sleep(0.01)

    def _search(self, person: str) -> None:
        chance = random.Random(person)
        while not self.stop.is_set():
            camera = chance.choice(CAMERAS).id
            before = self._stored[camera]
            chunk = chance.choice((before, chance.randint(0, before))) // TOGETHER
            numbers = range(max(1, chunk * TOGETHER), (chunk + 1) * TOGETHER)
            try:
                answer = ask(self.node, person, plate_of(camera, numbers[0]))
            except Error:
                self.tell(f"unavailable {person}")
                time.sleep(0.005)
                continue
            if answer.state is not SearchState.RELEASED or answer.failure is not None:
                self.tell(f"broken {answer.id}" if answer.reads else f"closed {answer.id}")
                continue
            found = seen_in(answer)
            # What was acknowledged before the question is in the answer, and batches are there as a whole.
            least = reads_of(camera, [each for each in numbers if each <= before])
            whole = reads_of(camera, {number for _, number, _ in found})
            sound = len(found) == len(set(found)) and least <= set(found) == whole
            self.tell(f"answered {answer.id} {len(found)}" if sound else f"broken {answer.id}")

    def _sweep(self) -> None:
        while not self.stop.wait(0.02):
            try:
                self.node.vault.sweep()
            except PartUnavailable:
                self.tell("unavailable sweep")


def until_killed(folder: str, telling: Connection, since: float) -> None:
    """Open a node and work on it, without end."""

    def tell(line: str) -> None:
        # In one piece, for as long as a pipe takes it so.
        os.write(telling.fileno(), f"{line}\n".encode())

    node = open_node(Path(folder), Running(since))
    tell(f"opened {len(node.searches.open_searches())}")
    Load(node, tell).start()
    while True:
        node.ledger.export()


def _read_rules() -> None:
    """Read the rulebook before anything is forked from here: every node has it from then on."""
    pack, packs = Pack.load().id, KnownPacks(Path())
    body = PackBody(version=pack.version, sha256=pack.sha256, lexicon=Lexicon.load().sha256)
    packs.rulebook(body)
    packs.lexicon(body)


_read_rules()
