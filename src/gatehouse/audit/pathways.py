"""Three ways by which a search reaches data: front, back and side door, each counted on its own.

- Front: a federal body or an immigration agency searched, and the owner's sharing list of that day names it.
- Back: an outside agency searched, and the owner's sharing list of that day does not name it.
- Side: an agency whose name is neither federal nor that of an immigration agency searched, and the text says
  it was immigration enforcement's business, or on behalf of a federal agency.

A search can be on the back and the side way at once. `docs/pathways.md` gives the reasons.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from gatehouse.audit.document import Pathway
from gatehouse.audit.ground import count_of
from gatehouse.audit.roster import UNKNOWN
from gatehouse.audit.sharing import LISTED, NO_SEARCHER, NOT_LISTED, UNKNOWN_RELATION
from gatehouse.audit.texts import BIT, FAMILY_BITS, bits, bits_of
from gatehouse.audit.wording import NO_REASON
from gatehouse.model import Signal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gatehouse.audit.ground import Ground

IMMIGRATION = FAMILY_BITS["immigration"]
FOR_ANOTHER = BIT[Signal.ON_BEHALF_OF]
FEDERAL_NAMED = bits({Signal.HSI, Signal.HSI_CRIME, Signal.FEDERAL_OTHER})


@dataclass(frozen=True, slots=True)
class Way:
    """A pathway's figure and the rows on it: `match` for the doors of sharing, `where` for the side door."""

    figure: Pathway
    match: pl.DataFrame | None = None
    where: pl.Expr | None = None


def pathways(ground: Ground) -> Mapping[str, Pathway]:
    """Return the three figures."""
    return {name: way.figure for name, way in ways(ground).items()}


def ways(ground: Ground) -> Mapping[str, Way]:
    """Return front, back and side door with the rows behind them."""
    return {"front": _front(ground), "back": _back(ground), "side": _side(ground)}


def side_door() -> pl.Expr:
    """Return whether the text of a row speaks for somebody else; the searcher is tested apart."""
    federal = bits_of(FOR_ANOTHER) & bits_of(FEDERAL_NAMED)
    return bits_of(IMMIGRATION) | federal


def side_searchers(ground: Ground) -> pl.Expr:
    """Return whether a row's searcher can open the side door: named and not federal, or the record's own."""
    own = [file for file, mine in enumerate(ground.roster.own_record) if mine]
    named = (pl.col("agency") != UNKNOWN) | pl.col("file").is_in(own)
    return named & ~pl.col("agency").is_in(sorted(ground.roster.federal))


def unnamed_searchers(ground: Ground) -> pl.Expr:
    """Return whether a row of others' searches names no searcher: it may be anybody's."""
    others = [file for file, mine in enumerate(ground.roster.own_record) if not mine]
    return pl.col("file").is_in(others) & (pl.col("agency") == UNKNOWN)


def _front(ground: Ground) -> Way:
    federal = pl.col("agency").is_in(sorted(ground.roster.federal))
    table = ground.contacts.table
    if table is None:
        outside = ground.measures.agencies.filter(federal)
        return Way(Pathway(None, count_of(outside) + _unnamed(ground), ground.contacts.why))
    of_federal = table.filter(federal)
    listed = of_federal.filter(pl.col("relation") == LISTED)
    unknown = count_of(of_federal.filter(pl.col("relation") == UNKNOWN_RELATION))
    return Way(Pathway(count_of(listed), unknown + _unnamed(ground)), match=_keys(listed))


def _back(ground: Ground) -> Way:
    table = ground.contacts.table
    if table is None:
        outside = ground.measures.signals.filter("outside")
        return Way(Pathway(None, count_of(outside) + _unnamed(ground), ground.contacts.why))
    missing = table.filter(pl.col("relation") == NOT_LISTED)
    unknown = count_of(table.filter(pl.col("relation") == UNKNOWN_RELATION))
    return Way(Pathway(count_of(missing), unknown + _unnamed(ground)), match=_keys(missing))


def _side(ground: Ground) -> Way:
    signals = ground.measures.signals
    possible = side_searchers(ground)
    of_local, of_unnamed = signals.filter(possible), signals.filter(unnamed_searchers(ground))
    found = of_local.filter(side_door())
    if found.is_empty():
        unknown = count_of(of_local) + count_of(of_unnamed)
        if ground.readable == 0:
            return Way(Pathway(None, unknown, NO_REASON))
        if of_local.is_empty() and not of_unnamed.is_empty():
            return Way(Pathway(None, unknown, NO_SEARCHER))
    masked = of_local.filter(~pl.col("readable") & ~side_door())
    # An unnamed searcher's words that say nothing of it are no side door, whoever searched.
    nameless = of_unnamed.filter(~pl.col("readable") | side_door())
    return Way(Pathway(count_of(found), count_of(masked) + count_of(nameless)), where=possible & side_door())


def _unnamed(ground: Ground) -> int:
    return count_of(ground.measures.agencies.filter(unnamed_searchers(ground)))


def _keys(table: pl.DataFrame) -> pl.DataFrame:
    return table.select("file", "agency", "day")
