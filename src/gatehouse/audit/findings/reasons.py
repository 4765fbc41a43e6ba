"""Reasons that explain nothing: missing, vague, one value for everything; and missing case numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import polars as pl

from gatehouse.audit.document import Confidence, Severity, Table
from gatehouse.audit.findings.lead import Lead, Measured, NotMeasured
from gatehouse.audit.findings.tables import agency_units, officer_units, rate_table
from gatehouse.audit.roster import UNKNOWN
from gatehouse.audit.texts import BIT, bits_of
from gatehouse.audit.wording import (
    NO_REASON,
    READABLE,
    agree,
    number,
    of_readable,
    of_total,
    plural,
    searches,
)
from gatehouse.law.masking import mask
from gatehouse.model import Signal

if TYPE_CHECKING:
    from gatehouse.audit.ground import Ground

# One value in nine of ten searches is a form filled in by habit or by export, not a reason for each search;
# among fewer than a hundred it may as well be one case.
CONSTANT_SHARE = 0.9
CONSTANT_MINIMUM = 100


class _ReasonQuality(Lead):
    """A quality of the stated reason, by agency and by officer."""

    signal: ClassVar[Signal]
    column: ClassVar[str]
    noun: ClassVar[str]

    def measure(self, ground: Ground) -> Measured | NotMeasured:
        """Count the searches with the signal among those whose reason can be read."""
        tally = ground.signal_tallies[self.signal.value]
        if tally is None:
            return NotMeasured(NO_REASON)
        rates = rate_table(
            ground,
            agency_units(ground, self.column, "readable"),
            officer_units(ground, self.column, "readable"),
        )
        claim = of_readable(tally, f"{self.noun}{self._beside(ground)}")
        if rates.outliers:
            stands = "stands out" if rates.outliers == 1 else "stand out"
            claim += f"; {plural(rates.outliers, 'agency or officer', 'agencies or officers')} {stands}"
        return Measured(
            tally.n,
            claim,
            of=tally.readable,
            among=READABLE,
            where=bits_of(BIT[self.signal]),
            table=rates.table,
        )

    def _beside(self, ground: Ground) -> str:
        """Return what else is known of these searches, in words that follow the claim."""
        return ""


class MissingReason(_ReasonQuality):
    """No reason at all."""

    id = "reason_missing"
    title = "Searches without a stated reason"
    severity = Severity.MEDIUM
    confidence = Confidence.HIGH
    signal = Signal.NONE_STATED
    about = (signal.value,)
    column = "none"
    noun = "state none"
    may_say = "The record shows no reason for these searches."
    may_not_say = (
        "That there was no reason: it may stand in another system, or the search form did not ask for one."
    )
    innocent_explanations = (
        "The form did not require a reason at the time.",
        "The reason was given by case number or drop-down, in a column that this export leaves out.",
        "The search was a system test.",
    )

    def _beside(self, ground: Ground) -> str:
        chosen = int(ground.measures.agencies["none_but_offense"].sum())
        return f"; an offense type stands beside {number(chosen)} of them" if chosen else ""


class VagueReason(_ReasonQuality):
    """A word that would fit any search."""

    id = "reason_vague"
    title = "Reasons that would fit any search"
    severity = Severity.LOW
    signal = Signal.VAGUE
    about = (signal.value,)
    column = "vague"
    noun = 'give a reason that says nothing of its own, such as "investigation"'
    may_say = "The reason stated for these searches would fit any search."
    may_not_say = "That the searches were improper, or that no better reason exists in the case file."
    innocent_explanations = (
        "The case number or the offense type beside it says more.",
        "Training told officers to keep reasons general.",
        "A drop-down offers only general terms.",
    )


class ConstantReason(Lead):
    """One value in nearly all of an agency's searches."""

    id = "reason_constant"
    title = "One reason for nearly every search of an agency"
    severity = Severity.MEDIUM
    may_say = "The agency's reason column holds one value nearly throughout, so it explains no single search."
    may_not_say = (
        "That officers typed it: exports have replaced the reasons entered by a constant, and another "
        "agency's copy of the same searches may show what they were."
    )
    innocent_explanations = (
        "The export or the vendor filled the column.",
        "The agency has one unit with one task.",
        "The account is an automatic one.",
    )

    def measure(self, ground: Ground) -> Measured | NotMeasured:
        """Find agencies with at least 100 readable reasons of which nine in ten are one value."""
        if ground.readable == 0:
            return NotMeasured(NO_REASON)
        searchers = _searchers(ground)
        named = int(searchers["readable"].sum())
        if named == 0:
            return NotMeasured("no search with a readable reason names the agency that made it")
        totals = _large_enough(searchers)
        if totals.is_empty():
            return NotMeasured(f"no agency has {CONSTANT_MINIMUM} searches whose reason can be read")
        found = _constants(ground, searchers, totals)
        count, tested = int(found["n"].sum()), int(totals["total"].sum())
        texts = ground.linked.records.texts["reason"]
        shown = found.join(texts, left_on="reason", right_on="key", how="left", maintain_order="left")
        rows = tuple(
            (
                ground.roster.name(agency),
                ground.roster.agencies[agency].state,
                total,
                n,
                None if text is None else mask(text),
            )
            for agency, n, total, text in shown.select("agency", "n", "total", "text").iter_rows()
        )
        agencies = plural(totals.height, "agency", "agencies")
        of = f"Of {agencies} with at least {CONSTANT_MINIMUM} readable reasons"
        claim = f"{of}, none states one and the same reason in nine of ten of its searches"
        if rows:
            claim = (
                f"{of}, {number(len(rows))} {agree(len(rows), 'state')} one and the same reason in at least "
                f"nine of ten of {agree(len(rows), 'their')} searches, {searches(count)} in all"
            )
        if unnamed := ground.readable - named:
            claim += f"; {number(unnamed)} more {agree(unnamed, 'name no agency and are')} not tested"
        return Measured(
            count,
            claim,
            of=tested,
            among=f"of agencies with at least {CONSTANT_MINIMUM} readable reasons",
            match=found.join(searchers, on="searcher").select("file", "agency", "reason"),
            table=Table(("organization", "state", "searches", "flagged", "reason"), rows),
        )


