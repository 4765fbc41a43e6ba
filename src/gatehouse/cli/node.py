"""`gatehouse node`: make, run, examine, back up and restore a node."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gatehouse.cli.node_options import JsonOutput, NodePlace, opened, person

if TYPE_CHECKING:
    from gatehouse.node.backup import Backup

app = typer.Typer(help="Make, run, examine, back up and restore a node.", no_args_is_help=True)


@app.command(no_args_is_help=True)
def init(
    directory: NodePlace,
    origin: Annotated[
        str,
        typer.Option(
            "--origin", metavar="NAME", help="The ledger's name for good, such as ledger.example.org/alder."
        ),
    ],
    agency: Annotated[str, typer.Option("--agency", metavar="ID", help="Id of the agency that runs it.")],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="The agency's name.")],
    state: Annotated[str, typer.Option("--state", metavar="XX", help="The agency's state.")],
    kind: Annotated[str, typer.Option("--kind", metavar="KIND", help="police, sheriff, …")],
    custodians: Annotated[
        list[str],
        typer.Option("--custodian", metavar="ID=NAME", help="A custodian; two or more, who are two people."),
    ],
    settings: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="A node.toml to begin with.")
    ] = None,
    pack: Annotated[
        Path | None, typer.Option("--pack", metavar="DIR", help="A rulebook of your own.")
    ] = None,
    as_json: JsonOutput = False,
) -> None:
    """Make a node in a new folder. Prints the ledger's key, and how each custodian signs up."""
    from gatehouse.cli.files import read_text
    from gatehouse.cli.output import print_json, printable
    from gatehouse.law.codes import KINDS, STATES
    from gatehouse.model import Agency, BadUse, Role
    from gatehouse.node.making import create_node
    from gatehouse.node.packs import PACKAGED

    if state not in STATES or kind not in KINDS:
        raise BadUse(
            "the agency's state or kind is not on the list",
            where="--state" if state not in STATES else "--kind",
            expected=", ".join(STATES if state not in STATES else KINDS),
        )
    operator = Agency(agency, name, state, KINDS[kind])
    people = [person(each, agency=agency, roles=frozenset({Role.CUSTODIAN})) for each in custodians]
    text = None if settings is None else read_text(settings, most=262_144)
    vkey = create_node(
        directory, origin=origin, operator=operator, custodians=people, config=text, pack=pack or PACKAGED
    )
    with opened(directory) as node:
        invited = [node.accounts.enrollment.invite(each.id, by=()) for each in people]
        url = node.config.http.url
    if as_json:
        print_json(
            {
                "origin": origin,
                "vkey": vkey,
                "invitations": [
                    {"officer": each.officer, "token": each.token, "expires_at": f"{each.expires_at:%FT%TZ}"}
                    for each in invited
                ],
            }
        )
        return
    typer.echo(f"Node in {printable(str(directory))}. Its ledger's key, for everybody who checks it:")
    typer.echo(vkey)
    typer.echo(f"Each custodian signs up at {url} with an invitation, good for one person and once:")
    for each in invited:
        typer.echo(f"  {each.officer}  {each.token}")


@app.command(no_args_is_help=True)
def invite(
    directory: NodePlace,
    officer: Annotated[str, typer.Argument(metavar="ID", help="A person of the registry.")],
    as_json: JsonOutput = False,
) -> None:
    """Invite a person as the operator: the first custodians of an agency, or one who lost everything."""
    from gatehouse.cli.output import print_json

    with opened(directory) as node:
        invited = node.accounts.enrollment.invite(officer, by=())
        url = node.config.http.url
    if as_json:
        print_json(
            {
                "officer": invited.officer,
                "token": invited.token,
                "expires_at": f"{invited.expires_at:%FT%TZ}",
            }
        )
        return
    typer.echo(f"The person signs up at {url} with an invitation, good for one person and once:")
    typer.echo(f"  {invited.officer}  {invited.token}")


