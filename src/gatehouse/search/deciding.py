"""What is decided about a search as it stands: the rulebook's word, owners' caps, and the door's rules."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from gatehouse.law.deciding import ENGINE_FAILED
from gatehouse.model import Decision, Outcome, PlateSearch, ProcessKind, SearchMode
from gatehouse.model.plate import MOST_WILDCARDS
from gatehouse.search import rules
from gatehouse.search.fields import request_of, signals_in
from gatehouse.search.judging import Judged, by_owners, judge, needs_owner, tokens, too_broad
from gatehouse.search.parts import Parts
from gatehouse.search.recording import Case
from gatehouse.search.rules import DoorRule
from gatehouse.search.scoping import Neighborhoods, Reached, propose
from gatehouse.search.training import is_test_plate

_logger = logging.getLogger(__name__)
_MANY_OPEN = MOST_WILDCARDS


@dataclass(frozen=True, slots=True)
class Approved:
    """Who has approved a search: the searching agency's supervisor, and owners' supervisors by owner."""

    own: str
    owners: Mapping[str, str] = field(default_factory=dict)


class Decider:
    """Decides searches; what fails while it does is a refusal."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._around = Neighborhoods()

    def decide(
        self, case: Case, at: datetime, *, bars: Sequence[DoorRule] = (), approved: Approved | None = None
    ) -> Judged:
        """Return the decision of every owner that a search asks.

        `bars` refuse it as a whole beside what is found here. Without approvals, owners may ask for a review;
        with them, an owner whose law asks for its own supervisor refuses until that one has approved.
        """
        pack = self._parts.pack.id
        try:
            return self._decided(case, at, bars, approved)
        except Exception as error:
            # Invariant I2: errors never permit.
            _logger.error("a search could not be decided, and is refused: %s", type(error).__name__)
            return Judged((), (), pack, (ENGINE_FAILED, *(each.cited for each in bars)))

    def _decided(
        self, case: Case, at: datetime, bars: Sequence[DoorRule], approved: Approved | None
    ) -> Judged:
        registry, search = self._parts.registry, case.search
        agency = registry.agency(search.agency)
        owners = registry.owners(agency)
        reached = self._around.within(search.scope, agency, owners)
        own = {owner: registry.own_rule(owner) for owner in reached.ids}

        found = self._by_law(case, reached, at, approved)
        found = by_owners(found, reached, own, request=request_of(search, agency))
        every = [*bars, *self._bars(case, reached, at)]
        if not every and search.plate.wildcards == _MANY_OPEN and approved is None:
            found = found.with_review(rules.SECOND_PERSON)
        count = tokens(
            search.plate,
            search.window,
            [own[owner] for owner in (*found.of(Outcome.PERMIT), *found.of(Outcome.REVIEW))],
            confusables=search.confusables,
            at=at,
        )
        if case.live and too_broad(count):
            every.append(rules.TOO_BROAD)
        return found.barred(every)

    def _by_law(self, case: Case, reached: Reached, at: datetime, approved: Approved | None) -> Judged:
        """Return what the rulebook says, with the approvals that each owner has."""
        registry = self._parts.registry
        agency = registry.agency(case.search.agency)
        signals = signals_in(case.matches)

        def judged(asked: Reached, approvals: tuple[str, ...]) -> Judged:
            request = request_of(case.search, agency, approvals)
            return judge(request, asked, at=at, signals=signals, rulebook=registry.rulebook)

        first = judged(reached, ())
        if approved is None:
            return first
        found = judged(reached, (approved.own,))
        wanting = [
            owner
            for owner, each in zip(first.owners, first.decisions, strict=True)
            if needs_owner(each, registry.rulebook.pack) and owner != agency.id
        ]
        given = [owner for owner in wanting if owner in approved.owners]
        fresh: dict[str, Decision] = {}
        for owner in given:
            place = reached.ids.index(owner)
            one = Reached((owner,), [reached.terms[place]], (reached.far[place],))
            fresh[owner] = judged(one, (approved.own, approved.owners[owner])).decisions[0]
        found = replace(
            found,
            decisions=tuple(
                fresh.get(owner, each) for owner, each in zip(found.owners, found.decisions, strict=True)
            ),
        )
        return found.refusing(set(wanting) - set(given), rules.OWNER_REVIEW)

    def _bars(self, case: Case, reached: Reached, at: datetime) -> list[DoorRule]:
        """Return the door's rules that refuse the search as a whole."""
        search, registry = case.search, self._parts.registry
        agency = registry.agency(search.agency)
        found = []
        if not self._parts.entitled(search):
            found.append(rules.NOT_ENTITLED)
        proposal = propose(
            search.purpose,
            search.offense,
            agency,
            registry.owners(agency),
            registry.rulebook.pack.scopes,
        )
        if not proposal.widest.covers(search.scope):
            found.append(rules.SCOPE_CAP)
        elif proposal.needs_ground(search.scope) and not (search.ground or "").strip():
            found.append(rules.SCOPE_GROUND)
        if not reached.ids:
            found.append(rules.NOBODY)
        history = self._parts.history
        if is_exigent(search) and any(
            # Entering it in a colleague's name would give the privilege back.
            history.suspended(each, at)
            for each in {search.officer, search.entered_by}
        ):
            found.append(rules.SUSPENDED)
        if search.mode is SearchMode.TRAINING and not is_test_plate(search.plate):
            found.append(rules.NOT_TEST_PLATE)
        return found


def is_exigent(search: PlateSearch) -> bool:
    """Return whether a search claims an exigency in place of other process."""
    return search.process is not None and search.process.kind is ProcessKind.EXIGENCY
