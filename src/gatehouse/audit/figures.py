"""The data of the report's charts, in the columns that `document.Figure` fixes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from gatehouse.audit.breaks import schema_breaks
from gatehouse.audit.document import Cite, Figure, Table
from gatehouse.audit.evidence import cite
from gatehouse.audit.findings.tables import Unit
from gatehouse.audit.ground import count_of
from gatehouse.audit.measures import NETWORK_CLASSES
from gatehouse.audit.roster import UNKNOWN
from gatehouse.audit.statistics import MINIMUM_AGENCIES, MINIMUM_SEARCHES, outliers, shrink_rates
from gatehouse.audit.texts import BIT, FAMILY_BITS, bits_of
from gatehouse.audit.wording import NO_REASON, plural, searches, unsure_zones
from gatehouse.model import Layout, Signal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gatehouse.audit.ground import Ground

ORGANIZATIONS_SHOWN = 25
# Beyond about three months a chart of days is noise; months are then drawn.
LONGEST_DAILY = timedelta(days=100)
# Lines of the chart over time, after all searches.
LINES: Mapping[str, int] = {
    "immigration": FAMILY_BITS["immigration"],
    Signal.HSI.value: BIT[Signal.HSI],
    Signal.FIRST_AMENDMENT.value: BIT[Signal.FIRST_AMENDMENT],
    Signal.REPRODUCTIVE_CARE.value: BIT[Signal.REPRODUCTIVE_CARE],
    Signal.VAGUE.value: BIT[Signal.VAGUE],
    Signal.NONE_STATED.value: BIT[Signal.NONE_STATED],
}

_NO_NAMES = "no file names the organization that searched, and no owner is given"


def figures(ground: Ground) -> Mapping[str, Figure]:
    """Return every figure by id; one that the record cannot support says why."""
    drawn = (
        searches_over_time(ground),
        top_organizations(ground),
        states(ground),
        hours(ground),
        networks(ground),
        funnel(ground),
    )
    return {figure.id: figure for figure in drawn}


def searches_over_time(ground: Ground) -> Figure:
    """Return searches by UTC day, or by month in a long record, with the signals that occur."""
    days = ground.measures.days.filter(pl.col("day").is_not_null())
    if days.is_empty():
        return _missing("searches_over_time", "Searches over time", "no search has a readable time")
    daily = days["day"].max() - days["day"].min() <= LONGEST_DAILY  # type: ignore[operator]  # both are dates
    form, unit = ("%Y-%m-%d", "UTC day") if daily else ("%Y-%m", "UTC month")
    days = days.with_columns(period=pl.col("day").dt.strftime(form))
    lines = {
        name: mask
        for name, mask in LINES.items()
        if ground.readable and not days.filter(bits_of(mask)).is_empty()
    }
    table = (
        days.group_by("period")
        .agg(
            searches=pl.col("n").sum(),
            **{name: pl.col("n").filter(bits_of(mask)).sum() for name, mask in lines.items()},
            place=pl.col("place").min(),
        )
        .sort("period")
    )
    first = table.drop_in_place("place")
    breaks = tuple((item.day.isoformat(), item.change) for item in schema_breaks(ground))
    dateless = ground.total - int(days["n"].sum())
    notes = [f"Without {searches(dateless)} that show no readable time."] if dateless else []
    if any(file.layout is Layout.PORTAL for file in ground.files):
        notes.append(
            "A portal appears to show only some searches of an hour, so its counts are lower bounds."
        )
    return Figure(
        "searches_over_time",
        "Searches over time, by what the reason says",
        unit,
        Table(tuple(table.columns), tuple(table.rows()), _cites(ground, first)),
        breaks=breaks,
        note=" ".join(notes),
    )


def top_organizations(ground: Ground) -> Figure:
    """Return the organizations with most searches."""
    counted = _by_agency(ground).filter(pl.col("agency") != UNKNOWN)
    if counted.is_empty():
        return _missing("top_organizations", "Who searched most", _NO_NAMES)
    shown = counted.sort("searches", "agency", descending=[True, False]).head(ORGANIZATIONS_SHOWN)
    agencies = ground.roster.agencies
    rows = tuple(
        (agencies[agency].name, agencies[agency].state, agencies[agency].kind.value, n, flagged)
        for agency, n, flagged in shown.select("agency", "searches", "immigration").iter_rows()
    )
    return Figure(
        "top_organizations",
        "Who searched most",
        "searches",
        Table(
            ("organization", "state", "kind", "searches", "immigration"),
            rows,
            _cites(ground, shown["place"], shown["flagged_place"]),
        ),
        note=_unnamed(ground),
    )


def states(ground: Ground) -> Figure:
    """Return searches by the searcher's state; agencies whose name does not tell stand as no state."""
    counted = _by_agency(ground).filter(pl.col("agency") != UNKNOWN)
    if counted.is_empty():
        return _missing("states", "Where the searchers are", _NO_NAMES)
    of_agency = pl.Series([agency.state for agency in ground.roster.agencies], dtype=pl.String)
    table = (
        counted.with_columns(state=of_agency.gather(counted["agency"]))
        .group_by("state")
        .agg(
            organizations=pl.col("agency").n_unique(),
            searches=pl.col("searches").sum(),
            immigration=pl.col("immigration").sum() if ground.readable else pl.lit(None),
            place=pl.col("place").min(),
            flagged_place=pl.col("flagged_place").min(),
        )
        .sort("searches", "state", descending=[True, False], nulls_last=True)
    )
    columns = ("state", "organizations", "searches", "immigration")
    return Figure(
        "states",
        "Where the searchers are",
        "searches",
        Table(
            columns,
            tuple(table.select(columns).rows()),
            _cites(ground, table["place"], table["flagged_place"]),
        ),
        note=_unnamed(ground),
    )


