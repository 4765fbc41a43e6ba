"""Cedar behind a small interface, wrapped so that it cannot fail open.

Cedar skips a forbid that errors and then allows, and without a schema it does the same for a missing fact
(cedar-policy/cedar#2428). So every request is checked against the schema, and a verdict with any error, no
decision or a rule that the pack does not know is a refusal with a rule id of its own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import cedarpy

from gatehouse.law.canaries import check_canaries
from gatehouse.law.pack import Pack
from gatehouse.law.situation import Situation

# Texts of pairs of states that stay parsed, a quarter of a megabyte each: those of four searchers' states
# with every owner's state that has rules.
_KEPT = 128
_ACTION = {"type": "Action", "id": "search"}
_SETS = ("signals", "recipients", "kinds", "declared")
_CONTEXT = tuple(
    name
    for name in Situation._fields
    if name
    not in {"owner_state", "owner_kind", "retention", "bans", "optins", "searcher_state", "searcher_kind"}
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an engine says: allowed or not, the ids of the determining rules, and what failed, if anything."""

    allowed: bool
    rules: tuple[str, ...]
    failure: str | None = None


class PolicyEngine(Protocol):
    """Something that evaluates a pack's rules. It MUST report a failure rather than leave a rule out."""

    def evaluate(self, situations: Sequence[Situation]) -> list[Verdict]:
        """Return a verdict for each situation, in order."""


class CedarEngine:
    """The rules of one pack in Cedar, seen to refuse before they decide. Safe to share between threads.

    `canaries` counts the refusals that were seen.
    """

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self._schema = cedarpy.Schema.from_str(pack.schema)
        self._policies = lru_cache(maxsize=_KEPT)(self._parsed)
        self.canaries = _tried(pack, self)

    def evaluate(self, situations: Sequence[Situation]) -> list[Verdict]:
        """Return a verdict for each situation, in order; situations of one pair of states go together."""
        batches: dict[tuple[str, ...], list[int]] = {}
        verdicts: list[Verdict | None] = [None] * len(situations)
        for at, each in enumerate(situations):
            if unheard := self._unheard(each):
                verdicts[at] = Verdict(False, (), f"the pack holds nothing of {unheard}")
            else:
                batches.setdefault(self._codes(each), []).append(at)
        for codes, places in batches.items():
            found = self._batch(codes, [situations[at] for at in places])
            for at, verdict in zip(places, found, strict=True):
                verdicts[at] = verdict
        return [verdict or _FAILED for verdict in verdicts]

    def _unheard(self, situation: Situation) -> str | None:
        """Return a state whose law is unknown: the pack does not even say that no rule was found."""
        for state in (situation.owner_state, situation.searcher_state):
            if not knows(self._pack, state):
                return state
        return None

    def _codes(self, situation: Situation) -> tuple[str, ...]:
        """Return the jurisdictions whose rules can apply: no other's scope can match."""
        codes = {jurisdiction(situation.owner_state), jurisdiction(situation.searcher_state)}
        return tuple(sorted(code for code in codes if code in self._pack.texts))

    def _parsed(self, codes: tuple[str, ...]) -> cedarpy.PolicySet:
        return cedarpy.PolicySet.from_str(self._pack.policies(*codes))

    def _batch(self, codes: tuple[str, ...], situations: Sequence[Situation]) -> list[Verdict]:
        try:
            results = cedarpy.is_authorized_batch(
                [_request(at, each) for at, each in enumerate(situations)],
                self._policies(codes),
                list(_entities(situations)),
                self._schema,
            )
            verdicts = [self._verdict(result) for result in results]
        except Exception as error:  # whatever the binding raises or returns, nothing of it may permit
            return [Verdict(False, (), f"{type(error).__name__}: {error}")] * len(situations)
        return verdicts if len(verdicts) == len(situations) else [_FAILED] * len(situations)

    def _verdict(self, result: Any) -> Verdict:
        diagnostics = result.diagnostics
        if diagnostics.errors:
            return Verdict(False, (), "; ".join(map(str, diagnostics.errors)))
        names = diagnostics.id_annotations_by_reason
        rules = tuple(sorted(names.get(reason, "") for reason in diagnostics.reasons))
        if any(rule not in self._pack.rules for rule in rules):
            return Verdict(False, (), "a rule decided that the pack does not hold")
        if result.decision is cedarpy.Decision.Allow:
            return Verdict(True, rules)
        if result.decision is cedarpy.Decision.Deny:
            return Verdict(False, rules)
        return Verdict(False, (), "the engine came to no decision")


def _tried(pack: Pack, engine: CedarEngine) -> int:
    """Return how many refusals the engine was seen to apply; once for a pack, since its engines are equal."""
    for known, count in tuple(_TRIED):
        if known is pack:
            return count
    count = check_canaries(pack, engine)
    _TRIED.append((pack, count))
    return count


_TRIED: deque[tuple[Pack, int]] = deque(maxlen=8)
_FAILED = Verdict(False, (), "the engine did not answer for every owner")


def jurisdiction(state: str) -> str:
    """Return the code of a state's law: `us-il` for `IL`."""
    return f"us-{state.lower()}" if state else "none"


def knows(pack: Pack, state: str) -> bool:
    """Return whether a pack says anything of a state, if only that it has no rule; "" stands for none."""
    return not state or (state.isupper() and jurisdiction(state) in pack.jurisdictions)


def _request(at: int, situation: Situation) -> dict[str, Any]:
    context = {name: getattr(situation, name) for name in _CONTEXT}
    for name in _SETS:
        context[name] = sorted(context[name])
    return {
        "principal": {"type": "Searcher", "id": str(at)},
        "action": _ACTION,
        "resource": {"type": "Owner", "id": str(at)},
        "context": context,
    }


def _entities(situations: Sequence[Situation]) -> Iterable[dict[str, Any]]:
    codes = set()
    for at, each in enumerate(situations):
        searcher, owner = jurisdiction(each.searcher_state), jurisdiction(each.owner_state)
        codes |= {searcher, owner}
        yield _entity("Searcher", str(at), {"kind": each.searcher_kind}, searcher)
        yield _entity(
            "Owner",
            str(at),
            {
                "kind": each.owner_kind,
                "retention": each.retention,
                "bans": sorted(each.bans),
                "optins": sorted(each.optins),
            },
            owner,
        )
    for code in sorted(codes):
        yield {"uid": {"type": "Jurisdiction", "id": code}, "attrs": {}, "parents": []}


def _entity(kind: str, name: str, attributes: dict[str, Any], code: str) -> dict[str, Any]:
    return {
        "uid": {"type": kind, "id": name},
        "attrs": attributes,
        "parents": [{"type": "Jurisdiction", "id": code}],
    }
