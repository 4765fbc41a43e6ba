"""Rows of a list as standing searches: rows of equal facts are decided once, and many share a commit.

What is recorded of a row is what is recorded of an entry that a person asks for, in the same order:
requested, then decided, then released, each before the next is begun. Rows take these steps side by side.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from gatehouse.hotlist import changes, rules
from gatehouse.hotlist.asking import StandingSearch
from gatehouse.hotlist.deciding import Matches, StandingDecider
from gatehouse.hotlist.entries import Entries, EntryAnswer
from gatehouse.hotlist.errors import WrongStep
from gatehouse.hotlist.parts import HotlistParts
from gatehouse.hotlist.recording import Case, EntryRecorder, Shared, decision_fields, hashes
from gatehouse.hotlist.rows import ListRow
from gatehouse.hotlist.state import Source
from gatehouse.law.deciding import ENGINE_FAILED
from gatehouse.ledger.canonical import Json
from gatehouse.ledger.committer import Apply
from gatehouse.ledger.pending import Committed, Pending
from gatehouse.model import Behalf, Officer, Outcome, PlatePattern, PlateSearch, SearchState, Window
from gatehouse.search import rules as door
from gatehouse.search.fields import signals_in
from gatehouse.search.scoping import propose

T = TypeVar("T")
# A refusal by one of these says nothing of the row.
_FAILED = frozenset({ENGINE_FAILED.id, door.INTERRUPTED.cited.id})


@dataclass(frozen=True, slots=True)
class _Asking:
    """A row that is asked for. `many` says that its case has as many plates as a case may have."""

    line: bytes
    standing: StandingSearch
    matches: Matches
    many: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of the rows that were asked for; `denied` ones by the hash of the row, and if by `many`."""

    states: Counter[SearchState] = field(default_factory=Counter)
    denied: dict[bytes, bool] = field(default_factory=dict)


