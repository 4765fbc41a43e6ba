"""`gatehouse records`: look at exports as the importer sees them, or invent one whose truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gatehouse.records.inspection import Inspection

app = typer.Typer(
    help="Look at other networks' exports, or invent one whose truth is known.", no_args_is_help=True
)

FEWEST_FOR_SHARE = 100

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


@app.command()
def inspect(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Exports to look at: CSV, workbook, ZIP or PDF.")
    ],
    mapping: Annotated[
        Path | None,
        typer.Option("--mapping", metavar="FILE", help="TOML that names the columns of an unknown layout."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what the importer sees: layout, columns, what their cells say, notes, and what was rejected."""
    from gatehouse.records.given import read_head

    for path in files:
        read_head(str(path))
    from gatehouse.cli.output import print_json, progress
    from gatehouse.law.masking import mask
    from gatehouse.records import ImportOptions, Mapping
    from gatehouse.records.inspection import inspect as look

    options = ImportOptions(mapping=None if mapping is None else Mapping.load(str(mapping)))
    size = sum(path.stat().st_size for path in files if path.exists())
    with progress("Reading", size) as advance:
        found = look([str(path) for path in files], options, progress=advance)
    seen = [each.with_labels(mask) for each in found]
    if as_json:
        print_json({"files": [each.as_document() for each in seen]})
        return
    for each in seen:
        _show(each)


@app.command()
def synth(
    rows: Annotated[int, typer.Option("--rows", metavar="N", help="How many searches to invent, 1 or more.")],
    directory: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Folder to write into.")],
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="The same seed gives the same bytes.")] = 1,
    quirks: Annotated[
        bool,
        typer.Option(
            "--quirks", help="Damage it the way real exports are damaged, and release a part twice."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Write the network audit of an invented town, and the truth about it in truth.json."""
    from gatehouse.cli.output import console, print_json, progress, results_folder
    from gatehouse.records.synth import generate

    results_folder(directory)
    with progress("Inventing searches", rows) as advance:
        truth = generate(rows=rows, seed=seed, directory=directory, quirks=quirks, advance=advance)
    if as_json:
        print_json(truth.as_document())
        return
    out = console()
    out.print(f"{truth.marker}.", style="bold")
    for file in truth.files:
        out.print(f"{directory / file.path}: {file.rows:,} rows, {file.searches:,} searches", soft_wrap=True)
    out.print(f"Truth, sharing list and published rules lie beside it. Owner: {truth.owner}")


def _show(seen: Inspection) -> None:
    from rich.table import Table

    from gatehouse.audit.wording import plural
    from gatehouse.cli.output import console, plain

    facts, out = seen.facts, console()
    header = "no header" if facts.header_row is None else f"header on row {facts.header_row}"
    rejected = sum(seen.rejects.values())
    out.print(f"[bold]{plain(facts.path)}[/bold]", soft_wrap=True)
    out.print(f"{facts.layout.value}, {facts.encoding or 'binary'}, {header}")
    out.print(
        f"{plural(facts.rows, 'row')}: {plural(seen.records, 'record')} ({facts.repaired:,} repaired), "
        f"{plural(rejected, 'reject')}, {plural(facts.non_search, 'not a search', 'not searches')}"
    )
    for reason, count in sorted(seen.rejects.items()):
        out.print(f"  rejected, {reason}: {count:,}")
    for code, detail in facts.notes:
        out.print(f"  note, {code}: {plain(detail)}")
    table = Table("column", "field", "what the cells say")
    shown = dict(seen.states)
    for label, field in seen.columns:
        said = "; ".join(dict.fromkeys(_shares(name, seen) for name in _fields(field) if name in shown))
        shown = {name: states for name, states in shown.items() if name not in _fields(field)}
        name = ", ".join(_fields(field)) or "not read"
        table.add_row(plain(label) or "(no label)", name, said)
    for name in shown:
        table.add_row("(from a later header)", name, _shares(name, seen))
    out.print(table)


def _fields(role: str | None) -> tuple[str, ...]:
    """Return the fields behind a column: a time frame is two, a date of its own is part of the time."""
    if role == "time_frame":
        return ("frame_from", "frame_to")
    if role == "search_date":
        return ("searched_at",)
    return () if role is None else (role,)


def _shares(name: str, seen: Inspection) -> str:
    states = sorted(seen.states[name].items(), key=lambda item: -item[1])
    return ", ".join(f"{state.value} {_share(count, seen.records)}" for state, count in states)


def _share(count: int, records: int) -> str:
    """Return a percentage, or the count where a percentage would say too much or nothing."""
    share = f"{count / records * 100:.1f} %" if records >= FEWEST_FOR_SHARE else ""
    return share if share and (count == records or share not in ("0.0 %", "100.0 %")) else f"{count:,}"
