"""The vault in a folder, in this process: `keys.sqlite`, and the root, which may stand elsewhere."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Self

from gatehouse.ledger.canonical import Json
from gatehouse.ledger.commitment import Disclosure
from gatehouse.ledger.policy import Policy
from gatehouse.ledger.receipt import Receipt
from gatehouse.model import BadUse
from gatehouse.model.batch import SignedBatch
from gatehouse.reads.rows import SealedRead
from gatehouse.vault.answering import Answering
from gatehouse.vault.checks import (
    HIT_RAISED,
    HOLD_ENDED,
    HOLD_OPENED,
    HOLD_PLACED,
    RELEASED,
    Recorded,
    check_hold,
    check_recorded,
    hold_asked,
    hold_named,
)
from gatehouse.vault.clock import ForwardClock, machine_time
from gatehouse.vault.database import Database, create_database, reading
from gatehouse.vault.errors import NotPermitted, RowAltered
from gatehouse.vault.holds import Holds
from gatehouse.vault.images import ImageRules, Images
from gatehouse.vault.intake import Intake
from gatehouse.vault.keys import Keys
from gatehouse.vault.learning import Learning
from gatehouse.vault.protocol import (
    Found,
    Learned,
    OpenAsk,
    Opened,
    OpenedRead,
    SealedBatch,
    Shown,
    Swept,
)
from gatehouse.vault.rates import Rates
from gatehouse.vault.retention import Keeping
from gatehouse.vault.root import create_root, root_id
from gatehouse.vault.sealing import unpack_read, unseal_row
from gatehouse.vault.spent import count, counters_of, mark_seen, spend
from gatehouse.vault.times import to_microseconds

DATABASE = "keys.sqlite"
ROOT = "root"


class LocalVault:
    """A vault opened by this process, which one process can do at a time; its threads may share it.

    `policy` says which logs and witnesses are trusted, `owners` how long an owner's reads may be kept (None
    where none are taken), beside what its rule on the record says: the shorter counts. `pack_sha256` is the
    rulebook in force, `backlog` how long before a camera's enrollment its reads may have been captured (None
    for any time). `root` is the root's file, unless given `<folder>/root`.
    Without `images` it takes no pictures.
    """

    def __init__(
        self,
        folder: Path,
        *,
        policy: Policy | Callable[[], Policy],
        owners: Callable[[str], Keeping | None],
        pack_sha256: Callable[[], bytes],
        backlog: Callable[[], timedelta | None] = lambda: None,
        clock: Callable[[], datetime] = machine_time,
        root: Path | None = None,
        images: ImageRules | None = None,
    ) -> None:
        self._database = Database(folder / DATABASE)
        self._policy = _always(policy) if isinstance(policy, Policy) else policy
        try:
            self._learning = Learning(self._database, policy=self._policy, bound=owners)
            # What a crash left of old keys in the write-ahead log.
            self._database.truncate_wal()
            self._keys = Keys(self._database, root or folder / ROOT, owners=self._learning.limit)
        except BaseException:
            self._database.close()
            raise
        self._pack = pack_sha256
        self._clock = ForwardClock(clock, seen=self._database.seen)
        self._holds = Holds(self._keys)
        self._intake = Intake(
            self._keys, learning=self._learning, clock=self._clock, rates=Rates(), backlog=backlog
        )
        self._answering = Answering(
            self._database,
            self._keys,
            policy=self._policy,
            pack_sha256=pack_sha256,
            clock=self._clock,
        )
        self.images = None if images is None else self._images(images, backlog)

    def _images(self, rules: ImageRules, backlog: Callable[[], timedelta | None]) -> Images:
        return Images(
            rules,
            self._keys,
            learning=self._learning,
            policy=self._policy,
            clock=self._clock,
            backlog=backlog,
        )

    @staticmethod
    def create(
        folder: Path, *, name: str = "vault", root: Path | None = None, at: datetime | None = None
    ) -> None:
        """Make an empty vault in a folder. `name` stands in its counters; an existing vault is `BadUse`."""
        if (folder / DATABASE).exists():
            raise BadUse("there is a vault already", where=str(folder))
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        drawn = create_root(root or folder / ROOT)
        made = to_microseconds(at or machine_time())
        create_database(folder / DATABASE, name=name, root=root_id(drawn), at=made)

    @property
    def name(self) -> str:
        """Return the name that its counters bear."""
        return str(self._database.name)

    def enroll(self, shown: Shown) -> bool:
        """Take a camera as the record has it; see `Vault.enroll`."""
        return self._learning.enroll(shown)

    def retain(self, *, proposed: Shown, in_force: Shown, approved: Shown | None = None) -> bool:
        """Take an owner's retention as the record has it; see `Vault.retain`."""
        return self._learning.retain(proposed=proposed, in_force=in_force, approved=approved)

    def learned(self) -> Learned:
        """Return which cameras and retentions are known; see `Vault.learned`."""
        return self._learning.learned()

    def seal(self, batch: SignedBatch, *, received_at: datetime) -> SealedBatch:
        """Check a batch and seal its reads; see `Vault.seal`."""
        return self._intake.seal(batch, received_at=received_at)

    def open(self, ask: OpenAsk) -> Opened:
        """Check that a search is permitted on the record; see `Vault.open`."""
        return self._answering.open(ask)

    def examine(self, opened_id: str, rows: Sequence[SealedRead]) -> Found:
        """Open the rows that the lookups found; see `Vault.examine`."""
        return self._answering.examine(opened_id, rows)

    def release(
        self, opened_id: str, *, entry: bytes, receipt: Receipt, openings: Sequence[Disclosure]
    ) -> list[OpenedRead]:
        """Hand out what was found, once it is on the record; see `Vault.release`."""
        reads = self._answering.release(opened_id, entry=entry, receipt=receipt, openings=openings)
        if self.images is not None:
            self.images.released(entry, reads)
        return reads

    def record(self, entry: bytes, receipt: Receipt) -> bool:
        """Count an entry that no call here needs; see `Vault.record`."""
        recorded = check_recorded(
            entry, receipt, (), events=(HIT_RAISED, RELEASED), fields=(), policy=self._policy()
        )
        with self._database.transaction() as connection:
            return count(connection, recorded, handed_out=False)

    def hold(self, row: SealedRead, *, entry: bytes, receipt: Receipt, openings: Sequence[Disclosure]) -> str:
        """Seal one read under a case key of its own; see `Vault.hold`."""
        placed = self._hold_entry(HOLD_PLACED, entry, receipt, openings)
        asked = hold_asked(placed)
        now = self._clock()
        if (asked.owner, asked.read_id) != (row.owner_id, row.read_id) or asked.until <= now:
            raise NotPermitted(
                "the entry holds another read, or until a time that is over", where=f"entry {placed.index}"
            )
        packed = self._packed(row, at=to_microseconds(now))
        with self._keys.transaction() as connection:
            self._spend(connection, placed)
            return self._holds.place(connection, packed, asked=asked, entry=placed)

    def open_hold(
        self, hold: str, *, entry: bytes, receipt: Receipt, openings: Sequence[Disclosure]
    ) -> OpenedRead:
        """Hand out a held read, once it is on the record; see `Vault.open_hold`."""
        opened = self._hold_entry(HOLD_OPENED, entry, receipt, openings, hold=hold)
        with self._keys.transaction() as connection:
            self._spend(connection, opened)
            count(connection, opened, handed_out=True)
            at = to_microseconds(self._clock())
            held = self._holds.open(connection, hold, agency=opened.leaf.agency, at=at)
        return OpenedRead(unpack_read(held.packed).read, held.owner, held.read_id.hex(), exact=True)

    def end_hold(self, hold: str, *, entry: bytes, receipt: Receipt, openings: Sequence[Disclosure]) -> None:
        """Destroy a case key; see `Vault.end_hold`."""
        ended = self._hold_entry(HOLD_ENDED, entry, receipt, openings, hold=hold)

        def end(connection: sqlite3.Connection) -> Collection[int]:
            self._spend(connection, ended)
            return (self._holds.end(connection, hold, agency=ended.leaf.agency),)

        self._sweep(end)

    def sweep(self) -> Swept:
        """Destroy the keys that are due, and put those that stay under a fresh root."""
        return self._sweep(lambda _: ())

    def counters(self, day: date) -> Mapping[str, Json]:
        """Return the day's counts of entries as a document of `gatehouse-counters/1`."""
        with self._database.locked() as connection:
            return counters_of(connection, day, name=self.name)

    def close(self) -> None:
        """Let go of the keys. Searches that are open end."""
        self._answering.close()
        self._keys.forget()
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _sweep(self, change: Callable[[sqlite3.Connection], Collection[int]]) -> Swept:
        now = self._clock()
        ended = self._keys.sweep(at=to_microseconds(now), change=change)
        if self.images is not None:
            # The keys are gone by now: what a failure leaves here opens no more.
            self.images.sweep()
        return Swept(now, ended.sealing_keys, ended.token_keys, ended.holds, ended.truncated)

    def _hold_entry(
        self,
        event: str,
        entry: bytes,
        receipt: Receipt,
        openings: Sequence[Disclosure],
        *,
        hold: str | None = None,
    ) -> Recorded:
        recorded = check_hold(
            event,
            entry=entry,
            receipt=receipt,
            openings=openings,
            policy=self._policy(),
            pack=self._pack(),
            now=self._clock(),
        )
        if hold is not None and hold_named(recorded) != hold:
            raise NotPermitted("the entry is about another hold", where=f"entry {recorded.index}")
        return recorded

    def _packed(self, row: SealedRead, *, at: int) -> bytes:
        """Return the packed read of a row that has not expired, whichever class it was sealed under."""
        keys = [
            self._keys.sealing(row.owner_id, minutes, row.bucket, at=at)
            for minutes in sorted(self._keys.classes([row.owner_id]))
        ]
        failure: RowAltered | None = None
        for key in keys:
            try:
                if key is not None:
                    return unseal_row(row, key=key.aead)
            except RowAltered as error:
                failure = error
        if failure is not None:
            raise failure
        raise NotPermitted("a read that shall be held has expired", where=f"read {row.read_id.hex()}")

    def _spend(self, connection: sqlite3.Connection, entry: Recorded) -> None:
        spend(connection, entry)
        mark_seen(connection, self._clock.seen)


def counters_in(folder: Path, day: date) -> Mapping[str, Json]:
    """Return the day's counts of a vault that may be open elsewhere; see `Vault.counters`."""
    with reading(folder / DATABASE) as connection:
        (name,) = connection.execute("SELECT name FROM vault").fetchone()
        return counters_of(connection, day, name=name)


def _always(policy: Policy) -> Callable[[], Policy]:
    return lambda: policy
