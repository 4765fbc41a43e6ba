"""What the portal shows, as one document: made from the record, the registry and what the vault has counted.

document = make(sources, now=clock())

It names no person, no plate, no case and no words of an officer: none of them is taken from the record.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from gatehouse.law import Pack
from gatehouse.ledger.commitment import Disclosure
from gatehouse.ledger.counters import Counters
from gatehouse.model import Agency, CitedRule, Outcome
from gatehouse.node.bodies import (
    AgreementBody,
    DeclarationBody,
    Kind,
    OwnerBody,
    SharingBody,
)
from gatehouse.node.change import Version
from gatehouse.node.snapshot import pack_of
from gatehouse.node.view import View
from gatehouse.search.rules import RULES
from gatehouse.web.portal.precision import SEARCHERS, Placed, Precision, place
from gatehouse.web.portal.seen import Searches, Seen
from gatehouse.web.portal.staffing import Staffing
from gatehouse.web.portal.suppression import Table, cross_table

# What an owner that has no rule of its own waits before a row is told.
DELAY: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Row:
    """A search as the public sees it. `index` and `disclosures` are there where its hour is told.

    `begins` is the first moment of the period that `precision` names. What is None is withheld.
    """

    precision: Precision
    begins: datetime
    agency: str
    kind: str | None = None
    purpose: str | None = None
    decision: str | None = None
    state: str | None = None
    rules: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    index: int | None = None
    disclosures: tuple[Disclosure, ...] = ()
    ended: bool = False

    @property
    def withheld(self) -> bool:
        """Return whether nothing but agency and month is told."""
        return self.precision is Precision.WITHHELD

    @property
    def period(self) -> str:
        """Return the period as text: an hour, a day or a month in UTC."""
        if self.precision is Precision.HOUR:
            return self.begins.strftime("%Y-%m-%d %H:00 UTC")
        return self.begins.strftime("%Y-%m-%d" if self.precision is Precision.DAY else "%Y-%m")


@dataclass(frozen=True, slots=True)
class Refusing:
    """A rule that refused or asked for a review, and in how many of the rows told."""

    rule: CitedRule
    rows: int


@dataclass(frozen=True, slots=True)
class AgencyPage:
    """An agency as its page shows it. Counts of searches: on record, told in rows, waiting, withheld."""

    agency: Agency
    cameras: int
    owner: OwnerBody | None
    shares: bool
    many_searchers: bool
    recorded: int
    rows: tuple[Row, ...]
    waiting: int
    withheld: int
    reached: tuple[Row, ...]
    agreed: tuple[AgreementBody, ...]
    agrees: tuple[AgreementBody, ...]
    declared: tuple[DeclarationBody, ...]


@dataclass(frozen=True, slots=True)
class CountedDay:
    """What a vault counted by itself on a day that is over, set against the record.

    `lines` are (agency, event, what the vault counted, entries of the record).
    """

    day: str
    vault: str
    lines: tuple[tuple[str, str, int, int], ...]

    @property
    def agrees(self) -> bool:
        """Return whether the vault handed out no more and no less than the record says."""
        return all(counted == entries for _, _, counted, entries in self.lines)


@dataclass(frozen=True, slots=True)
class Document:
    """Everything that the portal shows, at a moment, under a checkpoint."""

    operator: Agency
    made_at: datetime
    origin: str
    keys: tuple[str, ...]
    checkpoint: str
    size: int
    pack: Pack
    lexicon: str
    agencies: tuple[AgencyPage, ...]
    rows: tuple[Row, ...]
    recorded: int
    waiting: int
    per_day: tuple[tuple[date, int], ...]
    refusing: tuple[Refusing, ...]
    purposes: Table
    decisions: Table
    rules: tuple[tuple[Kind, str, Version], ...]
    counted: tuple[CountedDay, ...]
    names: Mapping[str, str]
    synthetic: bool

    @property
    def withheld(self) -> int:
        """Return how many rows tell nothing but the month."""
        return sum(page.withheld for page in self.agencies)

    def rule(self, id: str) -> CitedRule | None:
        """Return a rule by its id, as people read it; None if the rulebook in force has none of that id."""
        return rule_of(self.pack, id)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a document is made of, read at one moment under one checkpoint of `size` entries."""

    searches: Searches
    view: View
    staffing: Staffing
    pack: Pack
    origin: str
    keys: tuple[str, ...]
    checkpoint: str
    size: int
    counted: Sequence[Counters] = ()


def make(found: Recorded, *, now: datetime) -> Document:
    """Return what the portal shows at a time."""
    view = found.view
    assert view.operator is not None, "a node is founded before it is opened"
    rules = _in_force(view, found.size)
    owners = {body.owner: body for _, _, version in rules if isinstance(body := version.body, OwnerBody)}

    def delay(seen: Seen) -> timedelta:
        known = (owners.get(each) for each in {seen.agency, *seen.owners})
        return max(each.portal_delay if each else DELAY for each in known)

    placing = place(found.searches, now=now, searchers=found.staffing.at, delay=delay)
    rows = tuple(map(_row, placing.told))
    recorded = Counter(each.agency for each in found.searches)
    waiting = Counter(each.agency for each in placing.waiting)
    pages = _pages(rules, owners, view, found.staffing, recorded, waiting, rows)
    told = [row for row in rows if not row.withheld]
    return Document(
        operator=view.agencies[view.operator],
        made_at=now.astimezone(UTC).replace(microsecond=0),
        origin=found.origin,
        keys=found.keys,
        checkpoint=found.checkpoint,
        size=found.size,
        pack=found.pack,
        lexicon=pack_of(view, witnessed=found.size).lexicon,
        agencies=pages,
        rows=rows,
        recorded=len(found.searches),
        waiting=len(placing.waiting),
        per_day=_per_day(found.searches, now),
        refusing=_refusing(told, found.pack),
        purposes=cross_table(Counter((row.agency, row.purpose or "") for row in told)),
        decisions=cross_table(Counter((row.agency, row.state or "") for row in told)),
        rules=rules,
        counted=tuple(_counted(found.counted, found.searches)),
        names={each.id: each.name for each in view.agencies.values()},
        synthetic="synthetic" in found.origin,
    )


