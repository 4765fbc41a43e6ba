"""`gatehouse config`: every key of a node's configuration, with its meaning, bounds and value."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gatehouse.cli.node_options import JsonOutput

app = typer.Typer(help="Every key of a node's configuration.", no_args_is_help=True)


@app.command()
def show(
    directory: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", readable=False, help="A node's folder; the defaults without one."),
    ] = None,
    as_json: JsonOutput = False,
) -> None:
    """List every key with its value, default, bounds and meaning. Secrets are references, and stay so."""
    from gatehouse.cli.output import print_json, printable
    from gatehouse.node.config import Config, keys_of, load_config

    config = Config() if directory is None else load_config(directory).config
    keys = list(keys_of(config))
    if as_json:
        print_json(
            {
                "keys": [
                    {
                        "key": each.name,
                        "value": list(each.value) if isinstance(each.value, tuple) else each.value,
                        "default": list(each.default) if isinstance(each.default, tuple) else each.default,
                        "bounds": each.bounds or None,
                        "description": each.description,
                    }
                    for each in keys
                ]
            }
        )
        return
    section = ""
    for each in keys:
        table, _, name = each.name.partition(".")
        if table != section:
            typer.echo(f"{'' if not section else chr(10)}[{table}]")
            section = table
        typer.echo(f"# {each.description}" + (f" ({each.bounds})" if each.bounds else ""))
        typer.echo(printable(f"{'# ' if each.value is None else ''}{name} = {_toml(each.value)}"))


def _toml(value: object) -> str:
    import json

    if value is None:
        return "…"
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
