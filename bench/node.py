"""Time a node: reads in through HTTP, and searches of 5,000 owners, against the bare database.

    make bench-node                    2,000,000 reads in PostgreSQL
    make bench-node ROWS=20000000
    make bench-node STORE=sqlite

One network of 5,000 owners with a camera each (`bench/network.py`), one node in a process of its own
(`bench/serving.py`), and a database server of the bench's own with commits to the disk. Reads of the 29 days
before today are loaded the short way: some sealed by the vault without HTTP, the others as rows of the same
lengths with random tokens, which the database makes itself. At a hundredth, a tenth, half and all of the
rows, reads come in through HTTP and, in turns, into the bare table, which holds as many rows
(`bench/node_ingest.py`). Then officers search, first in peace and then while reads come in at a steady rate
(`bench/node_search.py`).
Whatever runs shares two cores: client, node and database. Ratios within one run count.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import shutil
import socket
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psycopg
from bench import node_ingest, node_search
from bench.cameras import FIRST, Fed, Feed
from bench.network import make_network, owner_ids
from bench.reads import SEALED, SERVER, Bare, BarePostgres, BareSqlite
from bench.serving import Ask, serve_node
from tests.postgres import running

from gatehouse.model import Scope
from gatehouse.reads import schema
from gatehouse.reads.open import init_reads
from gatehouse.reads.rows import DAY_MINUTES

OUT = Path(__file__).resolve().parent / "out" / "node.json"
# Of all rows, by then; and on how many of the 29 past days they lie.
STAGES = ((0.01, 1), (0.1, 2), (0.5, 12), (1.0, 14))
DAYS = 30
STEADY = 2_000
_CONTEXT = multiprocessing.get_context("spawn")


@dataclass(slots=True)
class Bench:
    """A node that runs, and the bare database beside it."""

    told: Connection
    url: str
    node: int
    database: int | None
    bare: Bare
    owners: list[str]
    number: int = 1

    def call(self, name: str, *arguments: Any) -> Any:
        """Have the node do something, and return what it says."""
        self.told.send((name, arguments))
        return self.told.recv()

    def feed(self, batches: int, size: int, rate: float | None = None) -> Feed:
        """Return what cameras hand in next; each call has numbers of its own."""
        self.number += batches
        # The last owners' cameras stand alone in each transaction, as a few busy cameras do.
        chosen = tuple(self.owners[-node_ingest.CAMERAS :])
        return Feed(self.url, chosen, FIRST + self.number - batches, batches, size, rate)


@contextmanager
def postgres(folder: Path, owners: int) -> Iterator[Bench]:
    """Yield a node whose reads lie in PostgreSQL."""
    with running(folder, SERVER) as server:
        dsn = server.new_database()
        init_reads(dsn)
        bare = BarePostgres(dsn)
        with node(folder, owners, dsn) as (told, url, process):
            yield Bench(told, url, process, server.process.pid, bare, owner_ids(owners))
        bare.close()


@contextmanager
def sqlite(folder: Path, owners: int) -> Iterator[Bench]:
    """Yield a node whose reads lie in a file."""
    url = f"sqlite:///{folder}/reads.sqlite"
    init_reads(url)
    bare = BareSqlite(folder / "bare.sqlite")
    with node(folder, owners, url) as (told, address, process):
        yield Bench(told, address, process, None, bare, owner_ids(owners))
    bare.close()


@contextmanager
def node(folder: Path, owners: int, reads: str) -> Iterator[tuple[Connection, str, int]]:
    """Run a node in a process of its own; yield what tells it what to do, its address and its process."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    make_network(folder / "node", owners, reads=reads, port=port)
    ours, theirs = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=serve_node, args=(theirs, folder / "node", port))
    process.start()
    theirs.close()
    try:
        ours.recv()
        assert process.pid is not None
        # Under the name that people reach it by: any other is refused.
        yield ours, f"http://localhost:{port}", process.pid
        ours.send(("close", ()))
        ours.recv()
        process.join()
    finally:
        process.kill()


