"""Figures of an invented town's audit: what the charts of the report are drawn from."""

from __future__ import annotations

from random import Random

from gatehouse.audit.document import Cite, Figure, Table

NETWORK = "exports/prairie-bend-network-audit-2025.csv"
LONG_NAME = "Tri-County Regional Auto Theft and Vehicular Crimes Task Force of the Lower Salt Fork Valley"


def cites(file: str, number: int, step: int, first: int = 12) -> tuple[Cite, ...]:
    return tuple(Cite(file, first + step * index) for index in range(number))


MONTHS = (
    "2025-01",
    "2025-02",
    "2025-03",
    "2025-04",
    "2025-05",
    "2025-06",
    "2025-07",
    "2025-09",
    "2025-10",
    "2025-11",
    "2025-12",
    "2026-01",
    "2026-02",
    "2026-03",
)
ORGANIZATIONS = (
    ("Prairie Bend IL PD", "IL", "police", 14_207, 0),
    ("Cedar Gulch TX SO", "TX", "sheriff", 9_118, 77),
    (LONG_NAME, "OK", "other_public", 6_402, 61),
    ("Port Almond FL PD", "FL", "police", 5_877, 44),
    ("North Fork IL County Sheriff's Office", "IL", "sheriff", 5_120, 0),
    ("Lake Sorrel WI PD", "WI", "police", 4_391, 2),
    ("[Federal] Example Border Unit", None, "federal", 3_650, 19),
    ("Quarry Hill MO PD", "MO", "police", 3_304, 1),
    (
        "State of Example Highway Patrol Criminal Investigations Division - AZ",
        "AZ",
        "state_police",
        2_988,
        12,
    ),
    ("Juniper Flats CO PD", "CO", "police", 2_412, 0),
    ("Oxbow IN PD", "IN", "police", 2_106, 4),
    ("Marlin Key FL SO", "FL", "sheriff", 1_774, 31),
    ("Saltmarsh GA PD", "GA", "police", 1_513, 3),
    ("Birch Landing MN PD", "MN", "police", 1_390, 0),
    ("Copper Ridge NV PD", "NV", "police", 1_205, 5),
    ("Fallen Oak TN PD", "TN", "police", 988, 2),
    ("Alder County WA SO", "WA", "sheriff", 640, 0),
)


def figures() -> dict[str, Figure]:
    figures = (
        Figure(
            "searches_over_time",
            "Searches over time, by what the reason says",
            "UTC month",
            over_time(MONTHS),
            breaks=(("2025-12-17", "name, plate and filters of other agencies are blank"),),
            note="August 2025 is in neither file.",
        ),
        Figure(
            "top_organizations",
            "Who searched most",
            "searches",
            Table(
                ("organization", "state", "kind", "searches", "immigration"),
                ORGANIZATIONS,
                tuple(cites(NETWORK, 2, 31, first=5 + i) for i in range(len(ORGANIZATIONS))),
            ),
        ),
        Figure("states", "Where the searchers are", "searches", _states()),
        Figure(
            "hours",
            "When searches are made",
            "America/Chicago",
            _week(),
        ),
        Figure(
            "networks",
            "How many networks a search reaches",
            "searches",
            Table(
                ("at_least", "at_most", "searches"),
                (
                    (0, 0, 312),
                    (1, 1, 9_004),
                    (2, 9, 3_318),
                    (10, 49, 2_101),
                    (50, 99, 1_986),
                    (100, 249, 4_410),
                    (250, 499, 6_870),
                    (500, 999, 10_934),
                    (1_000, 1_999, 12_305),
                    (2_000, 3_999, 15_811),
                    (4_000, 5_999, 10_162),
                    (6_000, None, 2_503),
                ),
            ),
        ),
        Figure(
            "funnel",
            "Rates of immigration-labeled searches by agency",
            "share of searches with immigration-labeled searches",
            funnel(60),
        ),
    )
    return {figure.id: figure for figure in figures}


def over_time(periods: tuple[str, ...]) -> Table:
    random = Random(3)
    columns = ("period", "searches", "civil_immigration", "immigration_agency", "federal_other", "vague")
    rows = []
    for index, period in enumerate(periods):
        base = 6_900 if period < "2025-12" else 3_300
        searches = base + random.randrange(-700, 900)
        masked = index in (11, 12)
        rows.append(
            (
                period,
                searches,
                None if masked else random.randrange(0, 16),
                random.randrange(4, 30),
                random.randrange(20, 80),
                int(searches * 0.36),
            )
        )
    return Table(columns, tuple(rows))


def _states() -> Table:
    joined = "ILTXFLOKINWIMOAZGATNNVCOMNWAIAKYOHMIKSNEARCAUTNMSCNCVAMDNJDCRI"
    codes = [joined[index : index + 2] for index in range(0, len(joined), 2)]
    rows = tuple(
        (code, 1 + (index * 7) % 19, max(1, 27_000 // (index + 1) ** 2), None if index > 20 else index % 5)
        for index, code in enumerate(codes)
    )
    return Table(("state", "organizations", "searches", "immigration"), (*rows, (None, 12, 4_204, 19)))


def _week() -> Table:
    rows = tuple(
        (day, hour, max(0, 900 - 14 * (hour - 14) ** 2 - 160 * (day > 4) + 31 * ((day * 24 + hour) % 5)))
        for day in range(7)
        for hour in range(24)
    )
    return Table(("weekday", "hour", "searches"), rows)


def funnel(number: int) -> Table:
    random = Random(7)
    names = [name for name, *_ in ORGANIZATIONS]
    rows = []
    for index in range(number):
        searches = int(30 * 1.5 ** random.uniform(0, 14))
        flagged = sum(random.random() < 0.004 for _ in range(min(searches, 4_000)))
        outlier = index in (1, 2, 3, 11)
        if outlier:
            searches = (9_118, 6_402, 877, 1_774)[(1, 2, 3, 11).index(index)]
            flagged = searches // (40 - index)
        rate = flagged / searches
        name = names[index] if index < len(names) else f"Example Agency {index} PD"
        rows.append(
            (
                name,
                searches,
                flagged,
                rate,
                0.7 * rate + 0.001,
                max(0.0, rate - 0.004),
                rate + 0.006,
                int(outlier),
            )
        )
    columns = ("organization", "searches", "flagged", "rate", "shrunken", "low", "high", "outlier")
    return Table(columns, tuple(rows))
