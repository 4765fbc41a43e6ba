"""The committing thread: whatever waits goes into one transaction, is signed, and becomes durable together.

Group commit without linger: while one transaction is written, the next appends gather; nobody waits for
company. Order within a transaction: each append's entry and its caller's change, the tree, the signature,
the commit. Only then does anybody learn of the checkpoint, a witness included, so that a crash cannot make
the log sign two trees of one size.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from queue import SimpleQueue

from gatehouse.ledger.chains import Clear, ClearReader
from gatehouse.ledger.checkpoint import Checkpoint
from gatehouse.ledger.clock import CLOCK_TOLERANCE
from gatehouse.ledger.committer import (
    Chain,
    ChangeRefused,
    ClockBehind,
    Committer,
    Head,
    Position,
    Record,
    Storage,
    StorageFailed,
    StoredCheckpoint,
    Tile,
    Transaction,
)
from gatehouse.ledger.entry import SCHEMA
from gatehouse.ledger.errors import InvalidEntry, LogCorrupt
from gatehouse.ledger.growing import GrowingTree, Proofs
from gatehouse.ledger.merkle import leaf_hash
from gatehouse.ledger.note import NoteSigner, sign_note
from gatehouse.ledger.pending import Committed, Pending, State, checked, not_recorded, outcome_unknown
from gatehouse.model import BadUse

Clock = Callable[[], datetime]

# Bounds what a transaction holds in memory and how long the first of a crowd waits for the last.
LARGEST_BATCH = 1024
# Whatever claims to be a leaf is held to its agency's chain: readers refuse a log where it breaks.
_CLAIM = b'"schema":"' + SCHEMA.partition("/")[0].encode()


@dataclass(frozen=True, slots=True)
class Publish:
    """A committed checkpoint that others may see now, with the cosignatures that it got."""

    checkpoint: StoredCheckpoint
    lines: tuple[str, ...] = ()


@dataclass(slots=True)
class _Batch:
    """What one transaction has gathered so far."""

    at: datetime
    entries: list[bytes] = field(default_factory=list)
    placed: list[tuple[Pending, int, bytes]] = field(default_factory=list)
    leaves: list[bytes] = field(default_factory=list)
    proofs: Proofs | None = None
    chains: dict[str, Chain] = field(default_factory=dict)
    failed: list[tuple[Pending, BaseException]] = field(default_factory=list)
    new_keys: list[NoteSigner] = field(default_factory=list)
    committing: bool = False


class Writer:
    """The thread, and the one place where the tree grows. `announce` is told of each durable state."""

    def __init__(
        self,
        storage: Storage,
        committer: Committer,
        signers: Sequence[NoteSigner],
        *,
        clock: Clock,
        witnessed: bool,
        announce: Callable[[State], None],
    ) -> None:
        self._storage = storage
        self._committer = committer
        self._signers = list(signers)
        self._clock = clock
        self._witnessed = witnessed
        self._leaves = ClearReader()
        self._announce = announce
        self._queue: SimpleQueue[Pending | Publish | None] = SimpleQueue()
        self._gate = threading.Lock()
        self._closed = False
        self._head = storage.head()
        self._tree: GrowingTree | None = read_tree(storage, self._head)
        self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)

    def state(self) -> State:
        """Return the state at the start."""
        return self._state_of(self._recovered(), None)

    def start(self) -> None:
        """Begin to commit."""
        self._thread.start()

    def put(self, work: Pending | Publish) -> None:
        """Have work committed."""
        with self._gate:
            if self._closed:
                raise BadUse("the log is closed")
            self._queue.put(work)

    def close(self) -> None:
        """Commit what waits, and end the thread."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        going = True
        while going:
            work = [self._queue.get()]
            # Only this thread takes from the queue, so what is counted is there.
            work += [self._queue.get() for _ in range(min(self._queue.qsize(), LARGEST_BATCH - 1))]
            going = None not in work
            appends = [each for each in work if isinstance(each, Pending)]
            publish = [each for each in work if isinstance(each, Publish)]
            if not appends and not publish:
                continue
            try:
                self._commit(appends, publish)
            except Exception as error:
                # Nobody may wait for ever, and nothing is believed until it is read again.
                self._tree = None
                reason = outcome_unknown(error)
                reason.__cause__ = error
                self._reject([each for each in appends if not each.settled], [], reason)

    def _commit(self, appends: list[Pending], publish: list[Publish]) -> None:
        batch, record = _Batch(self._head.at), None
        try:
            tree = self._recovered()
            batch.at = self._time() if appends else self._head.at
            with self._committer.transaction() as transaction:
                known = self._head.newest
                # An older copy may have been put in its place, under the same name and in the same file.
                _check_kept(self._storage, known, transaction.root(known.size))
                for each in appends:
                    self._place(each, transaction, tree, batch)
                record = self._record(tree, batch, publish)
                if record is not None:
                    transaction.write(record)
                    batch.committing = True
                    transaction.commit()
            if record is not None:
                self._head = self._next_head(self._head, record, publish)
        except Exception as error:
            lasted = self._lasted(batch, record, error)
            if isinstance(error, ChangeRefused) and len(appends) + len(publish) > 1:
                self._commit_apart(appends, publish)
                return
            if not lasted:
                reason = outcome_unknown(error) if lasted is None else not_recorded(error)
                reason.__cause__ = error
                self._reject(appends, batch.failed, reason)
                return
            tree = self._recovered()
        self._signers += batch.new_keys
        state = self._state_of(tree, batch.proofs)
        self._announce(state)
        for append, own in batch.failed:
            append.fail(own)
        for append, index, leaf in batch.placed:
            append.settle(Committed(index, leaf, state))
        self._tidy()

    def _commit_apart(self, appends: list[Pending], publish: list[Publish]) -> None:
        """Commit by halves what one of them keeps from being committed, until that one stands alone."""
        if publish:
            self._commit([], publish)
        half = len(appends) // 2
        for part in (appends[:half], appends[half:]):
            if part:
                self._commit(part, [])

    def _place(self, append: Pending, transaction: Transaction, tree: GrowingTree, batch: _Batch) -> None:
        """Take one append into the batch; if it fails, nothing of it stays and no index is used up."""
        try:
            make, agency = append.make, append.agency
            if isinstance(make, bytes):
                entry = make
                if agency is not None or _CLAIM in entry:
                    found = self._leaves.read(entry)
                    position = self._position(agency or found.agency, transaction, tree, batch)
                    agency = _continues(found, agency or found.agency, position)
            else:
                position = self._position(agency, transaction, tree, batch)
                entry = checked(make(position))
                if agency is not None or _CLAIM in entry:
                    agency = _continues(self._leaves.read(entry), agency, position)
            leaf = leaf_hash(entry)
        except (StorageFailed, LogCorrupt):
            # Of some failed reads SQLite says that the file is damaged.
            raise
        except BaseException as error:
            # A `sys.exit` too is the caller's: it must not end the thread that all others wait for.
            batch.failed.append((append, error))
            return
        if append.apply is not None:
            own = transaction.attempt(append.apply, index=tree.size + len(batch.entries), at=batch.at)
            if own is not None:
                # Also a failing store of the caller's, which is not this one.
                batch.failed.append((append, own))
                return
        batch.placed.append((append, tree.size + len(batch.entries), leaf))
        batch.entries.append(entry)
        batch.leaves.append(leaf)
        if agency is not None:
            batch.chains[agency] = Chain(position.sequence, leaf)
        if append.new_key is not None:
            batch.new_keys.append(append.new_key)

    def _position(
        self, agency: str | None, transaction: Transaction, tree: GrowingTree, batch: _Batch
    ) -> Position:
        chain = None
        if agency is not None:
            chain = batch.chains.get(agency) or transaction.chain(agency)
        sequence, previous = (chain.sequence + 1, chain.leaf) if chain else (0, None)
        return Position(tree.size + len(batch.entries), sequence, previous, batch.at)

    def _record(self, tree: GrowingTree, batch: _Batch, publish: list[Publish]) -> Record | None:
        checkpoint = published = None
        tiles: list[Tile] = []
        if batch.entries:
            tiles = tree.extend(batch.leaves)
            batch.proofs = Proofs(tree, tree.size)
            body = Checkpoint(self._head.origin, tree.size, batch.proofs.root)
            note = sign_note(body.text, signers=[*self._signers, *batch.new_keys])
            checkpoint = StoredCheckpoint(body.size, body.root, note, batch.at)
            published = None if self._witnessed else body.size
        if publish:
            published = max(self._head.published.size, *(each.checkpoint.size for each in publish))
        lines = tuple((each.checkpoint.size, line) for each in publish for line in each.lines)
        if checkpoint is None and published is None:
            return None
        return Record(
            first=tree.size - len(batch.entries),
            entries=tuple(batch.entries),
            tiles=tuple(tiles),
            chains=batch.chains,
            checkpoint=checkpoint,
            keys=tuple(each.vkey for each in batch.new_keys),
            cosignatures=lines,
            published=published,
        )

    def _state_of(self, tree: GrowingTree, proofs: Proofs | None) -> State:
        """Return the durable state; `proofs` are those of the newest size, if they are at hand."""
        published = self._head.published.size
        if proofs is None or proofs.size != published:
            proofs = Proofs(tree, published)
        return State(self._head, tree, proofs)

    def _next_head(self, head: Head, record: Record, publish: list[Publish]) -> Head:
        newest = record.checkpoint or head.newest
        candidates = [head.published, *(each.checkpoint for each in publish)]
        published = max(candidates, key=lambda each: each.size) if self._witnessed else newest
        # Cosignatures of a checkpoint that is published already come with its next version.
        published = next((each for each in reversed(candidates) if each.size == published.size), published)
        since = None
        if published.size < newest.size:
            since = newest.at if publish else head.unpublished_since or newest.at
        elif publish:
            newest = published
        return Head(head.origin, newest.at, newest, published, (*head.keys, *record.keys), since)

    def _lasted(self, batch: _Batch, record: Record | None, error: Exception) -> bool | None:
        """Return whether a transaction that failed is durable all the same, or nothing if nobody can say."""
        self._tree = None
        if not batch.committing or (isinstance(error, StorageFailed) and not error.uncertain):
            return False
        if record is None or record.checkpoint is None:
            return False
        try:
            self._recovered()
            stored = self._storage.checkpoint(record.checkpoint.size)
        except Exception as again:
            error.add_note(f"the store could not be opened again: {again}")
            return None
        return stored is not None and stored.root == record.checkpoint.root

    def _reject(
        self, appends: list[Pending], failed: list[tuple[Pending, BaseException]], reason: Exception
    ) -> None:
        own = {id(append): error for append, error in failed}
        for append in appends:
            append.fail(own.get(id(append), reason))

    def _recovered(self) -> GrowingTree:
        """Return the tree; after a failure, once the store is known to be durable as it stands."""
        if self._tree is None:
            self._committer.recover()
            head = self._storage.head()
            kept = self._storage.checkpoint(self._head.newest.size)
            _check_kept(self._storage, self._head.newest, None if kept is None else kept.root)
            self._tree = read_tree(self._storage, head)
            self._head = head
        return self._tree

    def _time(self) -> datetime:
        now, last = self._clock().astimezone(UTC), self._head.at
        if now < last - CLOCK_TOLERANCE:
            raise ClockBehind(
                "the clock is behind the last entry",
                expected=f"at least {last:%Y-%m-%dT%H:%M:%SZ}",
                got=f"{now:%Y-%m-%dT%H:%M:%SZ}",
                hint="set the clock if it is slow; if the last entry came from a fast clock, entries "
                "are taken again from that time on, and a log of another name can go on until then",
            )
        return max(now, last)

    def _tidy(self) -> None:
        try:
            self._committer.tidy()
        except StorageFailed:
            # The entries are durable in the write-ahead log; the next commit opens the store anew first,
            # and fails if that fails.
            self._tree = None


