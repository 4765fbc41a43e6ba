"""The decision, owner by owner: the rulebook's, and what the door's own rules refuse beside it.

A door rule never permits: it turns a permit into a refusal or a review, and a review into a refusal. Whatever
fails here is a refusal of every owner.
"""

from __future__ import annotations

import hmac
import logging
import secrets
import zlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from gatehouse.law import Pack, Rulebook, decide
from gatehouse.law.deciding import ENGINE_FAILED, NOT_PERMITTED
from gatehouse.ledger.canonical import Json, from_canonical, to_canonical
from gatehouse.ledger.decisions import OwnerDecision, SaltedDecision, SealedDecisions
from gatehouse.model import (
    BadInput,
    CitedRule,
    Confidence,
    Decision,
    Outcome,
    PackId,
    PlatePattern,
    SearchRequest,
    Signal,
    Window,
)
from gatehouse.reads.store import MAX_LOOKUPS
from gatehouse.search import rules
from gatehouse.search.registry import OwnerRules
from gatehouse.search.rules import DoorRule
from gatehouse.search.scoping import Reached, owner_refuses
from gatehouse.vault.retention import RetentionClass

# Under this name the decisions of a search are attached to the entry that commits to their root.
ATTACHMENT = "decisions"
_logger = logging.getLogger(__name__)
_SCHEMA = "gatehouse-search-decisions/1"
_SALT = b"gatehouse-decision-salt/1\n"
# A search of 5,000 owners has some hundred kilobytes; what unpacks to more is none of the door's.
_LARGEST = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Group:
    """Owners with one decision."""

    decision: Decision
    owners: tuple[str, ...]


@dataclass(frozen=True)  # without slots, for what is worked out once
class Judged:
    """The decision of each owner that a search asks: `decisions[n]` is that of `owners[n]`.

    `bars` are the door's rules that refuse the search as a whole, also where it asks no owner.
    """

    owners: tuple[str, ...]
    decisions: tuple[Decision, ...]
    pack: PackId
    bars: tuple[CitedRule, ...] = ()

    def of(self, outcome: Outcome) -> list[str]:
        """Return the owners with an outcome, in order."""
        return [
            owner for owner, each in zip(self.owners, self.decisions, strict=True) if each.outcome is outcome
        ]

    def outcome(self, *, wait: bool = False) -> Outcome:
        """Return what becomes of the search as a whole.

        It is permitted as soon as one owner permits; the others are refused. With `wait` it goes to review as
        soon as one owner asks for it, so that those are not lost.
        """
        found = {each.outcome for each in self.decisions}
        order = (Outcome.REVIEW, Outcome.PERMIT) if wait else (Outcome.PERMIT, Outcome.REVIEW)
        return next((each for each in order if each in found), Outcome.DENY)

    def groups(self) -> tuple[Group, ...]:
        """Return the owners by their decisions: permits first, then reviews, the larger groups first."""
        return self._groups

    @cached_property
    def _groups(self) -> tuple[Group, ...]:
        # Thousands of owners share few decisions: they are told apart as objects first, and by value after.
        same: dict[int, tuple[Decision, list[str]]] = {}
        for owner, each in zip(self.owners, self.decisions, strict=True):
            # Without a pair and a list for each owner, which `setdefault` would have made.
            if (known := same.get(id(each))) is None:
                same[id(each)] = known = (each, [])
            known[1].append(owner)
        found: dict[tuple[Outcome, tuple[CitedRule, ...]], list[str]] = {}
        for decision, owners in same.values():
            found.setdefault((decision.outcome, decision.rules), []).extend(owners)
        order = (Outcome.PERMIT, Outcome.REVIEW, Outcome.DENY)
        return tuple(
            Group(Decision(outcome, cited, self.pack), tuple(owners))
            for (outcome, cited), owners in sorted(
                found.items(), key=lambda item: (order.index(item[0][0]), -len(item[1]))
            )
        )

    def rule_ids(self) -> list[str]:
        """Return the ids of all rules that decided, sorted."""
        decided = {rule.id for group in self.groups() for rule in group.decision.rules}
        return sorted(decided.union(each.id for each in self.bars))

    def numbers(self) -> dict[str, Json]:
        """Return how many owners permit, refuse and want a review."""
        found = dict.fromkeys(Outcome, 0)
        for group in self.groups():
            found[group.decision.outcome] += len(group.owners)
        return {each.value: count for each, count in found.items()}

    def barred(self, bars: Sequence[DoorRule]) -> Judged:
        """Return the decisions with every owner refused by these rules too, unchanged if there are none."""
        if not bars:
            return self
        changed = self._changed(lambda each: _refused(each, bars))
        return replace(changed, bars=tuple(dict.fromkeys((*self.bars, *(each.cited for each in bars)))))

    def with_review(self, rule: DoorRule) -> Judged:
        """Return the decisions with every permit turned into a review."""

        def reviewed(each: Decision) -> Decision:
            if each.outcome is Outcome.DENY:
                return each
            before = each.rules if each.outcome is Outcome.REVIEW else ()
            return Decision(Outcome.REVIEW, (*before, rule.cited), self.pack)

        return self._changed(reviewed)

    def refusing(self, owners: Iterable[str], rule: DoorRule) -> Judged:
        """Return the decisions with these owners refused by a rule."""
        listed = frozenset(owners)
        return self._changed(lambda each: _refused(each, (rule,)), listed) if listed else self

    def _changed(
        self, change: Callable[[Decision], Decision], owners: Collection[str] | None = None
    ) -> Judged:
        """Return the decisions with those of some owners, or of all, changed; equal objects stay equal."""
        done: dict[int, Decision] = {}
        decisions = []
        for owner, each in zip(self.owners, self.decisions, strict=True):
            if owners is None or owner in owners:
                if id(each) not in done:
                    done[id(each)] = change(each)
                each = done[id(each)]
            decisions.append(each)
        return replace(self, decisions=tuple(decisions))


