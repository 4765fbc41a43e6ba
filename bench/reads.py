"""Time the read store against bare inserts and bare lookups of the same rows in the same database.

    make bench-reads              3,000,000 rows on each back end
    make bench-reads ROWS=20000000

The limit is the database alone: `bare` has one table with the same columns and key, takes the same rows by
one executemany (SQLite, with the same settings) or one binary COPY (PostgreSQL), and knows no batch numbers,
days or order. A call of the store takes 100 cameras' batches of 100 rows. Rows have random tokens and belong
to 5,000 owners; they come in over 30 days, one after the other, which is what a month of reads leaves behind.
Contenders take turns, first one and then the other; medians of the ratios within a turn count. PostgreSQL is
a server of the bench's own with commits to the disk.

A lookup has as many tokens as it says, half of which are there, over all days, by 5,000 owners; the bare one
asks the one table in one statement and knows no owner; `one owner` is the store again for a single one. Sizes
are those of files and relations, by row; `both journals` is PostgreSQL's WAL by row of either side.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psycopg
from tests.postgres import Postgres, running

from gatehouse.reads import Lookup, ReadBatch, ReadStore, SealedRead, init_reads, open_reads, schema
from gatehouse.reads.rows import DAY_MINUTES
from gatehouse.reads.sqlite import CHECKPOINT_PAGES, WRITER_CACHE_KIB
from gatehouse.reads.store import Values
from gatehouse.vault.batch import Captured
from gatehouse.vault.sealing import Packer

OUT = Path(__file__).resolve().parent / "out" / "reads.json"
CAMERAS, EACH = 100, 100
CALL = CAMERAS * EACH
DAYS, FIRST = 30, 20_780
OWNERS = [f"owner-{number:04}" for number in range(5000)]
LOOKUPS = (1, 64, 1296, 4096)
ASKED_EACH = 15
SERVER = ("shared_buffers=2GB", "max_wal_size=8GB", "checkpoint_timeout=15min")
TAG_BYTES = 16
READ = Captured(0, "AB 1234", "AB1234", 0.9, None, None, None)
SEALED = TAG_BYTES + len(Packer("prairie-bend-il-pd/main-and-3rd", received=0).pack(READ))
KEPT_EVERY = 50


class Bare(Protocol):
    """The database alone."""

    def insert(self, rows: Sequence[Values]) -> None: ...
    def find(self, lookups: Sequence[Lookup]) -> int: ...
    def bytes_a_row(self, rows: int) -> dict[str, float]: ...
    def close(self) -> None: ...


class BareSqlite:
    """One table in one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = sqlite3.connect(path, isolation_level=None)
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            f"cache_size = -{WRITER_CACHE_KIB}",
            f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
        ):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute(
            "CREATE TABLE bare (token BLOB NOT NULL, bucket INTEGER NOT NULL, owner_id TEXT NOT NULL, "
            "read_id BLOB NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (token, bucket, read_id))"
        )

    def insert(self, rows: Sequence[Values]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany("INSERT INTO bare VALUES (?, ?, ?, ?, ?)", rows)
        self._connection.execute("COMMIT")

    def find(self, lookups: Sequence[Lookup]) -> int:
        statement = "SELECT * FROM bare WHERE token = ? AND bucket = ?"
        return sum(
            len(self._connection.execute(statement, (each.token, each.bucket)).fetchall()) for each in lookups
        )

    def bytes_a_row(self, rows: int) -> dict[str, float]:
        found = {}
        for name, path in {"bare": self._path, "store": self._path.with_name("reads.sqlite")}.items():
            with closing(sqlite3.connect(path)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            found[name] = round(path.stat().st_size / rows, 1)
        return found

    def close(self) -> None:
        self._connection.close()


class BarePostgres:
    """One table without partitions."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self._connection = psycopg.connect(dsn, autocommit=True)
        self._connection.execute(
            "CREATE TABLE bare (token bytea NOT NULL, bucket int NOT NULL, "
            'owner_id text COLLATE "C" NOT NULL, '
            "read_id bytea NOT NULL, sealed bytea NOT NULL, PRIMARY KEY (token, bucket, read_id))"
        )

    def insert(self, rows: Sequence[Values]) -> None:
        with (
            self._connection.cursor() as cursor,
            cursor.copy("COPY bare FROM STDIN (FORMAT BINARY)") as copy,
        ):
            copy.set_types(("bytea", "int4", "text", "bytea", "bytea"))
            for row in rows:
                copy.write_row(row)

    def find(self, lookups: Sequence[Lookup]) -> int:
        statement = (
            "SELECT bare.* FROM unnest(%s::bytea[], %s::int[]) AS asked (token, bucket) "
            "JOIN bare USING (token, bucket)"
        )
        tokens, buckets = [each.token for each in lookups], [each.bucket for each in lookups]
        return len(self._connection.execute(statement, (tokens, buckets), binary=True).fetchall())

    def bytes_a_row(self, rows: int) -> dict[str, float]:
        sizes = "SELECT sum(pg_table_size(oid)), sum(pg_indexes_size(oid)) FROM pg_class WHERE "
        found: dict[str, float] = {}
        for name, which in {
            "bare": "relname = 'bare'",
            "store": "relkind = 'r' AND relname LIKE 'reads\\_%'",
        }.items():
            ((table, index),) = self._connection.execute(f"{sizes}{which}".encode()).fetchall()
            found |= {f"{name} table": round(float(table) / rows, 1)}
            found |= {f"{name} index": round(float(index) / rows, 1)}
        ((journal,),) = self._connection.execute("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn").fetchall()
        return found | {"both journals": round(float(journal) / rows / 2, 1)}

    def close(self) -> None:
        self._connection.close()


@dataclass(frozen=True, slots=True)
class Contenders:
    """The two sides on one back end."""

    name: str
    store: ReadStore
    bare: Bare


@contextmanager
def sqlite_side(folder: Path) -> Iterator[Contenders]:
    """Yield both sides in files of their own."""
    url = f"sqlite:///{folder}/reads.sqlite"
    init_reads(url)
    yield Contenders("SQLite", open_reads(url), BareSqlite(folder / "bare.sqlite"))


@contextmanager
def postgres_side(folder: Path) -> Iterator[Contenders]:
    """Yield both sides in one database of a server that is stopped afterwards."""
    with running(folder, SERVER) as server:
        assert isinstance(server, Postgres)
        dsn = server.new_database()
        init_reads(dsn)
        yield Contenders("PostgreSQL", open_reads(dsn), BarePostgres(dsn))


def call(chance: random.Random, number: int, day: int) -> list[ReadBatch]:
    """Return what one call of the store takes: a batch of each camera, on one day."""
    bucket = day * DAY_MINUTES
    return [
        ReadBatch(
            f"camera-{camera:03}",
            number,
            [
                SealedRead(
                    chance.randbytes(16),
                    bucket,
                    chance.choice(OWNERS),
                    chance.randbytes(16),
                    chance.randbytes(SEALED),
                )
                for _ in range(EACH)
            ],
        )
        for camera in range(CAMERAS)
    ]


def timed(work: Callable[[], object]) -> float:
    """Return the seconds of one call."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def load(side: Contenders, rows: int) -> tuple[list[dict[str, float]], list[Lookup]]:
    """Fill both sides in turns; return the rates as they went, and some lookups of what is there."""
    chance, kept = random.Random(1), []
    calls = max(rows // CALL, DAYS)
    taken: dict[str, list[float]] = {"store": [], "bare": []}
    rates: list[dict[str, float]] = []
    print(
        f"{side.name:>12} {'rows':>12} {'store rows/s':>14} {'bare rows/s':>14} {'store/bare':>11}",
        flush=True,
    )
    for number in range(1, calls + 1):
        batches = call(chance, number, FIRST + (number - 1) * DAYS // calls)
        values = [row for batch in batches for row in batch.rows]
        works: list[tuple[str, Callable[[], object]]] = [
            ("store", lambda batches=batches: side.store.add(batches)),  # type: ignore[misc]
            ("bare", lambda values=values: side.bare.insert(values)),  # type: ignore[misc]
        ]
        for name, work in works if number % 2 else works[::-1]:
            taken[name].append(timed(work))
        if number % KEPT_EVERY == 1 or calls < 4 * KEPT_EVERY:
            kept += [Lookup(row.bucket, row.token) for row in batches[0].rows]
        if number % max(calls // 10, 1) == 0:
            part = slice(-max(calls // 10, 1), None)
            pairs = list(zip(taken["store"][part], taken["bare"][part], strict=True))
            rates.append(
                {
                    "rows": number * CALL,
                    **{name: round(CALL / statistics.median(each[part])) for name, each in taken.items()},
                    "store/bare": round(statistics.median(bare / store for store, bare in pairs), 2),
                }
            )
            print(
                "{:>12} {rows:>12,} {store:>14,} {bare:>14,} {store/bare:>11}".format("", **rates[-1]),
                flush=True,
            )
    return rates, kept


def look_up(side: Contenders, kept: Sequence[Lookup]) -> list[dict[str, float]]:
    """Ask both sides in turns; return medians in ms and the median ratio."""
    chance, found = random.Random(2), []
    print(f"{'':>12} {'tokens':>12} {'store ms':>14} {'bare ms':>14} {'store/bare':>11} {'one owner ms':>14}")
    for tokens in LOOKUPS:
        times: list[tuple[float, float, float]] = []
        for _ in range(ASKED_EACH + 1):
            there = chance.choices(kept, k=(tokens + 1) // 2)
            absent = [Lookup(chance.choice(kept).bucket, chance.randbytes(16)) for _ in range(tokens // 2)]
            asked = there + absent
            assert len(side.store.lookup(asked, owners=OWNERS)) == len(set(there))
            times.append(
                (
                    timed(lambda asked=asked: side.store.lookup(asked, owners=OWNERS)) * 1e3,  # type: ignore[misc]
                    timed(lambda asked=asked: side.bare.find(asked)) * 1e3,  # type: ignore[misc]
                    timed(lambda asked=asked: side.store.lookup(asked, owners=OWNERS[:1])) * 1e3,  # type: ignore[misc]
                )
            )
        times = times[1:]  # the first one warms up
        found.append(
            {
                "tokens": tokens,
                "store ms": round(statistics.median(store for store, _, _ in times), 2),
                "bare ms": round(statistics.median(bare for _, bare, _ in times), 2),
                "store/bare": round(statistics.median(store / bare for store, bare, _ in times), 1),
                "one owner ms": round(statistics.median(one for _, _, one in times), 2),
            }
        )
        print(
            "{:>12} {tokens:>12,} {store ms:>14} {bare ms:>14} {store/bare:>11} {one owner ms:>14}".format(
                "", **found[-1]
            ),
            flush=True,
        )
    return found


def delete(side: Contenders, rows: int) -> dict[str, float]:
    """Expire one owner's oldest day, then a fifth of the owners' at once, then drop a day."""
    oldest = (FIRST + 1) * DAY_MINUTES
    one = timed(lambda: side.store.expire(owner=OWNERS[0], before=oldest))
    many = timed(lambda: side.store.expire_owners(dict.fromkeys(OWNERS[1:1001], oldest)))
    drop = timed(lambda: side.store.drop_days(oldest + DAY_MINUTES))
    found = {
        "rows a day": rows // DAYS,
        "expire one owner s": round(one, 2),
        "expire 1,000 owners s": round(many, 2),
        "drop two days s": round(drop, 2),
    }
    print(f"{'':>12} {found}")
    return found


def measure(side: Contenders, rows: int) -> dict[str, object]:
    """Load, look up, weigh and delete on one back end."""
    rates, kept = load(side, rows)
    rows = int(rates[-1]["rows"])
    lookups = look_up(side, kept)
    sizes = side.bare.bytes_a_row(rows)
    print(f"{'':>12} bytes a row, with {SEALED} of them sealed: {sizes}", flush=True)
    deleted = delete(side, rows)
    side.store.close()
    side.bare.close()
    return {"rates": rates, "lookups": lookups, "bytes a row": sizes, "deletion": deleted}


def main() -> None:
    """Measure, print and keep the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=3_000_000)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    options = parser.parse_args()
    OUT.parent.mkdir(exist_ok=True)
    sides = {"sqlite": sqlite_side, "postgresql": postgres_side}
    document: dict[str, object] = {"sealed": SEALED, "schema": schema.VERSION, "rows": options.rows}
    for name, side in sides.items():
        if options.only in (None, name):
            # On the disk that holds the results, not in memory.
            folder = Path(tempfile.mkdtemp(dir=OUT.parent))
            folder.chmod(0o755)  # the server has an account of its own
            try:
                with side(folder) as contenders:
                    document[name] = measure(contenders, options.rows)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    OUT.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
