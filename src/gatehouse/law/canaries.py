"""Canaries: for each refusal of a pack a situation that it must refuse, tried before the pack decides.

The situation is constructed from the rule's own conditions and evaluated by the engine that will decide. A
rule that the engine does not name as determining, or that no situation meets, makes the pack unsound.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, product
from typing import TYPE_CHECKING, Any

from gatehouse.law.domain import PLAIN, STRANGER, VALUES
from gatehouse.law.formula import (
    All,
    Compare,
    Covers,
    Flag,
    Formula,
    Is,
    Meets,
    Member,
    Not,
    Overlap,
    Same,
    Some,
    Superset,
    Within,
    holds,
)
from gatehouse.law.pack import Pack, Rule
from gatehouse.law.packfiles import unsound
from gatehouse.law.situation import Situation, leaves_state
from gatehouse.model import AgencyKind, Outcome

if TYPE_CHECKING:
    from gatehouse.law.engine import PolicyEngine

_MOST = 10**9
_TRIED = 256
# Steps of a search for a situation. Conditions that no situation meets could else be tried for ever.
_PATIENCE = 50_000


def check_canaries(pack: Pack, engine: PolicyEngine) -> int:
    """Return how many refusals the engine was seen to apply; one that it does not is `BadInput`."""
    rules = [rule for rule in pack.rules.values() if rule.outcome is not Outcome.PERMIT]
    situations = [canary(rule) for rule in rules]
    verdicts = engine.evaluate(situations)
    if len(verdicts) != len(rules):
        raise unsound("the engine did not answer for every canary")
    for rule, verdict in zip(rules, verdicts, strict=True):
        if verdict.allowed or verdict.failure is not None or rule.id not in verdict.rules:
            raise unsound(
                "a rule does not refuse the situation that it describes",
                where=rule.id,
                got=verdict.failure or ", ".join(verdict.rules) or "no rule",
            )
    return len(rules)


def canary(rule: Rule) -> Situation:
    """Return a situation that a rule applies to, close to a plain search; none is `BadInput`."""
    found = next(situations_for(rule.formula), None)
    if found is None:
        raise unsound("no situation was found that a rule applies to", where=rule.id)
    return found


def situations_for(formula: Formula, *, base: Situation = PLAIN) -> Iterator[Situation]:
    """Yield situations in which a formula holds, each as close to `base` as its conditions let it be."""
    drafts = _satisfy(formula, True, _Draft(), _Effort())
    try:
        for draft in islice(drafts, _TRIED):
            if (found := draft.finish(formula, base)) is not None:
                yield found
    except _OutOfPatience:
        return


class _OutOfPatience(Exception):
    """A search for a situation has taken all its steps."""


class _Effort:
    """The steps that a search for a situation may still take."""

    def __init__(self) -> None:
        self._left = _PATIENCE

    def step(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise _OutOfPatience


@dataclass(frozen=True, slots=True)
class _Texts:
    """What is required of a text: one of `allowed` (None: anything), none of `banned`."""

    allowed: frozenset[str] | None = None
    banned: frozenset[str] = frozenset()

    def admits(self, value: str) -> bool:
        return value not in self.banned and (self.allowed is None or value in self.allowed)


@dataclass(frozen=True, slots=True)
class _Members:
    """What is required of a set: all of `has`, none of `lacks`, nothing outside `only` (None: anything)."""

    has: frozenset[str] = frozenset()
    lacks: frozenset[str] = frozenset()
    only: frozenset[str] | None = None

    def possible(self) -> bool:
        return not self.has & self.lacks and (self.only is None or self.has <= self.only)


@dataclass(frozen=True, slots=True)
class _Draft:
    """Requirements gathered on the way to a situation. `loose` holds what is settled at the end only."""

    texts: Mapping[str, _Texts] = field(default_factory=dict)
    sets: Mapping[str, _Members] = field(default_factory=dict)
    flags: Mapping[str, bool] = field(default_factory=dict)
    numbers: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    related: frozenset[str] = frozenset()

    def text(self, fact: str, allowed: frozenset[str] | None, banned: frozenset[str]) -> Iterator[_Draft]:
        known = self.texts.get(fact, _Texts())
        both = (
            known.allowed
            if allowed is None
            else allowed
            if known.allowed is None
            else known.allowed & allowed
        )
        wanted = _Texts(both, known.banned | banned)
        if wanted.allowed is None or wanted.allowed - wanted.banned:
            yield replace(self, texts={**self.texts, fact: wanted})

    def members(
        self,
        fact: str,
        *,
        has: frozenset[str] = frozenset(),
        lacks: frozenset[str] = frozenset(),
        only: frozenset[str] | None = None,
    ) -> Iterator[_Draft]:
        known = self.sets.get(fact, _Members())
        both = known.only if only is None else only if known.only is None else known.only & only
        wanted = _Members(known.has | has, known.lacks | lacks, both)
        if wanted.possible():
            yield replace(self, sets={**self.sets, fact: wanted})

    def flag(self, fact: str, value: bool) -> Iterator[_Draft]:
        if self.flags.get(fact, value) is value:
            yield replace(self, flags={**self.flags, fact: value})

    def number(self, fact: str, low: int, high: int) -> Iterator[_Draft]:
        before = self.numbers.get(fact, (0, _MOST))
        low, high = max(low, before[0]), min(high, before[1])
        if low <= high:
            yield replace(self, numbers={**self.numbers, fact: (low, high)})

    def finish(self, formula: Formula, base: Situation) -> Situation | None:
        """Return the situation of this draft, or None where its parts do not go together."""
        chosen: dict[str, Any] = dict(self.flags)
        for fact, texts in self.texts.items():
            chosen[fact] = _first(texts, fact, base)
        for fact, members in self.sets.items():
            usual: frozenset[str] = getattr(base, fact)
            chosen[fact] = (
                usual if members.only is None else usual & members.only
            ) - members.lacks | members.has
        self._complete(chosen, base)
        ranges = {fact: self.numbers.get(fact, (0, _MOST)) for fact in {*self.numbers, *self.related}}
        choices = [_few(getattr(base, fact), *span) for fact, span in ranges.items()]
        for numbers in product(*choices):
            chosen.update(zip(ranges, numbers, strict=True))
            situation = base._replace(**chosen)
            if holds(formula, situation):
                return situation
        return None

    def _complete(self, chosen: dict[str, Any], base: Situation) -> None:
        """Make what the rule leaves open go with what it asks, as far as one request can."""
        for one, other in (("owner_state", "searcher_state"), ("searcher_state", "owner_state")):
            if one in chosen and other not in chosen and not chosen.get("out_of_state"):
                chosen[other] = chosen[one]
        if chosen.get("federal") and "searcher_kind" not in chosen:
            chosen["searcher_kind"] = AgencyKind.FEDERAL.value
        if "kinds" in chosen and "searcher_kind" not in chosen:
            # Whoever is asked for searches for itself, where the rule leaves that open.
            chosen["kinds"] = chosen["kinds"] - (base.kinds - self.sets["kinds"].has) or chosen["kinds"]
            chosen["searcher_kind"] = min(chosen["kinds"], default=base.searcher_kind)
        kind = chosen.get("searcher_kind", base.searcher_kind)
        kinds = chosen.setdefault("kinds", frozenset({kind}))
        if len(kinds) > 1:
            chosen.setdefault("behalf", "agency")
        owner = chosen.get("owner_state", base.owner_state)
        federal = chosen.get("searcher_kind") == AgencyKind.FEDERAL.value
        searcher = chosen.get("searcher_state", base.searcher_state)
        recipients = chosen.setdefault("recipients", frozenset() if federal else frozenset({searcher}))
        chosen.setdefault("out_of_state", leaves_state(recipients, owner))
        chosen.setdefault("federal", federal)


def _satisfy(formula: Formula, wanted: bool, draft: _Draft, effort: _Effort) -> Iterator[_Draft]:
    """Yield drafts in which a formula is as wanted, first those that ask for the least."""
    effort.step()
    match formula:
        case Not(part):
            yield from _satisfy(part, not wanted, draft, effort)
        case All(parts) | Some(parts) if isinstance(formula, All) is wanted:
            yield from _each(parts, wanted, draft, effort)
        case All(parts) | Some(parts):
            for part in parts:
                yield from _satisfy(part, wanted, draft, effort)
        case Is(fact, values):
            yield from draft.text(fact, values if wanted else None, frozenset() if wanted else values)
        case Flag(fact):
            yield from draft.flag(fact, wanted)
        case Compare(fact, relation, other):
            yield from _number(fact, relation, other, wanted, draft)
        case Meets(fact, values) if wanted:
            for value in sorted(values):
                yield from draft.members(fact, has=frozenset({value}))
        case Meets(fact, values):
            yield from draft.members(fact, lacks=values)
        case Covers(fact, values) if wanted:
            yield from draft.members(fact, has=values)
        case Covers(fact, values):
            for value in sorted(values):
                yield from draft.members(fact, lacks=frozenset({value}))
        case Within(fact, values) if wanted:
            yield from draft.members(fact, only=values)
        case Within(fact, values):
            for value in _others(fact, values):
                yield from draft.members(fact, has=frozenset({value}))
        case Member(fact, text):
            for value in _others(text, frozenset()):
                for chosen in draft.text(text, frozenset({value}), frozenset()):
                    both = frozenset({value})
                    yield from chosen.members(fact, has=both) if wanted else chosen.members(fact, lacks=both)
        case Overlap(left, right) | Superset(left, right):
            yield from _sets(formula, left, right, wanted, draft)
        case Same(left, right):
            for value in _others(left, frozenset()):
                one = frozenset({value})
                for chosen in draft.text(left, one, frozenset()):
                    yield from chosen.text(right, one if wanted else None, frozenset() if wanted else one)


def _each(parts: Sequence[Formula], wanted: bool, draft: _Draft, effort: _Effort) -> Iterator[_Draft]:
    """Yield drafts in which all parts are as wanted."""
    if not parts:
        yield draft
        return
    for chosen in _satisfy(parts[0], wanted, draft, effort):
        yield from _each(parts[1:], wanted, chosen, effort)


def _sets(atom: Overlap | Superset, left: str, right: str, wanted: bool, draft: _Draft) -> Iterator[_Draft]:
    """Yield drafts in which two sets share a value, or one holds the other; `finish` settles the rest."""
    if isinstance(atom, Overlap) is not wanted:
        yield draft
    for value in _others(right, frozenset()):
        one = frozenset({value})
        for chosen in draft.members(right, has=one):
            inside = isinstance(atom, Overlap) or wanted
            yield from chosen.members(left, has=one) if inside else chosen.members(left, lacks=one)


def _number(fact: str, relation: str, other: int | str, wanted: bool, draft: _Draft) -> Iterator[_Draft]:
    if isinstance(other, str):
        yield replace(draft, related=draft.related | {fact, other})
        return
    if not wanted and relation == "==":
        yield from draft.number(fact, 0, other - 1)
        yield from draft.number(fact, other + 1, _MOST)
        return
    if not wanted:
        relation = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}[relation]
    spans = {
        "<": (0, other - 1),
        "<=": (0, other),
        ">": (other + 1, _MOST),
        ">=": (other, _MOST),
        "==": (other, other),
    }
    yield from draft.number(fact, *spans[relation])


def _first(texts: _Texts, fact: str, base: Situation) -> str:
    usual = getattr(base, fact)
    if texts.admits(usual):
        return str(usual)
    named = (value for value in VALUES[fact] if value and texts.admits(value))
    return next(named, min(texts.allowed - texts.banned) if texts.allowed else STRANGER)


def _others(fact: str, values: frozenset[str]) -> Iterator[str]:
    """Yield what a fact can be that is not among some values; last, something that no list names."""
    yield from (value for value in VALUES[fact] if value and value not in values)
    yield STRANGER


def _few(usual: int, low: int, high: int) -> list[int]:
    """Return some numbers of a span, the usual one or the nearest to it first."""
    near = min(max(usual, low), high)
    return list(dict.fromkeys((near, min(near + 1, high), low, min(low + 1, high), high)))
