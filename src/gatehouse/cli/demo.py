"""`gatehouse demo`: the story of a network and of one day, played on real parts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    output: Annotated[
        Path,
        typer.Option("-o", "--out", metavar="DIR", help="Where the node and the transcript go."),
    ] = Path("gatehouse-demo"),
    serve: Annotated[
        bool, typer.Option("--serve", help="Leave the node running, on loopback, once the story is told.")
    ] = False,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Print one JSON document; with --serve, then a line of the address."),
    ] = False,
) -> int:
    """Play a day of an invented network on a real node: searches answered, refused, and audited.

    An earlier demonstration in DIR is replaced. Exits 1 if a step comes out otherwise than the story says.
    """
    from contextlib import closing

    from gatehouse.cli.output import print_json, print_text, printable, results_folder
    from gatehouse.demo import transcript
    from gatehouse.demo.folder import left_behind, made_anew
    from gatehouse.demo.step import NotAsTold
    from gatehouse.demo.story import play

    def told(what: str) -> None:
        typer.echo(f"  ({what})", err=True)

    results_folder(output)
    folder = made_anew(output)
    steps = []
    if not as_json:
        print_text(transcript.head())
    try:
        with closing(play(folder, told=told)) as story:
            for step in story:
                steps.append(step)
                if not as_json:
                    print_text(transcript.paragraph(len(steps), step))
    except NotAsTold as error:
        if as_json:
            print_json(transcript.document(steps, folder) | {"failed": error.as_document()})
            return error.exit_code
        raise
    finally:
        left_behind(folder, steps)
    if as_json:
        print_json(transcript.document(steps, folder))
    else:
        print_text(
            f"\nIn {printable(str(folder))}: transcript.txt, the audit's report in audit/, the public's "
            "pages\nin portal/, the node in node/, and in people.json what signs in as the people of it."
        )
    if serve:
        from gatehouse.cli import node

        node.serve(folder / "node", as_json=as_json)
    return 0
