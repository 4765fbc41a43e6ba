"""Hold two files against each other: pair their rows, compare the cells, and say why a row has no partner."""

from __future__ import annotations

import polars as pl

from gatehouse.audit.document import Cite
from gatehouse.audit.options import EVIDENCE_LIMIT
from gatehouse.audit.reconcile import cells, rows
from gatehouse.audit.reconcile.coverage import Overlap, overlap
from gatehouse.audit.reconcile.matching import (
    AUDIT_PASSES,
    MIXED_PASSES,
    PAIRS,
    PORTAL_PASSES,
    Pass,
    match,
    pair_up,
)
from gatehouse.audit.reconcile.plan import Task, plan
from gatehouse.audit.reconcile.result import (
    Change,
    Comparison,
    Kind,
    Outcome,
    Pair,
    Reconciliation,
    Side,
    SourceFile,
)
from gatehouse.audit.reconcile.rows import Part
from gatehouse.audit.roster import Roster, build_roster
from gatehouse.model import LinkTier
from gatehouse.records.frame import FIELDS, TIER, RecordSet
from gatehouse.records.zones import zone_for

_OUTCOME = pl.Enum([outcome.value for outcome in Outcome])


def reconcile(records: RecordSet) -> Reconciliation:
    """Compare every two files of `records` that are records of the same searches.

    The files are taken in the order given: a cell counts as masked later when the earlier file shows it.
    """
    roster = build_roster(records)
    tasks, refused = plan(records, roster)
    return Reconciliation(
        files=tuple(
            SourceFile(file.path, file.sha256, file.owner, file.layout.value, file.rows)
            for file in records.files
        ),
        comparisons=tuple(_compare(records, roster, task) for task in tasks),
        not_compared=tuple(refused),
    )


def _compare(records: RecordSet, roster: Roster, task: Task) -> Comparison:
    a, b = (rows.part(records, roster, task, position) for position in (task.a, task.b))
    zone = None if task.owner is None else zone_for(task.owner)
    hourly = a.portal or b.portal
    shared = overlap(a.times, b.times, time_zone=None if zone is None else zone.name, hourly=hourly)

    exact = _exact(a, b, task.kind)
    rest_a = rows.without(a, exact, "row_a", roster.by_key, records, one_agency=task.one_agency)
    rest_b = rows.without(b, exact, "row_b", roster.by_key, records, one_agency=task.one_agency)
    rest_a, rest_b = rows.justified(rest_a, rest_b, a, b)
    linked = match(rest_a, rest_b, _passes(a, b))

    fields = _compared_fields(a, b)
    changed = _changes(linked, rest_a, rest_b, fields)
    every = pl.concat([exact, linked])
    alone_a = _alone(records, a, b, every.select(row="row_a"), shared, task)
    alone_b = _alone(records, b, a, every.select(row="row_b"), shared, task)
    tiers = dict(every.group_by("tier").len().iter_rows())
    differing = changed.filter(pl.col("differs") != "").sort("row_a")
    masked = pl.any_horizontal(
        pl.lit(False), *(pl.col(f"{field}_change") == Change.MASKED.value for field in fields)
    )
    return Comparison(
        kind=task.kind,
        organization=None if task.owner is None else " ".join(task.owner.name.split()),
        owner_assumed=task.owner_assumed,
        coverage=shared.as_coverage(),
        a=_side(a, every.height, alone_a),
        b=_side(b, every.height, alone_b),
        matched={tier: tiers[tier.value] for tier in LinkTier if tier.value in tiers},
        differing=differing.height,
        masked_later=differing.filter(masked).height,
        cells=cells.tally(changed, fields),
        not_in_both=tuple(sorted((a.facts.exported ^ b.facts.exported) & set(FIELDS))),
        evidence=tuple(
            Pair(Cite(a.facts.path, row_a), Cite(b.facts.path, row_b))
            for row_a, row_b in differing.head(EVIDENCE_LIMIT).select("row_a", "row_b").iter_rows()
        ),
        pairs=_table(exact, changed, alone_a, alone_b),
    )


def _exact(a: Part, b: Part, kind: Kind) -> pl.DataFrame:
    """Pair the rows whose cells are all equal, in two files of one layout; columns of `PAIRS`."""
    if kind is not Kind.PRODUCTIONS:
        return pl.DataFrame(schema=PAIRS)
    tier = pl.lit(LinkTier.EXACT.value, dtype=TIER)
    return pair_up(a.slim, b.slim, ["content"]).with_columns(tier=tier)


