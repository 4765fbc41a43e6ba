"""The vault's keys: made when first needed, used until they are due, destroyed by `sweep`.

    root ── wraps ──▶ shelf keys, one for each time at which keys end
    shelf key ── wraps ──▶ sealing keys (owner, class, bucket), token keys (class, bucket), case keys of holds

Shelves make a sweep cheap: the root is replaced by wrapping a few thousand shelf keys anew, however many
owners there are, and a shelf that is due takes all of its keys with it. A key that leaves its shelf before
that time (an owner shortened its retention, a hold was ended) retires the shelf: those that stay move under
a fresh shelf key, so that no copy of the database can be opened with a shelf key that lives on.

Times are microseconds since 1970, buckets minutes since 1970. A key that is due is not used, swept or not.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hmac import HMAC

from gatehouse.model import BadInput
from gatehouse.vault.database import Database
from gatehouse.vault.retention import Keeping
from gatehouse.vault.root import KEY_BYTES, install_root, prepare_root, root_id, settle
from gatehouse.vault.sealing import token_state
from gatehouse.vault.wrapping import name_of, unwrap, wrap

_MINUTE = 60_000_000
# Unwrapped keys that stay in memory: those of a day of 5,000 owners many times over.
_KEPT = 100_000
# The tables whose keys are wrapped under shelves, and the columns that name a key.
_KINDS = {"sealing_key": "owner, minutes, bucket", "token_key": "minutes, bucket", "hold": "id"}


@dataclass(frozen=True, slots=True)
class SealingKey:
    """The sealing key of an owner's bucket, and when it ends."""

    aead: AESGCM
    destroy_at: int


@dataclass(frozen=True, slots=True)
class Destroyed:
    """How many keys a sweep destroyed, and whether the write-ahead log could be emptied."""

    sealing_keys: int
    token_keys: int
    holds: int
    truncated: bool


