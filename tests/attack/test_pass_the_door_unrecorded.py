"""Ways to get a read without a complete search on the record: by failures at every step, and by crashes.

Whatever fails, and wherever: each search that handed out a read has `requested`, then `permitted` or
`approved`, then `released` on the record; each read is of an owner that permitted in the decisions kept with
that entry; every search comes to an outcome; and the vault has counted every release that the book has.
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise, product
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.ledger.canonical import Json
from gatehouse.ledger.entry import read_entry
from gatehouse.ledger.merkle import leaf_hash
from gatehouse.model import SEARCH_ENDS, SEARCH_STEPS, Error, Outcome, PartUnavailable, Scope, SearchState
from gatehouse.search.answer import Answer
from gatehouse.search.judging import ATTACHMENT, unseal
from gatehouse.search.limits import Limits
from gatehouse.search.parts import Parts
from tests.unit.search.world import ALDER, BIRCH, CEDAR, DUNE, PEOPLE, PLATE, World

CALLS = {
    "book": ("append", "entry", "receipt", "openings", "attachment"),
    "vault": ("open", "examine", "release", "record"),
    "reads": ("lookup",),
    "registry": ("agency", "officer", "owners", "own_rule", "people"),
    "tables": ("search", "reviews", "query"),
}


class Crash(BaseException):
    """The process ends here: nobody may catch it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong at the n-th call of a method: before it has its effect, or after."""

    at: int
    before: bool
    error: type[BaseException]


@dataclass
class Faults:
    """The faults of one search, by part and method; `calls` counts."""

    planned: dict[tuple[str, str], Fault] = field(default_factory=dict)
    calls: dict[tuple[str, str], int] = field(default_factory=dict)

    def around(self, part: str, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def called(*args: Any, **named: Any) -> Any:
            key = part, name
            number = self.calls[key] = self.calls.get(key, 0) + 1
            fault = self.planned.get(key)
            hit = fault is not None and fault.at == number
            if hit and fault is not None and fault.before:
                raise fault.error("injected")
            found = method(*args, **named)
            if hit and fault is not None:
                raise fault.error("injected")
            return found

        return called


class Faulty:
    """A part of the door whose calls fail as planned."""

    def __init__(self, part: str, inner: object, faults: Faults) -> None:
        self._part, self._inner, self._faults = part, inner, faults

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name in CALLS[self._part]:
            return self._faults.around(self._part, name, found)
        return found


def faulty(faults: Faults) -> Callable[[Parts], Parts]:
    """Return what puts faults around the parts of a door."""

    def wrap(parts: Parts) -> Parts:
        around: dict[str, Any] = {name: Faulty(name, getattr(parts, name), faults) for name in CALLS}
        return dataclasses.replace(parts, **around)

    return wrap


ERRORS = st.sampled_from([PartUnavailable, RuntimeError, OSError, Crash])
FAULT = st.builds(Fault, at=st.integers(1, 4), before=st.booleans(), error=ERRORS)
PLAN = st.dictionaries(
    st.sampled_from([(part, name) for part, names in CALLS.items() for name in names]), FAULT, max_size=3
)
SEARCHES = st.sampled_from(
    [
        {},
        {"scope": Scope.NETWORK, "ground": "fled"},
        {"reason": "inv"},
        {"reason": "ICE ERO"},
        {"plate": "TEST1??", "scope": Scope.OWN},
    ]
)


class Attempts:
    """Searches in one world that fail as planned, each checked against the whole record."""

    def __init__(self, folder: str) -> None:
        self.faults = Faults()
        # An attempt is a search, and there are more than an officer may make.
        limits = Limits(officer_hour=10_000, agency_hour=10_000, candidates=10**9)
        self.world = World(Path(folder), limits, faulty(self.faults))
        self.answers: list[Answer] = []
        self.checked = Checked()
        for owner in (CEDAR, ALDER, BIRCH, DUNE):
            self.world.take(PLATE, owner=owner)

    def attempt(self, planned: dict[tuple[str, str], Fault], asked: dict[str, Any]) -> None:
        self.faults.planned, self.faults.calls = planned, {}
        try:
            with suppress(Error, RuntimeError, OSError):
                answer = self.world.ask(**asked)
                self.answers.append(answer)
                if answer.state is SearchState.REVIEW_PENDING:
                    self.world.approve(answer.id, "s1")
                    self.answers.append(self.world.door.collect(answer.id, by=PEOPLE["o1"]))
        except Crash:
            self.faults.planned = {}
            self.world.reopen()
        self.faults.planned = {}
        self.world.door.recover()
        self.checked.check(self.world, self.answers)

    def close(self) -> None:
        assert any(each.reads for each in self.answers)
        assert any(each.failure for each in self.answers)
        self.world.close()


@pytest.fixture
def attempts() -> Iterator[Attempts]:
    with tempfile.TemporaryDirectory() as folder:
        found = Attempts(folder)
        yield found
        found.close()


@pytest.mark.parametrize("asked", [{}, {"reason": "inv"}], ids=["answered", "reviewed"])
def test_fail_at_each_call_hands_out_nothing_that_is_not_on_the_record(
    attempts: Attempts, asked: dict[str, Any]
) -> None:
    attempts.attempt({}, asked)
    # Of what is asked for every owner and row, the first time and the last.
    calls = {
        key: range(1, count + 1) if key[0] in ("book", "vault", "reads") else {1, count}
        for key, count in attempts.faults.calls.items()
    }
    for key, numbers in calls.items():
        for number, before in product(numbers, (True, False)):
            error = Crash if key[0] in ("book", "vault") and not before else PartUnavailable
            attempts.attempt({key: Fault(number, before, error)}, asked)


def test_fail_anywhere_at_once_hands_out_nothing_that_is_not_on_the_record(attempts: Attempts) -> None:
    attempts.attempt({}, {})
    attempts.attempt({("vault", "open"): Fault(1, True, PartUnavailable)}, {})

    @settings(max_examples=40, deadline=None)
    @given(PLAN, SEARCHES)
    def attempt(planned: dict[tuple[str, str], Fault], asked: dict[str, Any]) -> None:
        attempts.attempt(planned, asked)

    attempt()


class Read(NamedTuple):
    """An entry of a search as the test reads it back."""

    state: SearchState
    request: str
    counts: Json


@dataclass
class Checked:
    """The book as it was read so far, and the answers that were held against it."""

    read: list[Read | None] = field(default_factory=list)
    answers: int = 0

    def check(self, world: World, answers: list[Answer]) -> None:
        """Compare what was handed out with the book, and the book with the vault's own counts."""
        self.read += [_read(world, at) for at in range(len(self.read), world.ledger.log.size)]
        searches: dict[str, list[int]] = {}
        for at, entry in enumerate(self.read):
            if entry is not None:
                searches.setdefault(entry.request, []).append(at)
        released = {}
        for places in searches.values():
            states = [entry.state for at in places if (entry := self.read[at])]
            assert states[0] is SearchState.REQUESTED
            assert all(after in SEARCH_STEPS[before] for before, after in pairwise(states))
            assert states[-1] in SEARCH_ENDS | {SearchState.REVIEW_PENDING}
            if states[-1] is SearchState.RELEASED:
                released[places[-1]] = places
        for answer in answers[self.answers :]:
            if answer.reads:
                _check_reads(world, answer, decided=released[answer.index][-2])
        self.answers = len(answers)
        counted = world.vault.counters(world.clock.at.date())["counts"]
        assert isinstance(counted, list)
        assert sum(each["count"] for each in counted if isinstance(each, dict)) == len(released)


def _read(world: World, at: int) -> Read | None:
    entry = world.ledger.entry(at)
    subject, _, state = read_entry(entry).event.rpartition(":")
    if subject != "search:plate":
        return None
    values = world.values(at)
    return Read(SearchState(state), str(values["request"] or leaf_hash(entry).hex()), values["counts"])


def _check_reads(world: World, answer: Answer, *, decided: int) -> None:
    kept = unseal(world.ledger.attachment(decided, ATTACHMENT))
    permitted = {each.decision.owner for each in kept.salted if each.decision.outcome is Outcome.PERMIT}
    assert {each.owner for each in answer.reads} <= permitted
    counts = world.values(answer.index)["counts"]
    assert isinstance(counts, dict)
    assert counts["reads"] == len(answer.reads)
