"""Sealed openings: what opens an entry's commitments, kept beside the log and never in it.

The openings of an entry are sealed with AES-256-GCM under its agency's key of the day (see `day_keys`), with
the leaf hash as associated data, so that a sealed row opens for one entry only. The text is padded with
blanks to a multiple of 512 bytes: its length tells how long a reason was to the nearest half kilobyte at
most.

What belongs to an entry and is too long for a field, such as the salted decisions of thousands of owners, is
*attached* under a name: sealed under the same key, with leaf hash and name as associated data, and destroyed
with it. The entry commits to it where its reader can check (`owners_decided`).

The tables may stand in the log's own database (see `schema`), where a row is written in the transaction that
appends its entry (`add(…, within=connection)`), so that neither is ever without the other; or in a file of
their own.
Tiles, bundles and checkpoints hold nothing of it in either case.
"""

from __future__ import annotations

import re
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gatehouse.ledger import schema
from gatehouse.ledger.canonical import Json, from_canonical, to_canonical
from gatehouse.ledger.commitment import FIELDS, Disclosure, Openings, check
from gatehouse.ledger.day_keys import DayKeyDestroyed, DayKeyMissing, DayKeys
from gatehouse.ledger.entry import read_entry
from gatehouse.ledger.errors import InvalidOpening
from gatehouse.ledger.merkle import leaf_hash
from gatehouse.ledger.sqlite_file import failures
from gatehouse.model import BadUse, PartUnavailable

BLOCK = 512
LARGEST_ATTACHMENT = 4 * 1024 * 1024
_NONCE_BYTES, _LENGTH_BYTES = 12, 8
_ATTACHED = b"gatehouse-attachment/1\n"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)

# Spelled as no caller would: see `sqlite_file`.
_ADD = "INSERT INTO ledger_opening (entry, agency, day, sealed) VALUES (?, ?, ?, ?) /* ledger */"
_ATTACH = (
    "INSERT INTO ledger_attachment (entry, name, agency, day, sealed) VALUES (?, ?, ?, ?, ?) /* ledger */"
)
_LOSE = "INSERT INTO ledger_lost (agency, day, entry) VALUES (?, ?, ?) /* ledger */"
_END = "INSERT INTO ledger_ended (agency, day, entry) VALUES (?, ?, ?) /* ledger */"


class OpeningMissing(PartUnavailable):
    """Nothing is kept that opens an entry."""


class DayKeyLost(DayKeyMissing):
    """The key of an agency's day is not there, though entries are sealed under it."""


def seal(openings: Openings, *, entry: bytes, key: bytes) -> bytes:
    """Return the openings of an entry, sealed: a nonce of 12 bytes and the AES-256-GCM text."""
    text = to_canonical({"root": openings.root.hex(), "values": dict(openings.values)})
    nonce = secrets.token_bytes(_NONCE_BYTES)
    padded = text + b" " * (-len(text) % BLOCK)
    return nonce + AESGCM(key).encrypt(nonce, padded, leaf_hash(entry))


def unseal(sealed: bytes, *, entry: bytes, key: bytes) -> Openings:
    """Return an entry's openings, checked against its leaf field by field, else `InvalidOpening`."""
    leaf = read_entry(entry)
    try:
        padded = AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], leaf_hash(entry))
    except (InvalidTag, ValueError):
        raise InvalidOpening(
            "sealed openings were altered, or are another entry's or another day's",
            expected=f"a text sealed for leaf {leaf_hash(entry).hex()}",
            got=f"{len(sealed)} bytes that do not open",
        ) from None
    match from_canonical(padded.rstrip(b" ")):
        case {"root": str() as root, "values": dict() as values, **rest} if not rest:
            pass
        case _:
            raise InvalidOpening("sealed openings have another form", expected="root and values", got="other")
    if tuple(sorted(values)) != FIELDS:
        raise InvalidOpening("sealed openings lack fields", expected=", ".join(FIELDS), got="other names")
    named: dict[str, Json] = {str(name): value for name, value in values.items()}
    openings = Openings(leaf.agency, leaf.event, bytes.fromhex(root), named)
    openings.check(leaf)
    return openings


