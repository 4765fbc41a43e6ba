"""Audits made by hand, of invented agencies: an ordinary one, one of a record that shows little, a huge one."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from random import Random

from gatehouse.audit.document import (
    Audit,
    Cite,
    Confidence,
    Figure,
    FileSummary,
    Finding,
    NotMeasurable,
    Pathway,
    Severity,
    Table,
    Tally,
)
from gatehouse.model import Bounds, Signal

NETWORK = "exports/prairie-bend-network-audit-2025.csv"
SECOND = "exports/prairie-bend-network-audit-2026-01-to-2026-03-second-production-with-a-very-long-name.xlsx"
LONG_NAME = "Tri-County Regional Auto Theft and Vehicular Crimes Task Force of the Lower Salt Fork Valley"


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def tally(n: int, readable: int = 61_204, total: int = 79_716) -> Tally:
    return Tally(n=n, readable=readable, masked=total - readable, total=total)


def sample_audit() -> Audit:
    """Return an audit of a town's network audits: masked reasons, breaks, gaps, a figure that is missing."""
    files = (
        FileSummary(
            path=NETWORK, sha256=digest("first"), owner="Prairie Bend IL PD", layout="network_audit",
            rows=61_873, searches=60_931, rejects=38, duplicates=902, non_search=2, encoding="utf-8",
            header_row=3, first_at="2025-01-01T06:04:11Z", last_at="2025-12-31T23:58:02Z", repaired=17,
            notes=(
                ("header_repeated", "2 header rows in the middle of the file were set aside"),
                ("header_not_first", "the header stands on row 3"),
                ("schema_break", "from 2025-12-17 name, plate and filters of other agencies are blank"),
            ),
        ),
        FileSummary(
            path=SECOND, sha256=digest("second"), owner="Prairie Bend IL PD", layout="network_audit",
            rows=20_000, searches=18_785, rejects=0, duplicates=1_215, non_search=0,
            first_at="2025-12-31T06:00:00Z", last_at="2026-03-30T17:41:09Z",
            notes=(("truncation", "exactly 20,000 rows: the export may have been cut off"),),
        ),
    )  # fmt: skip
    return Audit(
        files=files,
        rows=81_873,
        searches=79_716,
        exposures=79_716,
        search_bounds=Bounds(79_688, 79_716, 79_902),
        links={"id": 1_512, "exact": 417, "event_frame": 160, "event": 28},
        signals=_signals(),
        families={"immigration": tally(312)},
        pathways={
            "front": Pathway(41_288, 3_120, "their dates lie outside the sharing list of 2025-06-11"),
            "back": Pathway(None, 79_716, "no dated list of sharing settings was given (--sharing FILE)"),
            "side": Pathway(57, 18_512),
        },
        findings=_findings(),
        figures=_figures(),
        not_measurable=(
            NotMeasurable("back door", "no dated list of sharing settings was given (--sharing FILE)"),
            NotMeasurable("on_behalf_of", "the export has no field for the agency on whose behalf a search was made"),
            NotMeasurable("pretext", "fewer than 100 searches show both a reason and an offense type"),
            NotMeasurable("devices reached", "the export has no column Total Devices Searched"),
        ),
        inputs_sha256=digest("inputs"),
        lexicon_sha256=digest("lexicon"),
        pack={"version": "2026.1", "sha256": digest("pack")},
        facts={"first_at": "2025-01-01T06:04:11Z", "last_at": "2026-03-30T17:41:09Z"},
        synthetic=True,
    )


