"""The terminal's view of an audit: one screen, the same words and numbers as the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from gatehouse.audit.document import Severity, Unit, gravest_first
from gatehouse.audit.wording import plural
from gatehouse.cli.output import console, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gatehouse.audit.document import Audit, Finding
    from gatehouse.audit.outputs import Manifest

FILES_SHOWN = 6
STYLES = {Severity.HIGH: "bold red", Severity.MEDIUM: "yellow", Severity.LOW: "cyan", Severity.INFO: "dim"}


def show(audit: Audit, manifest: Manifest | None) -> None:
    """Print files, balance, the immigration figure, findings, and where the report lies."""
    out = console()
    if audit.synthetic:
        out.print("[bold]SYNTHETIC: invented agencies, people and searches[/]")
    for file in audit.files[:FILES_SHOWN]:
        owner = f", owner {file.owner}" if file.owner else ", owner not stated"
        out.print(f"{plain(file.path)}  [dim]{file.layout}{plain(owner)}[/]", soft_wrap=True)
    if len(audit.files) > FILES_SHOWN:
        out.print(f"[dim]and {len(audit.files) - FILES_SHOWN:,} more files[/]")
    out.print(_balance(audit))
    first, last = audit.facts.get("first_at"), audit.facts.get("last_at")
    period = f"{first} to {last}" if first and last else "not measurable: no search shows a readable time"
    out.print(f"[dim]Period[/] {period}   [dim]exposures (search x owner)[/] {audit.exposures:,}")
    out.print(_immigration(audit))
    found = gravest_first([each for each in audit.findings if each.count])
    if found:
        out.print(_table(found))
        out.print(_first_to_read(found[0]))
    if audit.searches:
        zero = sum(1 for finding in audit.findings if finding.count == 0)
        unknown = sum(1 for finding in audit.findings if finding.count is None)
        out.print(
            f"[dim]Looked for and not seen: {zero}. Not measurable from this export: {unknown} "
            "(the report says why). Findings are leads, not verdicts.[/]"
        )
    else:
        out.print(
            "No search stands in these files, so nothing was tested. Sharing lists and published rules tell "
            "something beside a record of searches: give them with --sharing and --policies."
        )
    if manifest is None and audit.searches:
        out.print("[dim]Next: the same command with[/] -o DIR [dim]writes the report[/]")
    elif manifest is not None:
        report = manifest.directory / "report.html"
        out.print(f"Report: {plain(str(report))} [dim](open it in a browser)[/]", soft_wrap=True)


def _balance(audit: Audit) -> str:
    duplicates = sum(file.duplicates for file in audit.files)
    rejects = sum(file.rejects for file in audit.files)
    other = sum(file.non_search for file in audit.files)
    bounds = audit.search_bounds
    spread = "" if bounds.low == bounds.high else f" (between {bounds.low:,} and {bounds.high:,})"
    return (
        f"{plural(audit.rows, 'row')} = [bold]{plural(audit.searches, 'search', 'searches')}[/]{spread} "
        f"+ {plural(duplicates, 'duplicate')} + {plural(rejects, 'reject')} "
        f"+ {plural(other, 'not a search', 'not searches')}"
    )


def _immigration(audit: Audit) -> str:
    tally = audit.families.get("immigration")
    if tally is None:
        why = "no reason in this export can be read" if audit.searches else "there is no search"
        return f"[bold]Immigration-labeled searches: not measurable[/], {why}"
    text = f"[bold]Immigration-labeled searches: {tally.n:,}[/] of {tally.readable:,} readable"
    if tally.masked:
        text += f"; {tally.masked:,} masked, so between {tally.n:,} and {tally.n + tally.masked:,}"
    return text


def _table(found: Sequence[Finding]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("severity")
    table.add_column("finding")
    table.add_column("searches", justify="right", no_wrap=True)
    for finding in found:
        unit = "" if finding.unit is Unit.SEARCH else " day" if finding.count == 1 else " days"
        table.add_row(_severity(finding), plain(finding.title), f"{finding.count:,}{unit}")
    return table


def _first_to_read(finding: Finding) -> str:
    """Say what the gravest finding shows, under which law, and what it leaves open."""
    lines = [f"[bold]First to read:[/] {plain(finding.claim)}"]
    lines += [f"[bold]Law:[/] {plain(law)}" for law in finding.law[:1]]
    return "\n".join([*lines, f"[bold]It does not say:[/] {plain(_lower_first(finding.may_not_say))}"])


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


def _severity(finding: Finding) -> str:
    style = STYLES[finding.severity]
    return f"[{style}]{finding.severity.value}[/]"
