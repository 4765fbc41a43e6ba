"""What each section of the report says, in words and links; the templates only arrange it."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from gatehouse.audit.document import SEVERITY_ORDER, Audit, Figure, Finding, Tally, Unit, gravest_first
from gatehouse.audit.report import words
from gatehouse.audit.report.charts import CHARTS
from gatehouse.audit.report.evidence import Evidence, RowsOfFile, anchor, base_name, breakable
from gatehouse.audit.report.numbers import between, count, percent, plural, rate, searches, unbroken
from gatehouse.audit.report.svg import Drawing
from gatehouse.audit.report.tables import Column, TableView, caption, figure_table, table_view


@dataclass(frozen=True, slots=True)
class ChartView:
    """A figure ready to print: a drawing with its table, or the reason why there is none."""

    id: str
    title: str
    about: str
    note: str
    drawing: Drawing | None
    table: TableView | None
    not_measurable: str | None


@dataclass(frozen=True, slots=True)
class SignalRow:
    """One signal's line; without `count` there is only `why`."""

    label: str
    meaning: str
    count: Markup | None
    readable: str
    share: str
    masked: str
    bounds: str
    why: str
    example: Markup
    family: bool = False


@dataclass(frozen=True, slots=True)
class PathwayView:
    """One pathway's block; without `count` there is only `why`."""

    name: str
    sentence: str
    count: Markup | None
    unknown: str
    why: str


@dataclass(frozen=True, slots=True)
class FindingView:
    """One finding's card."""

    anchor: str
    finding: Finding
    severity: str
    severity_code: str
    confidence: str
    count: str
    evidence: tuple[RowsOfFile, ...]
    sample: str
    table: TableView | None


def chart(figure: Figure | None, id: str, evidence: Evidence) -> ChartView:
    """Draw a figure; one that is absent or empty says so where the chart would stand."""
    anchor_ = anchor("figure", id)
    if figure is None:
        return ChartView(
            anchor_, words.plain(id).capitalize(), "", "", None, None, "this audit has no such figure"
        )
    why = figure.not_measurable
    if why is None and not figure.table.rows:
        why = "no search of this record has what the figure needs"
    if why is not None:
        return ChartView(anchor_, figure.title, "", figure.note, None, None, why)
    drawing = CHARTS[id](figure)
    return ChartView(
        anchor_,
        drawing.headline,
        caption(figure),
        figure.note,
        drawing,
        figure_table(figure, evidence),
        None,
    )


def reasons(audit: Audit, evidence: Evidence) -> list[SignalRow]:
    """Return families first, then signals, the most frequent first, those not measurable last."""
    families = [
        _signal_row(name, tally, audit, evidence, family=True) for name, tally in audit.families.items()
    ]
    ordered = sorted(
        audit.signals.items(), key=lambda item: (item[1] is None, -(item[1].n if item[1] else 0), item[0])
    )
    return families + [_signal_row(name, tally, audit, evidence) for name, tally in ordered]


def reasons_base(audit: Audit) -> str | None:
    """Return the base of all signals, or None when they do not share one."""
    tallies = [tally for tally in (*audit.families.values(), *audit.signals.values()) if tally is not None]
    bases = {(tally.readable, tally.masked) for tally in tallies}
    if len(bases) != 1:
        return None
    readable, masked = bases.pop()
    return f"of {searches(readable)} with a readable reason; {plural(masked, 'more is', 'more are')} masked"


def reasons_missing(audit: Audit) -> str | None:
    """Return why no signal at all is measurable, or None when one is."""
    if any(tally is not None for tally in (*audit.families.values(), *audit.signals.values())):
        return None
    return why_not(audit, next(iter(audit.families), "reason"))


