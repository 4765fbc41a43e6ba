"""Audits made by hand, of invented agencies: an ordinary one, a bare one, a huge one."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

from gatehouse.audit.document import (
    Audit,
    Cite,
    Confidence,
    FileSummary,
    Finding,
    NotMeasurable,
    Pathway,
    Precision,
    Severity,
    Table,
    Tally,
)
from gatehouse.model import Bounds, Signal
from tests.unit.audit.report.sample_figures import LONG_NAME, NETWORK, cites, figures, funnel, over_time

SECOND = "exports/prairie-bend-network-audit-2026-01-to-2026-03-second-production-with-a-very-long-name.xlsx"


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def tally(n: int, readable: int = 61_204, total: int = 79_716) -> Tally:
    return Tally(n=n, readable=readable, masked=total - readable, total=total)


def sample_audit() -> Audit:
    """Return an audit of a town's network audits: masked reasons, breaks, gaps, a figure that is missing."""
    files = (
        FileSummary(
            path=NETWORK,
            sha256=digest("first"),
            owner="Prairie Bend IL PD",
            layout="network_audit",
            rows=61_873,
            searches=60_931,
            rejects=38,
            duplicates=902,
            non_search=2,
            encoding="utf-8",
            header_row=3,
            first_at="2025-01-01T06:04:11Z",
            last_at="2025-12-31T23:58:02Z",
            repaired=17,
            notes=(
                ("header_repeated", "2 header rows in the middle of the file were set aside"),
                ("header_not_first", "the header stands on row 3"),
                ("schema_break", "from 2025-12-17 name, plate and filters of other agencies are blank"),
            ),
        ),
        FileSummary(
            path=SECOND,
            sha256=digest("second"),
            owner="Prairie Bend IL PD",
            layout="network_audit",
            rows=20_000,
            searches=18_785,
            rejects=0,
            duplicates=1_215,
            non_search=0,
            first_at="2025-12-31T06:00:00Z",
            last_at="2026-03-30T17:41:09Z",
            notes=(("truncation", "exactly 20,000 rows: the export may have been cut off"),),
        ),
    )
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
        figures=figures(),
        not_measurable=(
            NotMeasurable("pathway:back", "no dated list of sharing settings was given (--sharing FILE)"),
            NotMeasurable(
                "signal:on_behalf_of",
                "the export has no field for an agency on whose behalf a search was made",
            ),
            NotMeasurable("signal:pretext", "fewer than 100 searches show both a reason and an offense type"),
            NotMeasurable("finding:repeat_plate", "plates of other agencies are blank from 2025-12-17"),
            NotMeasurable(
                "finding:back_door", "no dated list of sharing settings was given (--sharing FILE)"
            ),
        ),
        inputs_sha256=digest("inputs"),
        lexicon_sha256=digest("lexicon"),
        pack={"version": "2026.1", "sha256": digest("pack")},
        facts={
            "first_at": "2025-01-01T06:04:11Z",
            "last_at": "2026-03-30T17:41:09Z",
            "organizations": 315,
        },
        precision={"immigration": Precision(37, 40, 5, 281, 290, 0.8014, 0.925, 0.9742)},
        synthetic=True,
    )


def _signals() -> dict[str, Tally | None]:
    counts = {
        Signal.VAGUE: 21_977,
        Signal.CASE_NUMBER_ONLY: 9_204,
        Signal.NONE_STATED: 6_630,
        Signal.STATUTE_CODE: 2_815,
        Signal.TRAFFIC_INFRACTION: 1_102,
        Signal.FEDERAL_OTHER: 640,
        Signal.IMMIGRATION_AGENCY: 203,
        Signal.TEST_TRAINING: 121,
        Signal.CIVIL_IMMIGRATION: 97,
        Signal.HSI: 88,
        Signal.CIVIL_PRIVATE_MATTER: 41,
        Signal.IMMIGRATION_CRIMINAL: 31,
        Signal.HSI_CRIME: 19,
        Signal.FIRST_AMENDMENT: 6,
        Signal.PERSONAL: 3,
        Signal.REPRODUCTIVE_CARE: 1,
        Signal.GENDER_AFFIRMING_CARE: 0,
        Signal.DRAGNET: 0,
        Signal.PROTECTED_CHARACTERISTIC: 0,
        Signal.UI_GENERATED: 0,
    }
    return {signal.value: tally(counts[signal]) if signal in counts else None for signal in Signal}


