"""Hotlists in a small world: a real ledger in a folder and a registry in memory.

Owners and people are those of `tests.unit.search.world`: Cedar PD asks, Alder PD is its neighbor, Birch SO of
its region, Dune PD far away in Illinois, and Elm PD has set no retention.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from gatehouse.hotlist.asking import (
    HotlistLimits,
    StandingSearch,
    list_intent,
    renew_intent,
    standing_intent,
)
from gatehouse.hotlist.entries import EntryAnswer
from gatehouse.hotlist.hotlists import Hotlists
from gatehouse.hotlist.importing import read_list
from gatehouse.hotlist.leads import Hit
from gatehouse.hotlist.lists import ListMode, ListTaken
from gatehouse.hotlist.parts import HotlistParts
from gatehouse.hotlist.sealing import EntryKey, LeadKeys
from gatehouse.hotlist.state import TABLES, HotlistTables
from gatehouse.ledger import own_tables
from gatehouse.ledger.canonical import Json
from gatehouse.ledger.entry import read_entry
from gatehouse.ledger.folder import Ledger
from gatehouse.ledger.receipt import Receipt
from gatehouse.model import (
    Behalf,
    Camera,
    Officer,
    PlatePattern,
    PlateSearch,
    Purpose,
    Read,
    Role,
    Scope,
    Window,
)
from gatehouse.search.signature import intent_hash, review_intent
from tests.unit.search.world import ALDER, AT, CEDAR, PLATE, Clock, MemoryRegistry, Signed

CUSTODIANS = (
    Officer("c1", CEDAR, "X", frozenset({Role.CUSTODIAN})),
    Officer("c2", CEDAR, "Y", frozenset({Role.CUSTODIAN})),
)
STATE_LIST = "state list"
# Until a source that was declared authoritative is so.
WAITING = timedelta(days=7)


@dataclass
class World:
    """Everything around hotlists; `close` and `open` are a restart."""

    folder: Path
    limits: HotlistLimits = field(default_factory=lambda: HotlistLimits(together=2))

    def __post_init__(self) -> None:
        self.clock = Clock()
        self.registry = MemoryRegistry()
        self.registry.officers |= {each.id: each for each in CUSTODIANS}
        self.counted: list[int] = []
        Ledger.create(self.folder / "ledger", origin="ledger.example.org/cedar", at=AT)
        own_tables.create(self.folder / "ledger" / "log.sqlite", TABLES)
        EntryKey.create(self.folder / "hotlist.key")
        LeadKeys.create(self.folder / "leads")
        self.open()

    def open(self) -> None:
        self.ledger = Ledger.open(self.folder / "ledger", clock=self.clock)
        self.tables = HotlistTables(self.ledger.folder.log)
        self.hotlists = Hotlists(
            HotlistParts(
                book=self.ledger,
                registry=self.registry,
                tables=self.tables,
                key=EntryKey.open(self.folder / "hotlist.key"),
                leads=LeadKeys(self.folder / "leads"),
                clock=self.clock,
                count=self.count,
                limits=self.limits,
                choose=min,
            )
        )
        self.hotlists.recover()

    def close(self) -> None:
        self.tables.close()
        self.ledger.close()

    def reopen(self) -> None:
        self.close()
        self.open()

    def count(self, entry: bytes, receipt: Receipt) -> bool:
        assert read_entry(entry).event == "hotlist:hit:raised"
        receipt.verify(entry, policy=self.ledger.folder.policy())
        if receipt.index in self.counted:
            return False
        self.counted.append(receipt.index)
        return True

    def events(self, source: str = "hotlist:") -> list[str]:
        found = [read_entry(self.ledger.entry(at)).event for at in range(self.ledger.log.size)]
        return [each.removeprefix(source) for each in found if each.startswith(source)]

    def values(self, index: int) -> dict[str, Json]:
        return dict(self.ledger.openings(index).values)

    def entered_at(self, index: int) -> datetime:
        return datetime.fromisoformat(str(self.values(index)["at"]))

    def officer(self, person: str) -> Officer:
        return self.registry.officer(person)

    def sign(self, intent: Json, by: str) -> Signed:
        nonce = secrets.token_bytes(16)
        return Signed("passkey", by, self.clock(), nonce, intent_hash(intent, nonce))

    def standing(self, plate: str = PLATE, *, days: int = 7, **changes: object) -> StandingSearch:
        """Return a standing search; changes go to it or to its search by their names."""
        now = self.clock()
        own = {name: changes.pop(name) for name in ("source", "state", "letters", "file") if name in changes}
        search = PlateSearch(
            agency=CEDAR,
            officer="o1",
            entered_by="o1",
            plate=PlatePattern.parse(plate),
            window=Window(now, now + timedelta(days=days)),
            scope=Scope.NEIGHBORS,
            purpose=Purpose.STOLEN_VEHICLE_OR_PLATE,
            on_behalf_of=Behalf.NONE,
            reason="stolen from a lot downtown",
            case_number="26-0001",
        )
        search = replace(search, **changes)  # type: ignore[arg-type]  # a test's keywords
        return replace(StandingSearch(search, source="case"), **own)  # type: ignore[arg-type]

    def ask(self, plate: str = PLATE, **changes: object) -> EntryAnswer:
        standing = self.standing(plate, **changes)  # type: ignore[arg-type]  # a test's keywords
        signed = self.sign(standing_intent(standing), standing.search.entered_by)
        return self.hotlists.entries.ask(standing, signed=signed)

    def approve(self, entry: str, by: str = "s1") -> EntryAnswer:
        signed = self.sign(review_intent(entry), by)
        return self.hotlists.entries.approve(entry, by=self.officer(by), signed=signed)

    def renew(self, entry: str, by: str = "s1") -> EntryAnswer:
        signed = self.sign(renew_intent(entry, None), by)
        return self.hotlists.entries.renew(entry, by=self.officer(by), signed=signed)

    def read(
        self, plate: str = PLATE, *, state: str | None = None, camera: str = "a1", at: datetime | None = None
    ) -> Read:
        return Read(camera, at or self.clock(), plate, plate, confidence=0.9, state=state, image="ab" * 32)

    def pass_by(
        self, plate: str = PLATE, *, owner: str = ALDER, state: str | None = None, camera: str = "a1"
    ) -> list[Hit]:
        """Take in one read of an owner's camera."""
        self.clock.move(timedelta(minutes=3))
        read = self.read(plate, state=state, camera=camera)
        return self.hotlists.on_reads([read], self.camera(owner, camera), self.clock())

    def camera(self, owner: str, name: str = "a1") -> Camera:
        return Camera(name, owner, name, 41.0, -104.0, None, b"\x00" * 32)

    def source(self, name: str = STATE_LIST, *, authoritative: bool = True) -> None:
        first, second = CUSTODIANS
        self.hotlists.lists.set_source(
            name,
            by=first,
            officer=self.officer("o1"),
            second=second if authoritative else None,
            authoritative=authoritative,
            scope=Scope.NEIGHBORS,
        )

    def take(
        self,
        text: str,
        *,
        mode: ListMode = ListMode.REPLACES,
        source: str = STATE_LIST,
        by: str = "c1",
        shrinks: bool = False,
    ) -> ListTaken:
        report = read_list(text.encode(), at=self.clock())
        at = self.clock()
        intent = list_intent(CEDAR, source, report.sha256, mode=mode.value, listed_at=at, shrinks=shrinks)
        return self.hotlists.lists.take(
            source,
            report,
            by=self.officer(by),
            signed=self.sign(intent, by),
            listed_at=at,
            mode=mode,
            shrinks=shrinks,
        )
