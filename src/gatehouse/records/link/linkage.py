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
    if not portal and events.units.is_empty():
        found = copies.select("index", "tier", first="root")
    else:
        merged = _merged_units(portal, events.units)
        alone = merged.join(copies, on="root", how="anti").select(
            index="root", root="root", tier=pl.lit(None, TIER)
        )
        rows = pl.concat([copies.select("index", "root", "tier"), alone]).join(merged, on="root", how="left")
        # A root is the first row of its unit: what joined the unit to others is said there.
        found = rows.select(
            "index",
            first=pl.coalesce("first", "root"),
            tier=pl.when(pl.col("index") == pl.col("root")).then("joined_by").otherwise("tier"),
        )
    return found.filter(pl.col("index") != pl.col("first")).select("index", "first", "tier").sort("index")


def _merged_units(portal: dict[int, int], events: pl.DataFrame) -> pl.DataFrame:
    """Return `root`, `first` (least root of the search) and `joined_by` of each unit joined with others."""
    by_hour = pl.lit(LinkTier.PORTAL_HOUR.value, TIER)
    hours = pl.DataFrame(
        {"root": list(portal), "search": list(portal.values())}, schema={"root": INDEX, "search": INDEX}
    )
    continued = hours.select(root=pl.col("search").unique()).with_columns(search="root")
    joined = (
        pl.concat([hours, continued.join(events, on="root", how="anti")])
        .join(events.select(search="root", cluster="cluster"), on="search", how="left")
        .select("root", pl.coalesce("cluster", "search").alias("cluster"), joined_by=by_hour)
    )
    merged = pl.concat([events.select("root", "cluster", joined_by="tier"), joined])
    first = merged.group_by("cluster").agg(first=pl.col("root").min())
    return merged.join(first, on="cluster").drop("cluster")


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