def _findings() -> tuple[Finding, ...]:
    return (
        Finding(
            id="immigration_civil",
            title="Civil immigration reasons on Illinois data",
            count=97,
            severity=Severity.HIGH,
            confidence=Confidence.HIGH,
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
                (
                    cites(NETWORK, 2, 40),
                    cites(NETWORK, 1, 1, 981),
                    cites(SECOND, 2, 3),
                    cites(NETWORK, 1, 1, 44),
                ),
            ),
            about=("civil_immigration", "immigration"),
        ),
        Finding(
            id="side_door",
            title="Searches for an agency that has no access of its own",
            count=57,
            severity=Severity.HIGH,
            confidence=Confidence.MEDIUM,
            claim="57 of 61,204 readable reasons of 11 organizations name an immigration agency.",
            may_say="The reason names another agency beside the one that searched.",
            may_not_say="That the other agency received anything.",
            innocent_explanations=("A joint task force may have searched for its own case.",),
            evidence=cites(NETWORK, 57, 911),
            law=("5 ILCS 805/15(h)",),
            about=("side", "on_behalf_of"),
        ),
        Finding(
            id="out_of_state",
            title="Out-of-state searchers",
            count=52_609,
            severity=Severity.MEDIUM,
            confidence=Confidence.HIGH,
            claim="52,609 of 79,716 searches came from 311 organizations outside of Illinois.",
            may_say="Most searches of this town's cameras came from other states.",
            may_not_say="That any of them was not allowed.",
            innocent_explanations=("Interstate highways bring interstate cases.",),
            evidence=cites(NETWORK, 100, 401),
            about=("front",),
        ),
        Finding(
            id="vague_reasons",
            title="Reasons that name no matter",
            count=21_977,
            severity=Severity.LOW,
            confidence=Confidence.HIGH,
            claim='21,977 of 61,204 readable reasons are a word such as "investigation" (35.9 %).',
            may_say="More than a third of readable reasons cannot be checked against a case.",
            may_not_say="That there was no case.",
            innocent_explanations=("The case number may stand in another column that was not exported.",),
            evidence=cites(NETWORK, 100, 77),
            table=Table(
                ("organization", "officer", "searches", "share of readable"),
                tuple(
                    (f"Example Township {chr(65 + i)} PD", f"officer {i * 7 + 3}", 900 - 31 * i, 0.25)
                    for i in range(24)
                ),
            ),
            about=("vague",),
        ),
        Finding(
            id="repeat_plate",
            title="One plate again and again",
            count=None,
            severity=Severity.LOW,
            confidence=Confidence.LOW,
            claim="not measurable: plates of other agencies are blank from 2025-12-17.",
            may_say="Nothing.",
            may_not_say="That it did not happen.",
            innocent_explanations=(),
            evidence=(),
        ),
        Finding(
            id="reproductive_care",
            title="Searches about reproductive health care",
            count=0,
            severity=Severity.INFO,
            confidence=Confidence.MEDIUM,
            claim="0 of 61,204 readable reasons; between 0 and 18,512 of all 79,716 searches.",
            may_say="No readable reason names reproductive care.",
            may_not_say="That there was none.",
            innocent_explanations=(),
            evidence=(),
        ),
        Finding(
            id="reason_missing",
            title="Searches without a stated reason",
            count=6_630,
            severity=Severity.MEDIUM,
            confidence=Confidence.HIGH,
            claim="6,630 of 61,204 searches whose reason can be read state none (10.8 %).",
            may_say="No reason stands in these rows.",
            may_not_say="That nobody had one.",
            innocent_explanations=("The field may not have been required at that time.",),
            evidence=cites(SECOND, 100, 31),
            table=Table(
                (
                    "organization",
                    "state",
                    "officer",
                    "searches",
                    "flagged",
                    "rate",
                    "shrunken",
                    "low",
                    "high",
                    "outlier",
                ),
                (
                    ("Marlin Key FL SO", "FL", None, 1_774, 1_201, 0.677, 0.6711, 0.6492, 0.6926, 1),
                    ("Marlin Key FL SO", "FL", "officer 44", 61, 60, 0.9836, 0.8021, 0.7314, 0.8617, 1),
                    ("Oxbow IN PD", "IN", "officer 9", 12, 12, None, None, None, None, 0),
                ),
            ),
            about=("none_stated",),
        ),
        Finding(
            id="coverage",
            title="The second file ends on a round number of rows",
            count=1,
            severity=Severity.INFO,
            confidence=Confidence.MEDIUM,
            claim="The second production holds exactly 20,000 rows.",
            may_say="The export may have been cut off.",
            may_not_say="That rows were withheld on purpose.",
            innocent_explanations=("It may be chance.",),
            evidence=(Cite(SECOND, 20_001),),
        ),
    )


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
        full.figures["networks"],
        table=Table(("at_least", "at_most", "searches"), ((1, 1, 1),)),
    )
    return replace(
        full,
        files=(
            FileSummary(
                path,
                digest("bare"),
                None,
                "portal",
                rows=1,
                searches=1,
                rejects=0,
                duplicates=0,
                non_search=0,
            ),
        ),
        rows=1,
        searches=1,
        exposures=1,
        search_bounds=Bounds(1, 1, 1),
        links={},
        signals=dict.fromkeys((signal.value for signal in Signal), None),
        families={"immigration": None},
        pathways={name: Pathway(None, 1, why) for name in ("front", "back", "side")},
        findings=(),
        figures=empty,
        not_measurable=(
            *(NotMeasurable(f"signal:{signal.value}", why) for signal in Signal),
            NotMeasurable("family:immigration", why),
            NotMeasurable("pathway:side", "the export names no organization"),
        ),
        facts={},
        synthetic=False,
    )


