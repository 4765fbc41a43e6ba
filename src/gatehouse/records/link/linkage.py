"""Run the tiers from the surest on and say, for every row, which search it is."""

from __future__ import annotations

from collections import Counter

import numpy as np
import polars as pl

from gatehouse.model import Bounds, LinkTier
from gatehouse.records.frame import TIER, Linked, RecordSet
from gatehouse.records.link.columns import INDEX, indexed
from gatehouse.records.link.event import Events, by_event
from gatehouse.records.link.portal import by_hour
from gatehouse.records.link.same import by_content, by_id


def link(records: RecordSet) -> Linked:
    """Find the copies of each search, within and across the files.

    The point estimate counts a search once, in the file and row where it stands first; `bounds` says how
    far coincidences (more searches) and unprovable copies (fewer) could move the count. The number of
    searches does not depend on the order of the files. Only rows that may be copies are held in memory.
    """
    frame = indexed(records.frame)
    sizes = _rows_per_file(records)
    rows = sum(sizes)
    same_id = by_id(frame, rows=rows)
    exact = by_content(frame, records.files, rows=rows)
    copies = pl.concat([same_id, exact.units])
    portal = by_hour(frame, records.files, same_id)
    skip = pl.Series("root", list(portal), dtype=INDEX)
    events = by_event(frame, records, copies, skip, rows=rows)
    found = _copies(copies, portal, events)

    ends = np.cumsum(sizes)
    duplicates = np.bincount(
        np.searchsorted(ends, found["index"].to_numpy(), side="right"), minlength=len(sizes)
    ).tolist()
    point = rows - sum(duplicates)
    tiers = Counter(dict(found.group_by("tier").len().iter_rows()))
    return Linked(
        records=records,
        frame=_attach(frame, found),
        bounds=Bounds(
            low=point - exact.possible,
            point=point,
            high=point + exact.uncertain + len(portal) + events.uncertain,
        ),
        tiers={LinkTier(name): tiers[name] for name in TIER.categories if tiers[name]},
        searches=tuple(size - copied for size, copied in zip(sizes, duplicates, strict=True)),
        duplicates=tuple(duplicates),
    )


def _rows_per_file(records: RecordSet) -> list[int]:
    counted = records.frame.group_by("file").agg(pl.len()).collect(engine="streaming")
    sizes = dict(counted.iter_rows())
    return [sizes.get(index, 0) for index in range(len(records.files))]


def _copies(copies: pl.DataFrame, portal: dict[int, int], events: Events) -> pl.DataFrame:
    """Return `index`, `first` (the index of the row that counts) and `tier` of every row that is a copy."""
    hours = pl.DataFrame(
        {"root": list(portal), "continues": list(portal.values())}, schema={"root": INDEX, "continues": INDEX}
    )
    in_hours = pl.concat([hours["root"], hours["continues"]]).unique()
    joined = pl.concat([in_hours, events.units["root"]]).unique()
    alone = joined.filter(~joined.is_in(copies["root"].unique().implode()))
    rows = pl.concat(
        [
            copies.select("index", "root", "tier"),
            pl.DataFrame({"index": alone, "root": alone, "tier": pl.Series([None], dtype=TIER)})
            if len(alone)
            else copies.select("index", "root", "tier").clear(),
        ]
    )
    base = rows.join(hours, on="root", how="left").with_columns(base=pl.coalesce("continues", "root"))
    unit_tiers = events.units.select("root", unit_tier="tier")
    whole = base.join(events.units.select(base="root", cluster="cluster"), on="base", how="left").join(
        unit_tiers, on="root", how="left"
    )
    hour_tier = pl.when(pl.col("root").is_in(in_hours.implode())).then(
        pl.lit(LinkTier.PORTAL_HOUR.value, TIER)
    )
    whole = whole.with_columns(
        cluster=pl.coalesce("cluster", "base"), unit_tier=pl.coalesce("unit_tier", hour_tier)
    )
    unit_first = pl.col("index").min().over("root")
    return (
        whole.with_columns(
            first=pl.col("index").min().over("cluster"),
            tier=pl.when(pl.col("index") == unit_first).then("unit_tier").otherwise("tier"),
        )
        .filter(pl.col("index") != pl.col("first"))
        .select("index", "first", "tier")
        .sort("index")
    )


def _attach(frame: pl.LazyFrame, copies: pl.DataFrame) -> pl.LazyFrame:
    """Add `search` and `tier` to the frame and drop its index."""
    first = pl.lit(LinkTier.FIRST.value, TIER)
    if copies.is_empty():
        return frame.rename({"index": "search"}).select(pl.exclude("search"), "search", first.alias("tier"))
    before = np.searchsorted(copies["index"].to_numpy(), copies["first"].to_numpy())
    ordinals = copies.select("index", "tier", copied=pl.col("first") - pl.Series(before, dtype=INDEX))
    ordinal = pl.col("copied").is_null().cum_sum() - 1
    return (
        frame.join(ordinals.lazy(), on="index", how="left", maintain_order="left")
        .with_columns(
            search=pl.when(pl.col("copied").is_null()).then(ordinal).otherwise("copied").cast(INDEX),
            tier=pl.col("tier").fill_null(first),
        )
        .drop("index", "copied")
    )
