"""Immigration as the stated purpose: in all, and on data whose owner's state restricts it.

Three kinds are kept apart, each search in one: civil enforcement; an immigration crime; an immigration agency
named and neither of these beside it. Homeland Security Investigations alone is in none (see `hsi`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import polars as pl

from gatehouse.audit.document import Confidence, Severity, Table
from gatehouse.audit.findings.content import ContentLead
from gatehouse.audit.findings.lead import Lead, Measured, NotMeasured
from gatehouse.audit.lawful import Judged, citations, judge, law_day
from gatehouse.audit.texts import BIT, bits_of
from gatehouse.audit.wording import NO_REASON, READABLE, agree, bounded, number, searches
from gatehouse.model import FAMILIES, Signal

if TYPE_CHECKING:
    from gatehouse.audit.ground import Ground

CIVIL, CRIMINAL, AGENCY = (
    Signal.CIVIL_IMMIGRATION,
    Signal.IMMIGRATION_CRIMINAL,
    Signal.IMMIGRATION_AGENCY,
)


class ImmigrationPurpose(ContentLead):
    """The whole family, whatever the owner's law."""

    id = "immigration_purpose"
    title = "Searches whose words point to immigration enforcement"
    severity = Severity.HIGH
    signals = FAMILIES["immigration"]
    sizes_error = True
    verb = "state immigration enforcement as their purpose or name an immigration agency"
    about = ("immigration", CIVIL.value, CRIMINAL.value, AGENCY.value)
    may_say = "The text of these searches names immigration enforcement or an immigration agency."
    may_not_say = (
        "That a law was broken, that somebody was detained, or how many such searches vague reasons hide."
    )
    innocent_explanations = (
        "The words mean something else: a name, a place, a case number.",
        "The agency named helped in an ordinary criminal case.",
        "A victim or witness of a crime is described.",
    )


class _Barred(Lead):
    """One kind of immigration purpose under the law of the data's owner."""

    signal: ClassVar[Signal]
    not_signals: ClassVar[tuple[Signal, ...]] = ()
    kind: ClassVar[str]
    severity = Severity.HIGH
    may_not_say = (
        "That the owner or the searcher broke the law: whom the law binds, what was known, and what data was "
        "returned are not in the record. This is not legal advice."
    )
    innocent_explanations: ClassVar[tuple[str, ...]] = (
        "The words mean something else: a name, a place, a case number.",
        "The owner's data was not among what the search returned.",
        "A court order or another exception applied.",
    )

    def measure(self, ground: Ground) -> Measured | NotMeasured:
        """Count the searches of this kind on data of owners whose state forbids it that day."""
        tally = ground.signal_tallies[self.signal.value]
        if tally is None:
            return NotMeasured(NO_REASON)
        if all(state is None for state in ground.roster.owner_states()):
            return NotMeasured("the state of no file's owner is known; name the owner with --owner")
        where = bits_of(BIT[self.signal])
        for other in self.not_signals:
            where = where & ~bits_of(BIT[other])
        judged = judge(ground, ground.measures.flagged.filter(where), self.signal)
        rows, claim, confidence = self._counted(judged)
        if not self._restricted_anywhere(ground):
            claim = "No rule that restricts this was found for the owners' states in the period of the record"
            claim += f"; {searches(judged.rows.height)} {agree(judged.rows.height, self.kind)}"
        elif stateless := judged.rows.filter(pl.col("state").is_null()).height:
            claim += f"; for {number(stateless)} more the owner's state is not known"
        claim += self._own(ground, rows)
        if self._restricted_anywhere(ground):
            claim += bounded(rows.height, tally.masked, tally.total)
        return Measured(
            rows.height,
            claim,
            of=tally.readable,
            among=READABLE,
            rows=rows.select("file", "row"),
            flagged=True,
            confidence=confidence,
            law=citations(judged.rules),
            table=_standings(judged),
        )

    def _own(self, ground: Ground, rows: pl.DataFrame) -> str:
        """Return how many rows stand in a record of the owner's own searches, which shows no data's owner."""
        own = [file for file, mine in enumerate(ground.roster.own_record) if mine]
        n = rows.filter(pl.col("file").is_in(own)).height
        if not n:
            return ""
        stand = "stands" if n == 1 else "stand"
        return f". {searches(n)} {stand} in an agency's own record, which does not say whose data was reached"

    def _restricted_anywhere(self, ground: Ground) -> bool:
        """Return whether any owner's state had a rule in force that concerns this purpose."""
        moments = [moment for moment in (ground.first, ground.last) if moment]
        return any(
            ground.law.judge(
                ground.roster.agencies[owner].state, law_day(ground, owner, moment), self.signal
            ).rule
            is not None
            for owner in sorted(set(ground.roster.owners))
            for moment in moments
        )

    def _counted(self, judged: Judged) -> tuple[pl.DataFrame, str, Confidence]:
        """Return the rows that count, in words, and how sure it is that the law means them."""
        barred = judged.forbidden()
        claim = f"{searches(barred.height)} {agree(barred.height, self.kind)}, "
        claim += "on data of owners whose state law forbids that purpose"
        if unsettled := judged.unsettled().height:
            claim += f"; for {number(unsettled)} more a law was in force that may reach them"
        return barred, claim, Confidence.MEDIUM


