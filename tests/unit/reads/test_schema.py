"""The shape of the tables: what stands in clear, and what Citus would have to take."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import CheckConstraint, ForeignKeyConstraint

from gatehouse.model import PartUnavailable
from gatehouse.reads import StoreRefused, init_reads, open_reads, schema
from tests.postgres import Postgres
from tests.unit.reads.examples import TODAY, batch, sealed

BESIDE = {
    "camera_batches": ["camera", "number"],
    "owner_expiry": ["owner_id", "minute"],
    "read_days": ["day"],
}


def test_reads_have_the_key_and_columns_that_the_design_names() -> None:
    assert [column.name for column in schema.READS.primary_key] == ["token", "bucket", "read_id"]
    assert schema.COLUMNS == ("token", "bucket", "owner_id", "read_id", "sealed")
    assert {
        name: table.columns.keys() for name, table in schema.METADATA.tables.items() if name != "reads"
    } == BESIDE


def test_tables_have_nothing_that_citus_refuses() -> None:
    for table in schema.METADATA.tables.values():
        assert not [
            each for each in table.constraints if isinstance(each, ForeignKeyConstraint | CheckConstraint)
        ]
        assert table.indexes == set()
        assert {column.identity for column in table.columns} == {None}
        assert {column.server_default for column in table.columns} == {None}


def test_postgresql_statements_are_those_that_citus_would_be_sent() -> None:
    sent = [
        " ".join(each.split()) for each in [*schema.postgresql_statements(), schema.postgresql_day(TODAY)]
    ]
    assert sent == [
        "CREATE TABLE reads ( token BYTEA NOT NULL, bucket INTEGER NOT NULL, "
        'owner_id TEXT COLLATE "C" NOT NULL, '
        "read_id BYTEA NOT NULL, sealed BYTEA NOT NULL, PRIMARY KEY (token, bucket, read_id) ) "
        "PARTITION BY RANGE (bucket)",
        'CREATE TABLE camera_batches ( camera TEXT COLLATE "C" NOT NULL, number BIGINT NOT NULL, '
        "PRIMARY KEY (camera) )",
        "CREATE TABLE read_days ( day INTEGER NOT NULL, PRIMARY KEY (day) )",
        'CREATE TABLE owner_expiry ( owner_id TEXT COLLATE "C" NOT NULL, minute INTEGER NOT NULL, '
        "PRIMARY KEY (owner_id) )",
        "COMMENT ON TABLE reads IS 'gatehouse-reads/1'",
        "CREATE TABLE reads_20261123 PARTITION OF reads FOR VALUES FROM (29923200) TO (29924640)",
    ]
    assert schema.distributed() == "SELECT create_distributed_table('reads', 'token')"


def test_database_holds_what_the_schema_says_and_no_more(postgres: Postgres) -> None:
    dsn = postgres.new_database()
    init_reads(dsn)
    store = open_reads(dsn)
    store.add([batch(1, sealed("one"))])
    with psycopg.connect(dsn) as connection:
        kinds = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = %s"
        tables = {name for (name,) in connection.execute(kinds, ("r",))}
        assert tables - {name for name in tables if name.startswith("reads_2")} == set(BESIDE)
        assert [name for (name,) in connection.execute(kinds, ("p",))] == ["reads"]
        for absent in ("S", "v", "m", "f"):
            assert connection.execute(kinds, (absent,)).fetchall() == []
        assert connection.execute("SELECT count(*) FROM pg_trigger").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM pg_constraint WHERE contype = 'f'").fetchone() == (0,)
        indexed = "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'reads'::regclass"
        assert connection.execute(indexed).fetchall() == [
            ("CREATE UNIQUE INDEX reads_pkey ON ONLY public.reads USING btree (token, bucket, read_id)",)
        ]
    store.close()


def test_file_holds_what_the_schema_says_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "reads.sqlite"
    init_reads(f"sqlite:///{path}")
    assert path.stat().st_mode & 0o777 == 0o600
    store = open_reads(f"sqlite:///{path}")
    store.add([batch(1, sealed("one"))])
    store.close()
    connection = sqlite3.connect(path)
    found = connection.execute(
        "SELECT type, name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'"
    ).fetchall()
    assert sorted(found) == [("table", name) for name in sorted({*BESIDE, "reads_20261123"})]
    columns = connection.execute("SELECT name, pk FROM pragma_table_info('reads_20261123')").fetchall()
    assert columns == [("token", 1), ("bucket", 2), ("owner_id", 0), ("read_id", 3), ("sealed", 0)]
    connection.close()


def test_partitions_are_made_ahead(postgres: Postgres) -> None:
    dsn = postgres.new_database()
    init_reads(dsn)
    open_reads(dsn).close()
    with psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT max(day) - min(day), count(*) FROM read_days").fetchone() == (7, 8)


class TestCitus:
    """A database that only says it has Citus shows what Citus would be asked; not what it does then."""

    PRETEND = """
    CREATE TABLE asked (relation text, col text);
    CREATE FUNCTION create_distributed_table(relation regclass, col text) RETURNS void
        LANGUAGE sql AS 'INSERT INTO asked VALUES (relation::text, col)';
    SET allow_system_table_mods = on;
    INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
        VALUES (99999, 'citus', 10, 'public'::regnamespace, false, '12.1');
    """

    def test_extension_that_is_there_is_asked_to_spread_the_reads(self, postgres: Postgres) -> None:
        dsn = postgres.new_database()
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(self.PRETEND)
            init_reads(dsn)
            init_reads(dsn)
            assert connection.execute("SELECT * FROM asked").fetchall() == [("reads", "token")]

    def test_extension_that_fails_leaves_no_store(self, postgres: Postgres) -> None:
        dsn = postgres.new_database()
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(self.PRETEND)
            connection.execute("DROP TABLE asked")
            with pytest.raises(PartUnavailable, match="failed"):
                init_reads(dsn)
            with pytest.raises(PartUnavailable, match="holds no read store"):
                open_reads(dsn)


def test_database_or_file_without_a_store_is_told_of(postgres: Postgres, tmp_path: Path) -> None:
    with pytest.raises(PartUnavailable, match="holds no read store"):
        open_reads(postgres.new_database())
    with pytest.raises(PartUnavailable, match="there is no read store"):
        open_reads(f"sqlite:///{tmp_path}/none.sqlite")


def test_store_of_another_form_is_refused(postgres: Postgres, tmp_path: Path) -> None:
    dsn, path = postgres.new_database(), tmp_path / "reads.sqlite"
    init_reads(dsn)
    with psycopg.connect(dsn) as connection:
        connection.execute("COMMENT ON TABLE reads IS 'gatehouse-reads/2'")
    with pytest.raises(StoreRefused, match="expected gatehouse-reads/1; got gatehouse-reads/2"):
        open_reads(dsn)
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE reads (token)")
    other.close()
    with pytest.raises(StoreRefused, match="got another file"):
        open_reads(f"sqlite:///{path}")
    path.write_bytes(b"no database" * 400)
    with pytest.raises(PartUnavailable, match="damaged"):
        open_reads(f"sqlite:///{path}")
