"""Standing searches and lists as a client states them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from gatehouse.hotlist.asking import StandingSearch
from gatehouse.model import Officer
from gatehouse.web.api.asking import Line, SearchAsked
from gatehouse.web.api.model import Given

State = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class StandingAsked(Given):
    """A standing search: its window begins now, within a minute of the node's time, and ends when it does."""

    search: SearchAsked
    source: Line = Field(description="The agency's name for where it comes from")
    state: State | None = Field(default=None, description="State of the plate; a read of another is no hit")
    letters: bool = Field(default=False, description="O and 0 count as one sign")

    def standing(self, officer: Officer) -> StandingSearch:
        """Return the standing search as that person enters it."""
        return StandingSearch(
            self.search.search(officer), source=self.source, state=self.state, letters=self.letters
        )
