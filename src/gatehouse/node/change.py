"""A change of the registry on its way from proposal to force, and the names of its events.

    rule:agreement:proposed -> rule:agreement:approved -> rule:agreement:in_force | …:withdrawn

A change that tightens needs no approval. `registry:agency:…` and `registry:custodian:…` go the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gatehouse.node.bodies import (
    AgencyBody,
    AgreementBody,
    Body,
    CameraBody,
    DeclarationBody,
    Joining,
    Kind,
    OfficerBody,
    OwnerBody,
    SharingBody,
)

# The subject of a pack is the node itself.
NODE = "node"


class ChangeState(StrEnum):
    """Where a change stands."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    IN_FORCE = "in_force"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a rule: `number` from 1, in force since its entry; a body None is no rule any more.

    `change` put it in force, None where the node was founded with it.
    """

    number: int
    body: Body | None
    since: datetime
    entry: int
    loosens: bool
    change: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A change on its way. `base` is the version that it was compared with, 0 for none.

    `loosens` needs a second custodian; `backtest` (SHA-256) and `waiting` are None where neither is needed.
    `entry` and `approval` are the entries that proposed and approved it.
    """

    id: str
    kind: Kind
    subject: str
    decider: str
    base: int
    after: Body | None
    loosens: bool
    valid_from: datetime
    backtest: str | None
    waiting: timedelta | None
    proposed_by: str
    proposed_at: datetime
    entry: int
    state: ChangeState = ChangeState.PROPOSED
    approved_by: str | None = None
    approved_at: datetime | None = None
    approval: int | None = None

    def ready_at(self, waiting: timedelta = timedelta(0)) -> datetime | None:
        """Return from when it may be in force, None while it waits for approval.

        `waiting` is what the owner's rule says now; the longer counts.
        """
        if not self.loosens:
            return self.valid_from
        if self.approved_at is None:
            return None
        if self.waiting is None:
            return max(self.valid_from, self.approved_at)
        return max(self.valid_from, self.approved_at + max(self.waiting, waiting))


@dataclass(frozen=True, slots=True)
class Needs:
    """What a change takes: a second custodian (`loosens`), a published backtest, a waiting time."""

    loosens: bool
    backtest: bool
    waiting: timedelta | None


def subject_of(body: Body) -> str:
    """Return what a rule is about, as one word."""
    match body:
        case AgreementBody():
            return f"{body.owner}/{body.searcher}"
        case DeclarationBody():
            return body.searcher
        case OwnerBody() | SharingBody():
            return body.owner
        case Joining():
            return body.agency.id
        case OfficerBody() | AgencyBody() | CameraBody():
            return body.id
        case _:
            return NODE


def stem_of(kind: Kind) -> str:
    """Return source and subject of the events of a kind."""
    return f"{'registry' if kind in (Kind.AGENCY, Kind.CUSTODIAN) else 'rule'}:{kind.value}"


def event_of(kind: Kind, state: ChangeState) -> str:
    """Return the name of the event by which a change of a kind comes to a state."""
    return f"{stem_of(kind)}:{state.value}"
