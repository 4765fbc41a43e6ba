"""What is decided about a standing search: by the rulebook, owners' caps, the door's rules and the hotlist's.

The door's own parts decide (`gatehouse.search.judging`, `scoping`). What fails is a refusal.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from gatehouse.hotlist import rules as own_rules
from gatehouse.hotlist.asking import HotlistLimits, StandingSearch
from gatehouse.law.deciding import ENGINE_FAILED
from gatehouse.law.texts import matches_of
from gatehouse.model import FAMILIES, Outcome, ProcessKind, Role, SignalMatch, Window
from gatehouse.search import rules
from gatehouse.search.fields import matches_in, request_of, signals_in
from gatehouse.search.judging import Judged, by_owners, judge, needs_owner
from gatehouse.search.registry import Registry
from gatehouse.search.rules import DoorRule
from gatehouse.search.scoping import Neighborhoods, Reached, propose

Matches = tuple[tuple[str, SignalMatch], ...]
_logger = logging.getLogger(__name__)


class StandingDecider:
    """Decides standing searches by what is in force at the moment that it is asked."""

    def __init__(self, registry: Registry, limits: HotlistLimits) -> None:
        self._registry = registry
        self._limits = limits
        self._around = Neighborhoods()

    def matches(self, standing: StandingSearch) -> Matches:
        """Return what the free texts suggest, with those of a search the source's name."""
        lexicon = self._registry.lexicon
        beside = {"source": standing.source, "origin": standing.origin}
        return matches_in(standing.search, lexicon) + tuple(matches_of(lexicon, reason=None, beside=beside))

    def decide(
        self,
        standing: StandingSearch,
        at: datetime,
        *,
        matches: Matches,
        bars: Sequence[DoorRule] = (),
        approved_by: str | None = None,
        listed: bool = False,
    ) -> Judged:
        """Return the decision of every owner within the scope; `bars` refuse it as a whole."""
        try:
            reached = self._reached(standing)
            judged = self._judged(standing, reached, at, matches, approved_by)
            return judged.barred([*bars, *self._bars(standing, reached, matches, listed)])
        except Exception as error:
            # Invariant I2: errors never permit.
            _logger.error("a standing search could not be decided: %s", type(error).__name__)
            pack = self._registry.rulebook.pack.id
            return Judged((), (), pack, (ENGINE_FAILED, *(each.cited for each in bars)))

    def decide_owner(
        self,
        standing: StandingSearch,
        owner: str,
        at: datetime,
        *,
        matches: Matches,
        approved_by: str | None,
        listed: bool,
    ) -> Judged:
        """Return what one owner says now; one that is out of the scope, or a failure, permits nothing."""
        pack = self._registry.rulebook.pack.id
        try:
            reached = self._reached(standing)
            if owner not in reached.ids:
                return Judged((), (), pack, (rules.NOBODY.cited,))
            place = reached.ids.index(owner)
            one = Reached((owner,), [reached.terms[place]], (reached.far[place],))
            judged = self._judged(standing, one, at, matches, approved_by)
            return judged.barred(self._bars(standing, reached, matches, listed))
        except Exception as error:
            _logger.error("a hit could not be decided: %s", type(error).__name__)
            return Judged((), (), pack, (ENGINE_FAILED,))

    def _reached(self, standing: StandingSearch) -> Reached:
        agency = self._registry.agency(standing.search.agency)
        return self._around.within(standing.search.scope, agency, self._registry.owners(agency))

    def _judged(
        self,
        standing: StandingSearch,
        reached: Reached,
        at: datetime,
        matches: Matches,
        approved_by: str | None,
    ) -> Judged:
        registry = self._registry
        # It never looks back: what is asked for begins at the moment of the decision, however old the entry.
        window = Window(at, max(at, standing.search.window.end))
        search = replace(standing.search, window=window)
        agency = registry.agency(search.agency)
        signals = signals_in(matches)

        def judged(approvals: tuple[str, ...]) -> Judged:
            request = request_of(search, agency, approvals)
            return judge(request, reached, at=at, signals=signals, rulebook=registry.rulebook)

        found = judged(())
        if approved_by is not None:
            wanting = [
                owner
                for owner, each in zip(found.owners, found.decisions, strict=True)
                if needs_owner(each, registry.rulebook.pack) and owner != agency.id
            ]
            # A second person of the owner's would have to approve each entry; until then the owner refuses.
            found = judged((approved_by,)).refusing(wanting, rules.OWNER_REVIEW)
        own = {owner: registry.own_rule(owner) for owner in reached.ids}
        return by_owners(found, reached, own, request=request_of(search, agency))

    def _bars(
        self, standing: StandingSearch, reached: Reached, matches: Matches, listed: bool
    ) -> list[DoorRule]:
        """Return the rules that refuse a standing search as a whole."""
        search, registry = standing.search, self._registry
        found = []
        if FAMILIES["immigration"] & signals_in(matches):
            found.append(own_rules.IMMIGRATION)
        if not self._entitled(standing, listed):
            found.append(rules.NOT_ENTITLED)
        if not (search.case_number or "").strip():
            found.append(own_rules.NO_CASE)
        if not search.reason.strip():
            found.append(own_rules.NO_REASON)
        if search.process is not None and search.process.kind is ProcessKind.EXIGENCY:
            found.append(own_rules.NOT_EXIGENT)
        if search.plate.wildcards:
            found.append(own_rules.NOT_NAMED)
        longest = self._limits.longest_listed if listed else self._limits.longest
        if search.window.end - search.window.start > longest:
            found.append(own_rules.TOO_LONG)
        agency = registry.agency(search.agency)
        scopes = registry.rulebook.pack.scopes
        proposal = propose(search.purpose, search.offense, agency, registry.owners(agency), scopes)
        if not proposal.widest.covers(search.scope):
            found.append(rules.SCOPE_CAP)
        elif proposal.needs_ground(search.scope) and not (search.ground or "").strip():
            found.append(rules.SCOPE_GROUND)
        if not reached.ids:
            found.append(rules.NOBODY)
        return found

    def _entitled(self, standing: StandingSearch, listed: bool) -> bool:
        """Return whether an active person of the agency owns it; of a list that may also be a custodian."""
        search = standing.search
        officer = self._registry.officer(search.officer)
        clerk = self._registry.officer(search.entered_by)
        may = {Role.OFFICER, Role.SUPERVISOR, Role.CUSTODIAN} if listed else {Role.OFFICER}
        return (
            officer.active
            and clerk.active
            and officer.agency == clerk.agency == search.agency
            and bool(may & officer.roles)
            and bool(clerk.roles)
        )


def permits(judged: Judged, owner: str) -> bool:
    """Return whether an owner permits, and nothing refuses the whole."""
    return not judged.bars and owner in judged.of(Outcome.PERMIT)