def hours(ground: Ground) -> Figure:
    """Return searches by local weekday and hour of the agency that searched."""
    week = ground.measures.week
    if week.is_empty():
        return _missing(
            "hours",
            "When searches are made",
            "local time is not known: no searcher's time zone, or no readable time",
        )
    searchers = ground.measures.agencies["agency"].unique().to_list()
    zones = {ground.roster.zones[agency] for agency in searchers if ground.roster.zones[agency]}
    unit = (zones.pop() or "") if len(zones) == 1 else "local time of the agency that searched"
    placed = int(week["n"].sum())
    notes = (
        [f"Without {searches(ground.total - placed)} of no known local time."]
        if placed != ground.total
        else []
    )
    if unsure := ground.roster.zone_unsure.intersection(searchers):
        notes.append(unsure_zones(len(unsure)))
    return Figure(
        "hours",
        "When searches are made",
        unit,
        Table(
            ("weekday", "hour", "searches"),
            tuple(week.select("weekday", "hour", "n").rows()),
            _cites(ground, week["place"]),
        ),
        note=" ".join(notes),
    )


def networks(ground: Ground) -> Figure:
    """Return searches by how many networks each reached."""
    counted = ground.measures.networks.filter(pl.col("at_least").is_not_null())
    if counted.is_empty():
        return _missing(
            "networks",
            "How many networks a search reaches",
            "no file says how many networks a search reached",
        )
    by_class = {low: (n, first) for low, n, first in counted.iter_rows()}
    upper: tuple[int | None, ...] = (*(low - 1 for low in NETWORK_CLASSES[1:]), None)
    found = [by_class.get(low, (0, None)) for low in NETWORK_CLASSES]
    rows = tuple((low, high, n) for low, high, (n, _) in zip(NETWORK_CLASSES, upper, found, strict=True))
    first = pl.Series([place for _, place in found], dtype=pl.UInt64)
    return Figure(
        "networks",
        "How many networks a search reaches",
        "searches",
        Table(("at_least", "at_most", "searches"), rows, _cites(ground, first)),
        note="Exports show 0 also where the number was not recorded." if by_class.get(0) else "",
    )


