"""Patterns of single users: one plate again and again, and hours that their agency does not keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from gatehouse.audit.document import Cell, Confidence, Severity, Table
from gatehouse.audit.findings.lead import Lead, Measured, NotMeasured
from gatehouse.audit.statistics import unusual_hours
from gatehouse.audit.wording import agree, number, plural, searches, unsure_zones

if TYPE_CHECKING:
    from gatehouse.audit.ground import Ground

ROWS_SHOWN = 25
# A plate looked up this often by one person within the record is worth a look.
REPEATS = 10


class RepeatedPlate(Lead):
    """One plate looked up by one user many times."""

    id = "repeated_plate"
    title = "One plate, looked up again and again by one user"
    severity = Severity.MEDIUM
    may_say = f"One user looked up one plate at least {REPEATS} times."
    may_not_say = "Whose plate it is, or that the interest was private: a long case asks for one car often."
    innocent_explanations = (
        "A long-running case or a wanted vehicle.",
        "A search repeated because the page was reloaded or the period widened.",
        "A test plate, or the agency's own vehicle.",
        "A shared account, or two people whose names the export shows alike.",
    )

    def measure(self, ground: Ground) -> Measured | NotMeasured:
        """Count the searches of every (user, plate) pair with at least ten of them on two days or more."""
        if not ground.exports("plate"):
            return NotMeasured("no file has a column for plates")
        if not (ground.exports("officer") or ground.exports("user_id")):
            return NotMeasured("no file says who searched within an agency")
        shown = pl.col("plate").is_not_null() & pl.col("officer").is_not_null()
        both = int(ground.slim.select(shown.sum()).collect(engine="streaming").item())
        if both == 0:
            return NotMeasured("no search shows both a plate and a user; they are withheld or redacted")
        found = self._pairs(ground)
        count = int(found["n"].sum())
        plates = ground.plate_numbers(found["plate"]) if found.height else {}
        officers = ground.officer_number
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (
                ground.roster.name(agency),
                f"officer {officers[agency, officer]}",
                f"plate {plates[plate]}",
                n,
                days,
                None if known == 0 else caseless,
            )
            for agency, officer, plate, n, days, known, caseless in found.head(ROWS_SHOWN).iter_rows()
        )
        claim = f"No user looked up one plate {REPEATS} times or more on two days or more"
        if count:
            claim = (
                f"{searches(count)} {agree(count, 'belong')} to {plural(found.height, 'pair')} of one user "
                f"and one plate with at least {REPEATS} searches on two days or more"
            )
        claim += f"; {searches(both)} {agree(both, 'show')} both user and plate"
        return Measured(
            count,
            claim,
            of=both,
            among="that show both user and plate",
            match=found.select("agency", "officer", "plate"),
            table=Table(("organization", "officer", "plate", "searches", "days", "without a case"), rows),
        )

    def _pairs(self, ground: Ground) -> pl.DataFrame:
        """Return agency, officer, plate, n, days, case_known and caseless, most searches first."""
        often = ground.plates.filter(pl.col("n") >= REPEATS).select("plate").lazy()
        return (
            ground.slim.filter(pl.col("officer").is_not_null())
            .join(often, on="plate", how="semi")
            .group_by("agency", "officer", "plate")
            .agg(
                n=pl.len(),
                days=pl.col("at").dt.date().drop_nulls().n_unique(),
                known=pl.col("case").is_not_null().sum(),
                caseless=(~pl.col("case")).sum(),
                first=pl.col("search").min(),
            )
            .filter((pl.col("n") >= REPEATS) & (pl.col("days") >= 2))
            .sort("n", "first", descending=[True, False])
            .drop("first")
            .collect(engine="streaming")
        )


class UnusualHours(Lead):
    """A user whose hours are those in which the rest of the agency rests."""

    id = "unusual_hours"
    title = "Activity far outside the agency's own hours"
    severity = Severity.LOW
    confidence = Confidence.LOW
    may_say = (
        "These users make at least half of their searches when the rest of their own agency hardly searches."
    )
    may_not_say = "That they were off duty: a night shift of one looks the same."
    innocent_explanations = (
        "A night shift, an on-call detective or overtime.",
        "A user working for a task force with other hours.",
        "An automatic or shared account.",
    )

    def measure(self, ground: Ground) -> Measured | NotMeasured:
        """Test every user's local hours against the rest of the same agency."""
        hours = ground.measures.hours
        if hours.is_empty():
            if ground.measures.week.is_empty():
                return NotMeasured("local time is not known for any agency that searched")
            return NotMeasured("no search shows which user made it, so nobody can be set against an agency")
        units = hours.select("agency", "officer").unique(maintain_order=True).with_row_index("unit")
        cells = hours.join(units, on=["agency", "officer"], maintain_order="left")
        counts = np.zeros((units.height, 24), dtype=np.int64)
        counts[cells["unit"].to_numpy(), cells["hour"].to_numpy()] = cells["n"].to_numpy()
        agencies = units["agency"].rank("dense").to_numpy().astype(np.int64) - 1
        tests = unusual_hours(counts, agencies.tolist())
        tested = sum(test.p_value is not None for test in tests)
        if tested == 0:
            return NotMeasured(
                "no agency shows ten users with 30 searches each, so there is no profile to compare with"
            )
        found = [(unit, test) for unit, test in enumerate(tests) if test.outlier]
        found.sort(key=lambda item: (-item[1].quiet, item[0]))
        count = sum(test.quiet for _, test in found)
        named = units.rows()
        officers = ground.officer_number
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (
                ground.roster.name(named[unit][1]),
                f"officer {officers[named[unit][1], named[unit][2]]}",
                test.total,
                test.quiet,
                round(test.expected * test.total, 1),
                ", ".join(f"{hour:02}" for hour in test.quiet_hours),
            )
            for unit, test in found[:ROWS_SHOWN]
        )
        quiet = pl.DataFrame(
            [(named[unit][1], named[unit][2], hour) for unit, test in found for hour in test.quiet_hours],
            schema={"agency": pl.UInt32, "officer": pl.UInt64, "hour": pl.Int8},
            orient="row",
        )
        claim = (
            f"None of {plural(tested, 'user')} tested keeps hours further from the agency's own than chance "
            "and the usual variety of users explain"
        )
        if found:
            claim = (
                f"{number(len(found))} of {plural(tested, 'user')} tested made {searches(count)} in hours "
                "that hold at most 5 % of the searches of the rest of the agency, more than chance and the "
                "usual variety of users explain"
            )
        if unsure := ground.roster.zone_unsure.intersection(named[unit][1] for unit, _ in found):
            claim += f". {unsure_zones(len(unsure))}"
        return Measured(
            count,
            claim,
            of=sum(test.total for test in tests if test.p_value is not None),
            among="by the users tested",
            match=quiet,
            table=Table(
                ("organization", "officer", "searches", "in quiet hours", "expected", "quiet hours"), rows
            ),
        )
