"""How the law of the data owner's state stood to what searches were for, on the owner's local day."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import polars as pl

from gatehouse.law.prohibitions import Flow, Rule, Standing

if TYPE_CHECKING:
    from gatehouse.audit.ground import Ground
    from gatehouse.model import Signal

# The owner's own law forbids it by name, or allows a closed list on which it does not stand.
FORBIDDEN = (Standing.BARRED, Standing.OUTSIDE_LIST)


@dataclass(frozen=True, slots=True)
class Judged:
    """Searches by how the law stood to one purpose.

    `rows` has `file`, `row`, `state`, `standing` and `rule` (id, null without one), one row a search;
    `rules` are the rules that decided any of them.
    """

    rows: pl.DataFrame
    rules: tuple[Rule, ...]

    def unsettled(self) -> pl.DataFrame:
        """Return the searches that a rule in force may reach, without settling it."""
        return self.rows.filter((pl.col("standing") == Standing.UNKNOWN.value) & pl.col("rule").is_not_null())


def judge(ground: Ground, rows: pl.DataFrame, signal: Signal) -> Judged:
    """Judge searches (`file`, `row`, `at`) for one purpose, each by the law of its owner's local day."""
    days = local_days(ground, rows)
    states = ground.roster.owner_states()
    asked = days.select("file", "day").unique().sort("file", "day")
    answers, rules = [], {}
    for file, day in asked.iter_rows():
        ruling = ground.prohibitions.judge(states[file], day, signal=signal) if day else None
        rule = ruling.rule if ruling else None
        if rule is not None:
            rules[rule.id] = rule
        standing = ruling.standing if ruling else Standing.UNKNOWN
        answers.append((file, day, states[file], standing.value, rule.id if rule else None))
    table = pl.DataFrame(
        answers,
        schema={
            "file": pl.UInt16,
            "day": pl.Date,
            "state": pl.String,
            "standing": pl.String,
            "rule": pl.String,
        },
        orient="row",
    )
    judged = days.join(table, on=["file", "day"], how="left", nulls_equal=True, maintain_order="left")
    return Judged(
        judged.select("file", "row", "state", "standing", "rule"),
        tuple(rules[rule_id] for rule_id in sorted(rules)),
    )


def local_days(ground: Ground, rows: pl.DataFrame) -> pl.DataFrame:
    """Return `file`, `row` and the owner's local `day` of each search, the UTC day where no zone is known."""
    parts = []
    for (file,), of_file in rows.select("file", "row", "at").group_by("file", maintain_order=True):
        zone = ground.roster.zones[ground.roster.owners[int(str(file))]]
        local = pl.col("at") if zone is None else pl.col("at").dt.convert_time_zone(zone)
        parts.append(of_file.select("file", "row", day=local.dt.date()))
    if not parts:
        return pl.DataFrame(schema={"file": pl.UInt16, "row": pl.UInt32, "day": pl.Date})
    return pl.concat(parts).sort("file", "row")


def local_day(ground: Ground, owner: int, at: datetime) -> date:
    """Return the owner's local day at a time, the UTC day where no zone is known."""
    zone = ground.roster.zones[owner]
    return (at if zone is None else at.astimezone(ZoneInfo(zone))).date()


def citations(rules: Iterable[Rule]) -> tuple[str, ...]:
    """Return what a report cites: where the rule stands and what it says, once each."""
    return tuple(dict.fromkeys(f"{rule.citation}: {rule.sentence}" for rule in rules))


def flow_rules(ground: Ground, flow: Flow, files: Collection[int]) -> tuple[Rule, ...]:
    """Return the owners' rules on a flow that were in force on any day, where they are, of their files."""
    spans = (
        ground.measures.days.filter(pl.col("day").is_not_null())
        .group_by("file")
        .agg(pl.col("first").min(), pl.col("last").max())
        .sort("file")
    )
    states = ground.roster.owner_states()
    found: dict[str, Rule] = {}
    for file, first, last in spans.iter_rows():
        state = states[file]
        if state is None or file not in files:
            continue
        days = (local_day(ground, ground.roster.owners[file], moment) for moment in (first, last))
        for rule in ground.prohibitions.in_force_between(state, *days):
            if rule.concerns(flow):
                found[rule.id] = rule
    return tuple(found[rule_id] for rule_id in sorted(found))
