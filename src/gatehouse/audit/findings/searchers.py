"""Who searched from elsewhere: federal bodies, and agencies of other states."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import polars as pl

from gatehouse.audit.document import Confidence, Severity, Table
from gatehouse.audit.findings.lead import Lead, Measured, NotMeasured
from gatehouse.audit.findings.tables import ROWS_SHOWN
from gatehouse.audit.flows import FlowsJudged, judge_flows
from gatehouse.audit.ground import count_of
from gatehouse.audit.roster import UNKNOWN
from gatehouse.audit.sharing import NO_SEARCHER
from gatehouse.audit.wording import agree, number, of_total, plural
from gatehouse.law.standing import Flow

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from gatehouse.audit.ground import Ground


# They explain nothing where the law forbids the access itself.
_SHARES_FOR_CASES = (
    "The owner shares with the agency for criminal cases, by agreement, where the law allows that."
)
_SHARES_ACROSS = (
    "The owner shares across state lines for stolen vehicles and missing people, where the law allows that."
)
_NEIGHBORS = "A neighboring town across the state line."


class FederalSearchers(Lead):
    """Federal bodies, by their names."""

    id = "federal_searchers"
    title = "Searches by federal agencies"
    severity = Severity.MEDIUM
    confidence = Confidence.HIGH
    may_say = "The record names a federal agency as the one that searched."
    may_not_say = "That the search was for immigration enforcement, or that the owner had not agreed to it."
    innocent_explanations = (
        _SHARES_FOR_CASES,
        "A federal account may be a local task force's.",
    )

    def measure(self, ground: Ground) -> Measured | NotMeasured:
        """Count the searches by organizations whose names are federal."""
        named = _named(ground)
        if named is None:
            return NotMeasured(_NO_NAMES)
        federal = named.filter(pl.col("agency").is_in(sorted(ground.roster.federal)))
        count = int(federal["n"].sum())
        unknown = ground.total - int(named["n"].sum())
        who = plural(federal.height, "federal agency", "federal agencies")
        are, by = agree(count, "are"), who if federal.height else "federal agencies"
        claim = f"{of_total(count, ground.total)} {are} by {by}"
        where = pl.col("agency").is_in(sorted(ground.roster.federal))
        # In an agency's own record nothing says whose data was reached.
        files = [file for file, own in enumerate(ground.roster.own_record) if not own]
        judged = judge_flows(ground, Flow.FEDERAL, where & pl.col("outside"), files)
        return Measured(
            count,
            claim + _unnamed(unknown) + judged.claim,
            of=ground.total,
            where=where,
            law=judged.law,
            table=_agency_table(ground, federal),
            **_as_the_law_stood(self, judged, count),
        )


class OutOfStateSearchers(Lead):
    """State and local agencies of another state than the owner's."""

    id = "out_of_state_searchers"
    title = "Searches by agencies of other states"
    severity = Severity.LOW
    confidence = Confidence.HIGH
    may_say = "Agencies of other states searched this owner's data."
    may_not_say = (
        "That this was unlawful: it depends on the owner's state and agreements, and on the purpose."
    )
    innocent_explanations = (
        _SHARES_ACROSS,
        _NEIGHBORS,
        "The name misleads about the state.",
    )

    def measure(self, ground: Ground) -> Measured | NotMeasured:
        """Count the searches by outside agencies whose state is known and is not the owner's."""
        states = ground.roster.owner_states()
        known = {file: state for file, state in enumerate(states) if state is not None}
        outside_files = {file for file in known if not ground.roster.own_record[file]}
        if not outside_files:
            return NotMeasured(
                "the record holds an agency's own searches, not those of others in its data"
                if all(ground.roster.own_record)
                else "the state of the owner is not known; name the owner with --owner"
            )
        within = ground.measures.signals.filter(pl.col("file").is_in(sorted(outside_files)))
        total, unnamed = count_of(within), count_of(within.filter(pl.col("agency") == UNKNOWN))
        if total == unnamed:
            return NotMeasured(NO_SEARCHER)
        rows = within.filter("outside")
        searcher = pl.Series([agency.state for agency in ground.roster.agencies], dtype=pl.String)
        rows = rows.with_columns(
            state=searcher.gather(rows["agency"]),
            owner_state=pl.Series(states, dtype=pl.String).gather(rows["file"]),
            federal=pl.col("agency").is_in(sorted(ground.roster.federal)),
        ).filter(~pl.col("federal"))
        elsewhere = rows.filter(pl.col("state") != pl.col("owner_state"))
        count = int(elsewhere["n"].sum())
        unknown = count_of(rows.filter(pl.col("state").is_null()))
        by_state = (
            elsewhere.group_by("state")
            .agg(organizations=pl.col("agency").n_unique(), searches=pl.col("n").sum())
            .sort("searches", "state", descending=[True, False])
        )
        where = plural(by_state.height, "other state") if by_state.height else "other states"
        claim = f"{of_total(count, total)} {agree(count, 'are')} by agencies of {where}"
        if unknown:
            claim += f"; for {number(unknown)} more the searcher's name does not tell the state"
        claim += _unnamed(unnamed)
        if total < ground.total:
            claim += (
                f". Not looked at: {number(ground.total - total)} in an agency's own record or on data of an "
                "owner whose state is not known"
            )
        where_from = _elsewhere(ground, known, outside_files)
        judged = judge_flows(ground, Flow.OUT_OF_STATE, where_from, outside_files)
        return Measured(
            count,
            claim + judged.claim,
            of=total,
            among="" if total == ground.total else "by others, on data of an owner whose state is known",
            where=where_from,
            law=judged.law,
            table=Table(("state", "organizations", "searches"), tuple(by_state.rows())),
            **_as_the_law_stood(self, judged, count),
        )