def _signal_row(
    name: str, tally: Tally | None, audit: Audit, evidence: Evidence, *, family: bool = False
) -> SignalRow:
    label, meaning = words.signal_label(name), words.signal_meaning(name)
    if tally is None:
        return SignalRow(label, meaning, None, "", "", "", "", why_not(audit, name), Markup(), family)
    return SignalRow(
        label,
        meaning,
        evidence.linked(tally.n, name),
        count(tally.readable),
        percent(tally.n, tally.readable) or "",
        count(tally.masked),
        between(tally.n, tally.n + tally.masked),
        "",
        evidence.inline(audit.examples.get(name, ())),
        family,
    )


def why_not(audit: Audit, name: str) -> str:
    """Return why a signal or family is not measurable, as a phrase after a colon."""
    for entry in audit.not_measurable:
        if entry.what.rpartition(":")[2] == name:
            return entry.why
    return "see the list of what is not measurable"


def not_measurable(audit: Audit) -> list[tuple[list[str], str]]:
    """Return what is not measurable, figures with the same reason together: `([figure, ...], why)`."""
    titles = {finding.id: finding.title for finding in audit.findings}
    groups: dict[str, list[str]] = {}
    for entry in audit.not_measurable:
        kind, _, name = entry.what.rpartition(":")
        match kind:
            case "finding":
                label = f"Finding: {titles.get(name, words.plain(name))}"
            case "pathway" if name in words.PATHWAYS:
                label = f"Pathway: {words.PATHWAYS[name][0].lower()}"
            case "signal" | "family":
                label = f"Reasons: {words.signal_label(name)}"
            case _:
                label = words.plain(entry.what)
        groups.setdefault(entry.why, []).append(label)
    return [(labels, why) for why, labels in groups.items()]


def pathways(audit: Audit, evidence: Evidence) -> list[PathwayView]:
    """Return front, back and side door."""
    views = []
    for key, (name, sentence) in words.PATHWAYS.items():
        pathway = audit.pathways.get(key)
        if pathway is None or pathway.n is None:
            why = (pathway.why if pathway else None) or "this audit did not test it"
            views.append(PathwayView(name, sentence, None, "", why))
            continue
        unknown = f"For {count(pathway.unknown)} more the record cannot tell" if pathway.unknown else ""
        if pathway.unknown and pathway.why:
            unknown += f": {pathway.why}"
        number = Markup("{} of {}").format(evidence.linked(pathway.n, key), searches(audit.searches))
        views.append(PathwayView(name, sentence, number, unknown, ""))
    return views


def findings(audit: Audit, evidence: Evidence) -> list[FindingView]:
    """Return what was found, the gravest first, of one severity the surest first."""
    found = [finding for finding in audit.findings if finding.count]
    return [_finding(finding, evidence) for finding in gravest_first(found)]


def not_found(audit: Audit) -> TableView:
    """Return what was looked for and not found, each with what the record could show of it."""
    rows = [finding for finding in audit.findings if finding.count == 0]
    return TableView(
        "not-found",
        "Looked for, and not found in what can be read",
        (Column("Looked for"), Column("What the record shows")),
        tuple((finding.title, unbroken(finding.claim)) for finding in rows),
        row_ids=tuple(anchor("finding", finding.id) for finding in rows),
    )


def _finding(finding: Finding, evidence: Evidence) -> FindingView:
    anchor_ = anchor("finding", finding.id)
    table = None
    if finding.table is not None and finding.table.rows:
        table = table_view(
            finding.table, evidence, id=f"{anchor_}-table", caption=f"{finding.title}: breakdown", limit=50
        )
    return FindingView(
        anchor=anchor_,
        finding=finding,
        severity=words.SEVERITIES[finding.severity],
        severity_code=finding.severity.value,
        confidence=words.CONFIDENCES[finding.confidence],
        count=counted(finding),
        evidence=tuple(evidence.grouped(finding.evidence)),
        sample=_sample(finding),
        table=table,
    )


