"""The days of a store in PostgreSQL: partitions made ahead, held against the register, dropped whole."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial

import psycopg
from psycopg import errors

from gatehouse.model import PartUnavailable
from gatehouse.reads import schema
from gatehouse.reads.errors import LookupIncomplete, StoreRefused

DAYS_AHEAD = 7
# Whoever makes or drops a partition waits for those who use the table, and others wait behind: not for long.
LOCK_SECONDS = 2
LOCK_ATTEMPTS = 10
LOCK_PAUSE_SECONDS = 0.1
# An advisory lock's number, of this table alone.
LOCK = int.from_bytes(b"GHreads")

Pairs = set[tuple[bytes, int]]
"""Tokens with their buckets."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Days:
    """Which days a process knows to be there."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: frozenset[int] = frozenset()

    def ahead(self, connection: psycopg.Connection, now: datetime) -> None:
        """Make the partitions of today and of the next days, before a batch needs them."""
        today = (now - _EPOCH).days
        if today + 1 not in self._known:
            self.ensure(connection, range(today, today + DAYS_AHEAD + 1))

    def ensure(self, connection: psycopg.Connection, days: Collection[int]) -> None:
        """Make the partitions of some days, where they are not there."""
        if self._known.issuperset(days):
            return
        with self._lock:
            for day in sorted(set(days) - self._known):
                _patiently(connection, partial(_make, connection, day))
            self._known |= frozenset(days)

    def forget(self) -> None:
        """Know of no day, since what was known was wrong."""
        with self._lock:
            self._known = frozenset()

    def present(self, connection: psycopg.Connection, days: Mapping[int, Pairs], where: str) -> list[Pairs]:
        """Return what is asked of the days that there are; a partition that is gone is `LookupIncomplete`."""
        names = [schema.day_table(day) for day in days]
        rows = connection.execute(
            "SELECT asked.day, EXISTS (SELECT FROM read_days WHERE read_days.day = asked.day), "
            "EXISTS (SELECT FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid "
            "WHERE inhparent = %s::regclass AND relname = asked.name) "
            "FROM unnest(%s::int[], %s::text[]) AS asked (day, name) ORDER BY asked.day",
            (schema.READS.name, list(days), names),
        ).fetchall()
        for day, registered, attached in rows:
            if registered != attached:
                raise LookupIncomplete(
                    "a day of the read store is missing, or is not in its register",
                    where=where,
                    expected=schema.day_table(day),
                    hint="restore the database, or detach what is not its own",
                )
        return [days[day] for day, registered, _ in rows if registered]

    def drop(self, connection: psycopg.Connection, before: int) -> int:
        """Drop the days before one, each in a transaction of its own; return how many."""
        rows = connection.execute("SELECT day FROM read_days WHERE day < %s ORDER BY day", (before,))
        days = [day for (day,) in rows.fetchall()]
        with self._lock:
            self._known -= frozenset(days)
        for day in days:
            _patiently(connection, partial(_drop, connection, day))
        return len(days)


@contextmanager
def locked(connection: psycopg.Connection) -> Iterator[None]:
    """Change tables in the current transaction while no other process does."""
    connection.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'".encode())
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
    yield


def forms_agree(connection: psycopg.Connection, where: str) -> None:
    """Refuse a database without the tables, or with tables of another form."""
    row = connection.execute("SELECT obj_description(to_regclass(%s), 'pg_class')", (schema.READS.name,))
    ((found,),) = row.fetchall()
    if found is None:
        raise PartUnavailable(
            "the database holds no read store", where=where, hint="make one with `gatehouse node init`"
        )
    if found != schema.version_mark():
        raise StoreRefused(
            "the read store has another form", where=where, expected=schema.version_mark(), got=found
        )


def _make(connection: psycopg.Connection, day: int) -> None:
    if not connection.execute("SELECT FROM read_days WHERE day = %s", (day,)).rowcount:
        connection.execute(schema.postgresql_day(day).encode())
        connection.execute("INSERT INTO read_days VALUES (%s)", (day,))


def _drop(connection: psycopg.Connection, day: int) -> None:
    connection.execute(f"DROP TABLE IF EXISTS {schema.day_table(day)}".encode())
    connection.execute("DELETE FROM read_days WHERE day = %s", (day,))


def _patiently(connection: psycopg.Connection, change: Callable[[], None]) -> None:
    """Make a change in a transaction of its own, and let others pass in between while it has to wait."""
    for attempt in range(1, LOCK_ATTEMPTS + 1):
        try:
            with connection.transaction(), locked(connection):
                change()
            return
        except errors.LockNotAvailable:
            if attempt == LOCK_ATTEMPTS:
                raise
            time.sleep(LOCK_PAUSE_SECONDS)
