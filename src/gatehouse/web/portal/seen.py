"""Searches as the record's entries tell them, opened for whoever publishes them, and for nobody else.

A search is several entries; each but the first names the first by its leaf hash in `request`. What is read
here holds more than may be published: `officer` says who searched, and only `precision` may look at it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Protocol

from gatehouse.ledger.canonical import Json
from gatehouse.ledger.commitment import Disclosure, Openings
from gatehouse.ledger.day_keys import DayKeyDestroyed
from gatehouse.ledger.entry import read_entry
from gatehouse.ledger.merkle import leaf_hash
from gatehouse.model import SearchState, StandingState

# What the world may read of a search (see docs/portal.md); the others stay committed.
PUBLISHED: Final = ("decision", "owners", "purpose", "rules")
_SOURCES: Final = {"search:plate:": "search", "hotlist:entry:": "standing"}
_DECIDING: Final = frozenset(
    {
        SearchState.DENIED,
        SearchState.REVIEW_PENDING,
        SearchState.PERMITTED,
        SearchState.APPROVED,
        SearchState.REFUSED,
        StandingState.REVISED,
    }
)


_FIRST: Final = frozenset({SearchState.DENIED, SearchState.REVIEW_PENDING, SearchState.PERMITTED})


class OpeningSource(Protocol):
    """What opens entries: `gatehouse.ledger.sealing.OpeningStore` does."""

    def reading(self) -> AbstractContextManager[Callable[[int, bytes], Openings]]:
        """Give what opens the entry at an index; a destroyed day key is `DayKeyDestroyed`."""
        ...


class EntrySource(Protocol):
    """What has the entries: `gatehouse.ledger.view.LogView` does."""

    def entry(self, index: int) -> bytes:
        """Return an entry."""
        ...


@dataclass(frozen=True, slots=True)
class Seen:
    """A search by its entries so far. `at` is when it was requested, `hour` that hour, both UTC.

    `decided` is the index of the first entry that decided, where it has the hour of the request, and
    `disclosures` open what may be published of it; a reviewer's entry is opened to nobody, since few people
    review. Once the day key is destroyed, `opened` is False and of the search nothing but the clear part is
    left. `officer` is for whom it was made, and MUST NOT be published.
    """

    kind: str
    agency: str
    hour: datetime
    state: str
    at: datetime
    officer: str | None = field(default=None, repr=False)
    purpose: str | None = None
    decision: str | None = None
    rules: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    decided: int | None = None
    disclosures: tuple[Disclosure, ...] = field(default=(), repr=False)
    opened: bool = True

    @property
    def reached(self) -> tuple[str, ...]:
        """Return the owners whose reads were looked up."""
        return self.owners if self.state in _ANSWERED else ()


_ANSWERED: Final = frozenset({SearchState.RELEASED, *StandingState})


class Searches:
    """Every search of a record, read on from where the last reading ended."""

    def __init__(self) -> None:
        self._found: dict[str, Seen] = {}
        self._entries: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
        self._next = 0

    def __iter__(self) -> Iterator[Seen]:
        return iter(self._found.values())

    def __len__(self) -> int:
        return len(self._found)

    def entries(self, day: str) -> Mapping[tuple[str, str], int]:
        """Return how many entries of each agency and event a day (UTC) has."""
        return self._entries.get(day, {})

    def read(self, entries: EntrySource, openings: OpeningSource, size: int) -> None:
        """Take in the entries below `size` that were not read before."""
        with openings.reading() as opened:
            for index in range(self._next, size):
                self._read(index, entries.entry(index), opened)
                self._next = index + 1

    def _read(self, index: int, data: bytes, opened: Callable[[int, bytes], Openings]) -> None:
        leaf = read_entry(data)
        self._entries[f"{leaf.hour:%Y-%m-%d}"][leaf.agency, leaf.event] += 1
        source, _, state = leaf.event.rpartition(":")
        kind = _SOURCES.get(f"{source}:")
        if kind is None:
            return
        try:
            found = opened(index, data)
        except DayKeyDestroyed:
            if state == SearchState.REQUESTED:
                name = leaf_hash(data).hex()
                self._found[name] = Seen(kind, leaf.agency, leaf.hour, state, leaf.hour, opened=False)
        else:
            self._take(kind, state, index, data, leaf.hour, found)

    def _take(self, kind: str, state: str, index: int, data: bytes, hour: datetime, opened: Openings) -> None:
        values = opened.values
        if state == SearchState.REQUESTED:
            self._found[leaf_hash(data).hex()] = Seen(
                kind,
                opened.agency,
                hour,
                state,
                _time(values["at"], hour),
                _text(values["officer"]),
                _text(values["purpose"]),
            )
            return
        known = self._found.get(_text(values["request"]) or "")
        if known is None or not known.opened:
            # Its beginning was sealed under a day key that is destroyed.
            return
        found = replace(known, state=state)
        if state in _DECIDING:
            found = replace(
                found,
                decision=_text(values["decision"]),
                rules=_texts(values["rules"]),
                owners=_texts(values["owners"]),
            )
        if state in _FIRST and hour == known.hour:
            # Of a later hour's entry nothing is opened: it would tell what somebody at work then decided.
            told = tuple(opened.disclose(name, index=index) for name in PUBLISHED)
            found = replace(found, decided=index, disclosures=told)
        self._found[_text(values["request"]) or ""] = found


def _time(value: Json, hour: datetime) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else hour


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None


def _texts(value: Json) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()
