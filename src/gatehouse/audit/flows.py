"""How the law of the data owner's state stood to who searched: a body of another state, or a federal one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import polars as pl

from gatehouse.audit.lawful import law_day, law_zone
from gatehouse.audit.wording import number
from gatehouse.law.standing import Flow, Standing
from gatehouse.model import AgencyKind, Party
from gatehouse.records.frame import TIME

if TYPE_CHECKING:
    from gatehouse.audit.ground import Ground
    from gatehouse.law.facts import Provision
    from gatehouse.law.pack import Rule

# Standings that rest on a rule which speaks of the flow.
_RULED = (Standing.FORBIDDEN, Standing.UNSETTLED, Standing.CONDITIONAL)


@dataclass(frozen=True, slots=True)
class FlowsJudged:
    """Searches of a flow by how the law of their day stood to it, and what the law says of it.

    `law` cites what was in force on the day of one of the searches at least.
    """

    counts: Mapping[Standing, int]
    law: tuple[str, ...]

    @property
    def forbidden(self) -> int:
        """Return how many of the searches the law forbade, whatever they were for."""
        return self.counts.get(Standing.FORBIDDEN, 0)

    @property
    def claim(self) -> str:
        """Return how the law stood to the searches, to follow their count; empty if it said nothing."""
        words = {
            Standing.FORBIDDEN: "forbade such access, whatever its purpose, for {} of them",
            Standing.UNSETTLED: "left open whether it allows such access for {}",
            Standing.CONDITIONAL: (
                "allowed such access for {} on terms that no record shows, such as a declaration or a warrant"
            ),
        }
        said = [words[each].format(number(self.counts[each])) for each in _RULED if self.counts.get(each, 0)]
        return f". On the day of the search the law of the owner's state {'; it '.join(said)}" if said else ""


def judge_flows(ground: Ground, flow: Flow, where: pl.Expr, files: Collection[int]) -> FlowsJudged:
    """Judge the searches of some files for which `where` holds, by their days' law in the owner's state."""
    states = ground.roster.owner_states()
    turns = {file: _turns(ground, file, flow) for file in sorted(files)}
    counted = (
        ground.slim.filter(pl.col("file").is_in(sorted(files)) & where)
        .group_by("file", "agency", epoch=_epoch(turns))
        .agg(n=pl.len(), last=pl.col("at").max())
        .sort("file", "agency", "epoch")
        .collect(engine="streaming")
    )
    counts: dict[Standing, int] = {}
    rules: dict[str, Rule] = {}
    last_days: dict[int, date] = {}
    for file, agency, _, n, last in counted.iter_rows():
        if last is None:
            counts[Standing.UNKNOWN] = counts.get(Standing.UNKNOWN, 0) + n
            continue
        day = law_day(ground, ground.roster.owners[file], last)
        last_days[file] = max(day, last_days.get(file, day))
        owner = ground.roster.owner(file)
        ruling = ground.law.judge_flow(
            states[file],
            day,
            flow,
            owner=owner.kind if owner else AgencyKind.UNKNOWN,
            searcher=_searcher(ground, agency, flow),
        )
        counts[ruling.standing] = counts.get(ruling.standing, 0) + n
        if ruling.rule is not None:
            rules[ruling.rule.id] = ruling.rule
    return FlowsJudged(counts, _citations(ground, flow, last_days, rules))


def _searcher(ground: Ground, agency: int, flow: Flow) -> Party:
    found = ground.roster.agencies[agency]
    if flow is Flow.FEDERAL:
        return Party(found.name, None, AgencyKind.FEDERAL)
    return Party(found.name, found.state, found.kind)


def _turns(ground: Ground, file: int, flow: Flow) -> list[datetime]:
    """Return when, within the record, the law on a flow may change for a file."""
    owner = ground.roster.owners[file]
    if ground.first is None or ground.last is None:
        return []
    zone = ZoneInfo(law_zone(ground, owner) or "UTC")
    begins = [
        datetime(day.year, day.month, day.day, tzinfo=zone)
        for day in ground.law.turns(ground.roster.owner_states()[file], flow)
    ]
    return [each for each in begins if ground.first < each <= ground.last]


def _epoch(turns: Mapping[int, Collection[datetime]]) -> pl.Expr:
    """Return how many turns of its file a search is at or after; null without a time."""
    at = pl.col("at")
    epoch = pl.lit(0, pl.UInt32)
    for file, begins in turns.items():
        for each in begins:
            passed = (pl.col("file") == file) & (at >= pl.lit(each).cast(TIME))
            epoch = epoch + passed.cast(pl.UInt32)
    return pl.when(at.is_not_null()).then(epoch)


def _citations(
    ground: Ground, flow: Flow, last_days: Mapping[int, date], rules: Mapping[str, Rule]
) -> tuple[str, ...]:
    """Return what the law of the owners' states said of a flow by the last day of their searches."""
    states = ground.roster.owner_states()
    provisions: dict[str, Provision] = {}
    for file, day in sorted(last_days.items()):
        provisions |= {each.id: each for each in ground.law.provisions_on(states[file], flow, by=day)}
    cited = [f"{each.citation}: {each.says}" for _, each in sorted(provisions.items())]
    cited += [
        f"{rule.citation}: {rule.sentence}"
        for _, rule in sorted(rules.items())
        if rule.provision not in provisions
    ]
    return tuple(dict.fromkeys(cited))
