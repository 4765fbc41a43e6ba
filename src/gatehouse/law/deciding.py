"""The decision: whether an owner's reads may be searched, by the law in force at the time of the search.

The owner's state law (release), the searcher's state law (use), the owner's own rules, agreements and the
network's limits all apply, and the strictest wins. Whatever is unknown, missing or failing is a refusal.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Sequence
from datetime import datetime

from gatehouse.law.engine import CedarEngine, PolicyEngine, Verdict
from gatehouse.law.owners import OwnerIndex
from gatehouse.law.pack import Pack
from gatehouse.law.profiles import Profiles
from gatehouse.law.situation import Asked, Situation, asked, situation
from gatehouse.model import (
    BadUse,
    CitedRule,
    Confidence,
    Decision,
    Outcome,
    OwnerTerms,
    PackId,
    Party,
    SearchRequest,
    Signal,
)

ENGINE_FAILED = CitedRule(
    "engine:failed",
    "Gatehouse design, invariant I2",
    "The rules could not be evaluated, and what cannot be decided is refused.",
    Confidence.RULE,
)
NOT_PERMITTED = CitedRule(
    "engine:not-permitted",
    "Gatehouse design, invariant I2",
    "No rule permits this search, and what nothing permits is refused.",
    Confidence.RULE,
)
_REMEMBERED = 65_536
# Below that, looking for what no rule can tell apart takes longer than evaluating every owner.
_MANY = 24


class Rulebook:
    """A pack with its engine, and the decisions of situations it has met. Safe to share between threads."""

    def __init__(self, pack: Pack, engine: PolicyEngine | None = None) -> None:
        self.pack = pack
        self._engine = engine or CedarEngine(pack)
        self._known: OrderedDict[Situation, Decision] = OrderedDict()
        self._lock = threading.Lock()
        self._profiles = Profiles(pack)
        self._owners: OwnerIndex | None = None

    def judge(self, situations: Sequence[Situation]) -> list[Decision]:
        """Return the decision of each situation; equal ones are evaluated once."""
        distinct = dict.fromkeys(situations)
        with self._lock:
            answers = {each: self._known[each] for each in distinct if each in self._known}
        asked_for = [each for each in distinct if each not in answers]
        if asked_for:
            verdicts = self._evaluated(asked_for)
            fresh = {
                each: resolve(verdict, self.pack) for each, verdict in zip(asked_for, verdicts, strict=True)
            }
            answers |= fresh
            with self._lock:
                # A failure is not remembered: the next request tries again.
                self._known.update(
                    (each, decision)
                    for each, decision in fresh.items()
                    if ENGINE_FAILED not in decision.rules
                )
                while len(self._known) > _REMEMBERED:
                    self._known.popitem(last=False)
        return [answers[each] for each in situations]

    def _evaluated(self, situations: Sequence[Situation]) -> list[Verdict]:
        """Return a verdict for each situation; an engine that raises or answers amiss has failed for all."""
        try:
            verdicts = list(self._engine.evaluate(situations))
        except Exception as error:
            return [Verdict(False, (), type(error).__name__)] * len(situations)
        if len(verdicts) != len(situations) or not all(isinstance(each, Verdict) for each in verdicts):
            return [Verdict(False, (), "the engine did not answer for every owner")] * len(situations)
        return verdicts

    def judge_owners(self, said: Asked, owners: Sequence[OwnerTerms]) -> list[Decision]:
        """Return the decision of each owner, in order; owners that no rule tells apart are judged once."""
        if len(owners) < _MANY:
            return self.judge([situation(said, owner) for owner in owners])
        index = self._index(owners)
        profiles, examples = self._profiles.sort(said, index)
        own = () if isinstance(said.request.on_behalf_of, Party) else index.places_of(said.request.searcher)
        answers = self.judge([*examples, *(situation(said, index[at]) for at in own)])
        of_class = [answers[profile] for profile in profiles]
        decisions = [of_class[number] for number in index.members]
        for at, decision in zip(own, answers[len(examples) :], strict=True):
            decisions[at] = decision
        return decisions

    def _index(self, owners: Sequence[OwnerTerms]) -> OwnerIndex:
        """Return the index of the owners, the last one if they are the same."""
        if isinstance(owners, OwnerIndex):
            return owners
        last = self._owners
        if last is None or not last.holds(owners):
            last = self._owners = OwnerIndex(owners)
        return last


def decide(
    request: SearchRequest,
    owners: Sequence[OwnerTerms],
    *,
    at: datetime,
    signals: Collection[Signal],
    pack: Pack | Rulebook,
) -> list[Decision]:
    """Return a decision for each owner, in order.

    `at` is the time of the search, with a time zone; `signals` is what the free text of the request
    suggests, read by `gatehouse.law.reasons` before. Give a `Rulebook` to keep what it has learned, and an
    `OwnerIndex` where the owners of many requests are the same.
    """
    if at.tzinfo is None:
        raise BadUse("the time of a search needs a time zone", expected="a time in UTC", got=at.isoformat())
    rulebook = pack if isinstance(pack, Rulebook) else _rulebook(pack)
    return rulebook.judge_owners(asked(request, at, signals), owners)


_last: Rulebook | None = None


def _rulebook(pack: Pack) -> Rulebook:
    """Return the rulebook of a pack, the last one if it is of this very pack."""
    global _last
    last = _last
    if last is None or last.pack is not pack:
        last = _last = Rulebook(pack)
    return last


def resolve(verdict: Verdict, pack: Pack) -> Decision:
    """Return the decision that a verdict means; only an allowance without any failure permits.

    An allowance that names a refusal, a refusal that names the permission and a word that is neither are
    failures too.
    """
    rules = [pack.rules[rule].cited for rule in verdict.rules if rule in pack.rules]
    outcomes = {pack.rules[rule.id].outcome for rule in rules}
    allowed = verdict.allowed is True and outcomes == {Outcome.PERMIT}
    refused = verdict.allowed is False and Outcome.PERMIT not in outcomes
    if verdict.failure is not None or len(rules) != len(verdict.rules) or not (allowed or refused):
        return _decision(Outcome.DENY, [ENGINE_FAILED], pack.id)
    if allowed:
        return _decision(Outcome.PERMIT, rules, pack.id)
    if not rules:
        return _decision(Outcome.DENY, [NOT_PERMITTED], pack.id)
    outcome = Outcome.DENY if Outcome.DENY in outcomes else Outcome.REVIEW
    return _decision(outcome, [rule for rule in rules if pack.rules[rule.id].outcome is outcome], pack.id)


def _decision(outcome: Outcome, rules: Sequence[CitedRule], pack: PackId) -> Decision:
    return Decision(outcome, tuple(rules), pack)
