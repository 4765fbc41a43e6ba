"""Match the units of one event key one to one: at once where nothing is open, else pair by pair."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from gatehouse.model import LinkTier
from gatehouse.records.frame import TIER
from gatehouse.records.link.columns import INDEX

EVENT_SCHEMA: Mapping[str, pl.DataType | type[pl.DataType]] = {"root": INDEX, "cluster": INDEX, "tier": TIER}
# Fields that contradict when both sides show them and they differ.
MUST_AGREE = ("networks", "frame_from", "frame_to", "plate", "officer", "reason", "case_number")
# Fields that speak for one search when both sides show the same; a reason such as "inv" does not.
CORROBORATING = ("plate", "officer", "case_number")
# Searches of one key compared with each new row; beyond that, time of day does not tell rows apart.
_MOST_COMPARED = 256

_FRAME = ("frame_from", "frame_to")


def match(units: pl.DataFrame, *, by_networks: bool) -> tuple[pl.DataFrame, int]:
    """Join units of different files; return `EVENT_SCHEMA` lines of the joined ones, and how many are unsure.

    `units` has `root`, `index`, `file`, `files`, `rank`, `portal`, `record_id`, `agency`, `second` and the
    fields of `MUST_AGREE`, null where not readable.
    """
    bucket = ["agency", "second", *(["networks"] if by_networks else [])]
    units = units.with_columns(bucket=pl.struct(bucket).rank("dense")).drop("agency", "second")
    sizes = units.group_by("bucket").agg(
        pl.len().alias("size"),
        (pl.col("record_id").is_null() | pl.col("portal")).any().alias("needy"),
        (pl.col("files").list.len().max() == 1).alias("single"),
        pl.col("file").n_unique().alias("distinct"),
        _ids(portal=False).alias("audit_ids"),
        _ids(portal=True).alias("portal_ids"),
        (pl.col("networks").null_count() == 0).alias("networks_known"),
        *(pl.col(name).drop_nulls().n_unique().alias(f"{name}_values") for name in MUST_AGREE),
    )
    sizes = sizes.filter(
        (pl.col("size") > 1) & pl.col("needy") & (~pl.col("single") | (pl.col("distinct") > 1))
    )
    plain = (
        pl.col("single")
        & (pl.col("size") == pl.col("distinct"))
        & (pl.col("audit_ids") <= 1)
        & (pl.col("portal_ids") <= 1)
        & pl.col("networks_known")
        & pl.all_horizontal(pl.col(f"{name}_values") <= 1 for name in MUST_AGREE)
    )
    joined, unsure = _join_plain(units.join(sizes.filter(plain), on="bucket", how="semi"))
    hard = units.join(sizes.filter(~plain), on="bucket", how="semi").sort("bucket", "rank", "index")
    clusters = [
        cluster
        for (_,), rows in hard.group_by("bucket", maintain_order=True)
        for cluster in _clusters(_Unit(**row) for row in rows.drop("bucket", "key").iter_rows(named=True))
        if len(cluster.units) > 1
    ]
    lines = [line for cluster in clusters for line in cluster.lines()]
    paired = pl.DataFrame(lines, schema=EVENT_SCHEMA, orient="row")
    return pl.concat([joined, paired]), unsure + sum(cluster.unsure() for cluster in clusters)


def _ids(*, portal: bool) -> pl.Expr:
    return pl.col("record_id").filter(pl.col("portal") == portal).drop_nulls().len()


def _join_plain(units: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Join all units of a bucket: one a file, and nothing that they show differs."""
    framed = pl.all_horizontal(pl.col(name).is_not_null() for name in _FRAME)
    shown = [pl.col(name).is_not_null() & (pl.col(name).count().over("bucket") > 1) for name in CORROBORATING]
    units = units.with_columns(
        cluster=pl.col("root").min().over("bucket"),
        tier=pl.when(framed & (framed.sum().over("bucket") > 1))
        .then(pl.lit(LinkTier.EVENT_FRAME.value, TIER))
        .otherwise(pl.lit(LinkTier.EVENT.value, TIER)),
        corroborated=pl.any_horizontal(shown),
    )
    by_bucket = units.group_by("bucket").agg(
        pl.len().alias("size"), (~pl.col("corroborated")).sum().alias("bare")
    )
    unsure = by_bucket.select(pl.min_horizontal("bare", pl.col("size") - 1).sum()).item()
    return units.select(*EVENT_SCHEMA), int(unsure)


@dataclass(frozen=True, slots=True)
class _Unit:
    """A unit as the pairwise matching sees it."""

    root: int
    index: int
    file: int
    files: Sequence[int]
    rank: int
    portal: bool
    record_id: int | None
    networks: int | None
    frame_from: object
    frame_to: object
    plate: int | None
    officer: int | None
    reason: int | None
    case_number: int | None


@dataclass(slots=True)
class _Cluster:
    """Units found to be one event, with everything that any of them shows."""

    units: list[_Unit] = field(default_factory=list)
    files: set[int] = field(default_factory=set)
    ids: set[bool] = field(default_factory=set)  # kinds of id seen: of portals, of audits
    shown: dict[str, object] = field(default_factory=dict)

    def add(self, unit: _Unit) -> None:
        self.units.append(unit)
        self.files.update(unit.files)
        if unit.record_id is not None:
            self.ids.add(unit.portal)
        for name in MUST_AGREE:
            if (cell := getattr(unit, name)) is not None:
                self.shown.setdefault(name, cell)

    def agreement(self, unit: _Unit) -> int | None:
        """Return in how many fields the unit agrees with the cluster; None where it cannot belong to it."""
        if not self.files.isdisjoint(unit.files) or (unit.record_id is not None and unit.portal in self.ids):
            return None
        agreeing = set()
        for name in MUST_AGREE:
            mine, other = getattr(unit, name), self.shown.get(name)
            if mine is not None and other is not None:
                if mine != other:
                    return None
                agreeing.add(name)
        if "networks" not in agreeing and agreeing.isdisjoint(CORROBORATING):
            return None
        return len(agreeing)

    def lines(self) -> list[tuple[int, int, str]]:
        first = min(unit.root for unit in self.units)
        framed = [unit.frame_from is not None and unit.frame_to is not None for unit in self.units]
        return [
            (unit.root, first, (LinkTier.EVENT_FRAME if has and sum(framed) > 1 else LinkTier.EVENT).value)
            for unit, has in zip(self.units, framed, strict=True)
        ]

    def unsure(self) -> int:
        """Count the units that share no plate, officer or case with another; the first of all is sure."""
        counts = {name: sum(getattr(unit, name) is not None for unit in self.units) for name in CORROBORATING}
        bare = sum(
            not any(getattr(unit, name) is not None and counts[name] > 1 for name in CORROBORATING)
            for unit in self.units
        )
        return min(bare, len(self.units) - 1)


def _clusters(units: Iterable[_Unit]) -> list[_Cluster]:
    """Let each unit, in the order given, join the search that it agrees with most, or be a new one."""
    clusters: list[_Cluster] = []
    for unit in units:
        scored = [
            (agreement, -place)
            for place, cluster in enumerate(clusters[-_MOST_COMPARED:])
            if (agreement := cluster.agreement(unit)) is not None
        ]
        if scored:
            clusters[-_MOST_COMPARED:][-max(scored)[1]].add(unit)
        else:
            clusters.append(_Cluster([]))
            clusters[-1].add(unit)
    return clusters
