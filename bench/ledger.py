"""Time the ledger's appends, proofs and verification against a bare SQLite insert and against pymerkle.

    make bench-ledger

Appends: clients wait each for its entry, as threads; the log gives back a receipt under a signed checkpoint.
The limit is SQLite alone with the same bytes and one synchronized commit a batch: `bare` with the same number
of clients that wait for it in the same way, `replay` in a loop with the very batches that the log had made,
without anybody who waits. `leaves` are entries made and checked in their place. pymerkle commits each entry
by itself. Contenders take turns within a round; medians and ratios count. `cpu us` is the processor's time
for an entry of the log, clients included.

Proofs: from the tiles of a log of 1,000,000 entries (ENTRIES=), with nothing cached and as a running program
finds them. The limit of the first is SHA-256 alone: tiles hold one level in eight, so whoever reads one must
hash those between; `bare hashes` are as many hashes of a node's length, with nothing read. The two take turns
at each place. pymerkle's proofs come from its own database. Verification: the exported log whole, at growing
sizes.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from queue import SimpleQueue

import pymerkle
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gatehouse.ledger import merkle
from gatehouse.ledger.commitment import FIELDS
from gatehouse.ledger.committer import Position
from gatehouse.ledger.entry import Leaf
from gatehouse.ledger.log import Log
from gatehouse.ledger.merkle import HASH_BYTES
from gatehouse.ledger.note import NoteSigner
from gatehouse.ledger.pending import Pending
from gatehouse.ledger.source import Source, open_source
from gatehouse.ledger.tiles import TileReader
from gatehouse.ledger.verify import verify
from gatehouse.ledger.view import LogView
from gatehouse.ledger.writer import Publish, Writer

OUT = Path(__file__).resolve().parent / "out" / "ledger.json"
CLIENTS = (1, 8, 64, 256)
GOAL_CLIENTS = 64
# Entries that each client appends in a round.
EACH = {1: 200, 8: 100, 64: 50, 256: 20}
ORIGIN, AGENCY, PACK = "ledger.example/bench", "alder-pd", bytes(32)


class Key:
    """An Ed25519 key in memory."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)

    def public_key(self) -> bytes:
        return self._key.public_key().public_bytes_raw()


def leaf(position: Position) -> bytes:
    """Return an entry as long as those of a node, whose commitments are of nothing."""
    seed = position.index.to_bytes(8, "big")
    digest = sha256(seed).digest()
    hour = position.at.replace(minute=0, second=0, microsecond=0)
    return Leaf(
        "search:plate:requested",
        AGENCY,
        position.sequence,
        position.previous,
        hour,
        PACK,
        dict.fromkeys(FIELDS, digest),
    )._spelled()


SAMPLE = leaf(Position(0, 0, None, datetime(2026, 11, 23, tzinfo=UTC)))


@contextmanager
def folder() -> Iterator[Path]:
    """Return a folder on the disk that holds the results, not in memory."""
    OUT.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=OUT.parent) as found:
        yield Path(found)


# As long as a leaf and no leaf, so that neither side has to read it.
PLAIN = SAMPLE.replace(b"gatehouse-leaf", b"something-else")


