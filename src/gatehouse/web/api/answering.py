"""An answer of the door as a client is told it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from pydantic import Field

from gatehouse.model import CitedRule, Confidence, Outcome, SearchState
from gatehouse.search.answer import Answer, Refusal
from gatehouse.search.judging import Group
from gatehouse.vault.protocol import OpenedRead
from gatehouse.web.api.model import Time, Told
from gatehouse.web.ports import Site


class RuleTold(Told):
    """A rule that decided; `confidence` says what of its law was read."""

    id: str
    citation: str
    sentence: str
    confidence: Confidence

    @classmethod
    def of(cls, rule: CitedRule) -> Self:
        """Return a rule as it is told."""
        return cls(id=rule.id, citation=rule.citation, sentence=rule.sentence, confidence=rule.confidence)


class GroupTold(Told):
    """Owners with one decision."""

    outcome: Outcome
    rules: list[RuleTold]
    owners: list[str]

    @classmethod
    def all(cls, groups: Iterable[Group]) -> list[Self]:
        """Return groups of owners as they are told."""
        return [
            cls(
                outcome=each.decision.outcome,
                rules=[RuleTold.of(rule) for rule in each.decision.rules],
                owners=list(each.owners),
            )
            for each in groups
        ]


class RefusalTold(Told):
    """A rule that refused or asks for a review, for how many owners, and what would change it."""

    outcome: Outcome
    rule: RuleTold
    owners: int
    remedy: str

    @classmethod
    def all(cls, refusals: Iterable[Refusal]) -> list[Self]:
        """Return refusals as they are told."""
        return [
            cls(outcome=each.outcome, rule=RuleTold.of(each.rule), owners=each.owners, remedy=each.remedy)
            for each in refusals
        ]


class FailureTold(Told):
    """Why a permitted search has no answer."""

    sentence: str
    remedy: str


class ReviewTold(Told):
    """How far a review is; the answer can be collected until `due_at`."""

    due_at: Time
    own: str | None = Field(description="`approved` once the agency's own supervisor has approved")
    owners_asked: int
    owners_approved: int
    owners_refused: int


class ReadTold(Told):
    """A read. `text` is what the camera read; `exact` false means that a confusable sign was exchanged."""

    id: str
    owner: str
    camera: str
    captured_at: Time
    text: str
    plate: str
    exact: bool
    confidence: float | None
    state: str | None
    state_confidence: float | None
    image: str | None
    picture: bool = Field(description="The picture of the read can be shown, for 15 minutes")

    @classmethod
    def of(cls, opened: OpenedRead, *, picture: bool = False) -> Self:
        """Return a read as it is told."""
        read = opened.read
        return cls(
            id=opened.read_id,
            owner=opened.owner,
            camera=read.camera,
            captured_at=read.captured_at,
            text=read.text,
            plate=read.plate,
            exact=opened.exact,
            confidence=read.confidence,
            state=read.state,
            state_confidence=read.state_confidence,
            image=read.image,
            picture=picture,
        )


class AnswerTold(Told):
    """Where a search stands. `reads` is filled in the one answer of a released search, and never again.

    `receipt` proves offline that the newest entry, `index`, is in the ledger (C2SP tlog-proof).
    """

    id: str
    state: SearchState
    index: int
    receipt: str | None
    groups: list[GroupTold]
    refusals: list[RefusalTold]
    appeal: str | None
    reads: list[ReadTold]
    counts: dict[str, Any] | None
    failure: FailureTold | None
    review: ReviewTold | None
    paper_due: Time | None = Field(description="Until when an exigent search's paper is to be filed")
    training: bool
    said: str | None = Field(description="What a reviewer who refused says of it")

    @classmethod
    def of(cls, answer: Answer, site: Site) -> Self:
        """Return an answer as it is told."""
        review, failure, there = answer.review, answer.failure, site.images.is_there
        return cls(
            id=answer.id,
            state=answer.state,
            index=answer.index,
            receipt=None if answer.receipt is None else answer.receipt.text,
            groups=GroupTold.all(answer.groups),
            refusals=RefusalTold.all(answer.refusals),
            appeal=answer.appeal,
            reads=[ReadTold.of(each, picture=there(each.read, each.owner)) for each in answer.reads],
            counts=None if answer.counts is None else dict(answer.counts),
            failure=None
            if failure is None
            else FailureTold(sentence=failure.sentence, remedy=failure.remedy),
            review=None
            if review is None
            else ReviewTold(
                due_at=review.due_at,
                own=review.own,
                owners_asked=review.owners_asked,
                owners_approved=review.owners_approved,
                owners_refused=review.owners_refused,
            ),
            paper_due=answer.paper_due,
            training=answer.training,
            said=answer.said,
        )
