"""A door in a small world: a real ledger, vault and read store in a folder, and a registry in memory.

Owners: Cedar PD (the searcher) and its neighbor Alder PD in Wyoming, Birch SO of the same region, Dune PD in
Illinois far away; Elm PD has set no retention.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gatehouse.law import Lexicon, OwnerIndex, Pack, Rulebook
from gatehouse.ledger.canonical import Json
from gatehouse.ledger.entry import read_entry
from gatehouse.ledger.folder import Ledger
from gatehouse.ledger.merkle import leaf_hash
from gatehouse.ledger.policy import Policy
from gatehouse.model import (
    Agency,
    AgencyKind,
    BadInput,
    Behalf,
    Camera,
    Officer,
    OwnerTerms,
    Party,
    PlatePattern,
    PlateSearch,
    Purpose,
    Role,
    Scope,
    Window,
)
from gatehouse.model.batch import SignedBatch, signed_message
from gatehouse.reads.rows import ReadBatch
from gatehouse.reads.sqlite import SqliteReads
from gatehouse.search.door import Door
from gatehouse.search.history import History
from gatehouse.search.limits import Limits
from gatehouse.search.parts import Parts
from gatehouse.search.registry import OwnerRules, Owners
from gatehouse.search.signature import intent_hash, review_intent, search_intent
from gatehouse.search.state import SearchTables
from gatehouse.vault import Keeping, RetentionClass
from gatehouse.vault.images import ImageRules
from gatehouse.vault.local import LocalVault
from gatehouse.vault.protocol import SHOWN_FIELDS, Shown
from gatehouse.vault.retention import LONGEST_MINUTES
from tests.unit.ledger.made import log_key
from tests.unit.vault.world import Book

AT = datetime(2026, 11, 23, 16, 4, 5, 678901, tzinfo=UTC)
PLATE = "TEST123"
CEDAR, ALDER, BIRCH, DUNE, ELM = "cedar-pd", "alder-pd", "birch-so", "dune-pd", "elm-pd"
CAMERA_KEY = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
POLICE, SHERIFF = AgencyKind.POLICE, AgencyKind.SHERIFF

AGENCIES = {
    each.id: each
    for each in (
        Agency(CEDAR, "Cedar PD", "WY", POLICE, region="mountain", neighbors=frozenset({ALDER})),
        Agency(ALDER, "Alder PD", "WY", POLICE, region="mountain"),
        Agency(BIRCH, "Birch SO", "WY", SHERIFF, region="mountain"),
        Agency(DUNE, "Dune PD", "IL", POLICE, region="lakes"),
        Agency(ELM, "Elm PD", "WY", POLICE, region="mountain"),
    )
}
OFFICER, SUPERVISOR = frozenset({Role.OFFICER}), frozenset({Role.SUPERVISOR})
PEOPLE = {
    each.id: each
    for each in (
        Officer("o1", CEDAR, "A", OFFICER),
        Officer("o2", CEDAR, "B", OFFICER),
        Officer("clerk", CEDAR, "C", frozenset({Role.AUDITOR})),
        Officer("s1", CEDAR, "D", frozenset({Role.SUPERVISOR, Role.OFFICER})),
        Officer("s2", CEDAR, "E", frozenset({Role.SUPERVISOR, Role.OFFICER})),
        Officer("dune-s", DUNE, "F", SUPERVISOR),
        Officer("alder-o", ALDER, "G", OFFICER),
    )
}


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, at: datetime = AT) -> None:
        self.at = at

    def __call__(self) -> datetime:
        self.at += timedelta(microseconds=1)
        return self.at

    def move(self, by: timedelta) -> None:
        self.at += by


@cache
def rulebook() -> Rulebook:
    return Rulebook(Pack.load())


class MemoryRegistry:
    """A registry whose parts tests exchange."""

    def __init__(self) -> None:
        self.rulebook = rulebook()
        self.lexicon = Lexicon.load()
        self.agencies = dict(AGENCIES)
        self.officers = dict(PEOPLE)
        self.agreements: dict[str, bool] = dict.fromkeys((ALDER, BIRCH, DUNE, ELM), True)
        self.declarations: dict[str, bool] = {}
        self.bans: dict[str, frozenset[str]] = {}
        self.rules = {each: OwnerRules(timedelta(days=30)) for each in (CEDAR, ALDER, BIRCH, DUNE)} | {
            ELM: OwnerRules(None)
        }
        self.cameras = [CEDAR, ALDER, BIRCH, DUNE, ELM]
        self._owners: tuple[Any, Owners] | None = None

    def agency(self, agency: str) -> Agency:
        if agency not in self.agencies:
            raise BadInput("no such agency")
        return self.agencies[agency]

    def officer(self, officer: str) -> Officer:
        if officer not in self.officers:
            raise BadInput("no such person")
        return self.officers[officer]

    def people(self, agency: str, role: Role) -> Sequence[Officer]:
        return [
            each
            for each in self.officers.values()
            if each.agency == agency and role in each.roles and each.active
        ]

    def owners(self, searcher: Agency) -> Owners:
        key = (
            searcher.id,
            dict(self.agreements),
            dict(self.declarations),
            dict(self.bans),
            list(self.cameras),
        )
        if self._owners is None or self._owners[0] != key:
            terms = [
                OwnerTerms(
                    Party(self.agencies[each].name, self.agencies[each].state, self.agencies[each].kind),
                    retention=self.rules[each].retention,
                    bans=self.bans.get(each, frozenset()),
                    agreement=self.agreements.get(each, False),
                    declaration=self.declarations.get(each, False),
                )
                for each in self.cameras
            ]
            regions = tuple(self.agencies[each].region for each in self.cameras)
            self._owners = key, Owners(tuple(self.cameras), OwnerIndex(terms), regions)
        return self._owners[1]

    def own_rule(self, owner: str) -> OwnerRules:
        return self.rules[owner]


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature as a node would have checked it."""

    factor: str
    signer: str
    at: datetime
    nonce: bytes
    intent: bytes

    def as_document(self) -> dict[str, Json]:
        return {"factor": self.factor, "signer": self.signer}