def counted(finding: Finding) -> str:
    """Write a finding's count with its unit, its denominator and where the denominator comes from."""
    number = finding.count or 0
    if finding.unit is Unit.DAY:
        return plural(number, "day")
    if finding.of is None:
        return searches(number)
    return f"{count(number)} of {searches(finding.of)} {finding.among}".rstrip()


def _sample(finding: Finding) -> str:
    """Say how many rows are shown, and whether they are all there are."""
    shown = len(set(finding.evidence))
    if finding.unit is Unit.DAY:
        return f"{plural(shown, 'row')} beside these days"
    if finding.count != shown:
        return f"a sample of {plural(shown, 'row')}"
    return "the one row" if shown == 1 else f"all {plural(shown, 'row')}"


def balance(audit: Audit, evidence: Evidence) -> TableView:
    """Return the balance: a line per file and a total, each adding up from left to right."""
    names = ("Rows", "Searches", "Duplicates", "Rejects", "Not a search")
    lines = [(f.rows, f.searches, f.duplicates, f.rejects, f.non_search) for f in audit.files]
    totals = [sum(column) for column in zip(*lines, strict=True)] if lines else [0] * len(names)
    of = "the file" if len(lines) == 1 else f"each of {len(lines)} files"
    return TableView(
        "balance-table",
        f"Rows of {of}, and what became of them",
        (Column("File"), *(Column(name, "number") for name in names)),
        tuple(
            (
                Markup('{}\N{NO-BREAK SPACE}<a href="{}">{}</a>').format(
                    f"{index}.", evidence.file(file.path), breakable(base_name(file.path))
                ),
                *(count(number) for number in line),
            )
            for index, (file, line) in enumerate(zip(audit.files, lines, strict=True), start=1)
        ),
        ("All files", *(count(number) for number in totals)),
    )


def balance_holds(audit: Audit) -> bool:
    """Return whether every row is accounted for, in each file and in all."""
    each = all(f.rows == f.searches + f.duplicates + f.rejects + f.non_search for f in audit.files)
    return (
        each
        and audit.rows == sum(f.rows for f in audit.files)
        and audit.searches == sum(f.searches for f in audit.files)
    )


def link_tiers(audit: Audit) -> TableView:
    """Return by which sign copies were recognized, and how many rows by each."""
    return TableView(
        "link-tiers",
        "How copies of one search were recognized",
        (Column("Link tier"), Column("Two rows are one search when"), Column("Rows", "number")),
        tuple(
            (words.plain(name), words.tier_meaning(name), count(rows))
            for name, rows in audit.links.items()
            if rows
        ),
    )


def finding_counts(audit: Audit) -> str:
    """Write how many findings there are by severity: "2 high, 1 low"."""
    parts = [
        f"{count(number)} {words.SEVERITIES[severity].lower()}"
        for severity in SEVERITY_ORDER
        if (number := sum(1 for finding in audit.findings if finding.count and finding.severity is severity))
    ]
    return ", ".join(parts)


def organizations(audit: Audit) -> int | None:
    """Return how many organizations searched, or None when that is not measurable."""
    number = audit.facts.get("organizations")
    return number if isinstance(number, int) else None


def precision(audit: Audit) -> TableView | None:
    """Return what a person's verdicts say of the labels, or None when nobody judged any."""
    if not audit.precision:
        return None
    return TableView(
        "precision",
        "Labels that a person has judged",
        (
            Column("Label"),
            Column("Texts upheld", "number"),
            Column("95 % interval", "number"),
            Column("Searches upheld", "number"),
            Column("Texts not judged", "number"),
        ),
        tuple(
            (
                words.signal_label(name),
                f"{count(found.upheld)} of {count(found.judged)}",
                f"{rate(found.low)} to {rate(found.high)}",
                f"{count(found.searches_upheld)} of {count(found.searches_judged)}",
                count(found.unjudged),
            )
            for name, found in audit.precision.items()
        ),
    )


def plural_files(audit: Audit) -> str:
    """Write how many files were read."""
    return plural(len(audit.files), "file")
