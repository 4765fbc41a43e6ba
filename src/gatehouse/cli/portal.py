"""`gatehouse portal`: the public pages of a node."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gatehouse.cli.node_options import JsonOutput

app = typer.Typer(help="Make the public pages of a node.", no_args_is_help=True)


@app.callback()
def _noun() -> None:
    pass


@app.command(no_args_is_help=True)
def export(
    output: Annotated[
        Path, typer.Argument(metavar="DIR", help="A new or empty folder, or an earlier portal.")
    ],
    node: Annotated[
        Path,
        typer.Option(
            "--node", metavar="FOLDER", readable=False, help="The node's folder; it may be running."
        ),
    ],
    as_json: JsonOutput = False,
) -> None:
    """Write the public portal as files that any web server can serve.

    Every search is a row without plate, person, case or an officer's words. An earlier portal in DIR is
    replaced at once, when the new one is whole.
    """
    import sys

    from gatehouse.cli.output import print_json, print_text, printable
    from gatehouse.ledger.log import now
    from gatehouse.node.config import load_config
    from gatehouse.web.portal.export import export_portal
    from gatehouse.web.portal.sources import Portal

    def told(count: int, path: str) -> None:
        if count % 100 == 0 and sys.stderr.isatty():
            typer.echo(f"  {count} files, now {path}", err=True)

    done = export_portal(Portal(load_config(node), clock=now), output, told=told)
    document = done.document
    told_whole = len(document.rows) - document.withheld
    counts = {
        "searches": document.recorded,
        "rows": len(document.rows),
        "withheld": document.withheld,
        "waiting": document.waiting,
        "files": done.files,
        "bytes": done.bytes,
        "size": document.size,
    }
    if as_json:
        print_json({"portal": str(output), **counts})
        return
    print_text(
        f"{printable(str(output))}: {done.files} files, {done.bytes:,} bytes, and the record's tiles.\n"
        f"Of {document.recorded:,} searches on the record {told_whole:,} are told with details,\n"
        f"{document.withheld:,} with their month only, {document.waiting:,} wait for their period to end.\n"
        "Next: put the folder on a web server, and open index.html there."
    )