def seal_attachment(data: bytes, *, name: str, entry: bytes, key: bytes) -> bytes:
    """Return bytes that belong to an entry, sealed: nonce, then AES-256-GCM of length, data and zeros."""
    if not _NAME.fullmatch(name):
        raise BadUse("nothing is attached under such a name", expected="small letters, digits and _")
    if len(data) > LARGEST_ATTACHMENT:
        raise BadUse(
            "too much is attached to an entry",
            expected=f"at most {LARGEST_ATTACHMENT} bytes",
            got=f"{len(data)} bytes",
        )
    nonce = secrets.token_bytes(_NONCE_BYTES)
    text = len(data).to_bytes(_LENGTH_BYTES) + data
    return nonce + AESGCM(key).encrypt(nonce, text + bytes(-len(text) % BLOCK), _bound(name, entry))


def unseal_attachment(sealed: bytes, *, name: str, entry: bytes, key: bytes) -> bytes:
    """Return what was attached to an entry under a name, else `InvalidOpening`."""
    try:
        text = AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _bound(name, entry))
    except (InvalidTag, ValueError):
        raise InvalidOpening(
            "an attachment was altered, or is another entry's or has another name",
            expected=f"a text sealed for leaf {leaf_hash(entry).hex()}",
            got=f"{len(sealed)} bytes that do not open",
        ) from None
    length = int.from_bytes(text[:_LENGTH_BYTES])
    return text[_LENGTH_BYTES : _LENGTH_BYTES + length]


def _bound(name: str, entry: bytes) -> bytes:
    return _ATTACHED + name.encode() + b"\n" + leaf_hash(entry)


