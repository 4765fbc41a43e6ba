"""Practice against the agency's own published prohibited uses."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from gatehouse.audit.document import Severity, Table
from gatehouse.audit.findings.lead import Lead, Measured, NotMeasured
from gatehouse.audit.ground import count_of
from gatehouse.audit.lawful import local_days
from gatehouse.audit.roster import UNKNOWN
from gatehouse.audit.texts import bits
from gatehouse.audit.wording import NO_REASON, READABLE, agree, bounded, plural, searches
from gatehouse.records.policies import policy_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gatehouse.audit.ground import Ground
    from gatehouse.records.policies import Policy


class OwnPolicyConflict(Lead):
    """Searches that look like what the owner says it prohibits."""

    id = "own_policy_conflict"
    title = "Searches that name a use which the owner's published rules prohibit"
    severity = Severity.HIGH
    may_say = "The owner's published rules prohibit a use that the stated reason of these searches names."
    may_not_say = "That the rule bound the agency that searched, or that it was broken."
    innocent_explanations = (
        "The rule binds the owner's officers, and another agency searched.",
        "The rule was withdrawn between the copy of the rules and the search.",
        "The words mean something else.",
    )

    def measure(self, ground: Ground) -> Measured | NotMeasured:
        """Count searches with a signal of a use that the owner's rules, as published by then, prohibit."""
        if not ground.options.policies:
            return NotMeasured("no published rules of the owner were given (--policies)")
        keys = {
            file: ground.roster.agencies[owner].key
            for file, owner in enumerate(ground.roster.owners)
            if owner != UNKNOWN
        }
        policies = [policy for policy in ground.options.policies if policy.key in keys.values()]
        if not policies:
            return NotMeasured("the published rules given are not those of a file's owner")
        published = {policy.key for policy in policies}
        ruled = [file for file, key in keys.items() if key in published]
        within = ground.measures.signals.filter(pl.col("file").is_in(ruled))
        total, readable = count_of(within), count_of(within.filter("readable"))
        counted: Counter[tuple[Policy, str]] = Counter()
        rows: list[tuple[int, int]] = []
        too_early = undated = 0
        for file, row, day, signals, shown in self._flagged(ground):
            if file not in ruled:
                continue
            policy = policy_for(policies, keys[file], day) if day else None
            if policy is None:
                too_early += day is not None
                undated += day is None
                continue
            broken = [use for use in policy.prohibits if bits(use.signals) & signals]
            counted.update((policy, use.name) for use in broken)
            if broken:
                rows.append((file, row))
                # What a mask leaves, or another field, tells enough of this one.
                readable += not shown
        if not readable:
            return NotMeasured(NO_REASON)
        return Measured(
            len(rows),
            _claim(len(rows), too_early, undated, policies) + bounded(len(rows), total - readable, total),
            of=readable,
            among=READABLE if total == ground.total else f"of the owners of these rules {READABLE}",
            rows=pl.DataFrame(rows, schema={"file": pl.UInt16, "row": pl.UInt32}, orient="row"),
            flagged=True,
            table=_table(counted),
        )

    def _flagged(self, ground: Ground) -> list[tuple[int, int, date | None, int, bool]]:
        """Return every search that any rule might mean.

        As file, row, the owner's local day, signals, and whether its reason is visible.
        """
        flagged = ground.measures.flagged
        days = local_days(ground, flagged)
        return flagged.join(days, on=["file", "row"]).select("file", "row", "day", "bits", "readable").rows()


def _claim(count: int, too_early: int, undated: int, policies: Sequence[Policy]) -> str:
    """Say what was counted, which searches no copy of the rules speaks of, and which uses none can show."""
    name = agree(count, "name")
    claim = f"{searches(count)} {name} a use that the owner's rules, as published by then, prohibit"
    if too_early:
        older = plural(too_early, "more flagged search is", "more flagged searches are")
        claim += f"; {older} older than every copy of the rules"
    if undated:
        claim += (
            f"; {plural(undated, 'more flagged search shows', 'more flagged searches show')} no readable time"
        )
    untested = {use.name for policy in policies for use in policy.prohibits if not use.signals}
    if untested:
        claim += f"; {plural(len(untested), 'prohibited use')} that no reason can show could not be tested"
    return claim


def _table(counted: Counter[tuple[Policy, str]]) -> Table:
    order = sorted(counted.items(), key=lambda item: (-item[1], item[0][0].organization, item[0][1]))
    return Table(
        ("organization", "prohibited use", "rules as of", "searches"),
        tuple(
            (policy.organization, use, policy.on.isoformat() if policy.on else None, n)
            for (policy, use), n in order
        ),
    )