def read_tree(storage: Storage, head: Head) -> GrowingTree:
    """Return the tree of a log, whose right edge and root must be those of the newest checkpoint."""
    tree = GrowingTree(storage, head.newest.size)
    if tree.root() != head.newest.root:
        raise LogCorrupt(
            "the stored tree has another root than its checkpoint",
            where=f"{storage.where}, size {head.newest.size}",
            expected=head.newest.root.hex(),
            got=tree.root().hex(),
            hint="`gatehouse ledger fsck` says what has changed; do not sign for this log any more",
        )
    return tree


def _check_kept(storage: Storage, known: StoredCheckpoint, found: bytes | None) -> None:
    """Refuse a store that holds less than what was durable, or something else, with `LogCorrupt`.

    `found` is the root that it has for the size of the newest checkpoint.
    """
    if found != known.root:
        raise LogCorrupt(
            "the store has lost entries that it had acknowledged",
            where=f"{storage.where}, size {known.size}",
            expected=known.root.hex(),
            got="no checkpoint" if found is None else found.hex(),
            hint="do not sign for this log any more: find out what happened to its files",
        )


def _continues(leaf: Clear, agency: str | None, position: Position) -> str:
    """Return the agency of a leaf that stands at its place, else `InvalidEntry`."""
    previous = position.previous.hex() if position.previous else None
    expected = (agency, position.sequence, previous, f"{position.at:%Y-%m-%dT%H}:00:00Z")
    got = (leaf.agency, leaf.sequence, leaf.previous, leaf.hour)
    if got != expected:
        raise InvalidEntry(
            "the entry does not continue its agency's chain",
            where=f"entry {position.index}",
            expected="{}, sequence {}, behind {}, {}".format(*expected),
            got="{}, sequence {}, behind {}, {}".format(*got),
        )
    return leaf.agency