def judge(
    request: SearchRequest, reached: Reached, *, at: datetime, signals: frozenset[Signal], rulebook: Rulebook
) -> Judged:
    """Return what the rulebook says to each owner; a failure of whatever kind is a refusal of all."""
    pack = rulebook.pack.id
    try:
        decisions = (
            decide(request, reached.terms, at=at, signals=signals, pack=rulebook) if reached.ids else []
        )
        if len(decisions) != len(reached.ids) or any(each.pack != pack for each in decisions):
            raise BadInput("the rulebook did not decide for every owner")
    except Exception as error:
        # Invariant I2: errors never permit.
        _logger.error("the rulebook failed, and every owner refuses: %s", type(error).__name__)
        decisions = [Decision(Outcome.DENY, (ENGINE_FAILED,), pack)] * len(reached.ids)
    return Judged(reached.ids, tuple(decisions), pack)


def by_owners(
    judged: Judged,
    reached: Reached,
    own: Mapping[str, OwnerRules],
    *,
    request: SearchRequest,
) -> Judged:
    """Return the decisions with what owners refuse beside their terms: no retention set, stricter scopes."""
    unset = [owner for owner in reached.ids if own[owner].retention is None]
    purpose = request.purpose
    assert purpose is not None
    outside = [
        owner
        for owner, far in zip(reached.ids, reached.far, strict=True)
        if own[owner].scope_caps and owner_refuses(far, own[owner].scope_caps, purpose, request.offense)
    ]
    return judged.refusing(unset, rules.NO_RETENTION).refusing(outside, rules.OWNER_SCOPE)


def needs_owner(decision: Decision, pack: Pack) -> bool:
    """Return whether a review is asked for by the law of the owner, whose supervisor then approves too."""
    return decision.outcome is Outcome.REVIEW and any(
        rule.id in pack.rules and pack.rules[rule.id].side == "owner" for rule in decision.rules
    )


