"""`gatehouse records`: look at exports as the importer sees them, or invent one whose truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Look at other networks' exports, or invent one whose truth is known.", no_args_is_help=True
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


@app.command()
def synth(
    rows: Annotated[int, typer.Option("--rows", help="Searches to invent.")],
    directory: Annotated[Path, typer.Option("-o", "--output", help="Folder to write into.")],
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same bytes.")] = 1,
    quirks: Annotated[
        bool, typer.Option("--quirks", help="Damage it the way real exports are damaged.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write the network audit of an invented town, and the truth about it in truth.json."""
    from gatehouse.cli.output import console, print_json, progress
    from gatehouse.records.synth import generate

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