class OpeningStore:
    """Sealed openings and attachments in a SQLite file, by ledger index."""

    def __init__(self, path: Path, *, keys: DayKeys) -> None:
        self.path = path
        self.keys = keys
        with self._connection() as connection:
            if not schema.holds_log(connection):
                schema.create_sealing(connection)
        # Looked up once: only the holder of the log's lease adds to them, by `lost`.
        self._lost = self._losses()

    def add(
        self,
        openings: Openings,
        *,
        index: int,
        entry: bytes,
        within: sqlite3.Connection | None = None,
        losing: tuple[str, date] | None = None,
    ) -> None:
        """Seal and keep the openings of the entry at an index, durable before this returns.

        With `within`, a connection to the database at `path`, it becomes durable with that transaction. The
        day's key is durable before anything is sealed under it; if it is gone and entries are sealed under
        it, that is `DayKeyLost`. An index that is taken is `BadUse`. `losing` is a day whose key this entry
        records as lost, see `lose`.
        """
        leaf = read_entry(entry)
        # The root is the entry's own, so one field tells whether entry and openings belong together; checking
        # all of them would keep the committer's thread 20 times as long.
        check(leaf, openings.disclose("at", index=index))
        day = leaf.hour.date()
        after = index if losing == (leaf.agency, day) else None
        sealed = seal(openings, entry=entry, key=self._key(leaf.agency, day, within, after=after))
        row = (index, leaf.agency, day.isoformat(), sealed)
        if within is not None:
            _insert(within, row)
            return
        with self._connection() as connection:
            _insert(connection, row)

    def openings(self, index: int, *, entry: bytes) -> Openings:
        """Return everything that the entry at an index hides; a destroyed key is `DayKeyDestroyed`."""
        with self.reading() as opened:
            return opened(index, entry)

    @contextmanager
    def reading(self) -> Iterator[Callable[[int, bytes], Openings]]:
        """Yield what opens the entry at an index, as `openings` does: for many, over one connection."""
        with self._connection() as connection:

            def opened(index: int, entry: bytes) -> Openings:
                leaf = read_entry(entry)
                row = connection.execute(
                    "SELECT sealed FROM ledger_opening WHERE entry = ?", (index,)
                ).fetchone()
                after = _lost_by(connection, leaf.agency, leaf.hour.date())
                # The key first: once it is destroyed the row is gone too, and that is no loss to report.
                key = self._read_key(leaf.agency, leaf.hour.date(), index, after)
                if row is None:
                    raise OpeningMissing("nothing is kept that opens this entry", where=f"entry {index}")
                return unseal(row[0], entry=entry, key=key)

            yield opened

    def open_field(self, field: str, index: int, *, entry: bytes) -> Disclosure:
        """Return the disclosure of one field of the entry at an index."""
        return self.openings(index, entry=entry).disclose(field, index=index)

    def attach(
        self,
        index: int,
        name: str,
        data: bytes,
        *,
        entry: bytes,
        within: sqlite3.Connection | None = None,
    ) -> None:
        """Seal and keep bytes that belong to the entry at an index, durable as in `add`.

        A name that is taken, and more than `LARGEST_ATTACHMENT`, is `BadUse`.
        """
        leaf = read_entry(entry)
        day = leaf.hour.date()
        key = self._key(leaf.agency, day, within)
        sealed = seal_attachment(data, name=name, entry=entry, key=key)
        row = (index, name, leaf.agency, day.isoformat(), sealed)
        if within is not None:
            _insert_attachment(within, row)
            return
        with self._connection() as connection:
            _insert_attachment(connection, row)

    def attachment(self, index: int, name: str, *, entry: bytes) -> bytes:
        """Return what is attached to the entry at an index; a destroyed key is `DayKeyDestroyed`."""
        leaf = read_entry(entry)
        with self._connection() as connection:
            after = _lost_by(connection, leaf.agency, leaf.hour.date())
            row = connection.execute(
                "SELECT sealed FROM ledger_attachment WHERE entry = ? AND name = ?", (index, name)
            ).fetchone()
        key = self._read_key(leaf.agency, leaf.hour.date(), index, after)
        if row is None:
            raise OpeningMissing("nothing is attached under this name", where=f"entry {index}", got=name)
        return unseal_attachment(row[0], name=name, entry=entry, key=key)

    def end(self, agency: str, day: date, *, index: int, within: sqlite3.Connection) -> None:
        """Keep within a transaction that the entry at an index records the end of a day's openings."""
        within.execute(_END, (agency, day.isoformat(), index))

    def ended_by(self, agency: str, day: date) -> int | None:
        """Return which entry records the end of a day's openings, whether or not they are destroyed yet."""
        with self._connection() as connection:
            row = connection.execute(
                "SELECT entry FROM ledger_ended WHERE agency = ? AND day = ?", (agency, day.isoformat())
            ).fetchone()
        return None if row is None else int(row[0])

    def lose(self, agency: str, day: date, *, index: int, within: sqlite3.Connection) -> int:
        """Keep within a transaction that the entry at an index records the loss of a day's key.

        What was sealed under it is deleted, and counted; the day's next key has a name of its own. Once the
        transaction is durable, `lost` is to be called.
        """
        within.execute(_LOSE, (agency, day.isoformat(), index))
        return _delete(within, agency, day)

    def lost(self) -> None:
        """Take note of the losses that are on the record."""
        self._lost = self._losses()

    def lost_by(self, agency: str, day: date) -> int | None:
        """Return which entry records the last loss of a day's key."""
        with self._connection() as connection:
            return _lost_by(connection, agency, day)

    def doubt(self, agency: str, day: date) -> str | None:
        """Return why the day's key cannot be read, None if it can; one that is not there raises."""
        return self.keys.doubt(agency, day, after=self.lost_by(agency, day))

    def holds(self, agency: str, day: date, *, within: sqlite3.Connection | None = None) -> bool:
        """Return whether anything is sealed under an agency's key of a day."""
        if within is not None:
            return _holds(within, agency, day)
        with self._connection() as connection:
            return _holds(connection, agency, day)

    def destroy(self, agency: str, day: date) -> int:
        """End the openings of an agency's day, and return how many entries are closed for good.

        The key is destroyed first; from then on the rows are noise. They are deleted for the room they take.
        """
        self.keys.destroy(agency, day)
        with self._connection() as connection:
            return _delete(connection, agency, day)

    def _key(
        self, agency: str, day: date, within: sqlite3.Connection | None, *, after: int | None = None
    ) -> bytes:
        """Return the key that an entry of a day is to be sealed under now."""
        if after is None:
            after = self._lost.get((agency, day.isoformat()))

        def before_drawing() -> None:
            if self.holds(agency, day, within=within):
                raise DayKeyLost(
                    "the key of this day is gone, and entries are sealed under it",
                    where=f"{agency}, {day}",
                    expected=f"{self.keys.path(agency, day, after)}",
                    got="no file",
                    hint="put the file back from a backup; if it is lost for good, so is what it sealed: "
                    f"`gatehouse ledger shred DIR {agency} {day} --lost-key --by AGENCY` records that, and "
                    "the agency goes on",
                )

        return self.keys.create(agency, day, after=after, before_drawing=before_drawing)

    def _read_key(self, agency: str, day: date, index: int, after: int | None) -> bytes:
        """Return the key that the entry at an index is sealed under; one that is gone for good raises."""
        if after is not None and index < after:
            raise DayKeyDestroyed(
                "the key of this day was lost, and what it sealed with it",
                where=f"{agency}, {day}",
                hint=f"entry {after} records it",
            )
        return self.keys.read(agency, day, after=after)

    def _losses(self) -> dict[tuple[str, str], int]:
        with self._connection() as connection:
            rows = connection.execute("SELECT agency, day, max(entry) FROM ledger_lost GROUP BY agency, day")
            return {(agency, day): entry for agency, day, entry in rows}

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection with a transaction, committed at the end and rolled back after an error."""
        with failures(self.path):
            connection = sqlite3.connect(self.path, timeout=30)
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("PRAGMA secure_delete = ON")
                with connection:
                    yield connection
            finally:
                connection.close()


def _lost_by(connection: sqlite3.Connection, agency: str, day: date) -> int | None:
    query = "SELECT max(entry) FROM ledger_lost WHERE agency = ? AND day = ?"
    found: int | None = connection.execute(query, (agency, day.isoformat())).fetchone()[0]
    return found


def _holds(connection: sqlite3.Connection, agency: str, day: date) -> bool:
    sealed = (agency, day.isoformat())
    for table in ("ledger_opening", "ledger_attachment"):
        query = f"SELECT 1 FROM {table} WHERE agency = ? AND day = ? LIMIT 1"  # noqa: S608  # nothing from outside
        if connection.execute(query, sealed).fetchone() is not None:
            return True
    return False


def _delete(connection: sqlite3.Connection, agency: str, day: date) -> int:
    """Delete what is sealed under a day's key, and return how many entries that were."""
    ended = (agency, day.isoformat())
    connection.execute("DELETE FROM ledger_attachment WHERE agency = ? AND day = ? /* ledger */", ended)
    found = connection.execute("DELETE FROM ledger_opening WHERE agency = ? AND day = ? /* ledger */", ended)
    return found.rowcount


def _insert(connection: sqlite3.Connection, row: tuple[int, str, str, bytes]) -> None:
    try:
        connection.execute(_ADD, row)
    except sqlite3.IntegrityError:
        raise BadUse("this entry's openings are already kept", where=f"entry {row[0]}") from None


def _insert_attachment(connection: sqlite3.Connection, row: tuple[int, str, str, str, bytes]) -> None:
    try:
        connection.execute(_ATTACH, row)
    except sqlite3.IntegrityError:
        raise BadUse("something is attached under this name", where=f"entry {row[0]}", got=row[1]) from None
