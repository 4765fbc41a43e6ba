"""Match the units of one event key one to one: at once where nothing is open, else pair by pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gatehouse.model import LinkTier
from gatehouse.records.frame import TIER
from gatehouse.records.link.columns import INDEX, runs
from gatehouse.records.link.pairwise import CORROBORATING, FRAME, MUST_AGREE, Unit, cluster_units

EVENT_SCHEMA: Mapping[str, pl.DataType | type[pl.DataType]] = {"root": INDEX, "cluster": INDEX, "tier": TIER}


def match(units: pl.DataFrame, *, by_networks: bool) -> tuple[pl.DataFrame, int]:
    """Join units of different files; return `EVENT_SCHEMA` lines of the joined ones, and how many are unsure.

    `units` has `key`, `root`, `index`, `file`, `files` (null: just `file`), `rank`, `portal`, `record_id`,
    `agency`, `second` and the fields of `MUST_AGREE`, null where not readable.
    """
    key = ["agency", "second", *(["networks"] if by_networks else [])]
    # By hash and place: cheap, and it brings the units of one key and file together.
    units = units.sort("index").sort("key", maintain_order=True)
    buckets = Buckets(units, key)
    worth = buckets.worth_comparing()
    plain = worth & buckets.plain()
    joined, unsure = _join_plain(buckets, plain)
    hard = buckets.take(worth & ~plain).drop("agency", "second", "key").sort("bucket", "rank", "index")
    clusters = [
        cluster
        for rows in hard.partition_by("bucket", include_key=False, maintain_order=True)
        for cluster in cluster_units(Unit(**row) for row in rows.iter_rows(named=True))
        if len(cluster.units) > 1
    ]
    lines = [line for cluster in clusters for line in cluster.lines()]
    paired = pl.DataFrame(lines, schema=EVENT_SCHEMA, orient="row")
    return pl.concat([joined, paired]), unsure + sum(cluster.unsure() for cluster in clusters)


class Buckets:
    """Sorted units cut into runs of one event key, and questions asked of all runs at once."""

    def __init__(self, units: pl.DataFrame, key: Sequence[str]):
        self.units = units
        self.starts, self.sizes = runs(units, key)

    def sum(self, expression: pl.Expr) -> NDArray[np.int64]:
        """Count in each bucket the units for which the expression holds."""
        held = self.units.select(expression.fill_null(False).cast(pl.Int64)).to_series().to_numpy()
        return np.add.reduceat(held, self.starts) if len(self.starts) else held

    def agrees(self, field: str) -> NDArray[np.bool_]:
        """Whether all units of a bucket that show the field show the same."""
        column = pl.col(field).to_physical()
        lowest, highest = (
            self.units.select(column.fill_null(end)).to_series().to_numpy()
            for end in (column.max(), column.min())
        )
        if not len(self.starts) or self.units[field].null_count() == len(self.units):
            return np.ones(len(self.starts), np.bool_)
        same: NDArray[np.bool_] = np.minimum.reduceat(lowest, self.starts) >= np.maximum.reduceat(
            highest, self.starts
        )
        return same

    def worth_comparing(self) -> NDArray[np.bool_]:
        """Whether a bucket has units of several files that their ids do not tell apart."""
        if not len(self.starts):
            return np.zeros(0, np.bool_)
        needy = self.sum(pl.col("record_id").is_null() | pl.col("portal")) > 0
        several = (self._files() > 1) | (self.sum(pl.col("files").is_not_null()) > 0)
        return (self.sizes > 1) & needy & several

    def plain(self) -> NDArray[np.bool_]:
        """Whether nothing is open in a bucket: one unit a file, no two ids of a kind, nothing contradicts."""
        plain: NDArray[np.bool_] = (self.sum(pl.col("files").is_not_null()) == 0) & (
            self._files() == self.sizes
        )
        for portal in (True, False):
            plain &= self.sum(pl.col("record_id").is_not_null() & (pl.col("portal") == portal)) <= 1
        plain &= self.sum(pl.col("networks").is_null()) == 0
        for field in MUST_AGREE:
            plain &= self.agrees(field)
        return plain

    def _files(self) -> NDArray[np.int64]:
        """Count each bucket's files (of units of one file each, which stand in order)."""
        first = np.zeros(len(self.units), np.bool_)
        first[self.starts] = True
        changes = (pl.col("file") != pl.col("file").shift()) | pl.Series(first)
        return self.sum(changes)

    def take(self, which: NDArray[np.bool_]) -> pl.DataFrame:
        """Return the units of the chosen buckets, with the number of their `bucket`."""
        numbers = np.arange(len(self.starts)).repeat(self.sizes)
        chosen = pl.Series(which.repeat(self.sizes))
        return self.units.with_columns(bucket=pl.Series(numbers)).filter(chosen)


def _join_plain(buckets: Buckets, plain: NDArray[np.bool_]) -> tuple[pl.DataFrame, int]:
    """Join all units of the plain buckets."""
    if not plain.any():
        return pl.DataFrame(schema=EVENT_SCHEMA), 0
    sizes = buckets.sizes
    framed = pl.all_horizontal(pl.col(name).is_not_null() for name in FRAME)
    both_framed = buckets.sum(framed) > 1
    corroborated = pl.lit(False)
    for name in CORROBORATING:
        shown_twice = pl.Series((buckets.sum(pl.col(name).is_not_null()) > 1).repeat(sizes))
        corroborated |= pl.col(name).is_not_null() & shown_twice
    bare = buckets.sum(~corroborated)
    unsure = np.minimum(bare, sizes - 1)[plain].sum()
    roots = buckets.units["root"].to_numpy()
    joined = buckets.units.select(
        "root",
        cluster=pl.Series(np.minimum.reduceat(roots, buckets.starts).repeat(sizes)),
        tier=pl.when(framed & pl.Series(both_framed.repeat(sizes)))
        .then(pl.lit(LinkTier.EVENT_FRAME.value, TIER))
        .otherwise(pl.lit(LinkTier.EVENT.value, TIER)),
    )
    return joined.filter(pl.Series(plain.repeat(sizes))), int(unsure)
