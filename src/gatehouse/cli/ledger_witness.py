"""`gatehouse ledger witness`: cosign other logs as they grow, so that none can show two histories."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gatehouse.cli.ledger_options import JsonOutput

STATE, KEY, VKEY = "witness.sqlite", "witness.pem", "witness.vkey"
LARGEST_LIST = 1_000_000


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
        str, typer.Option("--listen", metavar="HOST:PORT", help="Where it answers; port 0 is any free one.")
    ] = "127.0.0.1:8460",
    as_json: JsonOutput = False,
) -> None:
    """Run a witness (C2SP tlog-witness). First make one with --name; logs put its key into their policy."""
    from gatehouse.model import BadUse

    if (name is None) == (logs is None):
        raise BadUse(
            "a witness is made with --name, or run with --logs",
            expected="one of them",
            got="none" if name is None else "both",
        )
    if name is not None:
        _make(directory, name, as_json=as_json)
    elif logs is not None:
        _run(directory, logs, *_address(listen), as_json=as_json)


def _make(directory: Path, name: str, *, as_json: bool) -> None:
    from gatehouse.cli.output import print_json
    from gatehouse.ledger.note import COSIGNATURE, NoteSigner, check_name
    from gatehouse.ledger.witness import Witness
    from gatehouse.model import BadUse
    from gatehouse.signing import create_key

    check_name(name)
    there = [each for each in (STATE, KEY, VKEY) if (directory / each).exists()]
    if there or (directory.exists() and not directory.is_dir()):
        raise BadUse(
            "there is something already",
            where=str(directory),
            expected="a folder without a witness",
            got=", ".join(there) or "a file",
        )
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        signer = NoteSigner(name, create_key(f"file:{_quoted(directory)}/{KEY}"), COSIGNATURE)
        Witness.create(directory / STATE, signer=signer)
        (directory / VKEY).write_text(signer.vkey + "\n", "utf-8")
    except BaseException:
        for each in (STATE, KEY, VKEY):
            (directory / each).unlink(missing_ok=True)
        raise
    if as_json:
        print_json({"name": name, "vkey": signer.vkey})
        return
    typer.echo(f"Witness {name}. Its key, for the policies of logs and of those who check them:")
    typer.echo(signer.vkey)


def _run(directory: Path, logs: Path, host: str, port: int, *, as_json: bool) -> None:
    from gatehouse.cli.files import read_text
    from gatehouse.cli.output import counted, print_json
    from gatehouse.model import BadUse

    if not (directory / VKEY).is_file():
        raise BadUse(
            "this folder holds no witness",
            where=str(directory),
            expected=f"a {VKEY}",
            hint="make a witness with --name",
        )
    vkey = read_text(directory / VKEY, most=4_096).strip()
    text = read_text(logs, most=LARGEST_LIST)
    from gatehouse.ledger.note import COSIGNATURE, NoteSigner, VerifierKey
    from gatehouse.ledger.origins import read_origins
    from gatehouse.ledger.witness import Witness
    from gatehouse.ledger.witness_server import serve
    from gatehouse.signing import open_signer

    known = read_origins(text)
    key = open_signer(f"file:{_quoted(directory)}/{KEY}")
    signer = NoteSigner(VerifierKey.parse(vkey).name, key, COSIGNATURE)

    def ready(url: str) -> None:
        # On stdout, since whoever started it may wait for just this line.
        if as_json:
            print_json({"name": signer.name, "vkey": signer.vkey, "url": url, "logs": list(known)})
        else:
            typer.echo(f"Witness {signer.name} answers at {url} for {counted(len(known), 'log', 'logs')}.")
        typer.get_text_stream("stdout").flush()

    with Witness.open(directory / STATE, signer=signer, origins=known) as running:
        serve(running, host=host, port=port, ready=ready)


def _address(listen: str) -> tuple[str, int]:
    from gatehouse.model import BadUse

    host, _, port = listen.rpartition(":")
    if not host or not (port.isascii() and port.isdecimal()) or len(port) > 5 or int(port) > 65_535:
        raise BadUse("that is nowhere to listen", where="--listen", expected="HOST:PORT", got=repr(listen))
    return host.removeprefix("[").removesuffix("]"), int(port)


def _quoted(directory: Path) -> str:
    import os
    from urllib.parse import quote

    return quote(os.fsencode(directory.absolute()))