def tokens(
    pattern: PlatePattern, window: Window, own: Iterable[OwnerRules], *, confusables: bool, at: datetime
) -> int:
    """Return how many lookups the vault would have to make for owners that permit."""
    periods = {each.retention for each in own}
    classes = {RetentionClass.of(each) for each in periods if each is not None}
    return pattern.count(confusables=confusables) * sum(_buckets(each, window, at) for each in classes)


def too_broad(count: int) -> bool:
    """Return whether a search makes more lookups than one may have."""
    return count > MAX_LOOKUPS


def _buckets(kept: RetentionClass, window: Window, at: datetime) -> int:
    # As the vault does: a camera's clock may run ahead by a minute, and what is due is not looked up.
    oldest = kept.bucket(at - timedelta(minutes=kept.minutes)) + kept.bucket_minutes
    first = max(kept.bucket(window.start - timedelta(minutes=1)), oldest)
    last = kept.bucket(min(window.end, at))
    return max(0, (last - first) // kept.bucket_minutes + 1)


@dataclass(frozen=True, slots=True)
class Sealable:
    """Decisions under their root, and the bytes from which both can be made again.

    Each owner's salt is an HMAC of its id under one random key, so that a salt tells nothing of another and
    one key is all that has to be kept.
    """

    sealed: SealedDecisions
    data: bytes


def seal(judged: Judged) -> Sealable:
    """Salt the decisions anew."""
    key = secrets.token_bytes(32)
    groups: list[Json] = [
        {
            "decision": group.decision.outcome.value,
            "owners": list(group.owners),
            "rules": [rule.id for rule in group.decision.rules],
        }
        for group in judged.groups()
    ]
    document: Json = {"groups": groups, "key": key.hex(), "schema": _SCHEMA}
    return Sealable(_salted(groups, key), zlib.compress(to_canonical(document), 1))


def unseal(data: bytes) -> SealedDecisions:
    """Return the salted decisions that were kept with an entry; other bytes are `BadInput`."""
    try:
        unpacker = zlib.decompressobj()
        document = from_canonical(unpacker.decompress(data, _LARGEST))
        match document:
            case {"groups": list() as groups, "key": str() as key, "schema": "gatehouse-search-decisions/1"}:
                return _salted(groups, bytes.fromhex(key))
    except (zlib.error, ValueError, KeyError, TypeError) as error:
        raise BadInput("kept decisions cannot be read", got=type(error).__name__) from None
    raise BadInput("kept decisions cannot be read", expected=_SCHEMA)


def judged_of(sealed: SealedDecisions, pack: Pack) -> Judged:
    """Return kept decisions as they are told, with the sentences of the rulebook in force.

    A rule that the rulebook has no longer is told by its id alone.
    """
    cited = {
        each.id: each for each in (ENGINE_FAILED, NOT_PERMITTED, *(one.cited for one in rules.RULES.values()))
    }
    cited |= {name: rule.cited for name, rule in pack.rules.items()}
    found = [each.decision for each in sealed.salted]
    return Judged(
        tuple(each.owner for each in found),
        tuple(
            Decision(
                each.outcome,
                tuple(
                    cited.get(name) or CitedRule(name, "an earlier rulebook", name, Confidence.UNVERIFIED)
                    for name in each.rules
                ),
                pack.id,
            )
            for each in found
        ),
        pack.id,
    )


def _salted(groups: Sequence[Json], key: bytes) -> SealedDecisions:
    found = []
    for group in groups:
        if isinstance(group, dict):
            # One object for all owners of a group, which is how their leaves are spelled at once.
            outcome, rules = Outcome(group["decision"]), tuple(group["rules"])
            found += [
                SaltedDecision(
                    OwnerDecision(owner, outcome, rules), hmac.digest(key, _SALT + owner.encode(), "sha256")
                )
                for owner in group["owners"]
            ]
    return SealedDecisions(found)


def _refused(decision: Decision, bars: Sequence[DoorRule]) -> Decision:
    before = decision.rules if decision.outcome is Outcome.DENY else ()
    added = tuple(bar.cited for bar in bars if bar.cited not in before)
    return Decision(Outcome.DENY, (*before, *added), decision.pack)