def _searchers(ground: Ground) -> pl.DataFrame:
    """Return `file`, `agency`, `readable` and `searcher`, one number for each agency that can be told apart.

    Unnamed searchers of an agency's own record are that agency, whose name is not known; those of a network
    audit may be anybody, and are left out.
    """
    own = pl.col("file").replace_strict(
        list(range(len(ground.files))), ground.roster.own_record, return_dtype=pl.Boolean
    )
    unnamed = pl.col("agency") == UNKNOWN
    return (
        ground.measures.agencies.filter(~unnamed | own)
        .select("file", "agency", "readable")
        .with_columns(
            searcher=pl.when(unnamed)
            .then(len(ground.roster.agencies) + pl.col("file").cast(pl.UInt32))
            .otherwise("agency")
        )
    )


def _large_enough(searchers: pl.DataFrame) -> pl.DataFrame:
    """Return `searcher`, `agency` and `total` of those with enough readable reasons to call one constant."""
    return (
        searchers.group_by("searcher", "agency")
        .agg(total=pl.col("readable").sum())
        .filter(pl.col("total") >= CONSTANT_MINIMUM)
    )


def _constants(ground: Ground, searchers: pl.DataFrame, totals: pl.DataFrame) -> pl.DataFrame:
    """Return `searcher`, `agency`, `reason`, `n` and `total` where a reason fills a searcher's searches."""
    # A value that fills an agency fills one class of texts, so few agencies need a closer look.
    filled = (
        ground.measures.wordings.join(totals, on="agency")
        .filter(pl.col("n") >= CONSTANT_SHARE * pl.col("total"))
        .select("agency")
    )
    candidates = searchers.join(filled, on="agency", how="semi")
    return (
        ground.slim.filter(pl.col("readable") & pl.col("reason").is_not_null())
        .join(candidates.lazy().select("file", "agency", "searcher"), on=["file", "agency"])
        .group_by("searcher", "agency", "reason")
        .agg(n=pl.len())
        .join(totals.lazy().select("searcher", "total"), on="searcher")
        .filter(pl.col("n") >= CONSTANT_SHARE * pl.col("total"))
        .sort("n", "searcher", descending=[True, False])
        .collect(engine="streaming")
    )


class MissingCase(Lead):
    """No case number."""

    id = "case_missing"
    title = "Searches without a case number"
    severity = Severity.LOW
    confidence = Confidence.HIGH
    may_say = "The record ties these searches to no case."
    may_not_say = "That there was no case: many networks do not require the number."
    innocent_explanations = (
        "The form did not require a case number.",
        "A call in progress has no number yet.",
        "The number stands in the reason, in words that are not only a number.",
    )

    def measure(self, ground: Ground) -> Measured | NotMeasured:
        """Count the searches whose case number can be seen to be blank."""
        known = int(ground.measures.agencies["case_known"].sum())
        if not ground.exports("case_number"):
            return NotMeasured("no file has a column for case numbers")
        if known == 0:
            return NotMeasured("every case number is withheld or redacted")
        count = int(ground.measures.agencies["caseless"].sum())
        rates = rate_table(
            ground,
            agency_units(ground, "caseless", "case_known"),
            officer_units(ground, "caseless", "case_known"),
        )
        masked = ground.total - known
        claim = f"{of_total(count, known)} whose case number can be seen {agree(count, 'have')} none"
        if masked:
            claim += (
                f"; for {number(masked)} more it cannot be seen, so the number among all lies between "
                f"{number(count)} and {number(count + masked)}"
            )
        return Measured(
            count,
            claim,
            of=known,
            among="whose case number can be seen",
            where=~pl.col("case"),
            table=rates.table,
        )