def fill(bench: Bench, folder: Path, back: int, rows: int) -> None:
    """Add rows to a past day that no search finds, and give the bare table all rows of that day."""
    day = int(time.time()) // 86_400 - back
    bucket, name = day * DAY_MINUTES, schema.day_table(day)
    copied = f"INSERT INTO bare SELECT {', '.join(schema.COLUMNS)} FROM"
    if isinstance(bench.bare, BarePostgres):
        with psycopg.connect(bench.bare.dsn, autocommit=True) as connection:
            connection.execute(
                "INSERT INTO reads SELECT uuid_send(gen_random_uuid()), %s, "
                "'owner-' || lpad((n %% 5000)::text, 4, '0'), uuid_send(gen_random_uuid()), "
                "decode(repeat(md5(n::text), %s), 'hex') FROM generate_series(1, %s) AS n ORDER BY 1",
                (bucket, SEALED // 16, rows),
            )
            connection.execute(f"{copied} reads WHERE bucket = %s ORDER BY token".encode(), (bucket,))
        return
    with closing(sqlite3.connect(folder / "reads.sqlite", timeout=60)) as connection:
        connection.execute(
            "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?2) "
            f"INSERT INTO {name} SELECT randomblob(16), ?1, printf('owner-%04d', n % 5000), randomblob(16), "
            "randomblob(?3) FROM number WHERE ?2 > 0",
            (bucket, rows, SEALED),
        )
        connection.commit()
    with closing(sqlite3.connect(folder / "bare.sqlite", timeout=60)) as connection:
        connection.execute("ATTACH ? AS store", (f"{folder}/reads.sqlite",))
        connection.execute(f"{copied} store.{name} ORDER BY token")
        connection.commit()


def load(bench: Bench, folder: Path, rows: int, sealed: int, each: int, size: int) -> list[dict[str, Any]]:
    """Load the past days in stages, and time what comes in through HTTP at each."""
    found, back, loaded = [], DAYS - 1, 0
    print(f"keys of {len(bench.owners):,} owners: {bench.call('keys', bench.owners, DAYS):.0f} s", flush=True)
    for share, days in STAGES:
        begun, spent = time.perf_counter(), 0.0
        more = round(rows * share) - loaded
        for at in range(days):
            count = more * (at + 1) // days - more * at // days
            ours = round(count * min(1.0, sealed / rows))
            # A tenth of the cameras, whose batches are not too small; the last ones hand in through HTTP.
            owners = bench.owners[: -node_ingest.CAMERAS : 10]
            spent += bench.call("load", owners, back, ours, DAYS - back)
            fill(bench, folder, back, count - ours)
            back -= 1
        loaded += more
        print(
            f"{loaded:,} rows after {time.perf_counter() - begun:.0f} s, {spent:.0f} s of them in the vault",
            flush=True,
        )
        batches = max(1, each // size // node_ingest.CAMERAS)
        feeds = [bench.feed(batches, size) for _ in range(3)]
        stage = {"rows": loaded, **node_ingest.measure(bench.node, bench.database, bench.bare, feeds)}
        print(json.dumps(stage), flush=True)
        found.append(stage)
    return found


@contextmanager
def steadily(bench: Bench, rate: float) -> Iterator[None]:
    """Have reads come in at a steady rate while the block runs."""
    size = 100
    # Enough for ten minutes.
    feed = bench.feed(round(600 * rate / size / node_ingest.CAMERAS), size, rate)
    begun = time.perf_counter()
    with node_ingest.client(feed) as told:
        told.send("go")
        time.sleep(2)
        yield
        told.send("stop")
        fed = told.recv()
        assert isinstance(fed, Fed)
    seconds = time.perf_counter() - begun
    print(f"meanwhile {fed.reads / fed.seconds:,.0f} reads/s came in for {seconds:.0f} s", flush=True)


def main() -> None:
    """Measure, print and keep the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--sealed", type=int, default=1_000_000, help="rows that the vault seals")
    parser.add_argument("--owners", type=int, default=5_000)
    parser.add_argument("--store", choices=("postgresql", "sqlite"), default="postgresql")
    parser.add_argument("--each", type=int, default=160_000, help="reads of a round through HTTP")
    parser.add_argument("--size", type=int, default=500, help="reads of a batch")
    parser.add_argument("--searches", type=int, default=100)
    options = parser.parse_args()
    OUT.parent.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=OUT.parent))
    folder.chmod(0o755)  # the server has an account of its own
    side = {"postgresql": postgres, "sqlite": sqlite}[options.store]
    document: dict[str, Any] = {**vars(options)}
    try:
        with side(folder, options.owners) as bench:
            document["ingest"] = load(bench, folder, options.rows, options.sealed, options.each, options.size)
            document["small batches"] = node_ingest.measure(
                bench.node,
                bench.database,
                bench.bare,
                [bench.feed(options.each // 4 // 50 // node_ingest.CAMERAS, 50) for _ in range(3)],
            )
            print("batches of 50:", json.dumps(document["small batches"]), flush=True)

            def search(asks: list[Any], pause: float) -> Any:
                return bench.call("search", asks, pause)

            search([Ask("AA0001", Scope.NETWORK, 29)] * 3, 0.0)
            for name, rate in (("in peace", None), (f"at {STEADY:,} reads/s", STEADY)):
                if rate is None:
                    found = node_search.standard(search, bench.bare, options.searches)
                else:
                    with steadily(bench, rate):
                        found = node_search.standard(search, bench.bare, options.searches)
                document[f"search {name}"] = found
                print(f"search {name}:", json.dumps(found), flush=True)
            document["growth"] = node_search.growth(search, bench.bare, max(5, options.searches // 5))
            for each in document["growth"]:
                print(json.dumps(each), flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    OUT.with_name(f"node-{options.store}.json").write_text(json.dumps(document, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
