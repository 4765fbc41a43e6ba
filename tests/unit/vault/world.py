"""A vault in a small world: a log of few entries, cameras with keys, and a read store in memory."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gatehouse.ledger.canonical import Json
from gatehouse.ledger.commitment import Disclosure, Openings
from gatehouse.ledger.decisions import OwnerDecision, SaltedDecision, SealedDecisions, seal_decisions
from gatehouse.ledger.entry import draft_entry
from gatehouse.ledger.merkle import leaf_hash
from gatehouse.ledger.note import NoteSigner
from gatehouse.ledger.policy import Policy
from gatehouse.ledger.receipt import Receipt
from gatehouse.model import Camera, CameraStatus, Outcome
from gatehouse.model.batch import SignedBatch, signed_message
from gatehouse.reads.rows import Lookup, SealedRead
from gatehouse.vault import Keeping, OpenAsk, OpenedRead, RetentionClass, SealedBatch
from gatehouse.vault.local import LocalVault
from gatehouse.vault.protocol import (
    ENTRY_FIELDS,
    HOLD_FIELDS,
    RELEASE_FIELDS,
    REQUEST_FIELDS,
    SHOWN_FIELDS,
    Shown,
)
from gatehouse.vault.retention import LONGEST_MINUTES
from tests.unit.ledger.logs import Clock
from tests.unit.ledger.made import ORIGIN, log_key, receipt
from tests.unit.ledger.naive import NaiveTree

AT = datetime(2026, 11, 23, 16, 4, 5, 678901, tzinfo=UTC)
PACK = b"\x11" * 32
DAY = 24 * 60
OWNER, OTHER, SEARCHER = "alder-pd", "birch-so", "cedar-pd"
CAMERA_KEY = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
PLATE = "TEST123"


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the book, with all that opens it."""

    index: int
    data: bytes
    openings: Openings

    @property
    def hash(self) -> str:
        return leaf_hash(self.data).hex()

    def show(self, fields: Iterable[str]) -> list[Disclosure]:
        return [self.openings.disclose(each, index=self.index) for each in fields]


class Book:
    """A log in memory; every receipt is one of the newest tree."""

    def __init__(
        self, clock: Callable[[], datetime], *, origin: str = ORIGIN, signers: Sequence[NoteSigner] = ()
    ) -> None:
        self.clock = clock
        self.origin = origin
        self.signers = list(signers) or [log_key(origin)]
        self.entries: list[Entry] = []
        self._last: dict[str, tuple[int, bytes]] = {}

    def append(
        self,
        event: str,
        fields: Mapping[str, Json],
        *,
        agency: str = SEARCHER,
        pack: bytes | None = PACK,
        at: datetime | None = None,
    ) -> Entry:
        sequence, previous = self._last.get(agency, (0, None))
        data, openings = draft_entry(event, agency=agency, fields=fields).place(
            sequence=sequence, previous=previous, at=at or self.clock(), pack=pack
        )
        self._last[agency] = sequence + 1, leaf_hash(data)
        entry = Entry(len(self.entries), data, openings)
        self.entries.append(entry)
        return entry

    def receipt(self, entry: Entry) -> Receipt:
        tree = NaiveTree([each.data for each in self.entries])
        return receipt(tree, entry.index, origin=self.origin, signers=self.signers)


class MemoryReads:
    """What a read store is: rows by token and bucket."""

    def __init__(self) -> None:
        self.rows: list[SealedRead] = []

    def lookup(self, lookups: Iterable[Lookup], *, owners: Collection[str]) -> list[SealedRead]:
        asked = set(lookups)
        return [row for row in self.rows if Lookup(row.bucket, row.token) in asked and row.owner_id in owners]


@dataclass
class Search:
    """A search on the record, as far as its decision."""

    request: Entry
    decided: Entry
    permits: SealedDecisions


