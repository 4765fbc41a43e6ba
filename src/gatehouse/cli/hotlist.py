"""`gatehouse hotlist check`: read a list offline and say line by line what would be refused."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gatehouse.model import BadUse

if TYPE_CHECKING:
    from gatehouse.hotlist.rows import ListReport

app = typer.Typer(
    name="hotlist",
    help="Standing searches: look at a list before a node takes it in.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

# Lines of refused rows that a person reads; the document has all.
_MOST_LINES = 40
_LONGEST_MAPPING = 1 << 16


@app.callback()
def _group() -> None:
    """Keep `check` a command of its own, though it is the only one."""


@app.command()
def check(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A list as it came; - is standard input.")],
    layout: Annotated[
        str | None,
        typer.Option(
            "--layout",
            metavar="NAME",
            help="How it is laid out, where that is not found: table, ncic_fixed, ncic_table, clew, florida, "
            "leads, alone.",
        ),
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(
            "--mapping",
            metavar="FILE",
            help="TOML that names the columns, and the file and case of all rows.",
        ),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            "--at", metavar="TIME", help="Judge what has expired at this time (RFC 3339), now unless given."
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document and nothing else.")
    ] = False,
) -> None:
    """Say what a node would take of a list and what it would refuse, and why. No plate is printed.

    Immigration Violator rows are refused everywhere, however they are spelled.
    """
    from gatehouse.cli.files import read_input, read_text
    from gatehouse.cli.output import print_json
    from gatehouse.hotlist.importing import LARGEST_LIST, read_list, read_mapping

    given = None
    if mapping is not None:
        given = read_mapping(read_text(mapping, most=_LONGEST_MAPPING), where=str(mapping))
    data = read_input(file, most=LARGEST_LIST)
    where = "standard input" if file == "-" else file
    report = read_list(data, at=_time(at), layout=layout, mapping=given, where=where)
    if as_json:
        print_json(_document(report))
    else:
        _show(report)


def _time(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = datetime.min
    if found.utcoffset() is None:
        raise BadUse("the time is none with a zone", where="--at", expected="2026-11-23T16:00:00Z")
    return found


def _document(report: ListReport) -> dict[str, Any]:
    return {
        "layout": report.layout,
        "sha256": report.sha256,
        "lines": report.lines,
        "taken": {
            "rows": len(report.rows),
            "files": {file.value: number for file, number in sorted(report.files.items())},
            "without_state": sum(row.state is None for row in report.rows),
            "states_repaired": report.state_repaired,
        },
        "refused": {
            "rows": len(report.refused),
            "reasons": {reason.value: number for reason, number in sorted(report.reasons.items())},
            "lines": [
                {"line": row.line, "reason": row.reason.value, "column": row.column} for row in report.refused
            ],
        },
        "passed_over": dict(sorted(report.passed_over.items())),
        "columns_ignored": list(report.ignored),
    }


def _show(report: ListReport) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from gatehouse.cli.output import console, counted, printable

    printer = console()
    lines = counted(report.lines, "line", "lines")
    printer.print(Text(f"{lines}, layout {report.layout}, sha256:{report.sha256}"))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("What")
    table.add_column("Lines", justify="right")
    for file, number in sorted(report.files.items()):
        table.add_row(f"taken: {file.value}", f"{number:,}")
    for reason, number in sorted(report.reasons.items()):
        table.add_row(Text(f"refused: {reason.value}", style="bold"), f"{number:,}")
    for kind, number in sorted(report.passed_over.items()):
        table.add_row(Text(f"passed over: {kind}", style="dim"), f"{number:,}")
    printer.print(table)
    for row in report.refused[:_MOST_LINES]:
        column = "" if row.column is None else f" ({row.column})"
        printer.print(Text(f"line {row.line}: {row.reason.value}{column}"))
    if len(report.refused) > _MOST_LINES:
        printer.print(
            Text(f"… and {len(report.refused) - _MOST_LINES:,} more: --json has them all", style="dim")
        )
    if report.state_repaired:
        repaired = counted(report.state_repaired, "state", "states")
        printer.print(Text(f"{repaired} repaired: a digit 0 for the letter O", style="dim"))
    if report.ignored:
        names = printable(", ".join(report.ignored))
        printer.print(Text(f"columns that are not read: {names}", style="dim"))