def rule_of(pack: Pack, id: str) -> CitedRule | None:
    """Return a rule of a rulebook or of the door by its id."""
    if id in RULES:
        return RULES[id].cited
    known = pack.rules.get(id)
    return None if known is None else known.cited


def _in_force(view: View, witnessed: int) -> tuple[tuple[Kind, str, Version], ...]:
    found = [
        (kind, subject, version)
        for kind, subject in view.rules
        if (version := view.in_force(kind, subject, witnessed=witnessed)) is not None
        and version.body is not None
    ]
    return tuple(sorted(found, key=lambda each: each[2].entry))


def _row(placed: Placed) -> Row:
    seen, precision = placed.seen, placed.precision
    if precision is Precision.WITHHELD:
        return Row(precision, placed.begins, seen.agency, ended=not seen.opened)
    exact = precision is Precision.HOUR
    # Owners that were asked, and whose reads were not looked up, are told nowhere.
    opened = [each for each in seen.disclosures if each.field != "owners" or each.value == list(seen.reached)]
    return Row(
        precision,
        placed.begins,
        seen.agency,
        seen.kind,
        seen.purpose,
        seen.decision,
        seen.state,
        seen.rules,
        seen.reached,
        seen.decided if exact else None,
        tuple(opened) if exact else (),
    )


def _pages(
    rules: Sequence[tuple[Kind, str, Version]],
    owners: Mapping[str, OwnerBody],
    view: View,
    staffing: Staffing,
    recorded: Mapping[str, int],
    waiting: Mapping[str, int],
    rows: Sequence[Row],
) -> tuple[AgencyPage, ...]:
    """Return every agency's page, each row looked at once whatever their number."""
    cameras = Counter(each.agency for each in view.cameras.values())
    made, reached = defaultdict[str, list[Row]](list), defaultdict[str, list[Row]](list)
    for row in rows:
        made[row.agency].append(row)
        for owner in row.owners:
            if owner != row.agency:
                reached[owner].append(row)
    shares: set[str] = set()
    agreed = defaultdict[str, list[AgreementBody]](list)
    agrees = defaultdict[str, list[AgreementBody]](list)
    declared = defaultdict[str, list[DeclarationBody]](list)
    for _, _, version in rules:
        match version.body:
            case SharingBody(owner=owner, shares=True):
                shares.add(owner)
            case AgreementBody() as body:
                agreed[body.owner].append(body)
                agrees[body.searcher].append(body)
            case DeclarationBody() as body:
                declared[body.searcher].append(body)
    return tuple(
        AgencyPage(
            agency=agency,
            cameras=cameras[id],
            owner=owners.get(id),
            shares=id in shares,
            many_searchers=staffing.now(id) >= SEARCHERS,
            recorded=recorded.get(id, 0),
            rows=tuple(made[id]),
            waiting=waiting.get(id, 0),
            withheld=sum(row.withheld for row in made[id]),
            reached=tuple(reached[id]),
            agreed=tuple(agreed[id]),
            agrees=tuple(agrees[id]),
            declared=tuple(declared[id]),
        )
        for id, agency in sorted(view.agencies.items())
    )


def _per_day(searches: Iterable[Seen], now: datetime) -> tuple[tuple[date, int], ...]:
    """Return how many searches were made on each day that is over: what the entries' clear part says."""
    counts = Counter(each.hour.date() for each in searches)
    today = now.astimezone(UTC).date()
    days = [day for day in counts if day < today]
    if not days:
        return ()
    first = max(min(days), today - timedelta(days=60))
    return tuple(
        (day, counts[day]) for day in (first + timedelta(days=n) for n in range((today - first).days))
    )


def _refusing(rows: Iterable[Row], pack: Pack) -> tuple[Refusing, ...]:
    counts = Counter(id for row in rows if row.decision != Outcome.PERMIT for id in row.rules)
    found = [(rule_of(pack, id), rows_) for id, rows_ in counts.items()]
    told = [Refusing(rule, rows_) for rule, rows_ in found if rule is not None]
    return tuple(sorted(told, key=lambda each: (-each.rows, each.rule.id)))


def _counted(documents: Iterable[Counters], searches: Searches) -> Iterable[CountedDay]:
    for each in sorted(documents, key=lambda each: (each.day, each.name), reverse=True):
        entries = searches.entries(each.day)
        keys = {*each.counts, *(key for key in entries if key[1] in each.events)}
        yield CountedDay(
            each.day,
            each.name,
            tuple((*key, each.counts.get(key, 0), entries.get(key, 0)) for key in sorted(keys)),
        )
