"""How far and how much: nationwide searches for minor matters, and agencies whose volume stands out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from gatehouse.audit.document import Severity, Table
from gatehouse.audit.findings.lead import Lead, Measured, NotMeasured
from gatehouse.audit.findings.tables import ROWS_SHOWN, agency_units, rate_table
from gatehouse.audit.measures import MINOR_NATIONWIDE, NATIONWIDE
from gatehouse.audit.roster import UNKNOWN
from gatehouse.audit.wording import NO_REASON, READABLE, agree, bounded, number, of_total, plural, searches

if TYPE_CHECKING:
    from gatehouse.audit.ground import Ground

# Robust z-score of the logarithm of an agency's searches above which its volume is named; 3.5 is the
# customary bound of Iglewicz and Hoaglin, "How to Detect and Handle Outliers", 1993.
ROBUST_BOUND = 3.5
# Their scale: the median deviation of a normal distribution is this share of its standard deviation.
NORMAL_MEDIAN_DEVIATION = 0.6745
FEWEST_AGENCIES = 30


class MinorNationwide(Lead):
    """A minor or unstated matter, searched nationwide."""

    id = "minor_nationwide"
    title = "Nationwide searches for minor matters or vague reasons"
    severity = Severity.MEDIUM
    may_say = (
        f"The text of these searches of {NATIONWIDE:,} networks or more names an infraction or a civil "
        "matter, or says nothing of its own."
    )
    may_not_say = (
        "That more data was returned than needed: networks searched are not cameras, hits or results."
    )
    innocent_explanations = (
        "The search screen preselects every network.",
        "A vague word stands for a grave case, or the offense type beside it names one.",
        "A graver matter stands beside the minor one.",
        "A vehicle known to travel.",
    )

    def measure(self, ground: Ground) -> Measured | NotMeasured:
        """Count nationwide searches whose visible reason is an infraction, a civil matter or vague."""
        if not ground.exports("networks"):
            return NotMeasured("no file says how many networks a search reached")
        if ground.readable == 0:
            return NotMeasured(NO_REASON)
        agencies = ground.measures.agencies
        wide, minor = int(agencies["nationwide"].sum()), int(agencies["minor"].sum())
        rates = rate_table(ground, agency_units(ground, "minor", "nationwide"))
        masked = int(agencies["nationwide_masked"].sum())
        if wide == 0:
            return NotMeasured(
                f"the reason of every search of {NATIONWIDE:,} networks or more is masked"
                if masked
                else f"no search reached {NATIONWIDE:,} networks"
            )
        claim = (
            f"{of_total(minor, wide)} of {NATIONWIDE:,} networks or more {READABLE} "
            f"{agree(minor, 'give')} an infraction, a civil matter or a reason that would fit any search"
        )
        return Measured(
            minor,
            claim + bounded(minor, masked, wide + masked),
            of=wide,
            among=f"of {NATIONWIDE:,} networks or more {READABLE}",
            where=MINOR_NATIONWIDE,
            table=rates.table,
        )


class VolumeOutlier(Lead):
    """Agencies that search far more than others in the same record."""

    id = "volume_outlier"
    title = "Agencies that search far more than the others"
    severity = Severity.INFO
    may_say = (
        "These agencies account for far more searches of this data than the typical agency in the record."
    )
    may_not_say = (
        "That they search too much: the record does not say how large they are or how much crime they have."
    )
    innocent_explanations = (
        "A large agency, or one that searches for others.",
        "An account that repeats searches automatically.",
        "The agency is a neighbor.",
    )

    def measure(self, ground: Ground) -> Measured | NotMeasured:
        """Find agencies whose log count lies more than 3.5 robust deviations above the median."""
        counted = (
            ground.measures.agencies.filter(pl.col("agency") != UNKNOWN)
            .group_by("agency")
            .agg(pl.col("n").sum())
            .sort("agency")
        )
        if counted.height < FEWEST_AGENCIES:
            return NotMeasured(
                f"fewer than {FEWEST_AGENCIES} agencies searched, too few to say what is usual"
            )
        logged = counted["n"].log()
        middle = float(logged.median() or 0.0)  # type: ignore[arg-type]  # the median of floats is a float
        spread = float((logged - middle).abs().median() or 0.0)  # type: ignore[arg-type]  # as above
        if spread == 0:
            return NotMeasured("agencies do not differ enough in volume to say what is unusual")
        found = counted.filter(NORMAL_MEDIAN_DEVIATION * (logged - middle) / spread > ROBUST_BOUND).sort(
            "n", "agency", descending=[True, False]
        )
        count = int(found["n"].sum())
        rows = tuple(
            (ground.roster.name(agency), ground.roster.agencies[agency].state, n)
            for agency, n in found.head(ROWS_SHOWN).iter_rows()
        )
        typical = int(counted["n"].median() or 0)  # type: ignore[arg-type]  # as above
        claim = f"No agency of {number(counted.height)} searched far more than the typical one"
        if count:
            claim = (
                f"{number(found.height)} of {plural(counted.height, 'agency', 'agencies')} searched far more "
                f"than the typical one ({searches(typical)}), {searches(count)} together"
            )
        return Measured(
            count,
            claim,
            of=int(counted["n"].sum()),
            among="whose searcher is named",
            match=found.select("agency"),
            table=Table(("organization", "state", "searches"), rows),
        )