def _passes(a: Part, b: Part) -> tuple[Pass, ...]:
    if a.portal and b.portal:
        return PORTAL_PASSES
    return MIXED_PASSES if a.portal or b.portal else AUDIT_PASSES


def _compared_fields(a: Part, b: Part) -> list[str]:
    """Return the fields that both files have a column for; ids of portals change and say nothing."""
    skipped = {"record_id"} if a.portal or b.portal else set()
    return [field for field in FIELDS if field in (a.facts.exported & b.facts.exported) - skipped]


def _changes(
    linked: pl.DataFrame, rest_a: pl.DataFrame, rest_b: pl.DataFrame, fields: list[str]
) -> pl.DataFrame:
    """Add to the pairs how each field differs and, in words, what differs.

    Rows that only share a portal's hour may be different searches, so their cells are not compared.
    """
    columns = [name for field in fields for name in (field, f"{field}_state")]
    joined = linked
    for side, own, suffix in ((rest_a, "row_a", "_a"), (rest_b, "row_b", "_b")):
        named = side.select(pl.col("row").alias(own), pl.col(columns).name.suffix(suffix))
        joined = joined.join(named, on=own, how="left", maintain_order="left")
    one_search = pl.col("tier") != LinkTier.PORTAL_HOUR.value
    changes = [pl.when(one_search).then(cells.change(field)) for field in fields]
    return joined.with_columns(changes).with_columns(cells.describe(fields))


def _alone(
    records: RecordSet, own: Part, other: Part, matched: pl.DataFrame, shared: Overlap, task: Task
) -> pl.DataFrame:
    """Return the rows without a partner (`row`) with their `outcome`, in row order."""
    alone = own.slim.join(matched, on="row", how="anti", maintain_order="left")
    copies = rows.copies(records, own, alone)
    hour = pl.col("searched_at").dt.truncate("1h")
    if other.portal and not own.portal:
        published = other.times.drop_nulls().dt.truncate("1h").unique()
        without_partner = (
            pl.when(hour.is_in(published.implode()))
            .then(_outcome(Outcome.COLLAPSED))
            .otherwise(_outcome(Outcome.MISSING))
        )
    elif task.network == other.position:
        without_partner = _outcome(Outcome.NOT_REACHED)
    else:
        without_partner = _outcome(Outcome.MISSING)
    return alone.select(
        "row",
        outcome=pl.when(pl.col("row").is_in(copies.implode()))
        .then(_outcome(Outcome.DUPLICATE))
        .when(pl.col("searched_at").is_null())
        .then(_outcome(Outcome.UNDATED))
        .when(~shared.covers(pl.col("searched_at")))
        .then(_outcome(Outcome.NOT_COVERED))
        .otherwise(without_partner),
    )


def _side(part: Part, matched: int, alone: pl.DataFrame) -> Side:
    outcomes = {Outcome.MATCHED: matched} if matched else {}
    counted = dict(alone.group_by("outcome").len().iter_rows())
    outcomes |= {outcome: counted[outcome.value] for outcome in Outcome if outcome.value in counted}
    missing = alone.filter(pl.col("outcome") == Outcome.MISSING.value)["row"].head(EVIDENCE_LIMIT)
    return Side(
        path=part.facts.path,
        rows=part.slim.height,
        outcomes=outcomes,
        missing=tuple(Cite(part.facts.path, row) for row in missing.to_list()),
    )


def _table(
    exact: pl.DataFrame, changed: pl.DataFrame, alone_a: pl.DataFrame, alone_b: pl.DataFrame
) -> pl.DataFrame:
    """Return every pair and every row without a partner, in the order of the first file, then the second."""
    matched = pl.concat(
        [
            exact.with_columns(differs=pl.lit("")),
            changed.select("row_a", "row_b", "tier", "differs"),
        ]
    ).with_columns(outcome=_outcome(Outcome.MATCHED))
    order = ["outcome", "tier", "row_a", "row_b", "differs"]
    no_row, no_tier = pl.lit(None, dtype=pl.UInt32), pl.lit(None, dtype=TIER)
    return pl.concat(
        [
            matched.select(order),
            alone_a.select("outcome", tier=no_tier, row_a="row", row_b=no_row, differs=pl.lit("")),
            alone_b.select("outcome", tier=no_tier, row_a=no_row, row_b="row", differs=pl.lit("")),
        ]
    ).sort("row_a", "row_b", nulls_last=True)


def _outcome(value: Outcome) -> pl.Expr:
    return pl.lit(value.value, dtype=_OUTCOME)