@app.command(no_args_is_help=True)
def serve(directory: NodePlace, as_json: JsonOutput = False) -> None:
    """Run a node until it is told to end. Logs go to standard error as JSON lines."""
    import signal
    import sys

    from gatehouse.cli.output import print_json_line
    from gatehouse.node.config import load_config
    from gatehouse.node.logs import configure
    from gatehouse.node.node import Node
    from gatehouse.node.settling import settle
    from gatehouse.vault.clock import SteadyClock
    from gatehouse.web.app import create_app
    from gatehouse.web.portal.routes import routes
    from gatehouse.web.portal.sources import Portal
    from gatehouse.web.serve import serve as run

    located = load_config(directory)
    http = located.config.http
    configure(located.config.log.level)

    def ready(url: str) -> None:
        if as_json:
            print_json_line({"url": url, "people": http.url, "portal": f"{http.url}/portal/"})
        else:
            # Requests under another name are refused, so the address it listens at would lead nobody in.
            typer.echo(f"The node listens at {url}. People reach it at {http.url}, and under no other name.")
            typer.echo(f"What anybody may see of it: {http.url}/portal/")
            typer.echo("Stop it with Ctrl-C or SIGTERM: nothing is lost.")

    # The server lets the signal through once it has ended; the node is closed on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with Node.open(located, clock=SteadyClock()) as node:
        app = create_app(node, more=routes(Portal(located, clock=node.clock)))
        settle(node)
        run(
            app,
            host=http.host,
            port=http.port,
            proxies=http.proxies,
            certificate=None if http.tls_certificate is None else located.within(http.tls_certificate),
            key=None if http.tls_key is None else located.within(http.tls_key),
            ready=ready,
        )


@app.command(no_args_is_help=True)
def doctor(directory: NodePlace, as_json: JsonOutput = False) -> int:
    """Say what is wrong with a node and what to do about it; it may be running meanwhile."""
    from gatehouse.cli.findings import tell
    from gatehouse.node.config import load_config
    from gatehouse.node.doctor import examine

    return tell(list(examine(load_config(directory))), as_json=as_json)


@app.command(no_args_is_help=True)
def backup(
    directory: NodePlace,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="A new folder.")],
    keys: Annotated[
        Path | None,
        typer.Option("--keys", metavar="DIR", help="A second new folder for the keys, to be kept elsewhere."),
    ] = None,
    as_json: JsonOutput = False,
) -> None:
    """Copy a node, which may be running. Reads and the keys that open them are never a part of it."""
    from gatehouse.node.backup import back_up
    from gatehouse.node.config import load_config

    _tell(back_up(load_config(directory), output, secrets=keys), output, as_json)


@app.command(no_args_is_help=True)
def restore(
    source: Annotated[Path, typer.Argument(metavar="BACKUP", readable=False, help="The backup's folder.")],
    directory: NodePlace,
    keys: Annotated[Path, typer.Option("--keys", metavar="DIR", help="The folder of the backup's keys.")],
    seen: Annotated[
        Path | None,
        typer.Option("--seen", metavar="FILE", help="The newest checkpoint of the ledger that anyone has."),
    ] = None,
    unseen: Annotated[
        bool, typer.Option("--never-published", help="Nobody has ever seen a checkpoint of this ledger.")
    ] = False,
    as_json: JsonOutput = False,
) -> None:
    """Make a node from a backup. A copy that does not continue what the world has seen is refused."""
    from gatehouse.model import BadUse
    from gatehouse.node.backup import restore as put_back

    if (seen is None) is not unseen:
        raise BadUse(
            "say what the world has seen of this ledger",
            expected="--seen FILE, or --never-published",
            hint="take the newest checkpoint from your web server, a witness, or whoever follows the log",
        )
    _tell(put_back(source, directory, secrets=keys, seen=seen), directory, as_json)


def _tell(done: Backup, place: Path, as_json: bool) -> None:
    from gatehouse.cli.output import counted, print_json, printable

    if as_json:
        print_json({"origin": done.origin, "entries": done.size, "files": done.files})
        return
    entries, files = counted(done.size, "entry", "entries"), counted(done.files, "file", "files")
    typer.echo(f"{entries} of {done.origin} in {files}, in {printable(str(place))}.")
