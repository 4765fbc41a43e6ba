"""The event tiers: across files, the same organization in the same second over the same networks.

For exports that carry no id, or carry ids of another kind. Everything here works on *units* (what the
certain tiers have made one search), is one-to-one between files, and does not depend on the order in which
the files were given: files are taken by their hash.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from gatehouse.model import FieldState, Layout
from gatehouse.records.frame import OWN_RECORD, FileFacts, RecordSet
from gatehouse.records.link.buckets import EVENT_SCHEMA, match
from gatehouse.records.link.columns import INDEX, repeated, rows_with, value
from gatehouse.records.link.pairwise import MUST_AGREE
from gatehouse.records.organizations import parse_many

# Keys whose rows are held in memory at a time.
_KEYS_AT_A_TIME = 1_500_000
# Odd 64-bit constants (of SplitMix64) spread the parts of a key; a collision only makes a candidate.
_MIX_AT, _MIX_NETWORKS = 0x9E37_79B9_7F4A_7C15, 0xBF58_476D_1CE4_E5B9

# What the matching needs of a row; null where not readable.
_COLUMNS = (
    *map(pl.col, ("index", "file", "rank", "portal", "agency", "second")),
    *map(value, ("record_id", *MUST_AGREE)),
)


@dataclass(frozen=True, slots=True)
class Events:
    """What the event tiers joined.

    `units` has a line for each unit joined with others: `root`, `cluster` (the smallest root in it) and the
    `tier`. `uncertain` counts the joins that nothing but time and organization speaks for.
    """

    units: pl.DataFrame
    uncertain: int


def by_event(
    frame: pl.LazyFrame, records: RecordSet, copies: pl.DataFrame, skip: pl.Series, *, rows: int
) -> Events:
    """Join units of different files that are one event.

    `copies` are the units of the certain tiers; `skip` the roots that stand for another search already.
    Rows take part when their organization, time and (where every file has them) networks are known. Two rows
    with ids of one kind are never joined: their ids differ.
    """
    files = records.files
    if len(files) < 2 or not _worth_while(frame, files):
        return Events(pl.DataFrame(schema=EVENT_SCHEMA), 0)
    by_networks = all("networks" in file.exported for file in files)
    events = _with_key(frame, records, by_networks=by_networks)
    keys = repeated(events, pl.col("key"), rows=rows)
    extra = _unit_files(copies, files)
    found, uncertain = [pl.DataFrame(schema=EVENT_SCHEMA)], 0
    for part in range(0, len(keys), _KEYS_AT_A_TIME):
        candidates = rows_with(events, keys.slice(part, _KEYS_AT_A_TIME), pl.col("key"), _COLUMNS)
        units = _units(candidates, copies, extra).filter(~pl.col("root").is_in(skip.implode()))
        joined, unsure = match(units, by_networks=by_networks)
        found.append(joined)
        uncertain += unsure
    return Events(pl.concat(found), uncertain)


def _worth_while(frame: pl.LazyFrame, files: Sequence[FileFacts]) -> bool:
    """Whether any rows are left that their ids do not tell apart."""
    portals = {file.layout is Layout.PORTAL for file in files}
    if len(portals) > 1:
        return True
    without_id = frame.filter(value("record_id").is_null()).select("file").head(1)
    return not without_id.collect(engine="streaming").is_empty()


def _with_key(frame: pl.LazyFrame, records: RecordSet, *, by_networks: bool) -> pl.LazyFrame:
    """Add `rank`, `portal`, `agency`, `second` and `key`; the key is null where a row cannot be matched."""
    files = records.files
    ranks = sorted(range(len(files)), key=lambda index: (files[index].sha256, files[index].path))
    by_file = pl.DataFrame(
        {
            "file": range(len(files)),
            "rank": [ranks.index(index) for index in range(len(files))],
            "portal": [file.layout is Layout.PORTAL for file in files],
            "owner": [file.owner if file.layout in OWN_RECORD else None for file in files],
        },
        schema={"file": pl.UInt16, "rank": pl.UInt16, "portal": pl.Boolean, "owner": pl.String},
    )
    agencies = _agencies(records.texts["org"], by_file["owner"])
    owners = by_file.join(agencies, left_on="owner", right_on="text", how="left")
    owners = owners.select("file", "rank", "portal", owner_agency="agency")
    names = records.texts["org"].join(agencies, on="text").select("agency", org="key")
    named = pl.col("org_state") == FieldState.VALUE.value
    keyed = (
        frame.join(owners.lazy(), on="file", how="left")
        .join(names.lazy(), on="org", how="left")
        .with_columns(
            agency=pl.when(named).then("agency").when(pl.col("org").is_null()).then("owner_agency"),
            second=value("searched_at").dt.timestamp("ms") // 1_000,
        )
    )
    parts = pl.col("agency").cast(pl.UInt64) + pl.col("second").cast(pl.UInt64) * _MIX_AT
    if by_networks:
        parts += value("networks").cast(pl.UInt64) * _MIX_NETWORKS
    return keyed.with_columns(key=parts)


def _agencies(orgs: pl.DataFrame, owners: pl.Series) -> pl.DataFrame:
    """Number the agencies behind the names: two spellings of one agency share a number."""
    texts = pl.concat([orgs["text"], owners.drop_nulls()]).unique().sort()
    keys = pl.Series([organization.key for organization in parse_many(texts.to_list())], dtype=pl.String)
    return pl.DataFrame({"text": texts, "agency": keys.rank("dense")}).with_columns(
        pl.col("agency").cast(pl.UInt32)
    )


def _unit_files(copies: pl.DataFrame, files: Sequence[FileFacts]) -> pl.DataFrame:
    return copies.group_by("root").agg(pl.col("file").unique().sort().alias("files"))


def _units(rows: pl.DataFrame, copies: pl.DataFrame, unit_files: pl.DataFrame) -> pl.DataFrame:
    """Make one line a unit of candidate rows: what any of its rows shows; its files where it has several."""
    rows = rows.join(copies.select("index", "root"), on="index", how="left")
    alone = rows.filter(pl.col("root").is_null()).with_columns(
        root=pl.col("index").cast(INDEX), files=pl.lit(None, pl.List(pl.UInt16))
    )
    shared = rows.filter(pl.col("root").is_not_null())
    if shared.is_empty():
        return alone
    known = [pl.col(name).drop_nulls().first() for name in ("record_id", *MUST_AGREE)]
    merged = (
        shared.sort("rank", "index")
        .group_by("root", maintain_order=True)
        .agg(pl.col("index", "file", "rank", "portal", "agency", "second", "key").first(), *known)
        .join(unit_files, on="root", how="left")
    )
    return pl.concat([alone, merged.select(alone.columns)])
