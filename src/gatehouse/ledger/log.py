"""A log that grows: entries go in one by one, and come back with a receipt once they are on the record.

with Log.open(path, signer=signer) as log:
    appended = log.append(entry)
    appended.receipt.verify(entry, policy=policy)
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gatehouse.ledger.checkpoint import Checkpoint
from gatehouse.ledger.committer import (
    Apply,
    Committer,
    NotWitnessed,
    Own,
    ReleasesRefused,
    Storage,
    StoredCheckpoint,
)
from gatehouse.ledger.errors import UntrustedNote
from gatehouse.ledger.export import export
from gatehouse.ledger.layout import LARGEST_ENTRY
from gatehouse.ledger.merkle import EMPTY_ROOT
from gatehouse.ledger.note import NoteSigner, Signs, open_note, sign_note
from gatehouse.ledger.pending import Make, Pending, State, said
from gatehouse.ledger.receipt import Receipt
from gatehouse.ledger.sqlite import SqliteCommitter, create
from gatehouse.ledger.sqlite_storage import SqliteStorage
from gatehouse.ledger.view import LogView
from gatehouse.ledger.witnessing import Asking, Witnesses
from gatehouse.ledger.writer import Clock, Publish, Writer
from gatehouse.model import BadUse, Error

# How long an append waits for witnesses, and how long their absence is borne before releases stop.
RECEIPT_WAIT = timedelta(seconds=60)
RELEASE_GRACE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Appended:
    """An entry that is on the record: its index, its leaf hash, and the proof for others."""

    index: int
    leaf_hash: bytes
    receipt: Receipt


def now() -> datetime:
    """Return the time of this machine."""
    return datetime.now(UTC)


class Log(LogView):
    """A log opened for appending, which one process can do at a time; all its threads may share it."""

    def __init__(
        self,
        storage: Storage,
        committer: Committer,
        *,
        signers: Sequence[NoteSigner],
        witnesses: Witnesses | None = None,
        clock: Clock = now,
        receipt_wait: timedelta = RECEIPT_WAIT,
        release_grace: timedelta = RELEASE_GRACE,
    ) -> None:
        super().__init__(storage)
        self._committer = committer
        self._clock = clock
        self._receipt_wait = receipt_wait
        self._release_grace = release_grace
        self._changed = threading.Condition()
        self._exporting = threading.Lock()
        self._owner = os.getpid()
        self._writer = Writer(
            storage,
            committer,
            signers,
            clock=clock,
            witnessed=witnesses is not None,
            announce=self._announce,
        )
        self._state = self._writer.state()
        self._asking = None if witnesses is None else Asking(witnesses, self._writer.put, self._state)
        self._writer.start()
        head = self._state.head
        if witnesses is None and head.published.size < head.newest.size:
            self._writer.put(Publish(head.newest))

    @classmethod
    def create(cls, path: Path, *, origin: str, signer: Signs, at: datetime | None = None) -> str:
        """Make an empty log in a file, beside other tables if there are any, and return its vkey.

        `origin` names the log and its key for good: a name without spaces and plus signs, such as
        `ledger.example.org/alder`.
        """
        named = NoteSigner(origin, signer)
        body = Checkpoint(origin, 0, EMPTY_ROOT)
        note = sign_note(body.text, signers=[named])
        first = StoredCheckpoint(0, EMPTY_ROOT, note, at or now())
        create(path, origin=origin, key=named.vkey, checkpoint=first)
        return named.vkey

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        signer: Signs | Sequence[Signs],
        witnesses: Witnesses | None = None,
        clock: Clock = now,
        receipt_wait: timedelta = RECEIPT_WAIT,
        release_grace: timedelta = RELEASE_GRACE,
    ) -> Log:
        """Open the log in a file for appending.

        Of several signers all sign; the log's newest key must be among them. With `witnesses`, an append
        waits `receipt_wait` for them, and releases are refused once their policy has not been met for
        `release_grace`.
        """
        committer = SqliteCommitter(path)
        try:
            storage = SqliteStorage(path)
            try:
                head = storage.head()
                given = list(signer) if isinstance(signer, Sequence) else [signer]
                signers = [NoteSigner(head.origin, each) for each in given]
                _check_signers(signers, head.keys, head.newest.note)
                return cls(
                    storage,
                    committer,
                    signers=signers,
                    witnesses=witnesses,
                    clock=clock,
                    receipt_wait=receipt_wait,
                    release_grace=release_grace,
                )
            except BaseException:
                storage.close()
                raise
        except BaseException:
            committer.close()
            raise

    def append(
        self,
        entry: bytes | Make,
        *,
        agency: str | None = None,
        apply: Apply | Own | None = None,
        releases: bool = False,
    ) -> Appended:
        """Put an entry on the record and return once it is durable, signed, and witnessed as the policy asks.

        `entry` is the bytes, or a function that makes them for a `Position`; with `agency` it gets that
        agency's sequence and previous leaf, and MUST return a leaf of that agency. `apply` changes the
        caller's own tables in the same transaction: both happen or neither. Both functions run on the log's
        thread, so they MUST be quick and MUST NOT append; what they raise comes back as it is, and nothing is
        recorded. An `apply` that reaches for the log's own tables is `BadUse`.

        `releases` marks an entry that lets data out: it is refused (`ReleasesRefused`) while witnesses have
        been missing for too long.

        `NotRecorded` means that nothing is on the record, `OutcomeUnknown` that nobody can say yet,
        `NotWitnessed` that the entry is there but has no receipt yet (see `receipt`).
        """
        return self.result(self.submit(entry, agency=agency, apply=apply, releases=releases))

    def submit(
        self,
        entry: bytes | Make,
        *,
        agency: str | None = None,
        apply: Apply | Own | None = None,
        releases: bool = False,
    ) -> Pending:
        """Begin an append without waiting for it; `result` waits."""
        self.check_process()
        if isinstance(entry, bytes) and len(entry) > LARGEST_ENTRY:
            raise BadUse(
                "the entry is too long for a log",
                expected=f"at most {LARGEST_ENTRY} bytes",
                got=f"{len(entry)} bytes",
            )
        if releases:
            self.check_releases()
        pending = Pending(entry, agency=agency, apply=apply)
        self._writer.put(pending)
        return pending

    def result(self, pending: Pending) -> Appended:
        """Wait for an append that was begun, and return or raise as `append` does."""
        found = pending.wait()
        state = found.state if self._asking is None else self._covered(found.at)
        checkpoint = state.head.published
        proof = state.proofs.inclusion(found.at)
        return Appended(found.at, found.leaf, Receipt(found.at, proof, checkpoint.note))

    def check_releases(self) -> None:
        """Refuse with `ReleasesRefused` while the witness policy has not been met for too long."""
        if self._asking is None:
            return
        head = self._state.head
        # What was published under another policy counts for nothing under this one.
        since = head.unpublished_since if self._asking.met(head.published) else head.published.at
        if since is None:
            return
        waited = self._clock() - since
        if waited > self._release_grace:
            raise ReleasesRefused(
                "nothing may be released: witnesses are missing",
                expected=f"cosignatures within {self._release_grace.total_seconds():.0f} s",
                got=f"none for {waited.total_seconds():.0f} s",
                hint=self._why() or "see to the connection with the witnesses",
            )

    def check_clock(self) -> None:
        """Refuse with `ClocksDisagree` while the witnesses show another time; silent ones show none.

        Whoever does what no later correction undoes asks before it. It may take as long as they do.
        """
        if self._asking is not None and self._state.head.newest.size:
            self._asking.check_clock()

    def await_releases(self) -> None:
        """Return once witnesses have cosigned all that is on the record, else `ReleasesRefused`.

        Waits as long as an append does. What is released after that rests on nothing that could be denied.
        """
        if self._awaited(self._state.head.newest.size) is None:
            raise ReleasesRefused(
                "nothing may be released: earlier entries wait for witnesses",
                expected=self._cosignatures(),
                got=self._why() or "no answer yet",
                hint="nothing was appended; see to the witnesses, and then append it again",
            )

    def rotate_key(
        self,
        signer: Signs,
        announcement: bytes | Make,
        *,
        agency: str | None = None,
        apply: Apply | Own | None = None,
    ) -> Appended:
        """Announce a new key in an entry, and sign with it from that entry's checkpoint on.

        The keys in use go on signing beside it until the log is opened without them, so that who knows only
        an old key can check the announcement. The rest is as in `append`.
        """
        self.check_process()
        new = NoteSigner(self.origin, signer)
        if new.vkey in self.keys:
            raise BadUse("the log has had this key before", expected="a new key", got=new.key.key_id.hex())
        pending = Pending(announcement, agency=agency, apply=apply, new_key=new)
        self._writer.put(pending)
        return self.result(pending)

    def publish(self) -> str:
        """Return the published checkpoint once it covers all that is durable now, else `NotWitnessed`."""
        size = self._state.head.newest.size
        state = self._awaited(size)
        if state is None:
            raise NotWitnessed(
                "too few witnesses have cosigned what is on the record",
                where=f"size {size}",
                expected=self._cosignatures(),
                got=self._why() or "no answer yet",
                hint="see to the witnesses; nothing is lost",
            )
        return state.head.published.note

    def export(self, directory: Path) -> str:
        """Write tiles, bundles and checkpoint as files, for any web server; see `export.export`."""
        with self._exporting:
            return export(self, directory)

    def close(self) -> None:
        """Commit what waits, and give the lease back; closing twice does nothing."""
        self._writer.close()
        if self._asking is not None:
            self._asking.close()
        super().close()
        # Last, since the last to close a database tidies it up, and only a writer can.
        self._committer.close()

    def check_process(self) -> None:
        """Refuse a process that was forked from the one that has the log open, with `BadUse`."""
        # A forked child has no committing thread: it would wait for ever.
        if os.getpid() != self._owner:
            raise BadUse("the log was opened by another process", hint="open the log after the fork")

    def check_store(self) -> None:
        """Refuse a store whose files were taken away, as `StorageTaken`: what is read there may be older."""
        self._committer.check()

    def _why(self) -> str | None:
        failure = self._asking.failure if self._asking else None
        if failure is None:
            return None
        # What stands there as the next step is why each witness has not cosigned.
        reasons = failure.hint if isinstance(failure, Error) else None
        return said(failure) + (f" ({reasons})" if reasons else "")

    def _announce(self, state: State) -> None:
        with self._changed:
            self._state = state
            self._changed.notify_all()
        if self._asking is not None:
            self._asking.announce(state)

    def _awaited(self, size: int) -> State | None:
        """Wait for a state whose published checkpoint covers that many entries; None if none came in time."""
        found: State | None = None

        def covers() -> bool:
            nonlocal found
            state = self._state
            if self._asking is None:
                covered = state.head.published.size >= size
            else:
                covered = self._asking.covers(state, size)
            found = state if covered else None
            return covered

        with self._changed:
            self._changed.wait_for(covers, self._receipt_wait.total_seconds())
        return found

    def _cosignatures(self) -> str:
        return f"cosignatures within {self._receipt_wait.total_seconds():g} s"

    def _covered(self, index: int) -> State:
        """Return a state whose published checkpoint covers an entry, else `NotWitnessed`."""
        state = self._awaited(index + 1)
        if state is not None:
            return state
        error = NotWitnessed(
            "the entry is on the record, but too few witnesses have cosigned",
            where=f"entry {index}",
            expected=self._cosignatures(),
            got=self._why() or "no answer yet",
            hint="its receipt can be had once the witnesses answer",
        )
        error.index = index
        raise error


def _check_signers(signers: Sequence[NoteSigner], keys: Sequence[str], newest: str) -> None:
    """Refuse signers that are not this log's: with a wrong key it would stop being one log."""
    given = [each.vkey for each in signers]
    if not given or keys[-1] not in given or not set(given) <= set(keys):
        raise UntrustedNote(
            "the log needs the key that it signs with",
            expected=keys[-1],
            got=", ".join(given) or "no signer",
            hint="name the signer of the log's newest key",
        )
    open_note(newest, keys=list(keys))
