"""One row with one row: which rows of two files are records of one search, in tiers, surest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from gatehouse.model import LinkTier
from gatehouse.records.frame import TIER
from gatehouse.records.link.columns import SAME_ID_WITHIN, value

PAIRS: Mapping[str, pl.DataType | type[pl.DataType]] = {"row_a": pl.UInt32, "row_b": pl.UInt32, "tier": TIER}


@dataclass(frozen=True, slots=True)
class Pass:
    """Rows with equal, known `columns` on both sides are records of one search, as surely as `tier` says.

    With `unknown`, only pairs in which one side at least does not know that column, so that a production that
    masks it finds its partner and two different values never meet.
    """

    tier: LinkTier
    columns: tuple[str, ...]
    unknown: str | None = None


_FRAME = ("second", "agency", "networks", "frame_from", "frame_to")
_EVENT = ("second", "agency", "networks")

# Copies of one search share its id; without one, organization, second, networks and time frame. The reason
# decides only among rows that agree in all of these. The last passes find rows whose organization or number
# of networks one file masks, or whose number of networks was changed.
AUDIT_PASSES = (
    Pass(LinkTier.ID, ("record_id",)),
    Pass(LinkTier.EVENT_FRAME, (*_FRAME, "reason")),
    Pass(LinkTier.EVENT_FRAME, _FRAME),
    Pass(LinkTier.EVENT, (*_EVENT, "reason")),
    Pass(LinkTier.EVENT, _EVENT),
    Pass(LinkTier.SECOND, ("second", "networks", "frame_from", "frame_to"), unknown="agency"),
    Pass(LinkTier.SECOND, ("second", "networks"), unknown="agency"),
    Pass(LinkTier.SECOND, ("second", "agency", "frame_from", "frame_to")),
    Pass(LinkTier.SECOND, ("second", "agency")),
)

# A portal's ids change between copies while the number of rows of an hour does not: one is as good as
# another of the same hour and justification.
PORTAL_PASSES = (
    Pass(LinkTier.ID, ("record_id",)),
    Pass(LinkTier.EVENT, ("second", "networks", "justification")),
    Pass(LinkTier.PORTAL_HOUR, ("hour", "justification")),
    Pass(LinkTier.PORTAL_HOUR, ("hour",)),
)

# A portal beside an audit: an hour alone says nothing there, since the audit has all of its searches.
MIXED_PASSES = (
    Pass(LinkTier.ID, ("record_id",)),
    Pass(LinkTier.EVENT, ("second", "networks", "justification")),
    Pass(LinkTier.EVENT, ("second", "networks")),
    Pass(LinkTier.SECOND, ("second", "justification")),
    Pass(LinkTier.SECOND, ("second",)),
    Pass(LinkTier.PORTAL_HOUR, ("hour", "justification")),
)


def match(a: pl.DataFrame, b: pl.DataFrame, passes: Sequence[Pass]) -> pl.DataFrame:
    """Pair the rows of `a` with those of `b`, each at most once; columns of `PAIRS`.

    Both have `row`, all fields with their states, and the other columns of the passes. Rows that a pass
    cannot tell apart are paired in the order of their files.
    """
    # A placeholder or the rest of a redacted cell tells no two rows apart.
    known = [value(field) for field in ("record_id", "networks", "frame_from", "frame_to", "reason")]
    a, b = a.with_columns(known), b.with_columns(known)
    found = [pl.DataFrame(schema=PAIRS)]
    for step in passes:
        for pairs in _run(a, b, step):
            a = a.join(pairs, left_on="row", right_on="row_a", how="anti")
            b = b.join(pairs, left_on="row", right_on="row_b", how="anti")
            found.append(pairs.with_columns(tier=pl.lit(step.tier.value, dtype=TIER)))
    return pl.concat(found)


def _run(a: pl.DataFrame, b: pl.DataFrame, step: Pass) -> list[pl.DataFrame]:
    if step.tier is LinkTier.ID:
        return [_at_one_time(pair_up(a, b, step.columns), a, b)]
    if step.unknown is None:
        return [pair_up(a, b, step.columns)]
    unknown = pl.col(step.unknown).is_null()
    first = pair_up(a.filter(unknown), b, step.columns)
    left_a = a.filter(~unknown)
    left_b = b.filter(unknown).join(first, left_on="row", right_on="row_b", how="anti")
    return [first, pair_up(left_a, left_b, step.columns)]


def pair_up(a: pl.DataFrame, b: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """Pair rows with equal, known `columns`, the nth of one side with the nth of the other."""
    ranked = [
        side.select("row", *columns)
        .drop_nulls()
        .sort("row")
        .with_columns(rank=pl.int_range(pl.len(), dtype=pl.UInt32).over(columns))
        for side in (a, b)
    ]
    return (
        ranked[0]
        .join(ranked[1], on=[*columns, "rank"], suffix="_b")
        .select(pl.col("row").alias("row_a"), "row_b")
        .sort("row_a")
    )


def _at_one_time(pairs: pl.DataFrame, a: pl.DataFrame, b: pl.DataFrame) -> pl.DataFrame:
    """Keep the pairs whose times, where both are known, are at most `SAME_ID_WITHIN` apart."""
    times_a = a.select(pl.col("row").alias("row_a"), pl.col("second").alias("at_a"))
    times_b = b.select(pl.col("row").alias("row_b"), pl.col("second").alias("at_b"))
    apart = (pl.col("at_a") - pl.col("at_b")).abs() > SAME_ID_WITHIN
    return (
        pairs.join(times_a, on="row_a", maintain_order="left")
        .join(times_b, on="row_b", maintain_order="left")
        .filter(~apart.fill_null(False))
        .select("row_a", "row_b")
    )
