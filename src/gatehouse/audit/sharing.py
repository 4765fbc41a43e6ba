"""Whether the owner shared with the agency that searched, on the day of the search.

A sharing list says something only about the days it covers. Between or outside lists a relation is unknown:
settings change, and an agency missing from today's list may have stood on last year's. Days begin and end
where the owner is, as in the settings that a list pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from gatehouse.audit.roster import UNKNOWN
from gatehouse.records.organizations import parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gatehouse.audit.ground import Ground
    from gatehouse.records.sharing import SharingList

LISTED, NOT_LISTED, UNKNOWN_RELATION = "listed", "not_listed", "unknown"
NO_SEARCHER = "no search of others in the owner's data names the agency that made it"


@dataclass(frozen=True, slots=True)
class Contacts:
    """Searches by outside agencies, by day and relation.

    `table` has `file`, `agency`, `day` (the owner's, see `owner_day`), `relation` and `n`; it is None when no
    list of an owner covers a day of such a search, or no search names its agency, and `why` says so.
    """

    table: pl.DataFrame | None
    why: str = ""


def contacts(ground: Ground) -> Contacts:
    """Relate every search by an outside agency to the owner's lists."""
    lists = ground.options.sharing
    if all(ground.roster.own_record):
        return Contacts(None, "the record holds an agency's own searches, not those of others in its data")
    if all(owner == UNKNOWN for owner in ground.roster.owners):
        return Contacts(None, "whose data the record is about is not known; name the owner with --owner")
    if not lists:
        return Contacts(None, "no dated sharing list of the owner was given (--sharing)")
    by_file = {
        file: [item for item in lists if _concerns(item, ground, owner)]
        for file, owner in enumerate(ground.roster.owners)
        if not ground.roster.own_record[file]
    }
    if not any(by_file.values()):
        return Contacts(None, "no sharing list belongs to the owner of a file")
    table = (
        ground.slim.filter(pl.col("outside") & pl.col("file").is_in(sorted(by_file)))
        .group_by("file", "agency", day=owner_day(ground))
        .agg(n=pl.len())
        .sort("file", "agency", "day")
        .collect(engine="streaming")
    )
    if table.is_empty():
        named = ground.measures.agencies.filter(
            pl.col("file").is_in(sorted(by_file)) & (pl.col("agency") != UNKNOWN)
        )
        if named.is_empty():
            return Contacts(None, NO_SEARCHER)
        return Contacts(table.with_columns(relation=pl.lit(UNKNOWN_RELATION)))
    index = {agency.key: position for position, agency in enumerate(ground.roster.agencies)}
    related = pl.concat(
        [
            relate(of_file, by_file[int(str(file))], index)
            for (file,), of_file in table.group_by("file", maintain_order=True)
        ]
    )
    if (related["relation"] == UNKNOWN_RELATION).all():
        return Contacts(None, "no sharing list covers a day on which an outside agency searched")
    return Contacts(related)


def owner_day(ground: Ground) -> pl.Expr:
    """Return the day of each slim row where the owner of its file is; the UTC day where no zone is known."""
    files: dict[str | None, list[int]] = {}
    for file, owner in enumerate(ground.roster.owners):
        files.setdefault(ground.roster.zones[owner], []).append(file)
    day = pl.col("at").dt.date()
    for zone, of_zone in files.items():
        if zone is None:
            continue
        local = pl.col("at").dt.convert_time_zone(zone).dt.date()
        # Most records have one owner, and need no choice row by row.
        everywhere = len(files) == 1
        day = local if everywhere else pl.when(pl.col("file").is_in(of_zone)).then(local).otherwise(day)
    return day


def _concerns(item: SharingList, ground: Ground, owner: int) -> bool:
    """Return whether a list is that owner's; a list of no stated owner belongs to a record's only owner."""
    if item.owner is None:
        return owner != UNKNOWN and len(set(ground.roster.owners)) == 1
    return owner != UNKNOWN and parse(item.owner).key == ground.roster.agencies[owner].key


def relate(table: pl.DataFrame, lists: Sequence[SharingList], index: Mapping[str, int]) -> pl.DataFrame:
    """Add `relation` to the contacts of one owner (`agency`, `day`); `index` gives the agency of a key."""
    spans: list[tuple[int, date, date]] = []
    covered = pl.lit(False)
    for item in lists:
        covered = covered | pl.col("day").is_between(item.first, item.last)
        for entry in item.entries:
            agency = index.get(entry.organization.key)
            if agency is not None:
                spans.append(
                    (
                        agency,
                        max(entry.first or item.first, item.first),
                        min(entry.last or item.last, item.last),
                    )
                )
    listed = (
        table.join(
            pl.DataFrame(spans, schema={"agency": pl.UInt32, "_from": pl.Date, "_to": pl.Date}, orient="row"),
            on="agency",
        )
        .filter(pl.col("day").is_between("_from", "_to"))
        .select("agency", "day")
        .unique()
        .with_columns(_listed=pl.lit(True))
    )
    relation = (
        pl.when(~covered.fill_null(False))
        .then(pl.lit(UNKNOWN_RELATION))
        .when(pl.col("_listed").fill_null(False))
        .then(pl.lit(LISTED))
        .otherwise(pl.lit(NOT_LISTED))
    )
    return (
        table.join(listed, on=["agency", "day"], how="left", maintain_order="left")
        .with_columns(relation=relation)
        .drop("_listed")
    )
