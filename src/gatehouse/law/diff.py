"""`gatehouse law diff`: which requests two packs decide differently, and which rules changed in their text.

Both packs judge the same situations: for each rule of either those that it applies to, next to each of its
limits, and variations of them in every fact that rules of that jurisdiction read. The list of differences is
as complete as these situations; proofs over all requests are `gatehouse.law.prove`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeAlias

from gatehouse.law.canaries import situations_for
from gatehouse.law.deciding import Rulebook
from gatehouse.law.domain import PLAIN, VALUES, plain
from gatehouse.law.formula import FLAGS, SETS, TEXTS, Compare, Covers, Is, Meets, Within, atoms, facts_of
from gatehouse.law.pack import Pack, Rule
from gatehouse.law.scopes import Reach, Scopes
from gatehouse.law.situation import Situation, leaves_state
from gatehouse.law.wording import describe
from gatehouse.model import OFFENSES, AgencyKind, Decision, Outcome, PackId, Purpose, Scope

_PER_RULE = 24
_Group: TypeAlias = tuple[Outcome, Outcome, tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A rule that only one pack holds, or that both hold with a difference: `added`, `removed`, `changed`.

    `what` names the parts that differ: `when`, `sentence`, `citation`, `outcome` or `confidence`.
    """

    rule: str
    change: str
    what: tuple[str, ...]
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class DecisionChange:
    """Requests that are decided differently, by the same rules on each side. `example` is the plainest."""

    before: Outcome
    after: Outcome
    rules_before: tuple[str, ...]
    rules_after: tuple[str, ...]
    situations: int
    example: Situation

    @property
    def loosens(self) -> bool:
        """Return whether something was refused or sent to review that is now decided more mildly."""
        return _STRICTNESS[self.after] < _STRICTNESS[self.before]


