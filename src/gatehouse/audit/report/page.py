"""The page as a whole: title, first screen, navigation, and the parts that the templates arrange."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from markupsafe import Markup

from gatehouse.audit.document import Audit, FileSummary
from gatehouse.audit.report import sections, words
from gatehouse.audit.report.charts import CHARTS
from gatehouse.audit.report.evidence import Evidence, base_name, breakable
from gatehouse.audit.report.numbers import (
    NOT_MEASURABLE,
    between,
    count,
    day,
    moment,
    percent,
    plural,
    searches,
)
from gatehouse.audit.report.sections import ChartView, FindingView, PathwayView, SignalRow
from gatehouse.audit.report.tables import TableView
from gatehouse.audit.statistics import false_positive_note

SYNTHETIC = "Synthetic: invented agencies and searches"
MOST_HEADLINES = 3
MOST_NAMED_OWNERS = 2


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One number of the first screen; `href` leads to its evidence."""

    label: str
    value: str
    href: str
    detail: str
    measurable: bool = True


@dataclass(frozen=True, slots=True)
class FileView:
    """One file's block: where it comes from and how it was read."""

    anchor: str
    file: FileSummary
    facts: tuple[str, ...]
    notes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Everything that the templates print."""

    title: str
    owners: str
    period: str
    read: str
    synthetic: str | None
    style: Markup
    style_digest: str
    nav: tuple[tuple[str, str], ...]
    key_figures: tuple[KeyFigure, ...]
    headlines: tuple[FindingView, ...]
    finding_counts: str
    charts: dict[str, ChartView]
    balance: TableView
    balance_holds: bool
    balance_sentence: str
    search_bounds: str | None
    exposures: str
    reasons: tuple[SignalRow, ...]
    reasons_base: str | None
    reasons_missing: str | None
    false_positives: str | None
    pathways: tuple[PathwayView, ...]
    findings: tuple[FindingView, ...]
    not_found: TableView | None
    not_measurable: tuple[tuple[list[str], str], ...]
    precision: TableView | None
    link_tiers: TableView | None
    files: tuple[FileView, ...]
    source: Markup
    audit: Audit


def build(audit: Audit) -> Page:
    """Put an audit into the words and tables of the report."""
    evidence, bounds = Evidence(audit), audit.search_bounds
    owners, period = _owners(audit), _period(audit)
    synthetic = SYNTHETIC if audit.synthetic else None
    style = stylesheet(f"Search audit: {owners}", synthetic)
    found = sections.findings(audit, evidence)
    return Page(
        title=f"{f'{SYNTHETIC}. ' if synthetic else ''}Search audit: {owners}",
        owners=owners,
        period=period,
        read=f"{sections.plural_files(audit)}, {searches(audit.searches)}",
        synthetic=synthetic,
        style=style,
        style_digest=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        nav=NAV,
        key_figures=tuple(_key_figures(audit, evidence)),
        headlines=tuple(found[:MOST_HEADLINES]),
        finding_counts=sections.finding_counts(audit),
        charts={name: sections.chart(audit.figures.get(name), name, evidence) for name in CHARTS},
        balance=sections.balance(audit, evidence),
        balance_holds=sections.balance_holds(audit),
        balance_sentence=_balance_sentence(audit),
        search_bounds=None if bounds.low == bounds.high else between(bounds.low, bounds.high),
        exposures=count(audit.exposures),
        reasons=tuple(sections.reasons(audit, evidence)),
        reasons_base=sections.reasons_base(audit),
        reasons_missing=sections.reasons_missing(audit),
        false_positives=_false_positives(audit),
        pathways=tuple(sections.pathways(audit, evidence)),
        findings=tuple(found),
        not_found=sections.not_found(audit) if any(f.count == 0 for f in audit.findings) else None,
        not_measurable=tuple(sections.not_measurable(audit)),
        precision=sections.precision(audit),
        link_tiers=sections.link_tiers(audit) if any(audit.links.values()) else None,
        files=tuple(_file(index, file) for index, file in enumerate(audit.files, start=1)),
        source=_source(audit),
        audit=audit,
    )


NAV = (
    ("summary", "Summary"),
    ("balance", "How the rows add up"),
    ("findings", "Findings"),
    ("reasons", "Reasons"),
    ("pathways", "Pathways"),
    ("who", "Who searched"),
    ("when", "When"),
    ("breadth", "How wide"),
    ("rates", "Rates"),
    ("not-measurable", "Not measurable"),
    ("method", "Method"),
    ("files", "Files"),
)


@cache
def _css() -> str:
    return files("gatehouse.audit.report").joinpath("report.css").read_text(encoding="utf-8")


def stylesheet(running_title: str, synthetic: str | None) -> Markup:
    """Return the style sheet with the line that print repeats on every page."""
    boxes = f"@top-left {{ content: {css_string(running_title)}; }}"
    if synthetic:
        boxes += f" @top-right {{ content: {css_string(synthetic)}; }}"
    # Nothing of the sheet comes from the audit but the escaped strings.
    return Markup(f"{_css()}\n@page {{ {boxes} }}\n")  # noqa: S704


def css_string(text: str) -> str:
    """Write a CSS string that cannot end early, nor end the style element."""
    safe = "".join(char if char.isalnum() or char in " .,:;-()" else f"\\{ord(char):x} " for char in text)
    return f'"{safe}"'


def _owners(audit: Audit) -> str:
    names = list(dict.fromkeys(file.owner for file in audit.files if file.owner))
    if not names:
        return "Owner not stated"
    more = len(names) - MOST_NAMED_OWNERS
    return ", ".join(names[:MOST_NAMED_OWNERS]) + (f" and {plural(more, 'more owner')}" if more > 0 else "")


def _period(audit: Audit) -> str:
    firsts = _days([audit.facts.get("first_at"), *(file.first_at for file in audit.files)])
    lasts = _days([audit.facts.get("last_at"), *(file.last_at for file in audit.files)])
    if not firsts or not lasts:
        return f"Period {NOT_MEASURABLE}: no readable time"
    first, last = min(firsts), max(lasts)
    return first if first == last else f"{first} to {last}"


def _days(times: Sequence[object]) -> list[str]:
    return [found for time in times if isinstance(time, str) and (found := day(time))]


def _key_figures(audit: Audit, evidence: Evidence) -> list[KeyFigure]:
    bounds = audit.search_bounds
    spread = (
        "" if bounds.low == bounds.high else f"; {between(bounds.low, bounds.high)} by how copies are linked"
    )
    figures = [
        KeyFigure("Searches", count(audit.searches), "#balance", f"in {plural(audit.rows, 'row')}{spread}")
    ]
    organizations = sections.organizations(audit)
    if organizations is None:
        chart = audit.figures.get("states")
        why = chart.not_measurable if chart else None
        figures.append(KeyFigure("Organizations", NOT_MEASURABLE, "#who", why or "", measurable=False))
    else:
        figures.append(KeyFigure("Organizations", count(organizations), "#who", "that searched, by name"))
    figures.append(_immigration(audit, evidence))
    found = sum(1 for finding in audit.findings if finding.count)
    missing = sum(1 for finding in audit.findings if finding.count is None)
    detail = f"{sections.finding_counts(audit)}; " if found else ""
    absent = len(audit.findings) - found - missing
    detail += f"{count(absent)} looked for and not found, {count(missing)} not measurable"
    figures.append(KeyFigure("Findings", count(found), "#findings", detail))
    return figures


def _immigration(audit: Audit, evidence: Evidence) -> KeyFigure:
    label, tally = "Immigration-labeled", audit.families.get("immigration")
    if tally is None:
        why = sections.why_not(audit, "immigration")
        return KeyFigure(label, NOT_MEASURABLE, "#not-measurable", why, measurable=False)
    share = percent(tally.n, tally.readable)
    detail = f"of {count(tally.readable)} readable{f', {share}' if share else ''}"
    if tally.masked:
        detail += f"; {between(tally.n, tally.n + tally.masked)} with the {count(tally.masked)} masked"
    return KeyFigure(label, count(tally.n), evidence.subject("immigration"), detail)


def _balance_sentence(audit: Audit) -> str:
    duplicates, rejects, others = (
        sum(values)
        for values in zip(
            (0, 0, 0), *((f.duplicates, f.rejects, f.non_search) for f in audit.files), strict=True
        )
    )
    return (
        f"{plural(audit.rows, 'row')} = {searches(audit.searches)} + {plural(duplicates, 'duplicate')} + "
        f"{plural(rejects, 'reject')} + {plural(others, 'row')} that are no search"
    )


def _false_positives(audit: Audit) -> str | None:
    """Say what an error of one in a thousand would mean at this size."""
    tally = audit.families.get("immigration")
    if tally is None or tally.n == 0 or tally.readable < 1000:
        return None
    return (
        f"{count(tally.n)} of {count(tally.readable)} readable reasons are immigration-labeled. "
        f"{false_positive_note(tally.readable)} Read the rows before you rely on a small count."
    )


def _file(index: int, file: FileSummary) -> FileView:
    layout = words.layout_label(file.layout)
    facts = [layout[:1].upper() + layout[1:], f"owner: {file.owner or 'not stated'}"]
    if file.first_at and file.last_at:
        facts.append(f"searches of {moment(file.first_at)} to {moment(file.last_at)}")
    if file.encoding:
        facts.append(f"encoding {file.encoding}")
    if file.header_row is not None:
        facts.append(f"header on row {count(file.header_row)}")
    if file.repaired:
        facts.append(f"{plural(file.repaired, 'row')} mended")
    notes = tuple((words.plain(code), detail) for code, detail in file.notes)
    return FileView(f"file-{index}", file, tuple(facts), notes)


def _source(audit: Audit) -> Markup:
    """Name the files under a chart: the first with its hash, the number of the others."""
    if not audit.files:
        return Markup("Source: no file")
    first = audit.files[0]
    link = Markup('Source:\N{NO-BREAK SPACE}<a href="#file-1">{}</a>, SHA-256 <code>{}</code>').format(
        breakable(base_name(first.path)), f"{first.sha256[:12]}\N{HORIZONTAL ELLIPSIS}"
    )
    others = len(audit.files) - 1
    if others:
        link += Markup(' and <a href="#files">{}</a>').format(plural(others, "more file"))
    return link
