"""The three pathways as findings; what they are stands in `pathways`."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import polars as pl

from gatehouse.audit.document import Cell, Confidence, Severity, Table
from gatehouse.audit.findings.lead import Lead, Measured, NotMeasured
from gatehouse.audit.findings.tables import ROWS_SHOWN
from gatehouse.audit.ground import count_of
from gatehouse.audit.pathways import (
    FEDERAL_NAMED,
    FOR_ANOTHER,
    IMMIGRATION,
    side_door,
    side_searchers,
    ways,
)
from gatehouse.audit.texts import bits_of
from gatehouse.audit.wording import READABLE, agree, number, searches

if TYPE_CHECKING:
    from gatehouse.audit.ground import Ground


class _Door(Lead):
    """A way that rests on sharing lists."""

    way: ClassVar[str]
    words: ClassVar[str]

    def measure(self, ground: Ground) -> Measured | NotMeasured:
        """Count the searches on the way among those whose day a sharing list covers."""
        way = ways(ground)[self.way]
        if way.figure.n is None:
            return NotMeasured(way.figure.why or "")
        claim = f"{searches(way.figure.n)} {agree(way.figure.n, self.words)}"
        if way.figure.unknown:
            claim += f"; for {number(way.figure.unknown)} more the record cannot tell"
        return Measured(
            way.figure.n,
            claim,
            of=ground.total - way.figure.unknown,
            among="of which the record can tell" if way.figure.unknown else "",
            match=way.match,
            table=_by_agency(ground, way.match),
        )


class FrontDoor(_Door):
    """Sharing with a federal body by the owner's own setting."""

    id = "front_door"
    title = "Front door: federal agencies that the owner shares with"
    severity = Severity.MEDIUM
    confidence = Confidence.HIGH
    about = ("front",)
    way = "front"
    words = "are by federal or immigration agencies that the owner's sharing list of the day names"
    may_say = "The owner shared directly with these agencies, and they searched."
    may_not_say = "That the searches were for immigration enforcement."
    innocent_explanations = (
        "An agreement for criminal cases, such as mail theft or child exploitation.",
        "A task force account.",
    )


class BackDoor(_Door):
    """Searches by agencies that the owner's list does not name."""

    id = "back_door"
    title = "Back door: agencies that the owner's list does not name"
    severity = Severity.HIGH
    about = ("back",)
    way = "back"
    words = "are by agencies that the owner's sharing list of the day does not name"
    may_say = "Agencies that do not stand on the owner's list of that day searched the owner's data."
    may_not_say = "That they got in without permission: the list may be incomplete, or name them otherwise."
    innocent_explanations = (
        "The list names the agency by another name, or by its county or state network.",
        "The list leaves out agencies that share through a regional body.",
        "The setting changed on the day of the list.",
    )


class SideDoor(Lead):
    """Local officers who search for somebody else."""

    id = "side_door"
    title = "Side door: searches by local agencies that speak for federal ones"
    severity = Severity.HIGH
    about = ("side",)
    may_say = (
        "An agency whose name is not federal searched, and the text speaks for immigration enforcement or a "
        "federal agency."
    )
    may_not_say = "That the other agency asked for it or received anything."
    innocent_explanations = (
        "The local agency names a federal one that helps in its own case.",
        "The words mean something else.",
        "A joint task force on ordinary crime.",
        'The agency has a "287(g)" agreement (8 U.S.C. 1357(g)) and enforces immigration law by delegation.',
    )

    def measure(self, ground: Ground) -> Measured | NotMeasured:
        """Count local agencies' searches whose text speaks for immigration or for a federal agency."""
        way = ways(ground)["side"]
        if way.figure.n is None or way.where is None:
            return NotMeasured(way.figure.why or "")
        local = side_searchers(ground)
        found = ground.measures.signals.filter(local & side_door())
        says = count_of(found.filter(bits_of(FOR_ANOTHER)))
        immigration = count_of(found.filter(bits_of(IMMIGRATION)))
        unnamed = count_of(
            ground.measures.signals.filter(
                local & bits_of(FOR_ANOTHER) & ~bits_of(IMMIGRATION) & ~bits_of(FEDERAL_NAMED)
            )
        )
        n = way.figure.n
        speak, are = agree(n, "speak"), agree(n, "are")
        claim = (
            f"{searches(n)} by agencies that are not federal {speak} for immigration enforcement "
            f"({number(immigration)}) or {are} said to be on behalf of another federal agency "
            f"({number(n - immigration)})"
        )
        if says:
            claim += f"; {number(says)} of them {agree(says, 'say')} that the search is for another"
        if unnamed:
            claim += f". Not counted: {number(unnamed)} for another agency that is not named as federal"
        if way.figure.unknown:
            claim += (
                f". For {number(way.figure.unknown)} more the reason is masked or the searcher is not named, "
                f"so the number lies between {number(n)} and {number(n + way.figure.unknown)}"
            )
        counted = (
            found.group_by("agency")
            .agg(n=pl.col("n").sum(), says=pl.col("n").filter(bits_of(FOR_ANOTHER)).sum())
            .sort("n", "agency", descending=[True, False])
        )
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (ground.roster.name(agency), ground.roster.agencies[agency].state, n, explicit)
            for agency, n, explicit in counted.head(ROWS_SHOWN).iter_rows()
        )
        return Measured(
            way.figure.n,
            claim,
            of=count_of(ground.measures.signals.filter(local & (pl.col("readable") | side_door()))),
            among=f"by agencies that are not federal, {READABLE}",
            where=way.where,
            flagged=True,
            severity=None if immigration else Severity.LOW,
            table=Table(("organization", "state", "searches", "said to be for another"), rows),
        )


def _by_agency(ground: Ground, match: pl.DataFrame | None) -> Table | None:
    table = ground.contacts.table
    if match is None or table is None:
        return None
    counted = (
        table.join(match, on=["file", "agency", "day"], how="semi", nulls_equal=True)
        .group_by("agency")
        .agg(n=pl.col("n").sum(), first=pl.col("day").min(), last=pl.col("day").max())
        .sort("n", "agency", descending=[True, False])
    )
    agencies = ground.roster.agencies
    return Table(
        ("organization", "state", "kind", "searches", "first", "last"),
        tuple(
            (
                agencies[agency].name,
                agencies[agency].state,
                agencies[agency].kind.value,
                n,
                None if first is None else first.isoformat(),
                None if last is None else last.isoformat(),
            )
            for agency, n, first, last in counted.head(ROWS_SHOWN).iter_rows()
        ),
    )
