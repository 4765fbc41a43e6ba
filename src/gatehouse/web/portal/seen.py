"""Searches as the record's entries tell them, opened for whoever publishes them, and for nobody else.

A search is several entries; each but the first names the first by its leaf hash in `request`. What is read
here holds more than may be published: `people` says who took part, and only `precision` may look at it.

A search is followed until it is settled, or for `FOLLOWED` if it never is. What comes later changes nothing
that is told of it: a row that changed would say by when it did so who was at work then.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from gatehouse.ledger.canonical import Json
from gatehouse.ledger.commitment import Disclosure, Openings
from gatehouse.ledger.day_keys import DayKeyDestroyed
from gatehouse.ledger.entry import Leaf, read_entry
from gatehouse.ledger.merkle import leaf_hash
from gatehouse.model import ProcessKind, SearchState
from gatehouse.model.event import SEARCH_ENDS

# What the world may read of a search (see docs/portal.md); the others stay committed.
PUBLISHED: Final = ("decision", "owners", "purpose", "rules")
# A day longer than a review may wait (`search.review_hours` of the configuration, at most 168).
FOLLOWED: Final = timedelta(days=8)
_KINDS: Final = {"search:plate": "search", "hotlist:entry": "standing"}
_DECIDING: Final = frozenset(
    {SearchState.DENIED, SearchState.REVIEW_PENDING, SearchState.PERMITTED, SearchState.APPROVED}
)
_FIRST: Final = _DECIDING - {SearchState.APPROVED}


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
class People:
    """Who took part in a search: for whom it was made, who entered it, and who reviewed it.

    MUST NOT be published.
    """

    officer: str | None = None
    entered_by: str | None = None
    reviewers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Seen:
    """A search by its entries. `at` is when it was requested, `hour` that hour, `last` the newest entry's.

    `trace` is what the clear part of its entries shows of it to everybody: their events. `decided` is the
    index of the first entry that decided, where it has the hour of the request, and `disclosures` open what
    may be published of it; a reviewer's entry is opened to nobody, since few people review. `rules` and
    `decision` are of that first entry too, `owners` those whose reads might be looked up in the end. Once the
    day key is destroyed, `opened` is False and of the search nothing but the clear part is left.
    """

    kind: str
    agency: str
    hour: datetime
    state: str
    at: datetime
    last: datetime
    people: People = field(default=People(), repr=False)
    trace: tuple[str, ...] = ()
    purpose: str | None = None
    decision: str | None = None
    rules: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    decided: int | None = None
    disclosures: tuple[Disclosure, ...] = field(default=(), repr=False)
    opened: bool = True

    @property
    def settled(self) -> bool:
        """Return whether it has come to its end."""
        return self.state in SEARCH_ENDS

    @property
    def reached(self) -> tuple[str, ...]:
        """Return the owners whose reads were looked up."""
        return self.owners if self.state == SearchState.RELEASED else ()


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
        kind = _KINDS.get(source)
        if source == "log":
            return
        try:
            found = opened(index, data)
        except DayKeyDestroyed:
            if kind is not None and state == SearchState.REQUESTED:
                name = leaf_hash(data).hex()
                at = leaf.hour
                self._found[name] = Seen(kind, leaf.agency, at, state, at, at, opened=False)
            return
        values = found.values
        if kind is not None and state == SearchState.REQUESTED:
            self._found[leaf_hash(data).hex()] = _begun(kind, leaf, values)
            return
        name = _text(values["request"]) or ""
        known = self._found.get(name)
        # Without a beginning it was sealed under a day key that is destroyed.
        if known is None or known.settled or not known.opened or leaf.hour >= known.hour + FOLLOWED:
            return
        reviewer = _text(values["approver"])
        reviewers = known.people.reviewers | ({reviewer} if reviewer else set())
        after = replace(
            known,
            last=leaf.hour,
            trace=(*known.trace, leaf.event),
            people=replace(known.people, reviewers=reviewers),
        )
        if kind == known.kind and state in set(SearchState):
            after = replace(after, state=state)
        if kind == known.kind and state in _DECIDING:
            after = replace(after, owners=_texts(values["owners"]))
        if kind == known.kind and state in _FIRST:
            after = replace(after, decision=_text(values["decision"]), rules=_texts(values["rules"]))
            if leaf.hour == known.hour:
                # Of a later hour's entry nothing is opened: it would tell what was decided then.
                told = tuple(found.disclose(field, index=index) for field in PUBLISHED)
                after = replace(after, decided=index, disclosures=told)
        self._found[name] = after


def _begun(kind: str, leaf: Leaf, values: Mapping[str, Json]) -> Seen:
    detail = values["detail"]
    entered = detail.get("entered_by") if isinstance(detail, dict) else None
    # An exigency shows in the tiles later, by the events of its paper.
    process = values["process"]
    exigent = isinstance(process, dict) and process.get("kind") == ProcessKind.EXIGENCY
    return Seen(
        kind,
        leaf.agency,
        leaf.hour,
        SearchState.REQUESTED,
        _time(values["at"], leaf.hour),
        leaf.hour,
        People(_text(values["officer"]), _text(entered)),
        (leaf.event, *(("exigent",) if exigent else ())),
        _text(values["purpose"]),
    )


def _time(value: Json, hour: datetime) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else hour


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None


def _texts(value: Json) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()