@dataclass
class World:
    """Everything around a door. `wrap` puts something of a test's own around a part."""

    folder: Path
    limits: Limits = field(default_factory=Limits)
    wrap: Callable[[Parts], Parts] = lambda parts: parts

    def __post_init__(self) -> None:
        self.clock = Clock()
        self.registry = MemoryRegistry()
        self.numbers: dict[str, int] = {}
        # Beside the ledger, so that a test's own entries stand first in that.
        self.book = Book(lambda: self.clock.at)
        self.introduced: set[str] = set()
        Ledger.create(self.folder / "ledger", origin="ledger.example.org/cedar", at=AT)
        LocalVault.create(self.folder / "vault", at=AT)
        SqliteReads.create(self.folder / "reads.sqlite")
        self.open()

    def open(self) -> None:
        self.ledger = Ledger.open(self.folder / "ledger", clock=self.clock)
        self.tables = SearchTables(self.ledger.folder.log)
        self.vault = LocalVault(
            self.folder / "vault",
            policy=self.policy,
            owners=self.keeping,
            pack_sha256=lambda: bytes.fromhex(self.registry.rulebook.pack.id.sha256),
            clock=self.clock,
            images=ImageRules(self.folder / "images"),
        )
        self.reads = SqliteReads(self.folder / "reads.sqlite")
        history = History(self.tables, key=b"\x05" * 32, limits=self.limits)
        self.parts = self.wrap(
            Parts(
                self.ledger,
                self.registry,
                self.vault,
                self.reads,
                self.tables,
                history,
                self.clock,
                self.limits,
                choose=lambda found: found[0],
            )
        )
        self.door = Door(self.parts)

    def close(self) -> None:
        self.tables.close()
        self.reads.close()
        self.vault.close()
        self.ledger.close()

    def reopen(self) -> None:
        self.close()
        self.open()

    def keeping(self, owner: str) -> Keeping | None:
        kept = self.registry.rules[owner].retention
        return None if kept is None else Keeping(RetentionClass.of(kept))

    def take(self, *plates: str, owner: str = CEDAR, at: datetime | None = None) -> None:
        """Have a camera of an owner read these plates."""
        camera = Camera(
            f"{owner}-1", owner, "Gate", 0.0, 0.0, None, CAMERA_KEY.public_key().public_bytes_raw()
        )
        captured = at or self.clock()
        number = self.numbers[camera.id] = self.numbers.get(camera.id, 0) + 1
        text = captured.isoformat().replace("+00:00", "Z")
        body = b"".join(json.dumps({"captured_at": text, "plate": each}).encode() + b"\n" for each in plates)
        signature = CAMERA_KEY.sign(signed_message(camera.id, number, body))
        batch = SignedBatch(camera.id, number, body, signature)
        self.introduce(camera)
        sealed = self.vault.seal(batch, received_at=max(captured, self.clock()))
        assert not sealed.refused, sealed.refused
        assert self.reads.add([ReadBatch(camera.id, number, sealed.rows)]) == [True]

    def introduce(self, camera: Camera) -> None:
        """Show the vault a camera and its owner's rule on the record, once."""
        if camera.id in self.introduced:
            return
        self.introduced.add(camera.id)
        owner = camera.agency
        said: dict[str, Json] = {
            "id": camera.id,
            "agency": owner,
            "key": camera.key.hex(),
            "status": "active",
            "peak": 240,
        }
        after: Json = {"owner": owner, "retention_minutes": LONGEST_MINUTES}
        self.vault.enroll(self._shown("registry:camera:added", owner, {"camera": said}))
        proposed: dict[str, Json] = {"change": "c1", "subject": owner, "after": after, "by": "c1"}
        self.vault.retain(
            proposed=self._shown("rule:owner:proposed", owner, proposed),
            in_force=self._shown("rule:owner:in_force", owner, {"change": "c1"}),
        )

    def _shown(self, event: str, agency: str, detail: dict[str, Json]) -> Shown:
        entry = self.book.append(event, {"detail": detail}, agency=agency)
        return Shown(entry.data, self.book.receipt(entry), entry.show(SHOWN_FIELDS))

    def policy(self) -> Policy:
        """Return whose record the vault trusts: the ledger's, and the book of cameras and rules."""
        policy = self.ledger.folder.policy()
        return dataclasses.replace(policy, logs=policy.logs + Policy.of_log(log_key().vkey).logs)

    def search(self, **changed: Any) -> PlateSearch:
        """Return a search for a stolen car among neighbors, with some of it changed."""
        if isinstance(plate := changed.get("plate"), str):
            changed["plate"] = PlatePattern.parse(plate)
        now = self.clock()
        search = PlateSearch(
            agency=CEDAR,
            officer="o1",
            entered_by="o1",
            plate=PlatePattern.parse(PLATE),
            window=Window(now - timedelta(days=2), now),
            scope=Scope.NEIGHBORS,
            purpose=Purpose.STOLEN_VEHICLE_OR_PLATE,
            on_behalf_of=Behalf.NONE,
            reason="stolen Honda Civic taken from Main Street last night",
            offense="240",
            case_number="26-01234",
        )
        return dataclasses.replace(search, **changed)

    def signed(self, intent: Json, by: str) -> Signed:
        nonce = b"\x01" * 32
        return Signed("passkey", by, self.clock(), nonce, intent_hash(intent, nonce))

    def sign(self, search: PlateSearch) -> Signed:
        return self.signed(search_intent(search), search.entered_by)

    def ask(self, *, wait: bool = False, **changed: Any) -> Any:
        search = self.search(**changed)
        return self.door.ask(search, signed=self.sign(search), wait=wait)

    def approve(self, search_id: str, by: str) -> Any:
        return self.door.approve(
            search_id,
            by=PEOPLE[by],
            signed=self.signed(review_intent(search_id), by),
        )

    def refuse(self, search_id: str, by: str) -> Any:
        return self.door.refuse(
            search_id,
            by=PEOPLE[by],
            signed=self.signed(review_intent(search_id, refusing="no case"), by),
            reason="no case",
        )

    def events(self) -> list[str]:
        """Return the events of the book, in order."""
        return [read_entry(self.ledger.entry(at)).event for at in range(self.ledger.log.size)]

    def values(self, index: int) -> Mapping[str, Json]:
        """Return what an entry hides."""
        return self.ledger.openings(index).values

    def back(self, **span: float) -> Window:
        """Return the window from so long ago until now."""
        now = self.clock()
        return Window(now - timedelta(**span), now)

    def named(self, entry: bytes) -> str:
        """Return how later entries name a search's first one."""
        return leaf_hash(entry).hex()