def with_clients(clients: int, append: Callable[[], object], *, share: int = 1) -> float:
    """Return the seconds until each client has appended its entries, one after the other.

    With `share` it appends that part of them only, and the time is taken for all of them.
    """
    start = threading.Barrier(clients + 1)

    def client() -> None:
        start.wait()
        for _ in range(EACH[clients] // share):
            append()

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for each in threads:
        each.start()
    start.wait()
    begun = time.perf_counter()
    for each in threads:
        each.join()
    return (time.perf_counter() - begun) * share


class Bare:
    """SQLite and nothing else: a thread inserts what waits and commits, then lets go of who waits."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("CREATE TABLE entry (idx INTEGER PRIMARY KEY, data BLOB NOT NULL)")
        self._size = 0
        self._queue: SimpleQueue[tuple[bytes, threading.Lock] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def insert(self, entries: Sequence[bytes]) -> None:
        """Commit rows in one transaction."""
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany("INSERT INTO entry VALUES (?, ?)", enumerate(entries, self._size))
        self._connection.execute("COMMIT")
        self._size += len(entries)

    def append(self, entry: bytes) -> None:
        """Wait until an entry is committed."""
        waits = threading.Lock()
        waits.acquire()
        self._queue.put((entry, waits))
        waits.acquire()

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        while True:
            work = [self._queue.get()]
            work += [self._queue.get() for _ in range(self._queue.qsize())]
            batch = [each for each in work if each is not None]
            if not batch:
                return
            self.insert([entry for entry, _ in batch])
            for _, waits in batch:
                waits.release()


@dataclass(slots=True)
class Batches:
    """Notes how many entries each of the log's transactions had."""

    sizes: list[int] = field(default_factory=list)

    @contextmanager
    def noted(self) -> Iterator[None]:
        self.sizes.clear()
        commit = Writer._commit

        def noting(writer: Writer, appends: list[Pending], publish: list[Publish]) -> None:
            self.sizes.append(len(appends))
            commit(writer, appends, publish)

        Writer._commit = noting  # type: ignore[assignment, method-assign]
        try:
            yield
        finally:
            Writer._commit = commit  # type: ignore[method-assign]


def appends(clients: int, rounds: int) -> dict[str, float]:
    """Return medians of entries a second, and of the ratios within each round."""
    count = clients * EACH[clients]
    rates: dict[str, list[float]] = {name: [] for name in ("log", "bare", "replay", "leaves", "pymerkle")}
    batches, means, cpu = Batches(), [], []
    with folder() as place:
        Log.create(place / "log.sqlite", origin=ORIGIN, signer=(key := Key()))
        bare, replay = Bare(place / "bare.sqlite"), Bare(place / "replay.sqlite")
        peer = pymerkle.SqliteTree(str(place / "pymerkle.sqlite"))
        contenders: dict[str, Callable[[], object]] = {
            "bare": lambda: bare.append(PLAIN),
        }
        with Log.open(place / "log.sqlite", signer=key) as log:
            contenders["leaves"] = lambda: log.append(leaf, agency=AGENCY)
            for at in range(rounds + 1):
                with batches.noted():
                    busy = time.process_time()
                    found = {"log": with_clients(clients, lambda: log.append(PLAIN))}
                    busy = time.process_time() - busy
                begun = time.perf_counter()
                for size in batches.sizes:
                    replay.insert([PLAIN] * size)
                found["replay"] = time.perf_counter() - begun
                found |= {name: with_clients(clients, append) for name, append in contenders.items()}
                found["pymerkle"] = with_clients(clients, lambda: peer.append_entry(PLAIN), share=10)
                if at:  # the first round warms up
                    cpu.append(busy / count * 1e6)
                    for name, seconds in found.items():
                        rates[name].append(count / seconds)
                    means.append(count / len(batches.sizes))
        bare.close()
        replay.close()
        peer.close()
    ratio = {
        name: statistics.median(log / other for log, other in zip(rates["log"], values, strict=True))
        for name, values in rates.items()
    }
    return {
        "clients": clients,
        "batch": round(statistics.median(means), 1),
        **{name: round(statistics.median(values)) for name, values in rates.items()},
        "cpu us": round(statistics.median(cpu)),
        **{f"log/{name}": round(ratio[name], 2) for name in ("bare", "replay", "pymerkle")},
    }


def build(place: Path, key: Key, sizes: Sequence[int]) -> Iterator[tuple[int, Path]]:
    """Fill a log with leaves, and yield its export at each of some sizes."""
    path, out = place / "log.sqlite", place / "public"
    Log.create(path, origin=ORIGIN, signer=key)
    with Log.open(path, signer=key) as log:
        for size in sizes:
            while (left := size - log.size) > 0:
                pending = [log.submit(leaf, agency=AGENCY) for _ in range(min(left, 8192))]
                log.result(pending[-1])
            log.export(out)
            yield size, out


def proofs(place: Path, out: Path, size: int) -> dict[str, dict[str, float]]:
    """Time inclusion proofs at random places, and as many bare hashes as the nodes of the tiles of each."""
    indexes = random.Random(1).choices(range(size), k=400)
    source = open_source(out)
    kept = TileReader(source.fetch, size)
    hashed = {index: nodes_read(source, index, size) for index in indexes}
    node = b"\1" + bytes(2 * HASH_BYTES)

    def from_files(index: int) -> list[bytes]:
        return merkle.inclusion_proof(TileReader(source.fetch, size), index=index, size=size)

    def hashes(index: int) -> None:
        for _ in range(hashed[index]):
            sha256(node).digest()

    with LogView.read(place / "log.sqlite") as view:
        pairs: list[dict[str, Callable[[int], object]]] = [
            {"tiles, none at hand": from_files, "bare hashes": hashes},
            {
                "tiles, kept": lambda index: merkle.inclusion_proof(kept, index=index, size=size),
                "the database": view.proof,
            },
        ]
        times: dict[str, list[float]] = {name: [] for works in pairs for name in works}
        for works in pairs:
            for at, index in enumerate(indexes * 4):
                for name, work in works.items():
                    taken = timed_ms(work, index)
                    if at >= len(indexes):  # the first round warms up
                        times[name].append(taken)
        assert all(from_files(index) == view.proof(index) for index in indexes)
    ratios = [
        cold / bare for cold, bare in zip(times["tiles, none at hand"], times["bare hashes"], strict=True)
    ]
    # Last, since the disk is still busy with what it writes.
    peer = pymerkle.SqliteTree(str(place / "pymerkle.sqlite"))
    for first in range(0, size, 20_000):
        peer.append_entries([PLAIN + b"%d" % index for index in range(first, min(first + 20_000, size))])
    times["pymerkle"] = [
        timed_ms(lambda index: peer.prove_inclusion(index + 1, size), index) for index in indexes[:40]
    ]
    peer.close()
    found = {name: spread(values) for name, values in times.items()}
    return {**found, "tiles, none at hand / bare hashes": spread(ratios)}


def nodes_read(source: Source, index: int, size: int) -> int:
    """Return how many nodes the tiles make that the proof of an entry reads."""
    widths = []

    def fetch(path: str) -> bytes:
        data = source.fetch(path)
        widths.append(len(data) // HASH_BYTES)
        return data

    merkle.inclusion_proof(TileReader(fetch, size), index=index, size=size)
    return sum(width - width.bit_count() for width in widths)


def timed_ms(work: Callable[[int], object], index: int) -> float:
    """Return the milliseconds of one call."""
    begun = time.perf_counter()
    work(index)
    return (time.perf_counter() - begun) * 1e3


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return median and 99th percentile."""
    ordered = sorted(values)
    return {
        "p50": round(statistics.median(ordered), 3),
        "p99": round(ordered[len(ordered) * 99 // 100], 3),
    }


def main() -> None:
    """Measure, print and keep the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--entries", type=int, default=1_000_000)
    options = parser.parse_args()

    print(f"appends of {len(PLAIN)} bytes: entries a second, medians of {options.rounds} rounds")
    runs = [appends(clients, options.rounds) for clients in CLIENTS]
    print(" ".join(f"{title:>12}" for title in runs[0]))
    for run in runs:
        print(" ".join(f"{value:>12,}" for value in run.values()))

    verified = []
    with folder() as place:
        key = Key()
        sizes = [options.entries // 16, options.entries // 4, options.entries]
        print(f"verification of an export: {'entries':>10} {'seconds':>8} {'entries/s':>10}")
        for size, out in build(place, key, sizes):
            begun = time.perf_counter()
            vkey = NoteSigner(ORIGIN, key).vkey
            found = verify(open_source(out), keys=[vkey], only_leaves=True)
            seconds = time.perf_counter() - begun
            assert found.checkpoint.size == found.leaves == size
            verified.append({"entries": size, "seconds": round(seconds, 2)})
            print(f"{'':26} {size:>10,} {seconds:>8.1f} {size / seconds:>10,.0f}")
        print(f"inclusion proofs of {options.entries:,} entries, in ms: {'p50':>8} {'p99':>8}")
        proven = proofs(place, out, options.entries)
        for name, times in proven.items():
            print(f"{name:>45} {times['p50']:>8} {times['p99']:>8}")
    document = {"bytes": len(PLAIN), "appends": runs, "verified": verified, "proofs": proven}
    OUT.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(f"goals with {GOAL_CLIENTS} clients: log/bare 0.5; a proof from tiles at 1,000,000 entries: 1 ms")


if __name__ == "__main__":
    main()