class _Wording(TypedDict, total=False):
    severity: Severity
    may_not_say: str
    innocent_explanations: tuple[str, ...]


def _as_the_law_stood(lead: Lead, judged: FlowsJudged, count: int) -> _Wording:
    """Return what of a lead's words changes where the law forbade the access itself."""
    if not judged.forbidden:
        return {}
    sharing = {_SHARES_FOR_CASES, _SHARES_ACROSS, _NEIGHBORS} if judged.forbidden == count else set()
    return {
        "severity": Severity.HIGH,
        "may_not_say": (
            "That the owner or the searcher broke the law: whom the law binds, what was known, and what data "
            "was returned are not in the record. This is not legal advice."
        ),
        "innocent_explanations": (
            "The owner's data was not among what the search returned.",
            *(each for each in lead.innocent_explanations if each not in sharing),
        ),
    }


_NO_NAMES = "no file names the organization that searched, and no owner is given"


def _named(ground: Ground) -> pl.DataFrame | None:
    """Return searches by agency, where it is stated; None where it never is."""
    named = (
        ground.measures.agencies.filter(pl.col("agency") != UNKNOWN)
        .group_by("agency")
        .agg(pl.col("n").sum())
        .sort("n", "agency", descending=[True, False])
    )
    return None if named.is_empty() else named


def _unnamed(unknown: int) -> str:
    return f"; for {number(unknown)} more the searcher is not named" if unknown else ""


def _agency_table(ground: Ground, counted: pl.DataFrame) -> Table:
    """Return the agencies with most searches."""
    agencies = ground.roster.agencies
    return Table(
        ("organization", "kind", "searches"),
        tuple(
            (agencies[agency].name, agencies[agency].kind.value, n)
            for agency, n in counted.head(ROWS_SHOWN).select("agency", "n").iter_rows()
        ),
    )


def _elsewhere(ground: Ground, states: Mapping[int, str], files: Collection[int]) -> pl.Expr:
    """Return whether a row is by a state or local agency of another state than the file owner's."""
    expression = pl.lit(False)
    by_state: dict[str, list[int]] = {}
    for file in sorted(files):
        by_state.setdefault(states[file], []).append(file)
    for state, of_state in by_state.items():
        foreign = [
            index
            for index, agency in enumerate(ground.roster.agencies)
            if agency.state not in (None, state) and index not in ground.roster.federal
        ]
        expression = expression | (pl.col("file").is_in(of_state) & pl.col("agency").is_in(foreign))
    return expression & pl.col("outside")
