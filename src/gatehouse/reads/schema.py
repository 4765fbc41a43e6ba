"""The tables of the read store, once for SQLite, PostgreSQL and Citus (DESIGN, "Reads").

`reads` has no sequence, foreign key or trigger, and its primary key begins with what Citus distributes by, so
that `create_distributed_table('reads', 'token')` takes it as it is. It is cut by the day in which a bucket
begins: PostgreSQL has a partition a day, SQLite a table a day, and `read_days` says which days there must be,
since a day's table that is gone would else look like a day without reads. `owner_expiry` holds how far an
owner's rows were expired, so that a sweep need not read older days again.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, Column, Dialect, Integer, LargeBinary, MetaData, Table, Text, make_url
from sqlalchemy.schema import CreateTable

from gatehouse.reads.rows import DAY_MINUTES

VERSION = 1
POSTGRESQL: Dialect = make_url("postgresql+psycopg://").get_dialect()()
SQLITE: Dialect = make_url("sqlite://").get_dialect()()

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _name(name: str, *, key: bool = False) -> Column[str]:
    # Ids are compared byte for byte: a language's order would make an index depend on the system's library.
    kind = Text().with_variant(Text(collation="C"), "postgresql")
    return Column(name, kind, nullable=False, primary_key=key)


def _rows(metadata: MetaData, name: str, *, partition_by: str | None = None) -> Table:
    return Table(
        name,
        metadata,
        Column("token", LargeBinary, primary_key=True),
        Column("bucket", Integer, primary_key=True, autoincrement=False),
        _name("owner_id"),
        Column("read_id", LargeBinary, primary_key=True),
        Column("sealed", LargeBinary, nullable=False),
        postgresql_partition_by=partition_by,
    )


METADATA = MetaData()
READS = _rows(METADATA, "reads", partition_by="RANGE (bucket)")
CAMERA_BATCHES = Table(
    "camera_batches",
    METADATA,
    _name("camera", key=True),
    Column("number", BigInteger, nullable=False),
)
READ_DAYS = Table(
    "read_days",
    METADATA,
    Column("day", Integer, primary_key=True, autoincrement=False),
)
OWNER_EXPIRY = Table(
    "owner_expiry",
    METADATA,
    _name("owner_id", key=True),
    Column("minute", Integer, nullable=False),
)
BESIDE_READS = (CAMERA_BATCHES, READ_DAYS, OWNER_EXPIRY)
COLUMNS = tuple(READS.columns.keys())


def day_table(day: int) -> str:
    """Return the name of the table that holds a day, counted from 1970."""
    return f"{READS.name}_{_EPOCH + timedelta(days=day):%Y%m%d}"


def sqlite_statements() -> list[str]:
    """Return what makes the tables that a new file has; days come later."""
    return [_spelled(table, SQLITE) for table in BESIDE_READS]


def sqlite_day(day: int) -> str:
    """Return what makes the table of a day in SQLite."""
    return _spelled(_rows(MetaData(), day_table(day)), SQLITE)


def postgresql_statements() -> list[str]:
    """Return what makes the tables in PostgreSQL; partitions come later."""
    version = f"COMMENT ON TABLE {READS.name} IS '{version_mark()}'"
    return [*(_spelled(table, POSTGRESQL) for table in (READS, *BESIDE_READS)), version]


def postgresql_day(day: int) -> str:
    """Return what makes the partition of a day in PostgreSQL; Citus makes it on its workers too."""
    first = day * DAY_MINUTES
    return (
        f"CREATE TABLE {day_table(day)} PARTITION OF {READS.name} "
        f"FOR VALUES FROM ({first}) TO ({first + DAY_MINUTES})"
    )


def version_mark() -> str:
    """Return what the comment of the table says of its form."""
    return f"gatehouse-reads/{VERSION}"


def distributed() -> str:
    """Return the call that spreads the rows over the workers of Citus."""
    return f"SELECT create_distributed_table('{READS.name}', 'token')"


def _spelled(table: Table, dialect: Dialect) -> str:
    return str(CreateTable(table).compile(dialect=dialect)).strip()