@dataclass
class World:
    """Everything around a vault. `retention` is what its keeper lets each owner keep, in minutes.

    On the record each owner has a rule that is longer than that, unless `rule` says otherwise.
    """

    folder: Path
    clock: Clock = field(default_factory=lambda: Clock(AT))
    retention: dict[str, int] = field(default_factory=lambda: {OWNER: 30 * DAY, OTHER: 30 * DAY})
    policy: Policy = field(default_factory=lambda: Policy.of_log(log_key().vkey))
    pack: bytes = PACK
    root: Path | None = None
    backlog: timedelta | None = None

    def __post_init__(self) -> None:
        self.book = Book(self.clock)
        self.reads = MemoryReads()
        self.numbers: dict[str, int] = {}
        self.cameras: dict[str, Camera] = {}
        self.ruled: set[str] = set()
        LocalVault.create(self.folder, at=self.clock(), root=self.root)
        self.vault = self.opened()

    def opened(self) -> LocalVault:
        return LocalVault(
            self.folder,
            policy=lambda: self.policy,
            owners=self.keeping,
            pack_sha256=lambda: self.pack,
            backlog=lambda: self.backlog,
            clock=self.clock,
            root=self.root,
        )

    def reopen(self) -> None:
        self.vault.close()
        self.vault = self.opened()

    def keeping(self, owner: str) -> Keeping | None:
        minutes = self.retention.get(owner)
        return None if minutes is None else Keeping(RetentionClass(minutes))

    def camera_entry(
        self,
        camera: Camera,
        *,
        event: str | None = None,
        agency: str | None = None,
        at: datetime | None = None,
    ) -> Entry:
        """Put a camera on the record: added if it is new, else changed."""
        said: dict[str, Json] = {
            "id": camera.id,
            "agency": camera.agency,
            "name": camera.name,
            "latitude_e6": 0,
            "longitude_e6": 0,
            "heading": camera.heading,
            "key": camera.key.hex(),
            "status": str(camera.status),
            "peak": camera.peak,
        }
        stem = "changed" if camera.id in self.cameras else "added"
        self.cameras[camera.id] = camera
        return self.book.append(
            event or f"registry:camera:{stem}",
            {"detail": {"camera": said, "by": f"{camera.agency}.c1"}},
            agency=agency or camera.agency,
            at=at,
        )

    def shown(self, entry: Entry) -> Shown:
        return Shown(entry.data, self.book.receipt(entry), entry.show(SHOWN_FIELDS))

    def enroll(self, camera: Camera) -> bool:
        """Put a camera on the record, and show it to the vault."""
        return self.vault.enroll(self.shown(self.camera_entry(camera)))

    def rule_entry(
        self, step: str, owner: str = OWNER, *, at: datetime | None = None, **detail: Json
    ) -> Entry:
        return self.book.append(f"rule:owner:{step}", {"detail": detail}, agency=owner, at=at)

    def proposal(self, minutes: int | None, owner: str = OWNER, **detail: Json) -> Entry:
        """Put on the record that an owner's rule shall be another; None takes it away."""
        after: Json = None if minutes is None else {"owner": owner, "retention_minutes": minutes}
        fields: dict[str, Json] = {"change": "c1", "subject": owner, "after": after, "waiting_days": 7}
        return self.book.append(
            "rule:owner:proposed", {"detail": {**fields, "by": f"{owner}.c1", **detail}}, agency=owner
        )

    def rule(self, minutes: int | None, owner: str = OWNER) -> bool:
        """Put an owner's rule on the record without an approval, and show it to the vault."""
        self.ruled.add(owner)
        proposed = self.proposal(minutes, owner)
        in_force = self.rule_entry("in_force", owner, change="c1")
        return self.vault.retain(proposed=self.shown(proposed), in_force=self.shown(in_force))

    def seal(self, batch: SignedBatch, *, camera: Camera, received_at: datetime | None = None) -> SealedBatch:
        """Have a batch sealed once the vault knows its camera, as it is here, and its owner."""
        if self.cameras.get(camera.id) != camera:
            self.enroll(camera)
        if camera.agency not in self.ruled:
            self.rule(LONGEST_MINUTES, camera.agency)
        return self.vault.seal(batch, received_at=received_at or self.clock())

    def take(self, *plates: str, owner: str = OWNER, at: datetime | None = None) -> list[SealedRead]:
        """Have a camera of an owner read these plates, and store the rows."""
        camera = a_camera(owner)
        captured = at or self.clock()
        number = self.numbers[camera.id] = self.numbers.get(camera.id, 0) + 1
        batch = signed(camera, number, [a_read(plate, captured) for plate in plates])
        sealed = self.seal(batch, camera=camera, received_at=max(captured, self.clock()))
        assert not sealed.refused, sealed.refused
        self.reads.rows += sealed.rows
        return list(sealed.rows)

    def search(
        self,
        plate: str = PLATE,
        *,
        agency: str = SEARCHER,
        window: tuple[datetime, datetime] | None = None,
        outcomes: Mapping[str, Outcome] | None = None,
        confusables: bool = False,
        event: str = "search:plate:permitted",
        decided: Mapping[str, Json] | None = None,
    ) -> Search:
        """Put a search and its decision on the record; `decided` are other fields of the decision."""
        start, end = window or (self.clock() - timedelta(days=2), self.clock())
        asked: dict[str, Json] = {"plate": plate, "window": {"from": text(start), "to": text(end)}}
        request = self.book.append(
            "search:plate:requested",
            {"detail": {"mode": "live", "confusables": confusables}, **asked},
            agency=agency,
        )
        found = outcomes or {OWNER: Outcome.PERMIT, OTHER: Outcome.PERMIT}
        permits = seal_decisions(OwnerDecision(owner, outcome) for owner, outcome in sorted(found.items()))
        fields: dict[str, Json] = {
            **asked,
            "decision": "permit",
            "owners_decided": permits.root.value,
            "request": request.hash,
            **(decided or {}),
        }
        return Search(request, self.book.append(event, fields, agency=agency), permits)

    def ask(self, search: Search, **changed: Any) -> OpenAsk:
        """Return what proves a search, with parts exchanged."""
        ask = OpenAsk(
            request=search.request.data,
            request_receipt=self.book.receipt(search.request),
            request_openings=search.request.show(REQUEST_FIELDS),
            entry=search.decided.data,
            receipt=self.book.receipt(search.decided),
            openings=search.decided.show(ENTRY_FIELDS),
            permits=search.permits.salted,
        )
        return dataclasses.replace(ask, **changed)

    def released(self, search: Search, counts: Mapping[str, Json], **changed: Any) -> Entry:
        fields: dict[str, Json] = {"counts": counts, "request": search.request.hash}
        return self.book.append(
            "search:plate:released", {**fields, **changed}, agency=search.request.openings.agency
        )

    def again(
        self,
        entry: Entry,
        changed: Mapping[str, Json] | None = None,
        *,
        event: str | None = None,
        agency: str | None = None,
        at: datetime | None = None,
    ) -> Entry:
        """Put an entry on the record once more, with parts exchanged."""
        values = {field: value for field, value in entry.openings.values.items() if field != "at"}
        return self.book.append(
            event or entry.openings.event,
            {**values, **(changed or {})},
            agency=agency or entry.openings.agency,
            at=at,
        )

    def requested(self, search: Search, request: Mapping[str, Json], decided: Mapping[str, Json]) -> Search:
        """Put a search on the record once more, with other fields requested and decided."""
        entry = self.again(search.request, request)
        return Search(entry, self.again(search.decided, {**decided, "request": entry.hash}), search.permits)

    def release(self, opened_id: str, entry: Entry) -> list[OpenedRead]:
        return self.vault.release(
            opened_id,
            entry=entry.data,
            receipt=self.book.receipt(entry),
            openings=entry.show(RELEASE_FIELDS),
        )

    def answer(self, plate: str = PLATE, **asked: Any) -> tuple[Mapping[str, Json], list[OpenedRead]]:
        """Do all of a search, and return its counts and reads."""
        search = self.search(plate, **asked)
        opened = self.vault.open(self.ask(search))
        found = self.vault.examine(opened.id, self.reads.lookup(opened.lookups, owners=opened.owners))
        return found.counts, self.release(opened.id, self.released(search, found.counts))

    def hold_entry(self, event: str, **detail: Json) -> Entry:
        return self.book.append(f"evidence:hold:{event}", {"detail": detail})

    def proof(self, entry: Entry) -> dict[str, Any]:
        return {
            "entry": entry.data,
            "receipt": self.book.receipt(entry),
            "openings": entry.show(HOLD_FIELDS),
        }


