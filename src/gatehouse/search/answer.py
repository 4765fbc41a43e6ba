"""What comes back from the door: where a search stands, what each owner decided, and the reads if any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gatehouse.law import Pack
from gatehouse.ledger.canonical import Json
from gatehouse.ledger.receipt import Receipt
from gatehouse.model import CitedRule, Outcome, SearchState
from gatehouse.search.judging import Group, Judged
from gatehouse.search.review import ReviewStatus
from gatehouse.search.rules import APPEAL, remedy
from gatehouse.vault.protocol import OpenedRead


@dataclass(frozen=True, slots=True)
class Refusal:
    """A rule that refused, or that asks for a review, how many owners, and what would change it."""

    outcome: Outcome
    rule: CitedRule
    owners: int
    remedy: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a permitted search has no answer, in a sentence, and what to do."""

    sentence: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Where a search stands. `reads` is empty but for the one answer of a released search.

    `id` is the search's number, `index` and `receipt` those of its newest entry. `groups` are the owners by
    their decisions, permits first. `counts` are those of the entry `released`; where they say `withheld`,
    more plates were found than are listed. `paper_due` is set for an exigent search that was answered, and
    `said` is what a reviewer who refused says of it.
    """

    id: str
    state: SearchState
    index: int
    receipt: Receipt | None
    groups: tuple[Group, ...]
    refusals: tuple[Refusal, ...]
    appeal: str | None
    reads: tuple[OpenedRead, ...] = ()
    counts: Mapping[str, Json] | None = None
    failure: Failure | None = None
    review: ReviewStatus | None = None
    paper_due: datetime | None = None
    training: bool = False
    said: str | None = None

    def __repr__(self) -> str:
        """Name the search and its state only: a traceback must hold no read."""
        return f"Answer(id={self.id!r}, state={self.state.value!r})"


def refusals_of(judged: Judged, pack: Pack) -> tuple[Refusal, ...]:
    """Return each rule that refused or asks for a review, by the number of owners, the most first."""
    counts: dict[tuple[Outcome, CitedRule], int] = {(Outcome.DENY, bar): 0 for bar in judged.bars}
    for group in judged.groups():
        if group.decision.outcome is not Outcome.PERMIT:
            for rule in group.decision.rules:
                key = (group.decision.outcome, rule)
                counts[key] = counts.get(key, 0) + len(group.owners)
    found = [Refusal(outcome, rule, owners, remedy(rule, pack)) for (outcome, rule), owners in counts.items()]
    return tuple(sorted(found, key=lambda each: (-each.owners, each.rule.id)))


def appeal_of(refusals: tuple[Refusal, ...]) -> str | None:
    """Return how to appeal, if anything was refused."""
    return APPEAL if refusals else None