class Keys:
    """The keys in the vault's database, under the root in a file. Safe to use from several threads.

    `owners` says an owner's retention of today; a longer one than that of a key changes nothing.
    """

    def __init__(self, database: Database, root: Path, *, owners: Callable[[str], Keeping | None]) -> None:
        self._database = database
        self._path = root
        self._keeping = owners
        self._root = AESGCM(settle(root, database.root))
        self._shelves: dict[int, AESGCM] = {}
        self._sealing: dict[tuple[str, int, int], SealingKey] = {}
        self._tokens: dict[tuple[int, int], HMAC] = {}
        self._owners: dict[str, set[int]] = {}
        self._learn_owners()

    def for_batch(
        self, owner: str, minutes: int, buckets: Iterable[int]
    ) -> Mapping[int, tuple[HMAC, AESGCM]]:
        """Return the HMAC state of the token key, and the sealing key, of each bucket.

        Missing ones are made, durable before this returns; so no bucket may be due.
        """
        found: dict[int, tuple[HMAC, AESGCM]] = {}
        missing: list[int] = []
        for bucket in buckets:
            token = self._tokens.get((minutes, bucket))
            sealing = self._sealing.get((owner, minutes, bucket))
            if token is None or sealing is None:
                missing.append(bucket)
            else:
                found[bucket] = token, sealing.aead
        if missing:
            self._make_room()
            with self.transaction() as connection:
                for bucket in missing:
                    token = self._token(connection, minutes, bucket)
                    found[bucket] = token, self._seal(connection, owner, minutes, bucket).aead
            self._owners.setdefault(owner, set()).add(minutes)
        return found

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection with a transaction in which keys may be made."""
        try:
            with self._database.transaction() as connection:
                yield connection
        except BaseException:
            # What was made in the transaction is not there.
            self.forget()
            raise

    def sealing(self, owner: str, minutes: int, bucket: int, *, at: int) -> SealingKey | None:
        """Return the sealing key of an owner's bucket, None where it was destroyed, is due, or never was.

        A retention that was shortened counts at once, whether or not a sweep has applied it.
        """
        found = self._sealing.get((owner, minutes, bucket))
        if found is None:
            self._make_room()
            with self._database.locked() as connection:
                found = self._stored_sealing(connection, owner, minutes, bucket)
        if found is None:
            return None
        keeping = self._keeping(owner)
        if keeping is not None and keeping.retention.minutes < minutes:
            ends = min(found.destroy_at, (bucket + keeping.retention.minutes) * _MINUTE)
            found = SealingKey(found.aead, ends)
        return found if at < found.destroy_at else None

    def classes(self, owners: Iterable[str]) -> set[int]:
        """Return the retention classes, in minutes, under which reads of these owners may lie."""
        found: set[int] = set()
        for owner in owners:
            found |= self._owners.get(owner, set())
        return found

    def buckets(
        self, classes: Collection[int], *, first: Callable[[int], int], last: int, at: int
    ) -> list[tuple[int, int]]:
        """Return (class, bucket) of every token key that is left between `first(class)` and `last`."""
        found: list[tuple[int, int]] = []
        with self._database.locked() as connection:
            for minutes in sorted(classes):
                found += connection.execute(
                    "SELECT minutes, bucket FROM token_key "
                    "WHERE minutes = ? AND bucket BETWEEN ? AND ? AND destroy_at > ? ORDER BY bucket",
                    (minutes, first(minutes), last, at),
                ).fetchall()
        return found

    def token(self, minutes: int, bucket: int) -> HMAC | None:
        """Return the HMAC state of a class's bucket, None where there is none."""
        found = self._tokens.get((minutes, bucket))
        if found is None:
            self._make_room()
            with self._database.locked() as connection:
                found = self._stored_token(connection, minutes, bucket)
        return found

    def wrap_hold(self, connection: sqlite3.Connection, hold: str, key: bytes, *, destroy_at: int) -> bytes:
        """Return a hold's case key, wrapped to end at a time, within the transaction that keeps it."""
        return wrap(self._shelf(connection, destroy_at), key, name_of("hold", hold, destroy_at))

    def unwrap_hold(
        self, connection: sqlite3.Connection, hold: str, wrapped: bytes, *, destroy_at: int
    ) -> bytes:
        """Return the case key of a hold."""
        return unwrap(
            self._shelf(connection, destroy_at, make=False), wrapped, name_of("hold", hold, destroy_at)
        )

    def sweep(
        self,
        *,
        at: int,
        change: Callable[[sqlite3.Connection], Collection[int]] = lambda _: (),
    ) -> Destroyed:
        """Destroy what is due, apply shortened retentions, and put what stays under a fresh root.

        `change` takes keys away in the same transaction, and returns the shelves that they leave. Cut off at
        any point, nothing that was destroyed comes back, and opening the vault or the next sweep finishes it.
        """
        with self._database.locked():
            # An earlier sweep of this process may have failed between two steps.
            self._reread()
            fresh = prepare_root(self._path)
            try:
                ended = self._under(fresh, at, change)
            except BaseException:
                # Whether the fresh root is in force, only the database knows.
                self._reread()
                raise
            finally:
                self.forget()
            self._database.root = root_id(fresh)
            self._root = AESGCM(fresh)
            truncated = self._database.truncate_wal()
            install_root(self._path)
            self._learn_owners()
        return Destroyed(*ended, truncated)

    def forget(self) -> None:
        """Let go of every unwrapped key."""
        self._shelves.clear()
        self._sealing.clear()
        self._tokens.clear()

    def _under(
        self,
        fresh: bytes,
        at: int,
        change: Callable[[sqlite3.Connection], Collection[int]],
    ) -> tuple[int, int, int]:
        """Do all of a sweep that one transaction can do; return how many keys of each kind ended."""
        with self._database.transaction() as connection:
            left = {*change(connection), *self._shorten(connection, at)}
            sealing = _end(connection, "sealing_key", at)
            orphans = _orphans(connection)
            connection.executemany(
                "DELETE FROM token_key WHERE minutes = ? AND bucket = ?", [each[:2] for each in orphans]
            )
            left |= {destroy_at for _, _, destroy_at in orphans}
            tokens = _end(connection, "token_key", at) + len(orphans)
            holds = _end(connection, "hold", at)
            _end(connection, "shelf", at)
            for shelf in sorted(each for each in left if each > at):
                self._renew(connection, shelf)
            self._rewrap(connection, AESGCM(fresh))
            connection.execute("UPDATE vault SET root = ?, seen = max(seen, ?)", (root_id(fresh), at))
        return sealing, tokens, holds

    def _reread(self) -> None:
        with self._database.locked() as connection:
            named = bytes(connection.execute("SELECT root FROM vault").fetchone()[0])
        self._database.root = named
        self._root = AESGCM(settle(self._path, named))

    def _learn_owners(self) -> None:
        owners: dict[str, set[int]] = {}
        with self._database.locked() as connection:
            for owner, minutes in connection.execute("SELECT DISTINCT owner, minutes FROM sealing_key"):
                owners.setdefault(owner, set()).add(minutes)
        self._owners = owners

    def _make_room(self) -> None:
        if len(self._sealing) > _KEPT or len(self._tokens) > _KEPT:
            self.forget()

    def _token(self, connection: sqlite3.Connection, minutes: int, bucket: int) -> HMAC:
        found = self._stored_token(connection, minutes, bucket)
        if found is None:
            key = secrets.token_bytes(KEY_BYTES)
            destroy_at = (bucket + minutes) * _MINUTE
            name = name_of("token_key", minutes, bucket, destroy_at)
            wrapped = wrap(self._shelf(connection, destroy_at), key, name)
            connection.execute(
                "INSERT INTO token_key VALUES (?, ?, ?, ?)", (minutes, bucket, destroy_at, wrapped)
            )
            found = self._tokens[minutes, bucket] = token_state(key)
        return found

    def _stored_token(self, connection: sqlite3.Connection, minutes: int, bucket: int) -> HMAC | None:
        row = connection.execute(
            "SELECT destroy_at, wrapped FROM token_key WHERE minutes = ? AND bucket = ?", (minutes, bucket)
        ).fetchone()
        if row is None:
            return None
        destroy_at, wrapped = row
        shelf = self._shelf(connection, destroy_at, make=False)
        key = unwrap(shelf, wrapped, name_of("token_key", minutes, bucket, destroy_at))
        found = self._tokens[minutes, bucket] = token_state(key)
        return found

    def _seal(self, connection: sqlite3.Connection, owner: str, minutes: int, bucket: int) -> SealingKey:
        found = self._stored_sealing(connection, owner, minutes, bucket)
        if found is None:
            key = secrets.token_bytes(KEY_BYTES)
            destroy_at = (bucket + minutes) * _MINUTE
            name = name_of("sealing_key", owner, minutes, bucket, destroy_at)
            wrapped = wrap(self._shelf(connection, destroy_at), key, name)
            connection.execute(
                "INSERT INTO sealing_key VALUES (?, ?, ?, ?, ?)",
                (owner, minutes, bucket, destroy_at, wrapped),
            )
            found = self._sealing[owner, minutes, bucket] = SealingKey(AESGCM(key), destroy_at)
        return found

    def _stored_sealing(
        self, connection: sqlite3.Connection, owner: str, minutes: int, bucket: int
    ) -> SealingKey | None:
        row = connection.execute(
            "SELECT destroy_at, wrapped FROM sealing_key WHERE owner = ? AND minutes = ? AND bucket = ?",
            (owner, minutes, bucket),
        ).fetchone()
        if row is None:
            return None
        destroy_at, wrapped = row
        shelf = self._shelf(connection, destroy_at, make=False)
        key = unwrap(shelf, wrapped, name_of("sealing_key", owner, minutes, bucket, destroy_at))
        found = self._sealing[owner, minutes, bucket] = SealingKey(AESGCM(key), destroy_at)
        return found

    def _shelf(self, connection: sqlite3.Connection, destroy_at: int, *, make: bool = True) -> AESGCM:
        found = self._shelves.get(destroy_at)
        if found is not None:
            return found
        row = connection.execute("SELECT wrapped FROM shelf WHERE destroy_at = ?", (destroy_at,)).fetchone()
        if row is not None:
            key = unwrap(self._root, row[0], name_of("shelf", destroy_at))
        elif make:
            key = secrets.token_bytes(KEY_BYTES)
            wrapped = wrap(self._root, key, name_of("shelf", destroy_at))
            connection.execute("INSERT INTO shelf VALUES (?, ?)", (destroy_at, wrapped))
        else:
            raise BadInput("a key of the vault has no shelf", where=f"keys that end at {destroy_at}")
        found = self._shelves[destroy_at] = AESGCM(key)
        return found

    def _shorten(self, connection: sqlite3.Connection, at: int) -> set[int]:
        """Bring forward the end of keys whose owner keeps reads for a shorter time now.

        Return the shelves that they leave.
        """
        left: set[int] = set()
        for owner, classes in sorted(self._owners.items()):
            now = self._keeping(owner)
            for minutes in sorted(classes):
                if now is None or minutes <= now.retention.minutes:
                    continue
                shorter = now.retention.minutes
                rows = connection.execute(
                    "SELECT bucket, destroy_at, wrapped FROM sealing_key "
                    "WHERE owner = ? AND minutes = ? AND destroy_at > (bucket + ?) * ?",
                    (owner, minutes, shorter, _MINUTE),
                ).fetchall()
                for bucket, was, wrapped in rows:
                    left.add(was)
                    ends = (bucket + shorter) * _MINUTE
                    name = ("sealing_key", owner, minutes, bucket)
                    # One that is due is deleted by the caller, and not worth wrapping.
                    moved = b""
                    if ends > at:
                        shelf = self._shelf(connection, was, make=False)
                        key = unwrap(shelf, wrapped, name_of(*name, was))
                        moved = wrap(self._shelf(connection, ends), key, name_of(*name, ends))
                    connection.execute(
                        "UPDATE sealing_key SET destroy_at = ?, wrapped = ? "
                        "WHERE owner = ? AND minutes = ? AND bucket = ?",
                        (ends, moved, owner, minutes, bucket),
                    )
        return left

    def _renew(self, connection: sqlite3.Connection, destroy_at: int) -> None:
        """Move the keys of a shelf under a fresh shelf key, or remove the shelf if it is empty."""
        kept = 0
        key = secrets.token_bytes(KEY_BYTES)
        fresh = AESGCM(key)
        for table, columns in _KINDS.items():
            rows = connection.execute(
                f"SELECT wrapped, {columns} FROM {table} WHERE destroy_at = ?",  # noqa: S608  # own names
                (destroy_at,),
            ).fetchall()
            where = " AND ".join(f"{column} = ?" for column in columns.split(", "))
            for wrapped, *named in rows:
                name = name_of(table, *named, destroy_at)
                held = unwrap(self._shelf(connection, destroy_at, make=False), wrapped, name)
                connection.execute(
                    f"UPDATE {table} SET wrapped = ? WHERE {where}",  # noqa: S608  # own names
                    (wrap(fresh, held, name), *named),
                )
            kept += len(rows)
        if kept:
            wrapped = wrap(self._root, key, name_of("shelf", destroy_at))
            connection.execute("UPDATE shelf SET wrapped = ? WHERE destroy_at = ?", (wrapped, destroy_at))
        else:
            connection.execute("DELETE FROM shelf WHERE destroy_at = ?", (destroy_at,))

    def _rewrap(self, connection: sqlite3.Connection, fresh: AESGCM) -> None:
        rows = connection.execute("SELECT destroy_at, wrapped FROM shelf").fetchall()
        connection.executemany(
            "UPDATE shelf SET wrapped = ? WHERE destroy_at = ?",
            [
                (wrap(fresh, unwrap(self._root, wrapped, name_of("shelf", at)), name_of("shelf", at)), at)
                for at, wrapped in rows
            ],
        )


def _end(connection: sqlite3.Connection, table: str, at: int) -> int:
    return connection.execute(f"DELETE FROM {table} WHERE destroy_at <= ?", (at,)).rowcount  # noqa: S608  # own names


def _orphans(connection: sqlite3.Connection) -> list[tuple[int, int, int]]:
    """Return class, bucket and end of the token keys under which no read can be opened any more."""
    return connection.execute(
        "SELECT minutes, bucket, destroy_at FROM token_key AS t WHERE NOT EXISTS "
        "(SELECT 1 FROM sealing_key AS s WHERE s.minutes = t.minutes AND s.bucket = t.bucket)"
    ).fetchall()