def _signals() -> dict[str, Tally | None]:
    counts = {
        Signal.VAGUE: 21_977, Signal.CASE_NUMBER_ONLY: 9_204, Signal.NONE_STATED: 6_630, Signal.STATUTE_CODE: 2_815,
        Signal.TRAFFIC_INFRACTION: 1_102, Signal.FEDERAL_OTHER: 640, Signal.IMMIGRATION_AGENCY: 203,
        Signal.TEST_TRAINING: 121, Signal.CIVIL_IMMIGRATION: 97, Signal.HSI: 88, Signal.CIVIL_PRIVATE_MATTER: 41,
        Signal.IMMIGRATION_CRIMINAL: 31, Signal.HSI_CRIME: 19, Signal.FIRST_AMENDMENT: 6, Signal.PERSONAL: 3,
        Signal.REPRODUCTIVE_CARE: 1, Signal.GENDER_AFFIRMING_CARE: 0, Signal.DRAGNET: 0,
        Signal.PROTECTED_CHARACTERISTIC: 0, Signal.UI_GENERATED: 0,
    }  # fmt: skip
    return {
        signal.value: tally(counts[signal]) if signal in counts else None for signal in Signal
    }


def cites(file: str, number: int, step: int, first: int = 12) -> tuple[Cite, ...]:
    return tuple(Cite(file, first + step * index) for index in range(number))


def _findings() -> tuple[Finding, ...]:
    return (
        Finding(
            id="immigration_civil", title="Civil immigration reasons on Illinois data", count=97,
            severity=Severity.HIGH, confidence=Confidence.HIGH,
            claim=(
                "97 of 61,204 readable searches by 23 organizations state civil immigration enforcement as "
                "the reason; 97 to 18,609 if masked reasons are counted."
            ),
            may_say="These searches of this town's cameras state immigration enforcement as their reason.",
            may_not_say="That an officer broke the law, or that anybody was arrested because of a search.",
            innocent_explanations=(
                "The reason may have been typed for a case that is criminal as well.",
                "A drop-down may have been set by default.",
            ),
            evidence=(*cites(NETWORK, 61, 613), *cites(SECOND, 36, 97, first=5)),
            law=("625 ILCS 5/2-130(b) (in force since 2025-01-01)", "5 ILCS 805/15"),
            table=Table(
                ("organization", "state", "kind", "searches", "first"),
                (
                    ("Cedar Gulch TX SO", "TX", "sheriff", 31, "2025-02-11"),
                    (LONG_NAME, "OK", "other_public", 22, "2025-03-02"),
                    ("Port Almond FL PD", "FL", "police", 14, "2025-02-19"),
                    ("[Federal] Example Border Unit", None, "federal", 9, "2025-05-30"),
                ),
                (cites(NETWORK, 2, 40), cites(NETWORK, 1, 1, 981), cites(SECOND, 2, 3), cites(NETWORK, 1, 1, 44)),
            ),
            about=("civil_immigration", "immigration"),
        ),
        Finding(
            id="side_door", title="Searches for an agency that has no access of its own", count=57,
            severity=Severity.HIGH, confidence=Confidence.MEDIUM,
            claim="57 of 61,204 readable reasons of 11 organizations name an immigration agency as the requester.",
            may_say="The reason names another agency beside the one that searched.",
            may_not_say="That the other agency received anything.",
            innocent_explanations=("A joint task force may have searched for its own case.",),
            evidence=cites(NETWORK, 57, 911), law=("5 ILCS 805/15(h)",), about=("side", "on_behalf_of"),
        ),
        Finding(
            id="out_of_state", title="Out-of-state searchers", count=52_609, severity=Severity.MEDIUM,
            confidence=Confidence.HIGH,
            claim="52,609 of 79,716 searches came from 311 organizations outside of Illinois.",
            may_say="Most searches of this town's cameras came from other states.",
            may_not_say="That any of them was not allowed.",
            innocent_explanations=("Interstate highways bring interstate cases.",),
            evidence=cites(NETWORK, 100, 401), about=("front",),
        ),
        Finding(
            id="vague_reasons", title="Reasons that name no matter", count=21_977, severity=Severity.LOW,
            confidence=Confidence.HIGH,
            claim="21,977 of 61,204 readable reasons are a word such as \"investigation\" (35.9 %).",
            may_say="More than a third of readable reasons cannot be checked against a case.",
            may_not_say="That there was no case.",
            innocent_explanations=("The case number may stand in another column that was not exported.",),
            evidence=cites(NETWORK, 100, 77),
            table=Table(
                ("organization", "officer", "searches", "share of readable"),
                tuple((f"Example Township {chr(65 + i)} PD", f"officer {i * 7 + 3}", 900 - 31 * i, 0.25) for i in range(24)),
            ),
            about=("vague",),
        ),
        Finding(
            id="repeat_plate", title="One plate again and again", count=None, severity=Severity.LOW,
            confidence=Confidence.LOW, claim="Not measurable: plates of other agencies are blank from 2025-12-17.",
            may_say="Nothing.", may_not_say="That it did not happen.", innocent_explanations=(), evidence=(),
        ),
        Finding(
            id="coverage", title="The second file ends on a round number of rows", count=1, severity=Severity.INFO,
            confidence=Confidence.MEDIUM, claim="The second production holds exactly 20,000 rows.",
            may_say="The export may have been cut off.", may_not_say="That rows were withheld on purpose.",
            innocent_explanations=("It may be chance.",), evidence=(Cite(SECOND, 20_001),),
        ),
    )  # fmt: skip


