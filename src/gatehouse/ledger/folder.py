"""A ledger in a folder (see `settings`), opened for appending: the log, and what opens its entries."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Self

from gatehouse.ledger.canonical import Json
from gatehouse.ledger.commitment import Openings
from gatehouse.ledger.committer import Apply, NotWitnessed, Own
from gatehouse.ledger.day_keys import DayKeyDestroyed, DayKeyMissing, create_kek, renew_kek
from gatehouse.ledger.entry import Draft, draft_entry
from gatehouse.ledger.export import check_continues, export
from gatehouse.ledger.log import RECEIPT_WAIT, RELEASE_GRACE, Appended, Log, now
from gatehouse.ledger.note import NoteSigner, check_name
from gatehouse.ledger.pending import Pending
from gatehouse.ledger.placed import Placed
from gatehouse.ledger.policy import MOST_OF_A_KIND
from gatehouse.ledger.receipt import Receipt
from gatehouse.ledger.sealing import OpeningStore
from gatehouse.ledger.settings import DAY_KEYS, KEK, LOG, POLICY, PUBLIC, SETTINGS, Folder, located, plain
from gatehouse.ledger.sqlite import update
from gatehouse.ledger.view import LogView
from gatehouse.ledger.witness_client import Witnesses
from gatehouse.ledger.writer import Clock
from gatehouse.model import BadUse, LogEvent
from gatehouse.signing import Signer, create_key, open_signer
from gatehouse.signing.file import key_path
from gatehouse.signing.private_file import create_private

__all__ = ["Folder", "Ledger"]

_MAKING = ".making"
_POLICY_HEAD = """\
# Whom to trust for this ledger (C2SP tlog-policy). To have witnesses cosign, add lines above the quorum:
#   witness NAME VKEY URL
#   group GROUP K NAME...
# and name the witness or group in its place.
"""


@dataclass(frozen=True, slots=True)
class Entered(Appended):
    """An entry of a ledger that is on the record: its bytes, and what opens them."""

    entry: bytes
    openings: Openings


@dataclass(frozen=True, slots=True)
class Shredded:
    """What was destroyed: how many entries' openings were `closed`, and the entry that records it.

    `appended` is None where an earlier entry does; `index` is that of either, None where it is not known.
    `unread` is why the key could not be read, if so.
    """

    appended: Appended | None
    closed: int
    unread: str | None = None
    index: int | None = None


class Ledger:
    """A ledger opened for appending."""

    def __init__(self, folder: Folder, log: Log, openings: OpeningStore, clock: Clock) -> None:
        self.folder = folder
        self.log = log
        self._openings = openings
        self._clock = clock
        self._opened = ExitStack()

    @classmethod
    def create(
        cls, path: Path, *, origin: str, signer: str = "file:log.pem", at: datetime | None = None
    ) -> str:
        """Make a ledger in a new or empty folder, and return the vkey that others check it with.

        `signer` is the URI of a key that exists, or of a file in which one is drawn. What fails leaves
        nothing behind. `at` is the log's time of making, now unless given.
        """
        check_name(plain(origin))
        plain(signer)
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise BadUse("there is something already", where=str(path), expected="a new or an empty folder")
        new = not path.exists()
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Of two at once the second is refused here, before it could undo what the first has made.
        create_private(path / _MAKING, b"")
        with _undone(path, folder_too=new):
            made = _signer(located(path, signer))
            vkey = Log.create(path / LOG, origin=origin, signer=made, at=at)
            (path / LOG).chmod(0o600)
            create_kek(path / KEK)
            create_private(path / POLICY, f"{_POLICY_HEAD}log {vkey}\nquorum none\n".encode())
            with LogView.read(path / LOG) as view:
                export(view, path / PUBLIC)
            # Last, so that a folder cut off half-way is no ledger.
            create_private(path / SETTINGS, f'origin = "{origin}"\nsigners = ["{signer}"]\n'.encode())
            (path / _MAKING).unlink()
        return vkey

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        clock: Clock = now,
        receipt_wait: timedelta = RECEIPT_WAIT,
        release_grace: timedelta | None = None,
    ) -> Self:
        """Open a ledger for appending, which one process can do at a time.

        An append waits `receipt_wait` for the witnesses of the policy. Releases are refused once the policy
        has not been met for `release_grace`: unless given, what the settings say, else a minute.
        """
        folder = Folder(path)
        if release_grace is None:
            release_grace = RELEASE_GRACE if folder.release_grace is None else folder.release_grace
        policy = folder.policy()
        update(folder.log)
        with folder.view() as view:
            signers = folder.open_signers(view.keys)
        with ExitStack() as opened:
            witnesses = None
            if policy.witnesses:
                witnesses = opened.enter_context(Witnesses(policy, clock=lambda: clock().timestamp()))
            log = opened.enter_context(
                Log.open(
                    folder.log,
                    signer=signers,
                    witnesses=witnesses,
                    clock=clock,
                    receipt_wait=receipt_wait,
                    release_grace=release_grace,
                )
            )
            # Read again: before the log was ours, another process may have changed them.
            folder = Folder(path)
            # A log that was set back would sign a second history as soon as it grows.
            check_continues(log, folder.public)
            folder.settle(log.keys)
            ledger = cls(folder, log, folder.openings(), clock)
            ledger._opened = opened.pop_all()
        return ledger

    def append(
        self,
        event: str,
        *,
        agency: str,
        fields: Mapping[str, Json],
        pack: bytes | None,
        apply: Apply | None = None,
        attachments: Mapping[str, bytes] = MappingProxyType({}),
    ) -> Entered:
        """Put an event on the record, seal what opens it in the same transaction, and return its receipt.

        `pack` is the SHA-256 of the rulebook in force, None for a `log:…` event. `apply` changes the caller's
        own tables in the ledger's database, in that transaction too: entry, openings, `attachments` (bytes by
        name, see `sealing`) and change are durable together or not at all. A `…:released` or `…:raised` event
        is refused (`ReleasesRefused`) while witnesses are missing. See `Log.append`.
        """
        draft = draft_entry(event, agency=agency, fields=fields)
        placed = Placed(draft, pack, self._openings, attachments=attachments)
        done = self.log.result(self._submit(placed, apply))
        return Entered(done.index, done.leaf_hash, done.receipt, *placed.made)

    def submit(
        self,
        draft: Draft,
        *,
        pack: bytes | None,
        apply: Apply | None = None,
        attachments: Mapping[str, bytes] = MappingProxyType({}),
    ) -> Pending:
        """Begin to put a drafted event on the record without waiting for it; `result` waits."""
        return self._submit(Placed(draft, pack, self._openings, attachments=attachments), apply)

    def result(self, pending: Pending) -> Appended:
        """Wait for an append that was begun, and return or raise as `append` does."""
        return self.log.result(pending)

    def _submit(self, placed: Placed, apply: Apply | None) -> Pending:
        draft = placed.draft
        own = Own(placed.seal, apply)
        return self.log.submit(placed.make, agency=draft.agency, apply=own, releases=draft.releases)

    def entry(self, index: int) -> bytes:
        """Return an entry below the published checkpoint."""
        return self.log.entry(index)

    def receipt(self, index: int) -> Receipt:
        """Return the receipt of an entry below the published checkpoint, as it can be had by now."""
        return self.log.receipt(index)

    def openings(self, index: int) -> Openings:
        """Return everything that an entry hides; a destroyed day key is `DayKeyDestroyed`."""
        return self._openings.openings(index, entry=self.log.entry(index))

    def attachment(self, index: int, name: str) -> bytes:
        """Return what is attached to an entry under a name; a destroyed day key is `DayKeyDestroyed`."""
        return self._openings.attachment(index, name, entry=self.log.entry(index))

    def rotate_key(self, uri: str, *, by: str) -> Appended:
        """Announce a new key and sign with it, beside those so far, from that entry on.

        The announcement is a `log:key:rotated` entry; the disclosure of its `detail` shows the new vkey. Cut
        off at any point, it has happened or it has not, and opening the ledger again finds out.
        """
        plain(uri)
        self.log.check_process()
        if len(self.folder.policy().logs) >= MOST_OF_A_KIND:
            raise BadUse(
                "the policy names as many keys as it can",
                where=POLICY,
                expected=f"fewer than {MOST_OF_A_KIND} log lines",
                hint="take out lines of keys that sign nothing any more",
            )
        # Drafted twice, so that an agency that cannot be leaves no key behind.
        draft_entry(LogEvent.KEY_ROTATED, agency=by, fields={})
        signer = _signer(located(self.folder.path, uri))
        vkey = NoteSigner(self.folder.origin, signer).vkey
        if vkey in self.log.keys:
            raise BadUse("the log has had this key before", expected="a new key", got=vkey)
        draft = draft_entry(LogEvent.KEY_ROTATED, agency=by, fields={"detail": {"vkey": vkey}})
        placed = Placed(draft, None, self._openings)
        self.folder.next = uri
        self.folder.save()
        try:
            return self.log.rotate_key(signer, placed.make, agency=by, apply=Own(placed.seal))
        finally:
            # If it is unknown whether it happened, the next to open the ledger will know.
            if vkey in self.log.keys:
                self.folder.settle(self.log.keys)

    def shred(self, agency: str, day: date, *, by: str) -> Shredded:
        """Record that a day's openings end, then end them, whether or not the day's key can be read.

        Only a day that is over has a key that nothing more is sealed under, so another is `BadUse`. For a
        day whose destruction was begun and cut off, there is no second entry: it is finished. The openings
        end without waiting for witnesses: when those are missing, `NotWitnessed` says that both has happened.
        """
        today = self._clock().date()
        if day >= today:
            raise BadUse(
                "the day is not over: entries are still sealed under its key",
                expected=f"a day before {today}",
                got=str(day),
            )
        keys = self._openings.keys
        # The openings are reached over a connection of their own, which would begin a second write-ahead log.
        self.log.check_store()
        recorded = self._openings.ended_by(agency, day)
        if recorded is not None or keys.is_destroyed(agency, day):
            return Shredded(None, self._openings.destroy(agency, day), index=recorded)
        try:
            unread = self._openings.doubt(agency, day)
        except DayKeyMissing as error:
            # A day without a key is refused before anything is on the record.
            lost = self._openings.lost_by(agency, day)
            if self._openings.holds(agency, day):
                error.hint = "put it back from a backup; if it is lost for good, say so with --lost-key"
            elif lost is not None:
                return Shredded(None, 0, index=lost)
            raise
        draft = _ending(agency, day, by=by)
        placed = Placed(draft, None, self._openings, ends=(agency, day))
        pending = self.log.submit(placed.make, agency=by, apply=Own(placed.seal))
        # From here on it is on the record, and destroyed whatever the witnesses do.
        pending.wait()
        closed = self._openings.destroy(agency, day)
        try:
            appended = self.log.result(pending)
            return Shredded(appended, closed, unread, appended.index)
        except NotWitnessed as error:
            doubt = "" if unread is None else f"; its key could not be read before: {unread}"
            error.what = (
                f"the day's openings have ended ({closed}{doubt}), and the entry is on the record, "
                "but too few witnesses have cosigned"
            )
            raise

    def lose(self, agency: str, day: date, *, by: str) -> Shredded:
        """Record that a day's key is lost for good, and let the agency go on under another one.

        What was sealed under it is deleted in the transaction of that entry, so that both happen or neither;
        the day may be the present one. A key that is there is `BadUse`, whether or not it can be read. Where
        nothing is sealed there is nothing to lose: after a loss that is on the record, `index` names its
        entry; else it is `DayKeyMissing`. Witnesses that are missing are told as by `shred`.
        """
        self.log.check_store()
        try:
            unread = self._openings.doubt(agency, day)
        except DayKeyDestroyed:
            return self.shred(agency, day, by=by)
        except DayKeyMissing:
            recorded = self._openings.lost_by(agency, day)
            if not self._openings.holds(agency, day):
                if recorded is None:
                    raise
                return Shredded(None, 0, index=recorded)
        else:
            raise BadUse(
                "the day's key is not lost",
                where=f"{agency}, {day}",
                expected="no file",
                got="a key that can be read" if unread is None else f"a file that cannot be read: {unread}",
                hint=None
                if unread is None
                else "put it right from a backup; remove it only if there is none",
            )
        placed = Placed(_ending(agency, day, by=by, lost=True), None, self._openings, loses=(agency, day))
        pending = self.log.submit(placed.make, agency=by, apply=Own(placed.seal))
        pending.wait()
        self._openings.lost()
        try:
            appended = self.log.result(pending)
            return Shredded(appended, placed.closed, index=appended.index)
        except NotWitnessed as error:
            error.what = (
                f"the day's openings are given up ({placed.closed}), and the entry is on the record, "
                "but too few witnesses have cosigned"
            )
            raise

    def renew_kek(self) -> int:
        """Put the day keys under a fresh key-encryption key, destroy the old one, and count the keys.

        Copies of `day-keys/` made before are worth nothing then. MUST NOT run beside an append; cut off, it
        can be called again.
        """
        keys = self._openings.keys
        renew_kek(self.folder.path / KEK, keys)
        return sum(1 for _ in keys.days())

    def export(self) -> str:
        """Bring `public/` up to date and return its checkpoint."""
        return self.log.export(self.folder.public)

    def close(self) -> None:
        """Commit what waits, bring `public/` up to date, and close."""
        try:
            self.export()
        finally:
            self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _ending(agency: str, day: date, *, by: str, lost: bool = False) -> Draft:
    """Return the draft of the entry that records the end of a day's openings."""
    detail: dict[str, Json] = {"agency": agency, "day": day.isoformat()}
    if lost:
        detail["lost"] = True
    return draft_entry(LogEvent.DAY_KEY_DESTROYED, agency=by, fields={"detail": detail})


def _signer(uri: str) -> Signer:
    """Return the signer of a key that exists, or of one drawn into a new file."""
    new = uri.startswith("file:") and not key_path(uri).exists()
    return create_key(uri) if new else open_signer(uri)


@contextmanager
def _undone(path: Path, *, folder_too: bool) -> Iterator[None]:
    """Leave a folder that was empty as it was if the block fails."""
    try:
        yield
    except BaseException:
        for each in path.iterdir():
            if each.is_dir() and each.name in (PUBLIC, DAY_KEYS):
                shutil.rmtree(each)
            elif each.is_file():
                each.unlink()
        if folder_too:
            path.rmdir()
        raise
