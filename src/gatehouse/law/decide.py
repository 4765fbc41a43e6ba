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
from gatehouse.law.pack import Pack
from gatehouse.law.situation import Situation, asked, situation
from gatehouse.model import (
    BadUse,
    CitedRule,
    Confidence,
    Decision,
    Outcome,
    OwnerTerms,
    PackId,
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


class Rulebook:
    """A pack with its engine, and the decisions of situations it has met. Safe to share between threads."""

    def __init__(self, pack: Pack, engine: PolicyEngine | None = None) -> None:
        self.pack = pack
        self._engine = engine or CedarEngine(pack)
        self._known: OrderedDict[Situation, Decision] = OrderedDict()
        self._lock = threading.Lock()

    def judge(self, situations: Sequence[Situation]) -> list[Decision]:
        """Return the decision of each situation; equal ones are evaluated once."""
        distinct = dict.fromkeys(situations)
        with self._lock:
            answers = {each: self._known[each] for each in distinct if each in self._known}
        asked_for = [each for each in distinct if each not in answers]
        if asked_for:
            verdicts = self._engine.evaluate(asked_for)
            if len(verdicts) != len(asked_for):
                verdicts = [Verdict(False, (), "the engine did not answer for every owner")] * len(asked_for)
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
    suggests, read by `gatehouse.law.reasons` before. Give a `Rulebook` to keep what it has learned.
    """
    if at.tzinfo is None:
        raise BadUse("the time of a search needs a time zone", expected="a time in UTC", got=at.isoformat())
    rulebook = pack if isinstance(pack, Rulebook) else Rulebook(pack)
    said = asked(request, at, signals)
    return rulebook.judge([situation(said, owner) for owner in owners])


def resolve(verdict: Verdict, pack: Pack) -> Decision:
    """Return the decision that a verdict means; only an allowance without any failure permits."""
    rules = [pack.rules[rule].cited for rule in verdict.rules if rule in pack.rules]
    if verdict.failure is not None or len(rules) != len(verdict.rules):
        return _decision(Outcome.DENY, [ENGINE_FAILED], pack.id)
    outcomes = {pack.rules[rule.id].outcome for rule in rules}
    if verdict.allowed:
        if outcomes != {Outcome.PERMIT}:
            return _decision(Outcome.DENY, [ENGINE_FAILED], pack.id)
        return _decision(Outcome.PERMIT, rules, pack.id)
    if not rules:
        return _decision(Outcome.DENY, [NOT_PERMITTED], pack.id)
    outcome = Outcome.DENY if Outcome.DENY in outcomes else Outcome.REVIEW
    return _decision(outcome, [rule for rule in rules if pack.rules[rule.id].outcome is outcome], pack.id)


def _decision(outcome: Outcome, rules: Sequence[CitedRule], pack: PackId) -> Decision:
    return Decision(outcome, tuple(rules), pack)