MONTHS = (
    "2025-01", "2025-02", "2025-03", "2025-04", "2025-05", "2025-06", "2025-07", "2025-09", "2025-10", "2025-11",
    "2025-12", "2026-01", "2026-02", "2026-03",
)  # fmt: skip
ORGANIZATIONS = (
    ("Prairie Bend IL PD", "IL", "police", 14_207, 0),
    ("Cedar Gulch TX SO", "TX", "sheriff", 9_118, 77),
    (LONG_NAME, "OK", "other_public", 6_402, 61),
    ("Port Almond FL PD", "FL", "police", 5_877, 44),
    ("North Fork IL County Sheriff's Office", "IL", "sheriff", 5_120, 0),
    ("Lake Sorrel WI PD", "WI", "police", 4_391, 2),
    ("[Federal] Example Border Unit", None, "federal", 3_650, 19),
    ("Quarry Hill MO PD", "MO", "police", 3_304, 1),
    ("State of Example Highway Patrol Criminal Investigations Division - AZ", "AZ", "state_police", 2_988, 12),
    ("Juniper Flats CO PD", "CO", "police", 2_412, 0),
    ("Oxbow IN PD", "IN", "police", 2_106, 4),
    ("Marlin Key FL SO", "FL", "sheriff", 1_774, 31),
    ("Saltmarsh GA PD", "GA", "police", 1_513, 3),
    ("Birch Landing MN PD", "MN", "police", 1_390, 0),
    ("Copper Ridge NV PD", "NV", "police", 1_205, 5),
    ("Fallen Oak TN PD", "TN", "police", 988, 2),
    ("Alder County WA SO", "WA", "sheriff", 640, 0),
)


def _figures() -> dict[str, Figure]:
    figures = (
        Figure(
            "searches_over_time", "Searches fell by half after the export changed in December", "searches a month",
            _over_time(MONTHS), breaks=(("2025-12-17", "name, plate and filters of other agencies are blank"),),
            note="August 2025 is in neither file.",
        ),
        Figure(
            "top_organizations", "Agencies of other states searched more often than the town itself", "searches",
            Table(
                ("organization", "state", "kind", "searches", "immigration"), ORGANIZATIONS,
                tuple(cites(NETWORK, 2, 31, first=5 + i) for i in range(len(ORGANIZATIONS))),
            ),
        ),
        Figure("states", "Searches came from 31 states", "searches", _states()),
        Figure("hours", "Most searches fall in weekday daytime", "America/Chicago (local time of the owner)", _week()),
        Figure(
            "networks", "Half of all searches reached more than 1,000 networks", "networks",
            Table(("at_least", "at_most", "searches"), (
                (0, 0, 312), (1, 1, 9_004), (2, 9, 3_318), (10, 49, 2_101), (50, 99, 1_986), (100, 249, 4_410),
                (250, 499, 6_870), (500, 999, 10_934), (1_000, 1_999, 12_305), (2_000, 3_999, 15_811),
                (4_000, 5_999, 10_162), (6_000, None, 2_503),
            )),
        ),
        Figure("funnel", "Four organizations label searches as immigration far more often than the rest", "", _funnel(120)),
    )  # fmt: skip
    return {figure.id: figure for figure in figures}


