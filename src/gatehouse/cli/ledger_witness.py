"""`gatehouse ledger witness`: cosign other logs as they grow, so that none can show two histories."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

STATE, KEY, SETTINGS = "witness.sqlite", "witness.pem", "witness.vkey"


def witness(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The witness's folder: key and memory.")],
    logs: Annotated[
        Path | None,
        typer.Option("--logs", metavar="FILE", help="The logs to cosign: lines of a name and a vkey."),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="Make a new witness of this name, and stop."),
    ] = None,
    listen: Annotated[
        str, typer.Option("--listen", metavar="HOST:PORT", help="Where it answers.")
    ] = "127.0.0.1:8460",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document and nothing else.")
    ] = False,
) -> None:
    """Run a witness (C2SP tlog-witness). First make one with --name; logs put its key into their policy."""
    from gatehouse.cli.output import print_json
    from gatehouse.ledger.note import COSIGNATURE, NoteSigner
    from gatehouse.ledger.witness import Witness, read_origins
    from gatehouse.ledger.witness_server import serve
    from gatehouse.model import BadInput, BadUse
    from gatehouse.signing import create_key, open_signer

    key = f"file:{directory.absolute() / KEY}"
    if name is not None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        signer = NoteSigner(name, create_key(key), COSIGNATURE)
        Witness.create(directory / STATE, signer=signer)
        (directory / SETTINGS).write_text(signer.vkey + "\n", "utf-8")
        if as_json:
            print_json({"name": name, "vkey": signer.vkey})
        else:
            typer.echo(signer.vkey)
        return
    if logs is None:
        raise BadUse("a witness needs the logs that it cosigns", hint="name a file of them with --logs")
    try:
        known = read_origins(logs.read_text("utf-8"))
        vkey = (directory / SETTINGS).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            "the witness or its list of logs cannot be read",
            where=str(getattr(error, "filename", None) or logs),
            got=getattr(error, "strerror", None) or "not UTF-8",
            hint="make a witness with --name first",
        ) from error
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise BadUse("that is nowhere to listen", where="--listen", expected="HOST:PORT", got=listen)
    signer = NoteSigner(vkey.partition("+")[0], open_signer(key), COSIGNATURE)
    running = Witness.open(directory / STATE, signer=signer, origins=known)
    try:
        typer.echo(f"Witness {signer.name} answers at http://{listen} for {len(known)} logs.", err=True)
        serve(running, host=host.strip("[]"), port=int(port))
    finally:
        running.close()