def huge_audit() -> Audit:
    """Return an audit of 46 files, 17 million rows, 4,800 organizations, two years of days, 30 findings."""
    full = sample_audit()
    files = tuple(
        replace(
            full.files[0],
            path=f"exports/network-audit-part-{index:02}.csv",
            sha256=digest(f"part {index}"),
            owner=f"Example City {index} IL PD",
            rows=370_002,
            searches=370_000,
            rejects=1,
            duplicates=1,
            non_search=0,
        )
        for index in range(46)
    )
    total = 46 * 370_000
    days = tuple(
        f"{year}-{month:02}-{day:02}"
        for year in (2024, 2025)
        for month in range(1, 13)
        for day in range(1, 29)
    )
    template = full.findings[2]
    findings = tuple(
        replace(
            template,
            id=f"finding_{index}",
            count=total // (index + 2),
            severity=list(Severity)[index % 4],
            evidence=cites(files[index].path, 100, 1_117),
        )
        for index in range(30)
    )
    figures = dict(full.figures)
    figures["searches_over_time"] = replace(
        full.figures["searches_over_time"], table=over_time(days), unit="UTC day"
    )
    figures["funnel"] = replace(full.figures["funnel"], table=funnel(4_800))
    return replace(
        full,
        files=files,
        rows=46 * 370_002,
        searches=total,
        exposures=46 * total,
        search_bounds=Bounds(total - 9_000, total, total + 120_000),
        findings=findings,
        figures=figures,
        families={"immigration": Tally(4_021, total - 5_000_000, 5_000_000, total)},
    )