def _over_time(periods: tuple[str, ...]) -> Table:
    random = Random(3)
    columns = ("period", "searches", "civil_immigration", "immigration_agency", "federal_other", "vague")
    rows = []
    for index, period in enumerate(periods):
        base = 6_900 if period < "2025-12" else 3_300
        searches = base + random.randrange(-700, 900)
        masked = index in (11, 12)
        rows.append(
            (
                period, searches, None if masked else random.randrange(0, 16), random.randrange(4, 30),
                random.randrange(20, 80), int(searches * 0.36),
            )
        )  # fmt: skip
    return Table(columns, tuple(rows))


def _states() -> Table:
    codes = "IL TX FL OK IN WI MO AZ GA TN NV CO MN WA IA KY OH MI KS NE AR CA UT NM SC NC VA MD NJ DC RI".split()
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


def _funnel(number: int) -> Table:
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
            (name, searches, flagged, rate, 0.7 * rate + 0.001, max(0.0, rate - 0.004), rate + 0.006, int(outlier))
        )
    columns = ("organization", "searches", "flagged", "rate", "shrunken", "low", "high", "outlier")
    return Table(columns, tuple(rows))


def bare_audit() -> Audit:
    """Return an audit of a portal export that publishes no reason, no organization and few searches."""
    full = sample_audit()
    path = "search_audit.csv"
    why = "the export has no column for it"
    empty = {
        name: replace(figure, table=Table(figure.table.columns, ()), not_measurable=why, breaks=(), note="")
        for name, figure in full.figures.items()
    }
    empty["networks"] = replace(
        full.figures["networks"], title="One search", table=Table(("at_least", "at_most", "searches"), ((1, 1, 1),))
    )
    return replace(
        full,
        files=(
            FileSummary(path, digest("bare"), None, "portal", rows=1, searches=1, rejects=0, duplicates=0, non_search=0),
        ),
        rows=1, searches=1, exposures=1, search_bounds=Bounds(1, 1, 1), links={},
        signals=dict.fromkeys((signal.value for signal in Signal), None), families={"immigration": None},
        pathways={name: Pathway(None, 1, why) for name in ("front", "back", "side")},
        findings=(), figures=empty,
        not_measurable=(NotMeasurable("immigration", why), NotMeasurable("organizations", why)),
        facts={}, synthetic=False,
    )  # fmt: skip


def huge_audit() -> Audit:
    """Return an audit of 46 files, 17 million rows, 4,800 organizations, daily periods over two years, 30 findings."""
    full = sample_audit()
    files = tuple(
        replace(
            full.files[0], path=f"exports/network-audit-part-{index:02}.csv", sha256=digest(f"part {index}"),
            owner=f"Example City {index} IL PD", rows=370_002, searches=370_000, rejects=1, duplicates=1, non_search=0,
        )
        for index in range(46)
    )  # fmt: skip
    total = 46 * 370_000
    days = tuple(f"{year}-{month:02}-{day:02}" for year in (2024, 2025) for month in range(1, 13) for day in range(1, 29))
    template = full.findings[2]
    findings = tuple(
        replace(
            template, id=f"finding_{index}", count=total // (index + 2), severity=list(Severity)[index % 4],
            evidence=cites(files[index].path, 100, 1_117),
        )
        for index in range(30)
    )  # fmt: skip
    figures = dict(full.figures)
    figures["searches_over_time"] = replace(
        full.figures["searches_over_time"], table=_over_time(days), unit="searches a day"
    )
    figures["funnel"] = replace(full.figures["funnel"], table=_funnel(4_800))
    return replace(
        full, files=files, rows=46 * 370_002, searches=total, exposures=46 * total,
        search_bounds=Bounds(total - 9_000, total, total + 120_000), findings=findings, figures=figures,
        families={"immigration": Tally(4_021, total - 5_000_000, 5_000_000, total)},
    )  # fmt: skip
