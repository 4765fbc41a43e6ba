"""The terminal's view of a reconciliation: what has no partner, why, and which cells differ."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from gatehouse.audit.reconcile import Comparison, Kind, Outcome, Reconciliation, Side
from gatehouse.cli.output import console, plain

CELLS_SHOWN = 8
ROWS_SHOWN = 10
_KINDS = {
    Kind.PRODUCTIONS: "Two productions of one record",
    Kind.OWN_RECORDS: "Two records of an agency's own searches",
    Kind.OWN_AND_NETWORK: "An agency's own record and another network's audit of it",
}
_OUTCOMES = {
    Outcome.MATCHED: "matched",
    Outcome.MISSING: "missing from the other",
    Outcome.NOT_COVERED: "not covered by the other",
    Outcome.COLLAPSED: "in an hour the portal sums up",
    Outcome.NOT_REACHED: "need not have reached the network",
    Outcome.DUPLICATE: "copies within the file",
    Outcome.UNDATED: "without a readable time",
}


def show(result: Reconciliation, written: Sequence[Path]) -> None:
    """Print every comparison, the files not compared, and where the pairs are written."""
    out = console()
    for comparison in result.comparisons:
        _show(out, comparison)
    for refused in result.not_compared:
        out.print(
            f"Not compared: {plain(refused.a)} and {plain(refused.b)}: {plain(refused.why)}",
            soft_wrap=True,
        )
    if result.comparisons:
        out.print("[dim]A row missing or masked is a lead: it does not say who left it out, or why.[/]")
    for path in written:
        out.print(f"Written: {plain(str(path))}", soft_wrap=True)


def _show(out: Console, comparison: Comparison) -> None:
    out.print(f"[bold]A[/] {plain(comparison.a.path)}", soft_wrap=True)
    out.print(f"[bold]B[/] {plain(comparison.b.path)}", soft_wrap=True)
    whose = f": {comparison.organization}" if comparison.organization else ""
    assumed = " (one owner assumed; name both as FILE@OWNER)" if comparison.owner_assumed else ""
    out.print(plain(f"{_KINDS[comparison.kind]}{whose}{assumed}"), soft_wrap=True)
    out.print(_coverage(comparison), soft_wrap=True)
    out.print(_outcomes(comparison))
    if comparison.matched:
        tiers = ", ".join(f"{tier.value} {n:,}" for tier, n in comparison.matched.items())
        out.print(f"[dim]Matched by[/] {tiers}")
    for name, side in (("A", comparison.a), ("B", comparison.b)):
        if side.missing:
            out.print(_missing(name, "B" if name == "A" else "A", side), soft_wrap=True)
    _show_cells(out, comparison)
    out.print()


def _coverage(comparison: Comparison) -> str:
    coverage = comparison.coverage
    if coverage.start is None:
        return "No time that both cover: nothing can be missing"
    days = "1 day" if coverage.days == 1 else f"{coverage.days:,} days"
    text = f"Both cover {days} from {coverage.start} to {coverage.end}"
    if coverage.days_only_a or coverage.days_only_b:
        text += f" [dim](only A has {coverage.days_only_a:,} more, only B {coverage.days_only_b:,})[/]"
    return text


def _outcomes(comparison: Comparison) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("rows")
    for name, side in (("A", comparison.a), ("B", comparison.b)):
        table.add_column(f"{name}: {side.rows:,}", justify="right")
    sides = (comparison.a, comparison.b)
    for outcome, words in _OUTCOMES.items():
        counts = [side.outcomes.get(outcome, 0) for side in sides]
        # What was looked for is shown even where it is 0; the explanations only where there are any.
        if any(counts) or outcome in (Outcome.MATCHED, Outcome.MISSING):
            style = "bold" if outcome is Outcome.MISSING and any(counts) else ""
            table.add_row(words, *(f"{n:,}" for n in counts), style=style)
    return table


def _missing(name: str, other: str, side: Side) -> str:
    total = side.outcomes.get(Outcome.MISSING, 0)
    rows = ", ".join(str(cite.row) for cite in side.missing[:ROWS_SHOWN])
    more = f" and {total - ROWS_SHOWN:,} more" if total > ROWS_SHOWN else ""
    return f"Rows of {name} that {other} lacks: {rows}{more}"


def _show_cells(out: Console, comparison: Comparison) -> None:
    if comparison.not_in_both:
        out.print(f"Columns that only one has: {', '.join(comparison.not_in_both)}")
    if not comparison.differing:
        out.print("No cell differs between matched rows")
        return
    pairs = "1 pair differs" if comparison.differing == 1 else f"{comparison.differing:,} pairs differ"
    out.print(f"{pairs}; B hides what A shows in {comparison.masked_later:,}")
    table = Table(box=None, pad_edge=False)
    for column in ("field", "in A", "in B", "change"):
        table.add_column(column)
    table.add_column("pairs", justify="right")
    for cell in comparison.cells[:CELLS_SHOWN]:
        table.add_row(cell.field, cell.before.value, cell.after.value, cell.change.value, f"{cell.n:,}")
    out.print(table)
    if len(comparison.cells) > CELLS_SHOWN:
        out.print(f"[dim]and {len(comparison.cells) - CELLS_SHOWN} other kinds of change[/]")
