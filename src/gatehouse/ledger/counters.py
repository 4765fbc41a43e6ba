"""The daily counts of those who stand beside the log, set against its entries.

A log alone cannot show what bypassed it. A vault counts what it opened, an owner what it answered, each on
its own; a count above the entries is a reading that nobody recorded. A document of counters:

    {"schema": "gatehouse-counters/1", "by": "vault", "name": "vault-1", "day": "2026-11-02",
     "events": ["search:plate:released"],
     "counts": [{"agency": "alder-pd", "event": "search:plate:released", "count": 12}]}

The day is that of the entry (its hour, UTC). Every one of the `events` goes through some vault, so the counts
of all vaults that count an event must add up to its entries (`together`), and an agency that none of them
names counts 0. An owner is reached by some of the searches, so its counts must not be above them.

A vault may say besides, as `undelivered` and in the form of `counts`, for how many of them it let nothing
out. That explains an entry whose reads nobody got; it takes nothing from what is compared.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from gatehouse.model import BadInput

SCHEMA: Final = "gatehouse-counters/1"
LARGEST_DOCUMENT: Final = 16_000_000

# Entries by agency and event, of one day.
DayCounts = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Counters:
    """What one party counted on one day."""

    by: Literal["vault", "owner"]
    name: str
    day: str
    events: tuple[str, ...]
    counts: Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Difference:
    """A count that does not agree with the entries."""

    agency: str
    event: str
    entries: int
    counted: int


def read_counters(text: str, *, where: str | None = None) -> Counters:
    """Read a document of counters; anything unclear in it is `BadInput`."""
    try:
        if len(text) > LARGEST_DOCUMENT:
            raise ValueError("the document is too long")
        document = json.loads(text)
        if set(document) - {"undelivered"} != {"schema", "by", "name", "day", "events", "counts"}:
            raise ValueError("the keys are others")
        if document["schema"] != SCHEMA or document["by"] not in ("vault", "owner"):
            raise ValueError("schema or `by` is unknown")
        day, events = document["day"], tuple(document["events"])
        if date.fromisoformat(day).isoformat() != day or not events:
            raise ValueError("no day or no events")
        counts: dict[tuple[str, str], int] = {}
        for row in document["counts"]:
            key = (row["agency"], row["event"])
            if not all(isinstance(each, str) for each in (*key, document["name"], *events)):
                raise ValueError("a name is no text")
            if key in counts or key[1] not in events or type(row["count"]) is not int or row["count"] < 0:
                raise ValueError("a row stands twice, or is of another event, or counts nothing")
            counts[key] = row["count"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadInput(
            "these are no counters", where=where, expected=f"a document of {SCHEMA}", got=str(error)
        ) from error
    return Counters(document["by"], document["name"], day, events, counts)


def together(counters: Sequence[Counters]) -> list[Counters]:
    """Add up the vaults that count an event on a day; the owners' counters follow as they are.

    A vault that counts an event of a day twice is `BadInput`.
    """
    vaults: dict[tuple[str, str], list[Counters]] = {}
    for each in counters:
        if each.by == "vault":
            for event in each.events:
                vaults.setdefault((each.day, event), []).append(each)
    joint: dict[tuple[str, tuple[str, ...]], tuple[list[str], Counter[tuple[str, str]]]] = {}
    for (day, event), those in sorted(vaults.items()):
        names = tuple(sorted(each.name for each in those))
        if len(set(names)) < len(names):
            raise BadInput(
                "a vault has counted a day twice",
                where=f"{', '.join(names)}, {day}, {event}",
                expected="one document of each vault",
            )
        events, added = joint.setdefault((day, names), ([], Counter()))
        events.append(event)
        for each in those:
            added.update({key: count for key, count in each.counts.items() if key[1] == event})
    return [
        *(
            Counters("vault", ", ".join(names), day, tuple(events), added)
            for (day, names), (events, added) in joint.items()
        ),
        *(each for each in counters if each.by == "owner"),
    ]


def differences(counters: Counters, entries: DayCounts) -> Iterator[Difference]:
    """Yield where counters do not agree with the entries of their day."""
    keys = set(counters.counts)
    if counters.by == "vault":
        keys |= {(agency, event) for agency, events in entries.items() for event in events}
    for agency, event in sorted(keys):
        if event not in counters.events:
            continue
        recorded = entries.get(agency, {}).get(event, 0)
        counted = counters.counts.get((agency, event), 0)
        if counted > recorded or (counters.by == "vault" and counted != recorded):
            yield Difference(agency, event, recorded, counted)