class BarredCivil(_Barred):
    """Civil immigration enforcement where it is forbidden."""

    id = "immigration_barred_civil"
    title = "Civil immigration enforcement on data of a state that forbids it"
    signal = CIVIL
    kind = "state civil immigration enforcement"
    may_say = "The text states a purpose that the law of the owner's state forbids for such data."


class BarredCriminal(_Barred):
    """Immigration crimes where the law may reach them."""

    id = "immigration_barred_criminal"
    title = "Immigration crimes on data of a state that restricts immigration use"
    severity = Severity.MEDIUM
    signal = CRIMINAL
    not_signals = (CIVIL,)
    kind = "state an immigration crime"
    may_say = "The text states an immigration crime, on data of a state that restricts immigration use."

    def _counted(self, judged: Judged) -> tuple[pl.DataFrame, str, Confidence]:
        return _restricted(judged, self.kind)


class BarredAgency(_Barred):
    """An immigration agency and no immigration purpose."""

    id = "immigration_barred_agency"
    title = "Immigration agencies named on data of a state that restricts immigration use"
    severity = Severity.MEDIUM
    signal = AGENCY
    not_signals = (CIVIL, CRIMINAL)
    kind = "name an immigration agency and no immigration purpose"
    may_say = "The text names an immigration agency, on data of a state that restricts immigration use."
    may_not_say = (
        "That the purpose was immigration enforcement, or that the owner or the searcher broke the law. This "
        "is not legal advice."
    )
    innocent_explanations = (
        "The agency helped in an ordinary criminal case.",
        *_Barred.innocent_explanations,
    )

    def _counted(self, judged: Judged) -> tuple[pl.DataFrame, str, Confidence]:
        return _restricted(judged, self.kind)


def _restricted(judged: Judged, kind: str) -> tuple[pl.DataFrame, str, Confidence]:
    """Return searches under any rule in force that forbids the purpose or may reach it."""
    settled = judged.forbidden()
    unsettled = judged.unsettled()
    count = settled.height + unsettled.height
    claim = (
        f"{searches(count)} {agree(count, kind)}, on data of owners whose state law restricts "
        f"immigration use; it settles the matter for {number(settled.height)} of them"
    )
    confidence = Confidence.LOW if unsettled.height else Confidence.MEDIUM
    return pl.concat([settled, unsettled]).sort("file", "row"), claim, confidence


def _standings(judged: Judged) -> Table:
    counted = (
        judged.rows.group_by("state", "standing", "rule")
        .len()
        .sort("state", "standing", "rule", nulls_last=True)
    )
    by_id = {rule.id: rule for rule in judged.rules}
    return Table(
        ("state", "standing", "rule", "citation", "searches"),
        tuple(
            (state, standing, rule, by_id[rule].citation if rule else None, n)
            for state, standing, rule, n in counted.iter_rows()
        ),
    )
