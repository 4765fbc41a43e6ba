"""An evidence hold as a client states it, and what is signed of it. Every word of it goes on the record."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from gatehouse.search.holding import HoldAsked
from gatehouse.vault.checks import HoldGround
from gatehouse.web.api.model import Given, Id, Time

ReadId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
CaseNumber = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=2_000)]


class HoldWanted(Given):
    """A read that shall be held, by the id that it had in the answer, until when, and why."""

    read: ReadId
    ground: HoldGround
    until: Time
    case_number: CaseNumber
    reference: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(
        description="Where the order or the request lies"
    )
    hit: Annotated[int, Field(ge=0, lt=2**53)] | None = Field(
        default=None, description="The confirmed hit, for the ground `confirmed_hit`"
    )

    def asked(self, search: str) -> HoldAsked:
        """Return the hold as the door takes it."""
        return HoldAsked(
            search=search,
            read=self.read,
            ground=self.ground,
            until=self.until,
            case_number=self.case_number,
            reference=self.reference,
            hit=self.hit,
        )


class HoldIntent(Given):
    """A hold, as it will be placed."""

    asks: Literal["hold"]
    search: Id
    hold: HoldWanted


class OpenHoldIntent(Given):
    """That a held read is opened."""

    asks: Literal["open_hold"]
    hold: Id
    case_number: CaseNumber
    reason: Reason


class EndHoldIntent(Given):
    """That a hold ends before its date."""

    asks: Literal["end_hold"]
    hold: Id
