"""What the vault costs, on one core: sealing reads, opening a search of many owners, a sweep.

python bench/vault.py [--owners 5000] [--days 30]
"""

from __future__ import annotations

import argparse
import random
import string
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.unit.vault.world import AT, DAY, OWNER, PLATE, World, a_camera, a_read, signed

from gatehouse.model import Outcome  # after the path
from gatehouse.vault.times import to_microseconds

SIGNS = string.ascii_uppercase + string.digits
ROUNDS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--owners", type=int, default=5_000)
    parser.add_argument("--days", type=int, default=30)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for size in (50, 1_000, 10_000):
            found = sealing(Path(folder) / f"seal-{size}", size)
            print(f"seal, {size:>6,} reads a batch  {found:>10,.0f} reads/s")
        with world_of(Path(folder) / "many", asked.owners, asked.days) as world:
            size = (world.folder / "keys.sqlite").stat().st_size
            print(f"keys of {asked.owners:,} owners, {asked.days} days: {size:,} bytes")
            for name, seconds in answering(world):
                print(f"{name:<28} {seconds * 1000:>10.1f} ms")
            print(f"{'sweep, nothing due':<28} {best(world.vault.sweep) * 1000:>10.1f} ms")
            world.clock.at += timedelta(days=1)
            print(f"{'sweep, a day due':<28} {timed(world.vault.sweep) * 1000:>10.1f} ms")


def timed(step: Callable[[], object]) -> float:
    began = time.perf_counter()
    step()
    return time.perf_counter() - began


def best(step: Callable[[], object]) -> float:
    return min(timed(step) for _ in range(ROUNDS))


def sealing(folder: Path, size: int) -> float:
    """Return reads a second of processor time, signature and parsing included."""
    draw = random.Random(1)  # plates, no secrets
    world = World(folder)
    camera = a_camera(peak=60_000)
    batches = [
        signed(
            camera,
            number,
            [
                a_read("".join(draw.choices(SIGNS, k=7)), AT - timedelta(seconds=draw.random() * 60))
                for _ in range(size)
            ],
        )
        for number in range(1, 1 + max(5, 20_000 // size))
    ]
    found = []
    for _ in range(ROUNDS):
        # A vault that was opened anew does not remember that it had these numbers.
        world.reopen()
        began = time.process_time()
        for batch in batches:
            sealed = world.seal(batch, camera=camera, received_at=AT)
            assert len(sealed.rows) == size
        found.append(size * len(batches) / (time.process_time() - began))
    world.vault.close()
    return max(found)


@contextmanager
def world_of(folder: Path, owners: int, days: int) -> Iterator[World]:
    """Yield a world whose owners have keys for each day, and some reads of one plate."""
    world = World(folder)
    names = [f"owner-{number}" for number in range(owners)]
    world.retention = dict.fromkeys([OWNER, *names], 30 * DAY)
    first = to_microseconds(AT) // 60_000_000 // DAY * DAY
    for name in names:
        world.vault._keys.for_batch(name, 30 * DAY, [first - day * DAY for day in range(days)])
    for day in range(days):
        world.take(PLATE, at=AT - timedelta(days=day))
    yield world
    world.vault.close()


def answering(world: World) -> list[tuple[str, float]]:
    """Return how long each step of a search takes that every owner permits, by name."""
    outcomes = dict.fromkeys(world.retention, Outcome.PERMIT)
    window = AT - timedelta(days=40), AT
    steps: dict[str, list[float]] = {"open": [], "examine": [], "release": []}
    for _ in range(ROUNDS):
        search = world.search(outcomes=outcomes, window=window)
        ask = world.ask(search)
        began = time.perf_counter()
        opened = world.vault.open(ask)
        steps["open"].append(time.perf_counter() - began)
        rows = world.reads.lookup(opened.lookups, owners=opened.owners)
        began = time.perf_counter()
        found = world.vault.examine(opened.id, rows)
        steps["examine"].append(time.perf_counter() - began)
        entry = world.released(search, found.counts)
        began = time.perf_counter()
        assert len(world.release(opened.id, entry)) == found.counts["reads"]
        steps["release"].append(time.perf_counter() - began)
    return [(f"{name}, {len(outcomes):,} owners", min(each)) for name, each in steps.items()]


if __name__ == "__main__":
    main()