def funnel(ground: Ground) -> Figure:
    """Return every agency's rate of immigration-labeled searches, or of vague ones where there are none."""
    if ground.readable == 0:
        return _missing("funnel", "Rates by agency", NO_REASON)
    family = ground.family_tallies["immigration"]
    immigration = family is not None and family.n > 0
    mask = FAMILY_BITS["immigration"] if immigration else BIT[Signal.VAGUE]
    counted = (
        ground.measures.signals.filter("readable")
        .group_by("agency")
        .agg(
            total=pl.col("n").sum(),
            flagged=pl.col("n").filter(bits_of(mask)).sum(),
            place=pl.col("place").min(),
            flagged_place=pl.col("place").filter(bits_of(mask)).min(),
        )
        .filter((pl.col("total") >= MINIMUM_SEARCHES) & (pl.col("agency") != UNKNOWN))
        .sort("agency")
    )
    what = "immigration-labeled searches" if immigration else "vague reasons"
    if counted.height < MINIMUM_AGENCIES:
        having = plural(counted.height, "named agency has", "named agencies have") if counted.height else ""
        return _missing(
            "funnel",
            f"Rates of {what} by agency",
            f"{having or 'no named agency has'} {MINIMUM_SEARCHES} readable searches, and a comparison needs "
            f"{MINIMUM_AGENCIES}",
        )
    units = [Unit(agency, None, total, flagged) for agency, total, flagged, *_ in counted.iter_rows()]
    flagged, totals = [unit.flagged for unit in units], [unit.total for unit in units]
    rates, tested = shrink_rates(flagged, totals), outliers(flagged, totals)
    rows = tuple(
        (
            ground.roster.name(unit.agency),
            unit.total,
            unit.flagged,
            round(unit.flagged / unit.total, 6),
            round(rate.point, 6),
            round(rate.low, 6),
            round(rate.high, 6),
            int(outlier),
        )
        for unit, rate, outlier in zip(units, rates, tested.outlier, strict=True)
    )
    return Figure(
        "funnel",
        f"Rates of {what} by agency",
        f"{what} as a share of searches whose reason can be read",
        Table(
            ("organization", "searches", "flagged", "rate", "shrunken", "low", "high", "outlier"),
            rows,
            _cites(ground, counted["place"], counted["flagged_place"]),
        ),
        note=f"Agencies with at least {MINIMUM_SEARCHES} readable searches; outliers at a false-discovery "
        "rate of 5 %.",
    )


def _by_agency(ground: Ground) -> pl.DataFrame:
    """Return agency, searches and immigration searches (null where none is readable), and their places."""
    mask = FAMILY_BITS["immigration"]
    flagged = pl.col("n").filter(bits_of(mask)).sum() if ground.readable else pl.lit(None, pl.UInt32)
    return ground.measures.signals.group_by("agency").agg(
        searches=pl.col("n").sum(),
        immigration=flagged,
        place=pl.col("place").min(),
        flagged_place=pl.col("place").filter(bits_of(mask)).min(),
    )


def _cites(ground: Ground, *places: pl.Series) -> tuple[tuple[Cite, ...], ...]:
    """Return, row by row, where the first searches of each kind stand."""
    return tuple(
        tuple(cite(ground, place) for place in dict.fromkeys(row) if place is not None)
        for row in zip(*places, strict=True)
    )


def _unnamed(ground: Ground) -> str:
    unnamed = count_of(ground.measures.agencies.filter(pl.col("agency") == UNKNOWN))
    return f"Of {searches(unnamed)} the searcher is not named." if unnamed else ""


def _missing(name: str, title: str, why: str) -> Figure:
    return Figure(name, title, "", Table((), ()), not_measurable=why)