class ListedRows:
    """Asks for the rows of a list. One list is asked for at a time."""

    def __init__(self, parts: HotlistParts, decider: StandingDecider, entries: Entries) -> None:
        self._parts = parts
        self._decider = decider
        self._entries = entries
        self._record = EntryRecorder(parts)

    def finish(self, source: Source) -> None:
        """Close what an earlier list of a source left without an outcome, so that it is asked for again."""
        left = self._parts.tables.entries(
            "agency = ? AND source = ? AND listed IS NOT NULL AND state IN ('requested', 'permitted')",
            source.agency,
            source.name,
        )
        for row in left:
            self._entries.close(self._entries.case(row), WrongStep("the list was cut off"))

    def ask(
        self, source: Source, rows: Mapping[bytes, ListRow], by: Officer, *, listed: int, now: datetime
    ) -> Answered:
        """Ask for each row, and return what became of them."""
        groups: dict[tuple[object, ...], list[_Asking]] = {}
        plates: dict[bytes, set[bytes]] = {}
        for line, row in rows.items():
            standing = self._standing(source, row, by, now)
            matches = self._decider.matches(standing)
            many = not source.authoritative(now) and self._many(source, row, plates)
            search = standing.search
            key = (search.purpose, search.scope, standing.file, signals_in(matches), many)
            groups.setdefault(key, []).append(_Asking(line, standing, matches, many))
        answered = Answered()
        for group in groups.values():
            first, *others = group
            answer = self._one(first, listed)
            shared = self._entries.shared(answer.id) if others else None
            alike = answer.state is SearchState.DENIED and _FAILED.isdisjoint(
                each.rule.id for each in answer.refusals
            )
            _count(answered, [(first, answer.state)], remembered=alike)
            if shared is None:
                _count(answered, [(each, self._one(each, listed).state) for each in others], remembered=False)
                continue
            for some in _chunks(others, self._parts.limits.together):
                _count(answered, self._together(some, listed, shared), remembered=alike)
        return answered

    def crowded(self, source: Source, rows: Mapping[bytes, ListRow], now: datetime) -> frozenset[bytes]:
        """Return which of some rows, taken one after the other, their cases have no room for."""
        if source.authoritative(now):
            return frozenset()
        plates: dict[bytes, set[bytes]] = {}
        return frozenset(line for line, row in rows.items() if self._many(source, row, plates))

    def _many(self, source: Source, row: ListRow, plates: dict[bytes, set[bytes]]) -> bool:
        parts = self._parts
        plate, matter = hashes(parts.key, source.agency, row.plate, row.case)
        if matter not in plates:
            plates[matter] = parts.tables.plates_of(matter)
        plates[matter].add(plate)
        return len(plates[matter]) > parts.limits.plates_per_case

    def _one(self, row: _Asking, listed: int) -> EntryAnswer:
        """Ask for a row by itself."""
        case = self._record.requested(row.standing, row.matches, listed=listed, line=row.line)
        return self._entries.settle(case, bars=[rules.TOO_MANY_PLATES] if row.many else [])

    def _together(
        self, rows: Sequence[_Asking], listed: int, shared: Shared
    ) -> list[tuple[_Asking, SearchState]]:
        """Ask for rows whose decisions are known, and release those that are permitted."""
        asked = [self._record.ask(row.standing, row.matches, listed=listed, line=row.line) for row in rows]
        stand = self._stand([each.submit() for each in asked])
        cases = [each.case(at.at, at.leaf) for each, at in zip(asked, stand, strict=True)]
        judged = shared.judged
        permits = judged.of(Outcome.PERMIT)
        released = judged.outcome() is Outcome.PERMIT
        fields = decision_fields(judged, shared.kept, shared.index) | {"approver": None}
        step = SearchState.PERMITTED if released else SearchState.DENIED
        states = self._step(
            cases, step, fields, [changes.decided(case.id, permits, under=shared.index) for case in cases]
        )
        if released:
            going = [case for case, state in zip(cases, states, strict=True) if state is step]
            counts: dict[str, Json] = {"counts": {"owners": len(permits)}}
            last = self._step(going, SearchState.RELEASED, counts)
            after = {case.id: state for case, state in zip(going, last, strict=True)}
            states = [after.get(case.id, state) for case, state in zip(cases, states, strict=True)]
            self._arm([case for case in going if after[case.id] is SearchState.RELEASED])
        return list(zip(rows, states, strict=True))

    def _step(
        self, cases: Sequence[Case], step: SearchState, fields: Mapping[str, Json], more: Sequence[Apply] = ()
    ) -> list[SearchState]:
        """Put a step of many entries on the record; one that cannot follow is closed, as it is alone."""
        drafted = [
            self._record.drafted(case, step, fields, *more[place : place + 1])
            for place, case in enumerate(cases)
        ]
        states, stand = [], []
        for case, pending in zip(cases, [submit() for submit in drafted], strict=True):
            try:
                pending.wait()
            except WrongStep as error:
                states.append(self._entries.close(case, error).state)
            else:
                states.append(step)
                stand.append(pending)
        self._stand(stand)
        return states

    def _stand(self, begun: Sequence[Pending]) -> list[Committed]:
        """Wait until all is on the record and witnessed; what is first wrong is raised."""
        found = [each.wait() for each in begun]
        if found:
            # Witnesses that have cosigned the newest have cosigned those below it.
            newest = max(range(len(found)), key=lambda place: found[place].at)
            self._parts.book.result(begun[newest])
        return found

    def _arm(self, cases: Sequence[Case]) -> None:
        looked_for = {case.id: case.standing for case in cases}
        ids = json.dumps(list(looked_for))
        for row in self._parts.tables.entries("id IN (SELECT value FROM json_each(?))", ids):
            self._entries.arm(row, looked_for[row.id])

    def _standing(self, source: Source, row: ListRow, by: Officer, now: datetime) -> StandingSearch:
        registry = self._parts.registry
        latest = now + self._parts.limits.longest_listed
        until = latest if row.expires is None else min(latest, datetime.fromisoformat(row.expires))
        agency = registry.agency(source.agency)
        # A list states no ground for a wider scope than the one that serves its purpose.
        proposed = propose(
            row.file.purpose, None, agency, registry.owners(agency), registry.rulebook.pack.scopes
        ).proposed
        return StandingSearch(
            PlateSearch(
                agency=source.agency,
                officer=source.officer,
                entered_by=by.id,
                plate=PlatePattern(row.plate),
                window=Window(now, until.astimezone(UTC)),
                scope=source.scope if proposed.covers(source.scope) else proposed,
                purpose=row.file.purpose,
                on_behalf_of=Behalf.NONE,
                reason=row.note or f"listed as {row.file_text}",
                case_number=row.case,
            ),
            source=source.name,
            state=row.state,
            file=row.file,
            letters=True,
            origin=row.agency,
        )


def _count(answered: Answered, rows: Sequence[tuple[_Asking, SearchState]], *, remembered: bool) -> None:
    for row, state in rows:
        answered.states[state] += 1
        if remembered and state is SearchState.DENIED:
            answered.denied[row.line] = row.many


def _chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for at in range(0, len(items), size):
        yield items[at : at + size]
