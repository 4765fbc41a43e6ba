"""`gatehouse models`: the files that plates are found and read with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gatehouse.capture.models import Model

app = typer.Typer(help="Look at and fetch the model files that plates are read with.", no_args_is_help=True)

Folder = Annotated[
    Path | None,
    typer.Option(
        "--models",
        metavar="DIR",
        help="Folder of the model files; else GATEHOUSE_MODELS, else the user's cache.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


@app.command(name="list")
def list_models(models: Folder = None, as_json: Json = False) -> None:
    """List the model files that are known, and which of them are here and whole."""
    _report(models, as_json=as_json)


@app.command()
def check(models: Folder = None, as_json: Json = False) -> None:
    """Check that what is needed to read plates is here; a wrong file exits with 4, a missing one with 5."""
    from gatehouse.capture.models import find_models

    find_models(models)
    _report(models, as_json=as_json)


@app.command()
def fetch(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME...", help="Files to fetch; else all that their makers publish."),
    ] = None,
    models: Folder = None,
    as_json: Json = False,
) -> None:
    """Fetch model files from their makers, and check them. This is the only command here that goes out."""
    from gatehouse.capture.fetching import fetch as bring
    from gatehouse.capture.models import catalog, models_folder
    from gatehouse.cli.output import print_json, print_text, progress

    folder = models_folder(models)
    wanted = _named(names) if names else [each for each in catalog() if each.url is not None]
    came = {}
    with progress("Fetching", sum(each.bytes for each in wanted)) as advance:
        for each in wanted:
            came[each.name] = bring(each, folder, advance=advance)
    if as_json:
        print_json(
            {"folder": str(folder), "models": [{"name": name, "fetched": new} for name, new in came.items()]}
        )
        return
    for name, new in came.items():
        print_text(f"{name}: {'fetched' if new else 'was here'}")
    print_text(f"Folder: {folder}")


def _named(names: list[str]) -> list[Model]:
    from gatehouse.capture.models import catalog
    from gatehouse.model import BadUse

    known = {each.name: each for each in catalog()}
    for name in names:
        if name not in known:
            raise BadUse("no model file has that name", got=name, expected=", ".join(known))
    return [known[name] for name in names]


def _report(models: Path | None, *, as_json: bool) -> None:
    from gatehouse.capture.models import catalog, models_folder, packaged
    from gatehouse.cli.output import print_json, print_text

    folder = models_folder(models)
    known = (*catalog(), *packaged())
    standing = {each.name: each.standing(folder).value for each in known}
    if as_json:
        print_json(
            {
                "folder": str(folder),
                "models": [
                    {
                        "name": each.name,
                        "part": each.part.value,
                        "form": each.form,
                        "standing": standing[each.name],
                        "bytes": each.bytes,
                        "sha256": each.sha256,
                        "url": each.url,
                        "licence": each.licence,
                        "what": each.what,
                        "packaged": each.packaged,
                    }
                    for each in known
                ],
            }
        )
        return
    print_text(f"Folder: {folder}")
    for each in known:
        print_text(f"{standing[each.name]:8} {each.name} ({each.bytes:,} bytes): {each.what}. {each.licence}")
