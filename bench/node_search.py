"""Searches at the door of a node with a month of reads, against the bare lookup that each comes down to.

A search is everything from the officer's question to the reads: the request on the record, the decision of
every owner, the decision on the record with its receipt, the vault's checks, the tokens, the lookup, the rows
opened, the release on the record, the reads handed out. Its peer asks one table with one index for the very
tokens of that search, in one statement, and knows nothing else. The ratio is the price of governance.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Sequence

from bench.cameras import PLATES, plate_of
from bench.reads import Bare, timed
from bench.serving import Ask, Asked

from gatehouse.model import Scope

SCOPES = {1: Scope.OWN, 100: Scope.NEIGHBORS, 1_000: Scope.REGION, 5_000: Scope.NETWORK}
WINDOWS = (1, 7, 29)
MONTH = 29
# What this many open signs may ask within: more lookups than 4,096 are refused.
WILDCARD_DAYS = {0: 1, 1: 1, 2: 1}

Search = Callable[[list[Ask], float], list[Asked]]


def standard(search: Search, bare: Bare, count: int) -> dict[str, object]:
    """Search the whole network over a month, for one plate each; return times, stages and the price."""
    chance = random.Random(7)
    asks = [Ask(plate_of(chance.randrange(PLATES)), Scope.NETWORK, MONTH) for _ in range(count)]
    return summary(search(asks, 0.05), bare)


def growth(search: Search, bare: Bare, count: int) -> list[dict[str, object]]:
    """Search fewer owners, shorter windows, and with open signs, one thing at a time."""
    chance = random.Random(8)
    found = []

    def measured(name: str, scope: Scope, days: float, signs: int) -> None:
        asks = []
        for _ in range(count):
            plate = plate_of(chance.randrange(PLATES))
            asks.append(Ask(plate[: len(plate) - signs] + "?" * signs, scope, days))
        found.append({"what": name, **summary(search(asks, 0.02), bare)})

    for owners, scope in SCOPES.items():
        measured(f"{owners:,} owners, 30 days", scope, MONTH, 0)
    for days in WINDOWS:
        measured(f"5,000 owners, {days + 1} days", Scope.NETWORK, days, 0)
    for signs, days in WILDCARD_DAYS.items():
        measured(f"5,000 owners, {days + 1} days, {signs} open signs", Scope.NETWORK, days, signs)
    measured("5,000 owners, 30 days, 1 open sign", Scope.NETWORK, MONTH, 1)
    return found


def summary(found: Sequence[Asked], bare: Bare) -> dict[str, object]:
    """Return percentiles in milliseconds, the median of every stage, and the ratio to the bare lookup."""
    for each in found:
        bare.find(each.lookups)
    # Once more, with the same pages at hand as the search had them.
    bares = [timed(lambda each=each: bare.find(each.lookups)) * 1e3 for each in found]  # type: ignore[misc]
    times = sorted(each.milliseconds for each in found)
    stages = {
        name: statistics.median(each.stages.get(name, 0.0) for each in found) for name in found[0].stages
    }
    return {
        "searches": len(found),
        "permitted": round(statistics.median(each.permitted for each in found)),
        "reads": round(statistics.mean(each.reads for each in found), 1),
        "lookups": round(statistics.median(len(each.lookups) for each in found)),
        "p50 ms": round(times[len(times) // 2], 1),
        "p95 ms": round(times[int(len(times) * 0.95)], 1),
        "bare ms": round(statistics.median(bares), 2),
        "price": round(
            statistics.median(each.milliseconds / alone for each, alone in zip(found, bares, strict=True)), 1
        ),
        "stages": {name: round(value, 1) for name, value in stages.items()},
    }
