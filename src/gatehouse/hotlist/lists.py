"""Lists: where an agency's come from, and what happens when one is taken in.

A full list replaces the one before it, and what is no longer on it matches nothing from that moment; a list
of changes adds or deletes. Each new row becomes a standing search of its own. Rows whose facts are equal are
decided once and share the decisions, which are attached to the first of them.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from gatehouse.hotlist import changes, rules
from gatehouse.hotlist.asking import StandingSearch, list_intent
from gatehouse.hotlist.entries import Entries, EntryAnswer
from gatehouse.hotlist.listed_as import about_immigration
from gatehouse.hotlist.matching import Index
from gatehouse.hotlist.parts import HotlistParts
from gatehouse.hotlist.recording import Shared
from gatehouse.hotlist.rows import ListReport, ListRow, RowRefusal
from gatehouse.hotlist.state import Source
from gatehouse.ledger.canonical import Json
from gatehouse.ledger.receipt import Receipt
from gatehouse.model import (
    BadInput,
    Behalf,
    Error,
    ListState,
    Officer,
    PlatePattern,
    PlateSearch,
    Role,
    Scope,
    SearchState,
    Window,
)
from gatehouse.search.fields import signals_in, time_text
from gatehouse.search.rules import DoorRule
from gatehouse.search.scoping import propose
from gatehouse.search.signature import Signature

_AGES = (timedelta(minutes=5), timedelta(days=7))
_AHEAD = timedelta(seconds=60)


class ListMode(StrEnum):
    """What a list does to the one before it."""

    REPLACES = "replaces"
    ADDS = "adds"
    DELETES = "deletes"


@dataclass(frozen=True, slots=True)
class ListTaken:
    """What became of a list: `kept` rows were there before, `ended` are gone; `states` of the new entries."""

    index: int
    receipt: Receipt
    kept: int
    ended: int
    states: Counter[SearchState] = field(default_factory=Counter)
    refused: Counter[RowRefusal] = field(default_factory=Counter)


class Lists:
    """The sources and lists of every agency of the node."""

    def __init__(self, parts: HotlistParts, entries: Entries, index: Index) -> None:
        self._parts = parts
        self._entries = entries
        self._index = index
        self._taking = threading.Lock()

    def set_source(
        self,
        name: str,
        *,
        by: Officer,
        officer: Officer,
        second: Officer | None = None,
        authoritative: bool = False,
        scope: Scope = Scope.OWN,
        longest_age: timedelta | None = None,
    ) -> Source:
        """Set a source of a custodian's agency, and who is responsible for it.

        An authoritative one, whose cases are not held to five plates, takes a second custodian.
        """
        parts = self._parts
        agency = parts.registry.officer(by.id).agency
        age = parts.limits.list_age if longest_age is None else longest_age
        if not name.strip() or len(name) > 100 or not name.isprintable():
            raise BadInput("a source has no name, or one too long", expected="1 to 100 characters")
        if not _AGES[0] <= age <= _AGES[1]:
            raise BadInput("a list cannot be that old", expected="5 minutes to 7 days")
        if about_immigration((name,)):
            raise rules.refused(rules.IMMIGRATION)
        people = (by,) if second is None else (by, second)
        if not all(self._custodian(each, agency) for each in people):
            raise rules.refused(rules.NOT_CUSTODIAN)
        if authoritative and (second is None or second.id == by.id):
            raise rules.refused(rules.NOT_CUSTODIAN)
        person = parts.registry.officer(officer.id)
        if not person.active or person.agency != agency:
            raise rules.refused(rules.NOT_OF_AGENCY)
        source = Source(agency, name, person.id, authoritative, scope, age, None, 0)
        parts.book.append(
            _event(ListState.SOURCE_SET),
            agency=agency,
            fields={
                "approver": None if second is None else second.id,
                "detail": {
                    "authoritative": authoritative,
                    "longest_age_seconds": age // timedelta(seconds=1),
                    "responsible": person.id,
                    "scope": scope.value,
                    "source": name,
                },
                "officer": by.id,
            },
            pack=parts.pack_hash,
            apply=changes.source_set(source),
        )
        found = parts.tables.source(agency, name)
        assert found is not None
        return found

    def take(
        self,
        source: str,
        report: ListReport,
        *,
        by: Officer,
        signed: Signature | None,
        listed_at: datetime,
        mode: ListMode = ListMode.REPLACES,
    ) -> ListTaken:
        """Take a list in; `listed_at` is when its source made it, and no list is older than the one before.

        Deletions are done first: what is no longer listed matches nothing, and then that is on the record.
        One list is taken in at a time.
        """
        with self._taking:
            return self._taken(source, report, by, signed, listed_at, mode)

    def _taken(
        self,
        source: str,
        report: ListReport,
        by: Officer,
        signed: Signature | None,
        listed_at: datetime,
        mode: ListMode,
    ) -> ListTaken:
        parts = self._parts
        now = parts.clock()
        person = parts.registry.officer(by.id)
        known = parts.tables.source(person.agency, source)
        if not person.active or not person.roles:
            raise rules.refused(rules.NOT_OF_AGENCY)
        if known is None:
            raise rules.refused(rules.NO_SOURCE)
        intent = list_intent(person.agency, source, report.sha256, replaces=mode is ListMode.REPLACES)
        self._entries.check_signed(signed, intent, person)
        if listed_at.utcoffset() is None or listed_at > now + _AHEAD:
            raise BadInput("a list is from the future", expected="the time at which its source made it")
        before = parts.tables.lines_of(person.agency, source)
        rows = {self._line(known, row): row for row in report.rows}
        new, ended = self._sorted(rows, before, mode, now)
        gone = [before[line][0] for line in ended]
        self._index.drop(gone)
        try:
            entered = parts.book.append(
                _event(ListState.REPLACED if mode is ListMode.REPLACES else ListState.CHANGED),
                agency=person.agency,
                fields=self._list_fields(known, report, person, listed_at, mode, len(new), len(gone)),
                pack=parts.pack_hash,
                apply=changes.listed(person.agency, source, listed_at, gone),
            )
        except Error:
            for entry in gone:
                self._entries.arm(parts.tables.entry(entry))
            raise
        states = self._asked(known, {line: rows[line] for line in new}, person, entered.index, now)
        kept = 0 if mode is ListMode.DELETES else len(rows) - len(new)
        return ListTaken(entered.index, entered.receipt, kept, len(gone), states, report.reasons)

    def _sorted(
        self,
        rows: dict[bytes, ListRow],
        before: dict[bytes, tuple[str, datetime]],
        mode: ListMode,
        now: datetime,
    ) -> tuple[list[bytes], list[bytes]]:
        """Return which rows are new, and which of those before end."""
        if mode is ListMode.DELETES:
            return [], [line for line in before if line in rows]
        # An entry that is still listed is asked for anew before it ends by itself.
        soon = now + self._parts.limits.longest_listed / 2
        again = [
            line
            for line, (_, until) in before.items()
            if line in rows and rows[line].expires is None and until < soon
        ]
        new = [line for line in rows if line not in before]
        left = [line for line in before if line not in rows] if mode is ListMode.REPLACES else []
        return [*new, *again], [*left, *again]

    def _asked(
        self, source: Source, rows: dict[bytes, ListRow], by: Officer, listed: int, now: datetime
    ) -> Counter[SearchState]:
        """Ask for each new row, and return the states of what was asked."""
        groups: dict[tuple[object, ...], list[tuple[bytes, StandingSearch, bool]]] = {}
        plates: dict[str, set[str]] = {}
        for line, row in rows.items():
            standing = self._standing(source, row, by, now)
            of_case = plates.setdefault(row.case, set())
            of_case.add(row.plate)
            many = not source.authoritative and len(of_case) > self._parts.limits.plates_per_case
            signals = signals_in(self._entries.matches(standing))
            key = (standing.search.purpose, standing.search.scope, standing.file, signals, many)
            groups.setdefault(key, []).append((line, standing, many))
        states: Counter[SearchState] = Counter()
        with ThreadPoolExecutor(self._parts.limits.writers, thread_name_prefix="hotlist") as threads:
            for group in groups.values():
                (line, standing, many), *others = group
                bars = [rules.TOO_MANY_PLATES] if many else []
                first = self._ask((line, standing, many), listed, bars, None)
                states[first.state] += 1
                shared = self._entries.shared(first.id) if others else None
                answers = threads.map(
                    lambda each, bars=bars, shared=shared: self._ask(each, listed, bars, shared), others
                )
                states.update(each.state for each in answers)
        return states

    def _ask(
        self,
        row: tuple[bytes, StandingSearch, bool],
        listed: int,
        bars: Sequence[DoorRule],
        shared: Shared | None,
    ) -> EntryAnswer:
        line, standing, _ = row
        case = self._entries.requested(standing, listed=listed, line=line)
        return self._entries.settle(case, bars=bars, shared=shared)

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

    def _line(self, source: Source, row: ListRow) -> bytes:
        said = (source.agency, source.name, row.text, row.state or "", row.file.value, row.case)
        return self._parts.key.hash("line", *said, row.note or "", row.expires or "", row.agency or "")

    def _list_fields(
        self,
        source: Source,
        report: ListReport,
        by: Officer,
        listed_at: datetime,
        mode: ListMode,
        new: int,
        ended: int,
    ) -> dict[str, Json]:
        return {
            "counts": {
                "ended": ended,
                "lines": report.lines,
                "new": new,
                "refused": {reason.value: number for reason, number in sorted(report.reasons.items())},
                "rows": len(report.rows),
            },
            "detail": {
                "layout": report.layout,
                "listed_at": time_text(listed_at),
                "mode": mode.value,
                "sha256": report.sha256,
                "source": source.name,
            },
            "officer": by.id,
        }

    def _custodian(self, person: Officer, agency: str) -> bool:
        found = self._parts.registry.officer(person.id)
        return found.active and found.agency == agency and Role.CUSTODIAN in found.roles


def _event(state: ListState) -> str:
    return f"hotlist:list:{state.value}"
