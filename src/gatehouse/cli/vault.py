"""`gatehouse vault`: make, run and examine a vault in a process of its own, and say what it has counted."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from gatehouse.cli.node_options import JsonOutput

app = typer.Typer(
    help="Make, run and examine a vault in a process of its own, apart from its node.", no_args_is_help=True
)

VaultPlace = Annotated[Path, typer.Argument(metavar="DIR", readable=False, help="The vault's folder.")]


@app.command(no_args_is_help=True)
def init(
    directory: VaultPlace,
    policy: Annotated[
        Path,
        typer.Option(
            "--policy", metavar="FILE", help="Whose record counts: log, witnesses, quorum (C2SP tlog-policy)."
        ),
    ],
    retention: Annotated[
        list[str] | None,
        typer.Option(
            "--retention", metavar="OWNER=MINUTES", help="How long an owner's reads are kept. Repeatable."
        ),
    ] = None,
    pack: Annotated[
        Path | None,
        typer.Option(
            "--pack",
            metavar="DIR",
            help="The rulebook in force; the one that comes with Gatehouse if not given.",
        ),
    ] = None,
    root: Annotated[
        Path | None,
        typer.Option("--root", metavar="FILE", help="Where the root key stands; DIR/root if not given."),
    ] = None,
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="The name that its counters bear.")
    ] = "vault",
    as_json: JsonOutput = False,
) -> None:
    """Make an empty vault, and the vault.toml that says what it goes by. Nothing of it comes from a node."""
    from gatehouse.cli.files import read_text
    from gatehouse.cli.output import print_json, printable
    from gatehouse.law.pack import read_pack
    from gatehouse.ledger.policy import LARGEST_POLICY
    from gatehouse.node.packs import PACKAGED
    from gatehouse.vault.terms import TERMS, create_vault

    rulebook = read_pack(pack or PACKAGED).id
    create_vault(
        directory,
        name=name,
        policy=read_text(policy, most=LARGEST_POLICY),
        pack=rulebook.sha256,
        owners=dict(map(_kept, retention or ())),
        root=root,
    )
    if as_json:
        print_json({"folder": str(directory), "name": name, "pack": rulebook.sha256})
        return
    typer.echo(f"Vault in {printable(str(directory))}, under rulebook {rulebook.version}.")
    typer.echo(f"What it goes by stands in {TERMS}; keep it as its custodian, out of the node's reach.")
    typer.echo("Next: gatehouse vault certificates, then gatehouse vault doctor.")


@app.command(no_args_is_help=True)
def certificates(
    directory: Annotated[Path, typer.Argument(metavar="DIR", readable=False, help="A new folder.")],
    host: Annotated[
        list[str],
        typer.Option(
            "--host", metavar="NAME", help="Name or address by which the node calls the vault. Repeatable."
        ),
    ],
    days: Annotated[
        int, typer.Option("--days", metavar="N", min=1, max=825, help="How long they are good for.")
    ] = 365,
    as_json: JsonOutput = False,
) -> None:
    """Make certificates for both sides: `vault/` and `node/`, each knowing the other's and no more."""
    from datetime import timedelta

    from gatehouse.cli.output import print_json, printable
    from gatehouse.vault.certificates import SIDES, make_certificates
    from gatehouse.vault.clock import machine_time

    until = make_certificates(directory, hosts=host, lasting=timedelta(days=days), at=machine_time())
    folders = {each: str(directory / each) for each in SIDES}
    if as_json:
        print_json({**folders, "until": f"{until:%FT%TZ}"})
        return
    for each in SIDES:
        typer.echo(f"For the {each}: {printable(folders[each])}")
    typer.echo(f"Good until {until:%F}. Carry each folder to its side, and delete it here.")


@app.command(no_args_is_help=True)
def serve(directory: VaultPlace, as_json: JsonOutput = False) -> None:
    """Run a vault until it is told to end. Logs go to standard error as JSON lines."""
    import signal
    import sys

    from gatehouse.cli.output import print_json_line
    from gatehouse.node.logs import configure, say
    from gatehouse.vault.clock import SteadyClock
    from gatehouse.vault.local import LocalVault
    from gatehouse.vault.server import serve as run
    from gatehouse.vault.terms import LiveTerms, read_terms

    terms, live = read_terms(directory), LiveTerms(directory)
    configure("info")

    def ready(url: str) -> None:
        if as_json:
            print_json_line({"url": url})
        else:
            typer.echo(f"The vault answers at {url}. Stop it with Ctrl-C or SIGTERM.")

    # The server lets the signal through once it has ended; the vault is closed on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    vault = LocalVault(
        directory,
        policy=live.policy,
        owners=live.keeping,
        pack_sha256=live.pack_sha256,
        backlog=live.backlog,
        clock=SteadyClock(),
        root=terms.root,
    )
    try:
        # Keys may have come due while the vault was down.
        vault.sweep()
        say("vault opened")
        run(vault, terms.tls, host=terms.host, port=terms.port, ready=ready)
    finally:
        vault.close()
        say("vault closed")


@app.command(no_args_is_help=True)
def doctor(directory: VaultPlace, as_json: JsonOutput = False) -> int:
    """Say what is wrong with a vault and what to do about it; it may be running meanwhile."""
    from gatehouse.cli.findings import tell
    from gatehouse.vault.doctor import examine

    return tell(list(examine(directory)), as_json=as_json)


@app.command(no_args_is_help=True)
def counters(
    directory: VaultPlace,
    day: Annotated[
        datetime,
        typer.Option("--day", formats=["%Y-%m-%d"], metavar="DATE", help="The day, in UTC."),
    ],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write the document there.")
    ] = None,
    as_json: JsonOutput = False,
) -> None:
    """Say what the vault counted on a day, for `gatehouse ledger monitor --counters`; it may be running."""
    import json

    from gatehouse.cli.files import write_file
    from gatehouse.cli.output import print_json, printable
    from gatehouse.vault.local import counters_in

    found = counters_in(directory, day.date())
    if output is not None:
        write_file(output, json.dumps(found, sort_keys=True).encode())
    if as_json:
        print_json(found)
        return
    counts = found["counts"]
    assert isinstance(counts, list)
    for each in counts:
        assert isinstance(each, dict)
        typer.echo(printable(f"{each['count']:>8}  {each['event']}  {each['agency']}"))
    if not counts:
        typer.echo(f"Nothing was let out on {day:%F}.")


def _kept(text: str) -> tuple[str, int]:
    from gatehouse.model import BadUse

    owner, _, minutes = text.partition("=")
    if not owner or not minutes.isascii() or not minutes.isdigit():
        raise BadUse(
            "that is no retention", where="--retention", expected="OWNER=MINUTES, such as alder-pd=43200"
        )
    return owner, int(minutes)
