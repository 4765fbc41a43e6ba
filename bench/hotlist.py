"""Time hotlists: matching against 100,000 entries, from a read to its hit, and lists taken in.

    make bench-hotlist

Matching: reads/s of one thread in batches as a camera sends them, where one read in a thousand is of an
entry, against a bare look-up of the same plates in a dict, the limit. The two take turns; medians count.
Hits: from the call with the read to the delivered hit, through a real ledger with its synchronized commit.
Lists: rows/s read from a file, and rows/s taken in, each requested, decided, permitted and released.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.unit.hotlist.world import World

from gatehouse.hotlist.asking import HotlistLimits
from gatehouse.hotlist.importing import read_list
from gatehouse.hotlist.matching import Index, Standing
from gatehouse.model import Read
from gatehouse.model.plate import ALPHABET

OUT = Path(__file__).resolve().parent / "out" / "hotlist.json"
AT = datetime(2026, 11, 23, 16, tzinfo=UTC)
BATCH = 200
ROUNDS = 5


def plates(number: int, seed: int) -> list[str]:
    draw = random.Random(seed)
    found: set[str] = set()
    while len(found) < number:
        found.add("".join(draw.choices(ALPHABET, k=7)))
    return sorted(found)


def matching(entries: int, reads: int) -> dict[str, float]:
    listed = plates(entries, 1)
    index = Index(
        Standing(f"{at:08}", "alder-pd", plate, "IL", True, False, AT, AT + timedelta(days=30))
        for at, plate in enumerate(listed)
    )
    bare = dict.fromkeys(listed, 1)
    draw = random.Random(2)
    seen = [draw.choice(listed) if draw.random() < 0.001 else each for each in plates(reads, 3)]
    draw.shuffle(seen)
    batch = [Read("a1", AT + timedelta(hours=1), plate, plate, state="IL") for plate in seen]
    batches = [batch[at : at + BATCH] for at in range(0, len(batch), BATCH)]
    ours, theirs, hits = [], [], 0
    for _ in range(ROUNDS):
        began = time.perf_counter()
        hits = sum(len(index.match(each)) for each in batches)
        ours.append(time.perf_counter() - began)
        began = time.perf_counter()
        sum(read.plate in bare for each in batches for read in each)
        theirs.append(time.perf_counter() - began)
    return {
        "entries": entries,
        "reads": reads,
        "matches": hits,
        "reads_per_s": round(reads / statistics.median(ours)),
        "bare_reads_per_s": round(reads / statistics.median(theirs)),
        "ratio": round(statistics.median(theirs) / statistics.median(ours), 3),
    }


def hits(number: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), limits=HotlistLimits(entries_a_day=number))
        for at in range(number):
            world.ask(f"BENCH{at}", case_number=f"26-{at}")
        took = []
        for at in range(number):
            world.clock.move(timedelta(seconds=1))
            read = world.read(f"BENCH{at}", camera="a1")
            began = time.perf_counter()
            found = world.hotlists.on_reads([read], world.camera("alder-pd"), world.clock())
            took.append(time.perf_counter() - began)
            assert len(found) == 1
        world.close()
    took.sort()
    return {
        "hits": number,
        "p50_ms": round(took[len(took) // 2] * 1000, 2),
        "p95_ms": round(took[int(len(took) * 0.95)] * 1000, 2),
    }


def lists(rows: int, taken: int) -> dict[str, float]:
    text = "Plate,State,Type,Case\n" + "".join(
        f"{plate},IL,Stolen,V{at:09}\n" for at, plate in enumerate(plates(rows, 4))
    )
    began = time.perf_counter()
    report = read_list(text.encode(), at=AT)
    read_s = time.perf_counter() - began
    assert len(report.rows) == rows
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), limits=HotlistLimits())
        world.source()
        few = "\n".join(text.split("\n")[: taken + 1])
        began = time.perf_counter()
        done = world.take(few)
        take_s = time.perf_counter() - began
        assert done.states.total() == taken
        began = time.perf_counter()
        again = world.take(few)
        again_s = time.perf_counter() - began
        assert again.kept == taken
        world.close()
    return {
        "rows_read_per_s": round(rows / read_s),
        "rows_taken_per_s": round(taken / take_s),
        "rows_kept_per_s": round(taken / again_s),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--reads", type=int, default=200_000)
    given = parser.parse_args()
    found = {
        "matching": matching(given.entries, given.reads),
        "hits": hits(100),
        "lists": lists(100_000, 1_000),
    }
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
