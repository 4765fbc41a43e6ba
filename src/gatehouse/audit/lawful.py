"""How the law of the data owner's state stood to what searches were for, on the owner's local day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import polars as pl

from gatehouse.law.clock import EAST_END
from gatehouse.law.standing import Standing

if TYPE_CHECKING:
    from gatehouse.audit.ground import Ground
    from gatehouse.law.pack import Rule
    from gatehouse.model import Signal


@dataclass(frozen=True, slots=True)
class Judged:
    """Searches by how the law stood to one purpose.

    `rows` has `file`, `row`, `state`, `standing` and `rule` (id, null without one), one row a search;
    `rules` are the rules that decided any of them.
    """

    rows: pl.DataFrame
    rules: tuple[Rule, ...]

    def forbidden(self) -> pl.DataFrame:
        """Return the searches whose purpose the owner's own law forbade."""
        return self.rows.filter(pl.col("standing") == Standing.FORBIDDEN.value)

    def unsettled(self) -> pl.DataFrame:
        """Return the searches that a rule in force may reach: unsettled, or on terms that no record shows."""
        may = [Standing.UNSETTLED.value, Standing.CONDITIONAL.value]
        return self.rows.filter(pl.col("standing").is_in(may))


def judge(ground: Ground, rows: pl.DataFrame, signal: Signal) -> Judged:
    """Judge searches (`file`, `row`, `at`) for one purpose, each by its day's law in the owner's state."""
    days = _days(rows, {file: law_zone(ground, owner) for file, owner in enumerate(ground.roster.owners)})
    states = ground.roster.owner_states()
    asked = days.select("file", "day").unique().sort("file", "day")
    answers, rules = [], {}
    for file, day in asked.iter_rows():
        ruling = ground.law.judge(states[file], day, signal) if day else None
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
    return _days(rows, {file: ground.roster.zones[owner] for file, owner in enumerate(ground.roster.owners)})


def _days(rows: pl.DataFrame, zones: Mapping[int, str | None]) -> pl.DataFrame:
    parts = []
    for (file,), of_file in rows.select("file", "row", "at").group_by("file", maintain_order=True):
        zone = zones[int(str(file))]
        local = pl.col("at") if zone is None else pl.col("at").dt.convert_time_zone(zone)
        parts.append(of_file.select("file", "row", day=local.dt.date()))
    if not parts:
        return pl.DataFrame(schema={"file": pl.UInt16, "row": pl.UInt32, "day": pl.Date})
    return pl.concat(parts).sort("file", "row")


def law_day(ground: Ground, owner: int, at: datetime) -> date:
    """Return the day at a time by which the law of the owner's state is read, as the door reads it."""
    zone = law_zone(ground, owner)
    return (at if zone is None else at.astimezone(ZoneInfo(zone))).date()


def law_zone(ground: Ground, owner: int) -> str | None:
    """Return where days begin in the owner's state; a rule is in force once its day has begun anywhere."""
    return EAST_END.get(ground.roster.agencies[owner].state or "", ground.roster.zones[owner])


def citations(rules: Iterable[Rule]) -> tuple[str, ...]:
    """Return what a report cites: where the rule stands and what it says, once each."""
    return tuple(dict.fromkeys(f"{rule.citation}: {rule.sentence}" for rule in rules))
