"""A search as a client states it. Every word of it goes on the record."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from gatehouse.model import (
    OFFENSES,
    AgencyKind,
    Behalf,
    Officer,
    Party,
    PlatePattern,
    PlateSearch,
    Process,
    ProcessKind,
    Purpose,
    Scope,
    SearchMode,
    Window,
)
from gatehouse.web.api.model import Given, Id, Time

Line = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Words = Annotated[str, StringConstraints(max_length=2_000)]


class WindowAsked(Given):
    """The time that is asked for, both ends included."""

    start: Time = Field(alias="from")
    end: Time = Field(alias="to")


class PartyAsked(Given):
    """An agency, of this network or not."""

    name: Line
    state: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None
    kind: AgencyKind


class ProcessAsked(Given):
    """Legal process that the search rests on."""

    kind: ProcessKind
    issuer: Line | None = None
    reference: Line | None = None

    def process(self) -> Process:
        """Return the process of the model."""
        return Process(self.kind, self.issuer, self.reference)


class SearchAsked(Given):
    """A search. `on_behalf_of` has no default: whoever searches says for whom, if for anyone."""

    plate: Annotated[str, StringConstraints(min_length=1, max_length=40)] = Field(
        description="Letters and digits; up to two `?`, each for one sign"
    )
    window: WindowAsked
    scope: Scope
    purpose: Purpose
    on_behalf_of: Literal["none", "unknown"] | PartyAsked
    reason: Words
    offense: Annotated[str, StringConstraints(max_length=20)] | None = Field(
        default=None, description="NIBRS code, or one of the further codes of `docs/reasons.md`"
    )
    case_number: Annotated[str, StringConstraints(max_length=100)] | None = None
    process: ProcessAsked | None = None
    ground: Words | None = Field(default=None, description="Why the scope is wider than what is proposed")
    confusables: bool = Field(default=False, description="Also O for 0, I for 1, B for 8, and back")
    mode: SearchMode = SearchMode.LIVE
    for_officer: Id | None = Field(
        default=None, description="Whose search it is, where another person of the agency enters it"
    )

    @model_validator(mode="after")
    def _known_offense(self) -> Self:
        if self.offense is not None and self.offense not in OFFENSES:
            raise ValueError("the offense is none of the codes")
        return self

    def search(self, officer: Officer) -> PlateSearch:
        """Return the search as that person enters it."""
        behalf = self.on_behalf_of
        process = self.process
        return PlateSearch(
            agency=officer.agency,
            officer=self.for_officer or officer.id,
            entered_by=officer.id,
            plate=PlatePattern.parse(self.plate),
            window=Window(self.window.start, self.window.end),
            scope=self.scope,
            purpose=self.purpose,
            on_behalf_of=Party(behalf.name, behalf.state, behalf.kind)
            if isinstance(behalf, PartyAsked)
            else Behalf(behalf),
            reason=self.reason,
            offense=self.offense,
            case_number=self.case_number,
            process=None if process is None else process.process(),
            ground=self.ground,
            confusables=self.confusables,
            mode=self.mode,
        )
