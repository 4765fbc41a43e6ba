"""Which owners no rule can tell apart in one request, so that each such profile is evaluated once.

Within one request most facts are the same for all owners: a rule with a condition that they already fail
cannot speak, and of the others only the atoms that read an owner's facts are left (`gatehouse.law.alike`).
Each fact of an owner is told apart by itself, so thousands of owners cost a few look-ups each and no
situation of their own.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple

from gatehouse.law.alike import Condition, Told, conditions, left_open
from gatehouse.law.clock import local_day
from gatehouse.law.engine import knows
from gatehouse.law.formula import Atom, atoms, facts_of, holds
from gatehouse.law.owners import OwnerIndex
from gatehouse.law.pack import Pack
from gatehouse.law.situation import Asked, Situation, agreement_at, declaration_at, leaves_state, situation

_OF_STATE = frozenset({"owner_state", "owner_day", "out_of_state"})
_OF_OWNER = (
    "owner_kind",
    "retention",
    "bans",
    "optins",
    "agreement",
    "declaration",
    "declared",
)
_OPEN = frozenset(_OF_OWNER)
_OPEN_OF_STATE = _OPEN | _OF_STATE


class _Asks(NamedTuple):
    """A rule as the conditions that must all hold."""

    id: str
    parts: tuple[Condition, ...]


class Profiles:
    """The rules of a pack, ready to tell owners apart. Safe to share between threads."""

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self._common: list[_Asks] = []
        self._of_state: dict[str, list[_Asks]] = {}
        for rule in pack.rules.values():
            asks = _Asks(rule.id, conditions(rule.formula))
            if rule.side == "owner" and rule.jurisdiction is not None:
                state = rule.jurisdiction.removeprefix("us-").upper()
                self._of_state.setdefault(state, []).append(asks)
            else:
                self._common.append(asks)

    def sort(self, said: Asked, owners: OwnerIndex) -> tuple[list[int], list[Situation]]:
        """Return the profile of each class of owners, and a situation of each profile.

        It holds for owners that are not the searcher itself, whose facts it takes for granted.
        """
        plain = situation(said, owners.examples[0])._replace(own=False)
        common = [asks for each in self._common if (asks := _left(each, plain, known_of_state=False))]
        agreed = [agreement_at(each, said.request.purpose, said.at) for each in owners.agreements]
        declared = [declaration_at(each, said.at) for each in owners.declarations]
        states: dict[str, tuple[int, Mapping[str, Told]]] = {}
        shared: dict[Hashable, _Tellers] = {}
        bases: dict[Hashable, int] = {}
        numbers: dict[Hashable, int] = {}
        profiles: list[int] = []
        examples: list[Situation] = []
        for at, (state, kind, retention, bans, optins, agreement, declaration) in enumerate(owners.terms):
            if state not in states:
                here = plain._replace(
                    owner_state=state,
                    owner_day=local_day(owners.examples[at].party.state, said.at),
                    out_of_state=leaves_state(said.recipients, state),
                )
                asked = _State(here, [*common, *self._of_state.get(state, ())], shared)
                # The engine refuses a state that the pack does not know, which no rule tells from others.
                base = asked.base if knows(self._pack, state) else (state, asked.base)
                # A number stands for the base, which would be hashed once more for every class.
                states[state] = bases.setdefault(base, len(bases)), asked.told
            number_of_base, told = states[state]
            word, matters = declared[declaration]
            key = (
                number_of_base,
                told["owner_kind"][kind],
                told["retention"][retention],
                told["bans"][bans],
                told["optins"][optins],
                told["agreement"][agreed[agreement]],
                told["declaration"][word],
                told["declared"][matters],
            )
            number = numbers.setdefault(key, len(numbers))
            if number == len(examples):
                examples.append(situation(said, owners.examples[at])._replace(own=False))
            profiles.append(number)
        return profiles, examples


class _State:
    """The owners of one state in one request: what of their facts rules still ask.

    `base` says which rules are left, `told` what the rules can tell of each value of a fact. `shared` holds
    the tellers of other states, since most states leave the same rules.
    """

    def __init__(self, here: Situation, rules: Iterable[_Asks], shared: dict[Hashable, _Tellers]) -> None:
        left = [asks for each in rules if (asks := _left(each, here, known_of_state=True))]
        names = tuple(each.id for each in left)
        tellers = shared.get(names)
        if tellers is None or tellers.local:
            tellers = shared[names] = _Tellers(left, here)
        settled = tuple(holds(atom, here) for atom in tellers.settled)
        self.base: Hashable = (here.owner_state if tellers.local else None, names, settled)
        self.told = tellers.told


class _Tellers:
    """For each fact of an owner a teller. `local` if they hold for one state only."""

    def __init__(self, rules: Sequence[_Asks], here: Situation) -> None:
        found = [part.formula for each in rules for part in each.parts]
        tests: dict[str, list[Atom]] = {name: [] for name in _OF_OWNER}
        whole: set[str] = set()
        self.local = False
        self.settled: list[Atom] = []
        for atom in dict.fromkeys(atom for formula in found for atom in atoms(formula)):
            facts = facts_of(atom)
            of_owner = [name for name in facts if name in tests]
            if len(of_owner) == 1:
                tests[of_owner[0]].append(atom)
                self.local = self.local or not _OF_STATE.isdisjoint(facts)
            elif of_owner:
                whole.update(of_owner)
            else:
                self.settled.append(atom)
        self.told: Mapping[str, Told] = {
            name: Told((name,), None if name in whole else tests[name], here) for name in _OF_OWNER
        }


def _left(rule: _Asks, here: Situation, *, known_of_state: bool) -> _Asks | None:
    """Return a rule without the conditions that are known to hold; None if one is known to fail."""
    left = left_open(rule.parts, here, _OPEN if known_of_state else _OPEN_OF_STATE)
    return None if left is None else _Asks(rule.id, left)
