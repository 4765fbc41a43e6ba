"""Lists: where an agency's come from, and what happens when one is taken in.

A full list replaces the one before it, and what is no longer on it matches nothing from that moment; a list
of changes adds or deletes. Each new row becomes a standing search of its own. Rows whose facts are equal are
decided once and share the decisions, which are attached to the first of them.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from gatehouse.hotlist import changes, rules
from gatehouse.hotlist.asking import list_intent
from gatehouse.hotlist.entries import Entries
from gatehouse.hotlist.errors import ListEmpty, ListShrinks
from gatehouse.hotlist.listed import ListedRows
from gatehouse.hotlist.listed_as import about_immigration
from gatehouse.hotlist.matching import Index
from gatehouse.hotlist.parts import HotlistParts
from gatehouse.hotlist.rows import ListReport, ListRow, RowRefusal
from gatehouse.hotlist.state import Source
from gatehouse.law import Lexicon, Rulebook
from gatehouse.ledger.canonical import Json
from gatehouse.ledger.receipt import Receipt
from gatehouse.model import (
    BadInput,
    Error,
    ListState,
    Officer,
    Role,
    Scope,
    SearchState,
)
from gatehouse.search.fields import time_text
from gatehouse.search.registry import Owners
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
    """What became of a list: `kept` rows were there before, `ended` are gone; `states` of the new entries.

    `denied_before` rows were denied when they came first, and what that rests on is the same: they were not
    asked for again. What was taken of the file = kept + denied before + new.
    """

    index: int
    receipt: Receipt
    kept: int
    ended: int
    denied_before: int = 0
    states: Counter[SearchState] = field(default_factory=Counter)
    refused: Counter[RowRefusal] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Basis:
    """What a refusal rests on. `owners` is the registry's own object, another one after any change there.

    `said` holds the source's settings, who answers for it, and the day: some rules begin on one.
    """

    owners: Owners
    rulebook: Rulebook
    lexicon: Lexicon
    said: tuple[Scope, bool, Officer, date]

    def holds(self, now: _Basis) -> bool:
        """Return whether nothing has changed since."""
        same = self.owners is now.owners and self.rulebook is now.rulebook and self.lexicon is now.lexicon
        return same and self.said == now.said


class Lists:
    """The sources and lists of every agency of the node."""

    def __init__(self, parts: HotlistParts, rows: ListedRows, entries: Entries, index: Index) -> None:
        self._parts = parts
        self._rows = rows
        self._entries = entries
        self._index = index
        self._taking = threading.Lock()
        # By agency and source, in memory: after a restart each row is asked for once more.
        self._denied: dict[tuple[str, str], tuple[_Basis, dict[bytes, bool]]] = {}

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

        An authoritative one, whose cases are not held to five plates, takes a second custodian, and is that
        once its agency's waiting time after the entry is over. That it is none any more counts at once.
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
        source = Source(agency, name, person.id, None, scope, age, None, 0)
        waiting = parts.registry.own_rule(agency).waiting if authoritative else None
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
                    "waiting_days": None if waiting is None else waiting.days,
                },
                "officer": by.id,
            },
            pack=parts.pack_hash,
            apply=changes.source_set(source, waiting=waiting),
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
        shrinks: bool = False,
    ) -> ListTaken:
        """Take a list in; `listed_at` is when its source made it, and no list is older than the one before.

        Deletions are done first: what is no longer listed matches nothing, and then that is on the record.
        One list is taken in at a time. A full list without a row that is taken is `ListEmpty`; one that would
        end nearly all that stands is `ListShrinks` unless `shrinks`, which is signed, says that it is meant.
        """
        with self._taking:
            return self._taken(source, report, by, signed, listed_at, mode, shrinks)

    def _taken(
        self,
        source: str,
        report: ListReport,
        by: Officer,
        signed: Signature | None,
        listed_at: datetime,
        mode: ListMode,
        shrinks: bool,
    ) -> ListTaken:
        parts = self._parts
        now = parts.clock()
        person = parts.registry.officer(by.id)
        known = parts.tables.source(person.agency, source)
        if not person.active or not person.roles:
            raise rules.refused(rules.NOT_OF_AGENCY)
        if known is None:
            raise rules.refused(rules.NO_SOURCE)
        if listed_at.utcoffset() is None or listed_at > now + _AHEAD:
            raise BadInput(
                "a list is from the future, or from no time zone",
                where="listed_at",
                expected="the time at which its source made it",
            )
        intent = list_intent(
            person.agency, source, report.sha256, mode=mode.value, listed_at=listed_at, shrinks=shrinks
        )
        self._entries.check_signed(signed, intent, person)
        self._rows.finish(known)
        before = parts.tables.lines_of(person.agency, source)
        rows = {self._line(known, row): row for row in report.rows}
        if mode is ListMode.REPLACES and not shrinks:
            _check_size(len(rows), len(before), report, parts.limits.shrinks)
        denied = {} if mode is ListMode.DELETES else self._still_denied(known, rows, now)
        new, ended = self._sorted(rows, before, mode, now)
        if ended:
            # A case that had too many plates may have room by what ends.
            denied = {line: False for line, many in denied.items() if not many}
        new = [line for line in new if line not in denied]
        gone = [before[line][0] for line in ended]
        self._index.drop(gone)
        try:
            entered = parts.book.append(
                _event(ListState.REPLACED if mode is ListMode.REPLACES else ListState.CHANGED),
                agency=person.agency,
                fields=self._list_fields(
                    known, report, person, listed_at, mode, new=len(new), ended=len(gone), denied=len(denied)
                ),
                pack=parts.pack_hash,
                apply=changes.listed(person.agency, source, listed_at, gone),
            )
        except Error:
            for entry in gone:
                self._entries.arm(parts.tables.entry(entry))
            raise
        basis = self._basis(known, now)
        answered = self._rows.ask(
            known, {line: rows[line] for line in new}, person, listed=entered.index, now=now
        )
        self._remember(known, basis, denied | answered.denied, mode)
        return ListTaken(
            entered.index,
            entered.receipt,
            0 if mode is ListMode.DELETES else len(rows) - len(new) - len(denied),
            len(gone),
            len(denied),
            answered.states,
            report.reasons,
        )

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

    def _basis(self, source: Source, now: datetime) -> _Basis:
        """Return what a refusal of this moment rests on."""
        registry = self._parts.registry
        return _Basis(
            registry.owners(registry.agency(source.agency)),
            registry.rulebook,
            registry.lexicon,
            (source.scope, source.authoritative(now), registry.officer(source.officer), now.date()),
        )

    def _still_denied(self, source: Source, rows: dict[bytes, ListRow], now: datetime) -> dict[bytes, bool]:
        """Return which of some rows were denied on the basis that still holds."""
        basis, denied = self._denied.get((source.agency, source.name), (None, {}))
        if basis is None or not basis.holds(self._basis(source, now)):
            return {}
        crowded = self._rows.crowded(source, {line: rows[line] for line in rows if denied.get(line)}, now)
        return {line: many for line, many in denied.items() if line in rows and (not many or line in crowded)}

    def _remember(self, source: Source, basis: _Basis, denied: dict[bytes, bool], mode: ListMode) -> None:
        if mode is ListMode.DELETES:
            return
        if mode is ListMode.ADDS:
            kept, before = self._denied.get((source.agency, source.name), (None, {}))
            if kept is not None and kept.holds(basis):
                denied = before | denied
        self._denied[source.agency, source.name] = (basis, denied)

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
        *,
        new: int,
        ended: int,
        denied: int,
    ) -> dict[str, Json]:
        return {
            "counts": {
                "denied_before": denied,
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


def _check_size(rows: int, before: int, report: ListReport, shrinks: int) -> None:
    """Refuse a full list that holds nothing, or next to nothing of what stands."""
    if not rows:
        raise ListEmpty(
            "a full list without a row that is taken would end everything of its source",
            expected="at least one row that is taken",
            got=f"{report.lines} lines, {len(report.refused)} refused",
            hint="look at it with `gatehouse hotlist check`; what is over is deleted by a list of deletions",
        )
    if rows * shrinks < before:
        raise ListShrinks(
            "a full list would end nearly everything of its source",
            expected=f"at least {-(-before // shrinks)} rows, as {before} stand",
            got=f"{rows} rows",
            hint="if it is meant, sign and send it with `shrinks`",
        )