@dataclass(frozen=True, slots=True)
class ScopeChange:
    """A purpose or an offense for which a search may ask otherwise far. `loosens` if farther than before."""

    code: str
    before: Reach
    after: Reach

    @property
    def loosens(self) -> bool:
        """Return whether a search may ask farther, or farther without a stated ground."""
        pairs = ((self.before.proposed, self.after.proposed), (self.before.widest, self.after.widest))
        return any(not before.covers(after) for before, after in pairs)


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between two packs. `tried` situations were judged by both."""

    before: PackId
    after: PackId
    rules: tuple[RuleChange, ...]
    decisions: tuple[DecisionChange, ...]
    tried: int
    scopes: tuple[ScopeChange, ...] = ()

    def as_document(self) -> dict[str, Any]:
        """Return the difference as the JSON object that `law diff --json` prints."""
        return {
            "before": {"version": self.before.version, "sha256": self.before.sha256},
            "after": {"version": self.after.version, "sha256": self.after.sha256},
            "rules": [
                {
                    "id": each.rule,
                    "change": each.change,
                    "what": list(each.what),
                    "before": each.before,
                    "after": each.after,
                }
                for each in self.rules
            ],
            "scopes": [
                {
                    "code": each.code,
                    "before": {"proposed": each.before.proposed, "widest": each.before.widest},
                    "after": {"proposed": each.after.proposed, "widest": each.after.widest},
                    "loosens": each.loosens,
                }
                for each in self.scopes
            ],
            "situations_tried": self.tried,
            "decisions": [
                {
                    "before": each.before.value,
                    "after": each.after.value,
                    "loosens": each.loosens,
                    "rules_before": list(each.rules_before),
                    "rules_after": list(each.rules_after),
                    "situations": each.situations,
                    "example": describe(each.example),
                }
                for each in self.decisions
            ],
        }


_FEDERAL = AgencyKind.FEDERAL.value
_STRICTNESS = {Outcome.PERMIT: 0, Outcome.REVIEW: 1, Outcome.DENY: 2}
_PARTS = ("sentence", "citation", "outcome", "confidence")


def diff(before: Pack, after: Pack) -> Difference:
    """Return what differs between two packs in text and in decisions."""
    situations = list(dict.fromkeys(_situations(before, after)))
    old, new = Rulebook(before).judge(situations), Rulebook(after).judge(situations)
    groups: dict[_Group, list[Situation]] = {}
    for situation, one, other in zip(situations, old, new, strict=True):
        if one.outcome is not other.outcome:
            key = (one.outcome, other.outcome, _ids(one), _ids(other))
            groups.setdefault(key, []).append(situation)
    decisions = [DecisionChange(*key, len(found), min(found, key=_distance)) for key, found in groups.items()]
    # Loosening first, then what most situations show.
    decisions.sort(key=lambda each: (not each.loosens, -each.situations, each.rules_before, each.rules_after))
    return Difference(
        before.id,
        after.id,
        tuple(_rule_changes(before, after)),
        tuple(decisions),
        len(situations),
        tuple(_scope_changes(before.scopes, after.scopes)),
    )


def _ids(decision: Decision) -> tuple[str, ...]:
    return tuple(rule.id for rule in decision.rules)


def _rule_changes(before: Pack, after: Pack) -> Iterator[RuleChange]:
    for name in sorted({*before.rules, *after.rules}):
        old, new = before.rules.get(name), after.rules.get(name)
        if old is None or new is None:
            change = "added" if old is None else "removed"
            sentences = (each.sentence if each is not None else None for each in (old, new))
            yield RuleChange(name, change, (), *sentences)
            continue
        what = [part for part in _PARTS if getattr(old, part) != getattr(new, part)]
        if old.formula != new.formula:
            what.insert(0, "when")
        if what:
            yield RuleChange(name, "changed", tuple(what), old.sentence, new.sentence)


def _scope_changes(before: Scopes, after: Scopes) -> Iterator[ScopeChange]:
    for purpose in Purpose:
        old, new = before.reach(purpose, None), after.reach(purpose, None)
        if old != new:
            yield ScopeChange(purpose.value, old, new)
    for offense in sorted(OFFENSES):
        # An offense has a cap alone: nothing is proposed by it.
        one, other = (each.offenses.get(offense, Scope.OWN) for each in (before, after))
        if one is not other:
            yield ScopeChange(offense, Reach(Scope.OWN, one), Reach(Scope.OWN, other))


def _situations(before: Pack, after: Pack) -> Iterator[Situation]:
    """Yield situations of every jurisdiction that a difference between two packs can reach."""
    changed = list(_changed(before, after))
    homes = {rule.jurisdiction for rule in changed}
    everywhere = {None, *before.texts, *after.texts} if None in homes else homes
    rules: dict[str | None, list[Rule]] = {}
    for pack in (before, after):
        for rule in pack.rules.values():
            rules.setdefault(rule.jurisdiction, []).append(rule)
    for home in sorted(everywhere, key=str):
        # Where only the network differs, what its changed rules read is varied, and nothing else.
        read = _constants([*rules.get(home, ()), *rules[None]] if home in homes else changed)
        base = PLAIN if home is None else plain(home[3:].upper())
        seeds = [base]
        for rule in rules.get(home, ()):
            seeds += islice(situations_for(rule.formula, base=base), _PER_RULE)
        for seed in dict.fromkeys(seeds):
            yield _possible(seed)
            yield from map(_possible, _variations(seed, read))


def _changed(before: Pack, after: Pack) -> Iterator[Rule]:
    """Yield the rules of either pack that the other does not hold with the same conditions and outcome."""
    for one, other in ((before, after), (after, before)):
        for name, rule in one.rules.items():
            same = other.rules.get(name)
            if same is None or (same.formula, same.outcome) != (rule.formula, rule.outcome):
                yield rule


def _possible(situation: Situation) -> Situation:
    """Return the nearest situation whose facts go together, as those of a request do."""
    found = situation._asdict()
    if situation.declaration != "yes" or not situation.declared:
        found["declared"] = frozenset()
        found["declaration"] = "no" if situation.declaration == "yes" else situation.declaration
    if situation.federal and situation.behalf != "agency":
        found["searcher_kind"] = _FEDERAL
    federal = found["searcher_kind"] == _FEDERAL
    found["federal"] = situation.federal or federal
    recipients = situation.recipients
    if situation.out_of_state and recipients <= {situation.owner_state}:
        found["searcher_state"] = "CO" if situation.owner_state == "WY" else "WY"
        recipients = frozenset()
    if not federal:
        recipients |= {found["searcher_state"]}
    elif situation.behalf != "agency":
        recipients = frozenset()
    kinds = (
        situation.kinds - {_FEDERAL} | {found["searcher_kind"]} | ({_FEDERAL} if found["federal"] else set())
    )
    if recipients - {found["searcher_state"]} or kinds - {found["searcher_kind"]}:
        found["behalf"] = "agency"
    found["kinds"] = kinds
    found["recipients"] = recipients
    found["out_of_state"] = leaves_state(recipients, situation.owner_state)
    own = found["behalf"] == "none" and found["searcher_state"] == situation.owner_state
    found["own"] = situation.own and own
    if not situation.window:
        found["reach"] = 0
    return Situation(**found)


def _constants(rules: Iterable[Rule]) -> dict[str, set[Any]]:
    """Return for each fact that rules read the values at which they could change their mind."""
    found: dict[str, set[Any]] = {}
    for rule in rules:
        for atom in atoms(rule.formula):
            for fact in facts_of(atom):
                found.setdefault(fact, set())
            if isinstance(atom, Is | Meets | Covers | Within):
                found[atom.fact] |= atom.values
            elif isinstance(atom, Compare) and isinstance(atom.other, int):
                found[atom.fact] |= {atom.other - 1, atom.other, atom.other + 1}
    for fact in {"owner_state", "searcher_state"} & set(found):
        # A variation keeps the states: the law of others is compared where it is at home.
        del found[fact]
    return found


def _variations(seed: Situation, read: Mapping[str, set[Any]]) -> Iterator[Situation]:
    """Yield a situation with one fact changed to each value that could matter."""
    for fact, values in sorted(read.items()):
        for value in _values(fact, values, getattr(seed, fact)):
            # A search has one day in most places, so that both laws are of one time.
            both = {"owner_day": value, "searcher_day": value} if fact.endswith("_day") else {fact: value}
            yield seed._replace(**both)


def _values(fact: str, values: set[Any], usual: Any) -> list[Any]:
    if fact in FLAGS:
        return [not usual]
    if fact in SETS:
        return [*(usual ^ {value} for value in sorted(values or VALUES[fact][:1])), frozenset()]
    if fact in TEXTS:
        return sorted({*values, *VALUES[fact][:3]})
    return sorted(number for number in values if number >= 0)


def _distance(situation: Situation) -> tuple[int, str]:
    """Return how far a situation is from a plain search in its state, and a tie-breaker."""
    usual = plain(situation.owner_state)
    return sum(one != other for one, other in zip(situation, usual, strict=True)), describe(situation)
