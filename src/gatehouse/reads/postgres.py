"""The read store of a server: PostgreSQL, or Citus over many of them.

Rows come in by binary COPY and lie in a partition a day, made ahead and dropped whole. Where the extension
`citus` is there, `reads` is spread over its workers by token; the small tables stay on the coordinator. A
commit is on the disk when `add` returns, as far as the server's own settings let it be.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from gatehouse.model import PartUnavailable
from gatehouse.reads import schema
from gatehouse.reads.errors import LookupIncomplete, StoreRefused, StoreUnavailable
from gatehouse.reads.postgres_days import Days, forms_agree, locked
from gatehouse.reads.rows import (
    DAY_MINUTES,
    READ_ID_BYTES,
    TOKEN_BYTES,
    Lookup,
    ReadBatch,
    SealedRead,
    day_of,
)
from gatehouse.reads.store import (
    Values,
    by_day,
    by_minute,
    check_batches,
    check_lookups,
    check_minute,
    check_name,
    take_in,
)

CONNECT_SECONDS = 10
FREE_SECONDS = 10.0
# How often a batch is begun anew that the server has certainly not stored.
ATTEMPTS = 4
SWEEP_SECONDS = 3600

_COPY = f"COPY {schema.READS.name} ({', '.join(schema.COLUMNS)}) FROM STDIN (FORMAT BINARY)"
# The form of a binary COPY (PostgreSQL's manual, COPY, "Binary Format"), packed here in half the time that
# the driver takes: what it begins and ends with, and a row, whose owner and `sealed` have any length.
_BEGIN, _END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
_ROW = ">hi16siii{}si16si{}s"
# A pair of token and bucket leads to one partition. The owners, who may be thousands, stand outside: the
# planner would weigh them once for each partition.
_LOOKUP = (
    f"WITH found AS MATERIALIZED (SELECT {', '.join(schema.COLUMNS)} FROM {schema.READS.name} "  # noqa: S608
    "JOIN unnest(%b::bytea[], %b::int[]) AS asked (token, bucket) USING (token, bucket)) "
    "SELECT * FROM found WHERE owner_id = ANY(%b)"
)
# Whatever else a planner without statistics takes to be cheaper would read whole days.
_BY_INDEX = (
    "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_mergejoin', 'off', true), "
    "set_config('enable_hashjoin', 'off', true), set_config('jit', 'off', true)"
)
_SWEEP = (
    f"DELETE FROM {schema.READS.name} "  # noqa: S608
    "WHERE bucket >= %s AND bucket < %s AND owner_id = ANY(%s)"
)
_SETTINGS = (
    "SELECT set_config('statement_timeout', %s, false), "
    "set_config('idle_in_transaction_session_timeout', %s, false), "
    "set_config('synchronous_commit', "
    "CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' "
    "ELSE current_setting('synchronous_commit') END, false)"
)


class PostgresReads:
    """A `ReadStore` in a database. Each call has a connection of its own, up to a number at once."""

    def __init__(
        self,
        dsn: str,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        connections: int = 16,
        statement_seconds: float = 30.0,
    ) -> None:
        self._dsn = dsn
        self._where = _where(dsn)
        self._clock = clock
        self._milliseconds = str(round(statement_seconds * 1000))
        self._closed = threading.Event()
        self._days = Days()
        self._engine: Engine = create_engine(
            "postgresql+psycopg://",
            creator=self._connect,
            pool_size=connections,
            max_overflow=0,
            pool_timeout=FREE_SECONDS,
            pool_pre_ping=True,
        )
        try:
            with self._connection(StoreUnavailable) as connection:
                forms_agree(connection, self._where)
                self._days.ahead(connection, self._clock())
        except BaseException:
            self.close()
            raise

    @classmethod
    def create(cls, dsn: str) -> None:
        """Make the tables, spread over the workers where Citus is; a store that is there is left as it is."""
        where = _where(dsn)
        with _failures(where, StoreUnavailable), _connect(dsn) as connection:
            with connection.transaction(), locked(connection):
                if connection.execute("SELECT to_regclass(%s)", (schema.READS.name,)).fetchone() == (None,):
                    for statement in schema.postgresql_statements():
                        connection.execute(statement.encode())
                    if connection.execute("SELECT FROM pg_extension WHERE extname = 'citus'").rowcount:
                        connection.execute(schema.distributed().encode())
            forms_agree(connection, where)

    def add(self, batches: Sequence[ReadBatch]) -> list[bool]:
        """Store batches in one transaction; see `ReadStore.add`."""
        check_batches(batches)
        if not batches:
            return []
        days = {day_of(row.bucket) for batch in batches for row in batch.rows}
        for _ in range(ATTEMPTS):
            with self._connection(StoreUnavailable) as connection:
                self._days.ahead(connection, self._clock())
                self._days.ensure(connection, days)
                try:
                    return _store(connection, batches)
                except errors.CheckViolation:
                    # Another process has dropped the day.
                    self._days.forget()
                except (errors.DeadlockDetected, errors.SerializationFailure):
                    continue
        raise StoreUnavailable(
            "the read store is busy", where=self._where, hint="send the same batch again later"
        )

    def last_batch(self, camera: str) -> int:
        """Return the number of the newest batch of a camera, 0 before any."""
        check_name(camera, "a camera")
        with self._connection(StoreUnavailable) as connection:
            row = connection.execute(
                "SELECT number FROM camera_batches WHERE camera = %s", (camera,)
            ).fetchone()
        return 0 if row is None else int(row[0])

    def lookup(self, lookups: Sequence[Lookup], *, owners: Collection[str]) -> list[SealedRead]:
        """Return the rows of these tokens in these buckets that belong to these owners; see `ReadStore`."""
        check_lookups(lookups, owners)
        with self._connection(LookupIncomplete) as connection, connection.transaction():
            there = self._days.present(connection, by_day(lookups), self._where)
            pairs = [pair for pairs in there for pair in sorted(pairs)]
            connection.execute(_BY_INDEX)
            rows = connection.execute(
                _LOOKUP,
                ([token for token, _ in pairs], [bucket for _, bucket in pairs], sorted(set(owners))),
                binary=True,
                # A prepared statement is planned without its values: the owners would be compared one by one.
                prepare=False,
            ).fetchall()
        return sorted(
            (SealedRead(*row) for row in rows), key=lambda row: (row.bucket, row.token, row.read_id)
        )

    def expire(self, *, owner: str, before: int) -> int:
        """Delete an owner's rows of buckets that begin before a minute; return how many."""
        return self.expire_owners({owner: before})

    def expire_owners(self, befores: Mapping[str, int]) -> int:
        """Delete many owners' rows of buckets that begin before a minute; return how many."""
        for owner, before in befores.items():
            check_name(owner, "an owner")
            check_minute(before)
        deleted = 0
        with self._connection(StoreUnavailable) as connection:
            days = [day for (day,) in connection.execute("SELECT day FROM read_days ORDER BY day")]
            since: dict[str, int] = dict(
                connection.execute(
                    "SELECT owner_id, minute FROM owner_expiry WHERE owner_id = ANY(%s)", (list(befores),)
                ).fetchall()
            )
            for day in days:
                for minute, owners in by_minute(befores, since, day).items():
                    with connection.transaction():
                        connection.execute(f"SET LOCAL statement_timeout = '{SWEEP_SECONDS}s'".encode())
                        deleted += connection.execute(_SWEEP, (day * DAY_MINUTES, minute, owners)).rowcount
            connection.execute(
                "INSERT INTO owner_expiry SELECT * FROM unnest(%s::text[], %s::int[]) "
                "ON CONFLICT (owner_id) DO UPDATE "
                "SET minute = greatest(owner_expiry.minute, excluded.minute)",
                (list(befores), list(befores.values())),
            )
        return deleted

    def drop_days(self, before: int) -> int:
        """Drop the days that end at or before a minute; return how many."""
        check_minute(before)
        with self._connection(StoreUnavailable) as connection:
            return self._days.drop(connection, before // DAY_MINUTES)

    def close(self) -> None:
        """Let go of the connections."""
        self._closed.set()
        self._engine.dispose()

    def _connect(self) -> psycopg.Connection:
        connection = _connect(self._dsn)
        connection.execute(_SETTINGS, (self._milliseconds, self._milliseconds))
        return connection

    @contextmanager
    def _connection(self, failure: type[PartUnavailable]) -> Iterator[psycopg.Connection]:
        """Lend a connection; after any failure it is thrown away, whatever it was about."""
        if self._closed.is_set():
            raise failure("the read store is closed", where=self._where)
        with _failures(self._where, failure):
            pooled = self._engine.raw_connection()
            try:
                connection = pooled.driver_connection
                assert isinstance(connection, psycopg.Connection)
                yield connection
            except BaseException:
                pooled.invalidate()
                raise
            finally:
                pooled.close()


def _store(connection: psycopg.Connection, batches: Sequence[ReadBatch]) -> list[bool]:
    with connection.transaction():
        cameras = sorted({batch.camera for batch in batches})
        intake = take_in(batches, _lock_numbers(connection, cameras))
        if not intake.numbers:
            return intake.new
        connection.execute(
            "UPDATE camera_batches AS had SET number = now.number "
            "FROM unnest(%s::text[], %s::bigint[]) AS now (camera, number) WHERE had.camera = now.camera",
            (list(intake.numbers), list(intake.numbers.values())),
        )
        with connection.cursor() as cursor, cursor.copy(_COPY.encode()) as copy:
            copy.write(_packed(intake.rows, connection.info.encoding))
    return intake.new


def _packed(rows: Sequence[Values], encoding: str) -> bytes:
    """Return rows as a binary COPY takes them; tokens and read ids MUST have been checked."""
    names = {row[2]: row[2].encode(encoding) for row in rows}
    # Rows have few lengths, since texts are padded.
    forms = {
        (owner, length): struct.Struct(_ROW.format(len(names[owner]), length)).pack
        for owner, length in {(row[2], len(row[4])) for row in rows}
    }
    columns = len(schema.COLUMNS)
    parts = [_BEGIN]
    for token, bucket, owner, read_id, sealed in rows:
        name, length = names[owner], len(sealed)
        parts.append(
            forms[owner, length](
                columns,
                TOKEN_BYTES,
                token,
                4,
                bucket,
                len(name),
                name,
                READ_ID_BYTES,
                read_id,
                length,
                sealed,
            )
        )
    parts.append(_END)
    return b"".join(parts)


def _lock_numbers(connection: psycopg.Connection, cameras: Sequence[str]) -> dict[str, int]:
    """Return the cameras' newest numbers, which nobody else can change until this transaction ends."""
    # In one order, so that two transactions never wait for each other.
    select = "SELECT camera, number FROM camera_batches WHERE camera = ANY(%s) ORDER BY camera FOR UPDATE"
    had: dict[str, int] = dict(connection.execute(select, (cameras,)).fetchall())
    if len(had) < len(cameras):
        connection.execute(
            "INSERT INTO camera_batches SELECT camera, 0 FROM unnest(%s::text[]) AS new (camera) "
            "ORDER BY camera ON CONFLICT DO NOTHING",
            (cameras,),
        )
        had = dict(connection.execute(select, (cameras,)).fetchall())
    return had


def _connect(dsn: str) -> psycopg.Connection:
    return psycopg.connect(
        dsn, autocommit=True, connect_timeout=CONNECT_SECONDS, application_name="gatehouse reads"
    )


def _where(dsn: str) -> str:
    """Name the database without user or password."""
    try:
        parts = conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        raise StoreUnavailable(
            "the address of the read store cannot be read", expected="postgresql://USER@HOST/DATABASE"
        ) from None
    return f"database {parts.get('dbname', '')} at {parts.get('host', 'the default host')}"


@contextmanager
def _failures(where: str, failure: type[PartUnavailable]) -> Iterator[None]:
    """Tell of a failing server as what it means for the caller.

    The server's own text is left out, since it may quote rows; its five-character code says what happened.
    """
    try:
        yield
    except errors.UniqueViolation as error:
        raise StoreRefused("a row is stored already", where=where, got=f"SQLSTATE {error.sqlstate}") from None
    except NoConnectionFree:
        raise failure(
            "all connections to the read store are in use", where=where, hint="try again later"
        ) from None
    except SQLAlchemyError as error:
        raise failure("the read store's connections failed", where=where, got=type(error).__name__) from None
    except psycopg.Error as error:
        got = f"SQLSTATE {error.sqlstate}" if error.sqlstate else type(error).__name__
        raise failure(
            "the read store's database does not answer, or not in time"
            if error.sqlstate is None or error.sqlstate[:2] in ("08", "57")
            else "the read store's database failed",
            where=where,
            got=got,
            hint="see to the database; its own log says more",
        ) from None
