"""One pass over the slim rows: every small table that the figures and findings are read from.

All queries of a pass are collected together, so the engine reads the rows once; what stays in memory are the
groups, never the rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from gatehouse.audit.local_time import utc_hour
from gatehouse.audit.texts import BIT, CONTENT_BITS, DROPDOWN, bits_of
from gatehouse.model import Signal

if TYPE_CHECKING:
    from gatehouse.audit.local_time import LocalHours

# Lower ends of the classes of networks per search, and the one from which a search is nationwide in scope:
# no state of the United States has a thousand agencies with readers on the largest vendor's network.
NETWORK_CLASSES = (0, 1, 2, 10, 50, 100, 250, 500, 1000, 2000, 4000, 6000)
NATIONWIDE = 1000

MINOR_BITS = BIT[Signal.TRAFFIC_INFRACTION] | BIT[Signal.CIVIL_PRIVATE_MATTER] | BIT[Signal.VAGUE]
MINOR_NATIONWIDE = bits_of(MINOR_BITS) & (pl.col("networks") >= NATIONWIDE)

_ROWS = 1 << 32


@dataclass(frozen=True)
class Measures:
    """The tables of one pass; `n` counts searches, `place` is the first of them (see `place`).

    signals    file, agency, outside, bits, readable, n, place
    days       file, day (Date, UTC; null where the time is not readable), bits, n, and sums of what is shown:
               readable, officer, plate, case_known, dropdown; and place, and the times first and last
    agencies   file, agency, n, and sums: readable, none, vague, case_known, caseless, none_but_offense,
               nationwide (their reason visible), nationwide_masked, minor
    officers   agency, officer, n, readable, none, vague, case_known, caseless; only where an officer is shown
    hours      agency, officer, hour, n; local time, only where zone and officer are known
    week       weekday (0 = Monday), hour, n, place; local time, only where the zone is known
    networks   at_least, n, place
    wordings   agency, bucket, n; readable reasons by class of their text (see `wording_bucket`)
    pairs      reason, offense, n; rows that show both
    flagged    the slim rows that carry a content signal, with `_local` minutes
    """

    signals: pl.DataFrame
    days: pl.DataFrame
    agencies: pl.DataFrame
    officers: pl.DataFrame
    hours: pl.DataFrame
    week: pl.DataFrame
    networks: pl.DataFrame
    wordings: pl.DataFrame
    pairs: pl.DataFrame
    flagged: pl.DataFrame


def measure(slim: pl.LazyFrame, hours: LocalHours) -> Measures:
    """Collect every table in one pass over `slim` (columns of `annotate.SLIM`)."""
    local = slim.with_columns(_local=hours.place(pl.col("agency"), pl.col("at")))
    n = pl.len().alias("n")
    first = place().min().alias("place")
    none = bits_of(BIT[Signal.NONE_STATED])
    quality = (
        pl.col("readable").sum().alias("readable"),
        none.sum().alias("none"),
        bits_of(BIT[Signal.VAGUE]).sum().alias("vague"),
        pl.col("case").is_not_null().sum().alias("case_known"),
        (~pl.col("case")).sum().alias("caseless"),
    )
    minute = pl.col("_local")
    hour = (minute // 60 % 24).cast(pl.Int8).alias("hour")
    shown = pl.col("officer").is_not_null()
    # An offense or a prompt may tell a minor matter although the reason is masked.
    wide, seen = pl.col("networks") >= NATIONWIDE, pl.col("readable") | bits_of(MINOR_BITS)
    queries = {
        "signals": slim.group_by("file", "agency", "outside", "bits", "readable").agg(n, first),
        "days": slim.group_by("file", pl.col("at").dt.date().alias("day"), "bits").agg(
            n,
            pl.col("readable").sum(),
            pl.col("officer").is_not_null().sum(),
            pl.col("plate").is_not_null().sum(),
            pl.col("case").is_not_null().sum().alias("case_known"),
            bits_of(DROPDOWN).sum().alias("dropdown"),
            first,
            pl.col("at").min().alias("first"),
            pl.col("at").max().alias("last"),
        ),
        "agencies": slim.group_by("file", "agency").agg(
            n,
            *quality,
            (none & pl.col("offense").is_not_null()).sum().alias("none_but_offense"),
            (wide & seen).sum().alias("nationwide"),
            (wide & ~seen).sum().alias("nationwide_masked"),
            MINOR_NATIONWIDE.sum().alias("minor"),
        ),
        "officers": slim.filter(shown).group_by("agency", "officer").agg(n, *quality),
        "hours": local.filter(minute.is_not_null() & shown).group_by("agency", "officer", hour).agg(n),
        "week": slim.group_by(
            hours.zone(pl.col("agency")).alias("zone"), utc_hour(pl.col("at")).alias("utc_hour")
        ).agg(n, first),
        "networks": slim.group_by("networks").agg(n, first),
        "wordings": slim.filter(pl.col("readable") & pl.col("reason").is_not_null())
        .group_by("agency", wording_bucket().alias("bucket"))
        .agg(n),
        "pairs": slim.filter(pl.col("reason").is_not_null() & pl.col("offense").is_not_null())
        .group_by("reason", "offense")
        .agg(n),
        "flagged": local.filter(bits_of(CONTENT_BITS)),
    }
    tables = dict(zip(queries, pl.collect_all(queries.values(), engine="streaming"), strict=True))
    tables["week"] = hours.week(tables["week"])
    tables["networks"] = _in_classes(tables["networks"])
    flagged = tables.pop("flagged").sort("file", "row")
    return Measures(flagged=flagged, **{name: _ordered(table) for name, table in tables.items()})


def place() -> pl.Expr:
    """Return one number for file and row, in file order."""
    return pl.col("file").cast(pl.UInt64) * _ROWS + pl.col("row")


def file_and_row(place: int) -> tuple[int, int]:
    """Return what `place` was made of."""
    return divmod(place, _ROWS)


def wording_bucket() -> pl.Expr:
    """Return one of 256 classes of a reason's text; a value that fills an agency fills one class."""
    return (pl.col("reason") * 0x9E3779B97F4A7C15 // (1 << 56)).cast(pl.UInt8)


def _in_classes(counted: pl.DataFrame) -> pl.DataFrame:
    """Add up searches by the class of networks that they reached; null where not stated."""
    reached = pl.lit(0, pl.Int32)
    for low in NETWORK_CLASSES[1:]:
        reached = pl.when(pl.col("networks") >= low).then(pl.lit(low, pl.Int32)).otherwise(reached)
    stated = pl.when(pl.col("networks").is_not_null()).then(reached).alias("at_least")
    return counted.group_by(stated).agg(pl.col("n").sum(), pl.col("place").min())


def _ordered(table: pl.DataFrame) -> pl.DataFrame:
    """Sort a table by its groups, so that nothing downstream depends on the order of hashing."""
    return table.sort(table.columns[: table.columns.index("n")])
