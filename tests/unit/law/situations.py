"""Random situations: such as real requests make, and wild ones near a rule that no request need make."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from typing import Any, NamedTuple

from gatehouse.law import codes
from gatehouse.law.canaries import situations_for
from gatehouse.law.domain import VALUES
from gatehouse.law.formula import FLAGS, SETS, TEXTS, Compare, atoms
from gatehouse.law.pack import Pack
from gatehouse.law.situation import Situation, asked, situation
from gatehouse.model import (
    MATTERS,
    OFFENSES,
    AgencyKind,
    Agreement,
    Behalf,
    Declaration,
    OwnerTerms,
    Party,
    Process,
    ProcessKind,
    Purpose,
    SearchRequest,
    Signal,
    Window,
)

_IMMIGRATION = ["IMMIG_CIV", "IMMIG_CRIM", "30A", "30B", "30C", "30D", "49C"]


class Asking(NamedTuple):
    """A request to one owner at a time, with the signals of its texts."""

    request: SearchRequest
    owner: OwnerTerms
    at: datetime
    signals: tuple[Signal, ...]

    def facts(self) -> Situation:
        """Return its facts, as the package derives them."""
        return situation(asked(self.request, self.at, self.signals), self.owner)


_SIGNALS = list(Signal)


class Situations:
    """Random situations near the constants of a pack, the same for the same seed; most of some states."""

    def __init__(self, pack: Pack, seed: int, states: Collection[str] | None = None) -> None:
        self.random = Random(seed)
        constants: dict[str, set[int]] = {}
        for rule in pack.rules.values():
            for atom in atoms(rule.formula):
                if isinstance(atom, Compare) and isinstance(atom.other, int):
                    constants.setdefault(atom.fact, set()).add(atom.other)
        self.days = sorted(constants["owner_day"] | constants["searcher_day"])
        self.spans = sorted(constants.get("reach", {30 * 24 * 60}))
        self.states = sorted(states or (code[3:].upper() for code in pack.texts))
        self.offenses = sorted(OFFENSES)
        self.bans = sorted(codes.BANS)
        home = {None, *(f"us-{state.lower()}" for state in self.states)}
        self.canaries = [
            each
            for rule in pack.rules.values()
            if rule.jurisdiction in home
            for each in islice(situations_for(rule.formula), 6)
        ]

    def some(self, count: int) -> list[Situation]:
        """Return situations, two of three real."""
        return [self.wild() if at % 3 == 0 else self.real() for at in range(count)]

    def wild(self) -> Situation:
        """Return a situation to which some rule applies, with facts changed that need not go together."""
        random = self.random
        found = random.choice(self.canaries)._asdict()
        for fact in random.sample(Situation._fields, random.choice([0, 1, 1, 2, 3, 6])):
            found[fact] = self._any(fact)
        return Situation(**found)

    def _any(self, fact: str) -> Any:
        random = self.random
        if fact in FLAGS:
            return random.random() < 0.5
        if fact.endswith("_state"):
            return self._state()
        if fact in TEXTS:
            return random.choice([*VALUES[fact], "unheard of", "federal"])
        if fact in SETS:
            return frozenset(random.sample(VALUES[fact], random.randrange(min(5, len(VALUES[fact])))))
        if fact.endswith("_day"):
            return self._day()
        return random.choice([0, 1, 2]) if fact == "approvals" else self._reach()

    def _state(self) -> str:
        return self.random.choice(self.states if self.random.random() < 0.85 else VALUES["owner_state"])

    def _day(self) -> int:
        return (
            self.random.choice(self.days) + self.random.choice([-1, 0, 0, 1]) if self._rarely() else 20261115
        )

    def _reach(self) -> int:
        if not self._rarely():
            return self.random.choice([0, 1, 3])
        return self.random.choice(self.spans) + self.random.choice([-1, 0, 1])

    def _rarely(self) -> bool:
        return self.random.random() < 0.4

    def real(self) -> Situation:
        """Return a situation that a request and an owner make."""
        return self.asking().facts()

    def asking(self) -> Asking:
        """Return a request to an owner, with terms near what rules and the derivation of facts look at."""
        random = self.random
        at = self._time()
        owner = self._owner(at)
        signals = random.sample(_SIGNALS, random.choice([0, 0, 0, 1, 1, 2, 4]))
        return Asking(self._request(owner.party, at), owner, at, tuple(signals))

    def _owner(self, at: datetime) -> OwnerTerms:
        random = self.random
        return OwnerTerms(
            Party("Prairie Bend PD", self._state() or None, self._kind()),
            retention=None if random.random() < 0.7 else self._minutes(self._reach() or 1, 0, 59),
            bans=frozenset(self._few(self.bans)),
            optins=frozenset(self._few(VALUES["optins"])),
            agreement=random.choice(
                [
                    True,
                    True,
                    True,
                    True,
                    False,
                    None,
                    Agreement(),
                    Agreement(valid_from=at),
                    Agreement(valid_to=at),
                    Agreement(frozenset(random.sample(list(Purpose), 8))),
                ]
            ),
            declaration=random.choice(
                [
                    True,
                    True,
                    True,
                    False,
                    None,
                    Declaration(frozenset(random.sample(sorted(MATTERS), random.randrange(5)))),
                    Declaration(MATTERS, *random.choice([(at, None), (None, at)])),
                ]
            ),
        )

    def _request(self, owner: Party, at: datetime) -> SearchRequest:
        random = self.random
        state = random.choice([owner.state, owner.state, self._state() or None])
        other = Party("Gravel Ford PD", self._state() or None, self._kind())
        bureau = Party("Bureau", None, AgencyKind.FEDERAL)
        behalf: list[Party | Behalf] = [*[Behalf.NONE] * 5, Behalf.UNKNOWN, bureau, other]
        searcher = Party(
            random.choice(["Prairie Bend PD", "prairie  bend pd ", "Larkspur PD"]), state, self._kind()
        )
        return SearchRequest(
            searcher,
            purpose=random.choice([*Purpose, *list(Purpose)[:6], None]),
            offense=random.choice(
                [random.choice(self.offenses), "240", "240", random.choice(_IMMIGRATION), None]
            ),
            case_number=random.choice(["26-1", "26-1", "26-1", " ", "\u3164", None]),
            window=random.choice([None, *[Window(at - self._minutes(self._reach(), -59, 0), at)] * 5]),
            on_behalf_of=random.choice(behalf),
            process=random.choice([None, None, None, *map(Process, ProcessKind)]),
            approvals=tuple(random.choice([(), (), ("A",), ("A", "B"), ("A", " a"), ("?",)])),
        )

    def _time(self) -> datetime:
        day = self._day()
        first = datetime(day // 10_000, day // 100 % 100, 1, tzinfo=UTC)
        return first + timedelta(days=max(0, day % 100 - 1), hours=self.random.randrange(24))

    def _minutes(self, minutes: int, least: int, most: int) -> timedelta:
        """Return a span of minutes, now and then some seconds off, within limits; never a negative one."""
        seconds = self.random.choice([0, 0, least, most])
        return max(timedelta(), timedelta(minutes=minutes, seconds=seconds))

    def _kind(self) -> AgencyKind:
        kinds: list[AgencyKind] = [*AgencyKind, *[AgencyKind.POLICE] * 20, *[AgencyKind.SHERIFF] * 5]
        return kinds[self.random.randrange(len(kinds))]

    def _few(self, values: Sequence[str]) -> Iterable[str]:
        return self.random.sample(values, self.random.choice([0, 0, 0, 1, min(2, len(values))]))