def text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def a_camera(owner: str = OWNER, **changed: Any) -> Camera:
    camera = Camera(
        id=f"{owner}-1",
        agency=owner,
        name="Gate",
        latitude=0.0,
        longitude=0.0,
        heading=None,
        key=CAMERA_KEY.public_key().public_bytes_raw(),
        status=CameraStatus.ACTIVE,
    )
    return dataclasses.replace(camera, **changed)


def a_read(plate: str, at: datetime = AT, **changed: Any) -> dict[str, Any]:
    return {"captured_at": text(at), "plate": plate, "state": "IL", "confidence": 0.93, **changed}


def signed(
    camera: Camera, number: int, reads: Sequence[Mapping[str, Any]], *, key: Ed25519PrivateKey = CAMERA_KEY
) -> SignedBatch:
    body = b"".join(json.dumps(each).encode() + b"\n" for each in reads)
    return SignedBatch(camera.id, number, body, key.sign(signed_message(camera.id, number, body)))


def resalted(permits: SealedDecisions, **outcomes: Outcome) -> list[SaltedDecision]:
    """Return the decisions with the outcomes of some owners exchanged, under their old salts."""
    return [
        dataclasses.replace(
            each,
            decision=dataclasses.replace(
                each.decision,
                outcome=outcomes.get(each.decision.owner.replace("-", "_"), each.decision.outcome),
            ),
        )
        for each in permits.salted
    ]
