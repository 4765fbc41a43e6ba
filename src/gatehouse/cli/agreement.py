"""`gatehouse agreement`: what owners share with whom, and how that is changed on the record."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gatehouse.cli.node_options import JsonOutput, Login, NodePlace, opened, signed_in

if TYPE_CHECKING:
    from gatehouse.node.change import Change
    from gatehouse.node.view import View

app = typer.Typer(
    help="What owners share with whom, and how that is changed on the record.", no_args_is_help=True
)
ChangeId = Annotated[str, typer.Argument(metavar="CHANGE", help="The change's id.")]


@app.command("list", no_args_is_help=True)
def list_(directory: NodePlace, as_json: JsonOutput = False) -> None:
    """List the agreements in force and the changes on their way; the node may be running meanwhile."""
    from gatehouse.cli.output import print_json
    from gatehouse.node.bodies import AgreementBody, written

    view = _view(directory)
    rules = [
        (body, versions[-1])
        for versions in view.rules.values()
        if isinstance(body := versions[-1].body, AgreementBody)
    ]
    changes = sorted(view.changes.values(), key=lambda each: each.entry)
    open_ = [each for each in changes if each.state.value in ("proposed", "approved")]
    if as_json:
        agreements = [
            {**body.as_json(), "version": version.number, "since": written(version.since)}
            for body, version in rules
        ]
        print_json({"agreements": agreements, "changes": [_document(each, view) for each in open_]})
        return
    for body, version in rules:
        purposes = ", ".join(sorted(body.purposes))
        typer.echo(f"{body.owner} shares with {body.searcher} for {purposes} since {version.since:%F}")
    for each in open_:
        _say(each, view)
    if not rules and not open_:
        typer.echo("No owner shares with anyone.")


@app.command(no_args_is_help=True)
def propose(
    directory: NodePlace,
    body: Annotated[
        Path, typer.Argument(metavar="RULE.json", help="The rule as it shall be; docs/node.md has the forms.")
    ],
    login: Login,
    kind: Annotated[
        str,
        typer.Option("--kind", help="agreement, declaration, owner, sharing, pack, agency or custodian."),
    ] = "agreement",
    backtest: Annotated[
        Path | None,
        typer.Option("--backtest", metavar="FILE", help="What a loosening would have changed; published."),
    ] = None,
    valid_from: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%dT%H:%M:%SZ"], help="From when on, in UTC; else at once."),
    ] = None,
    as_json: JsonOutput = False,
) -> None:
    """Propose a rule. What tightens is in force at once; what loosens needs a second custodian and time."""
    import json
    from datetime import UTC

    from gatehouse.cli.files import read_text
    from gatehouse.model import BadInput, BadUse
    from gatehouse.node.bodies import BODIES, Kind

    if kind not in list(Kind):
        raise BadUse("there is no such kind of rule", where="--kind", expected=", ".join(Kind), got=kind)
    try:
        found = json.loads(read_text(body, most=65_536))
    except ValueError as error:
        raise BadInput("the rule is not JSON", where=str(body)) from error
    rule = BODIES[Kind(kind)].read(found, where=str(body))
    tried = None if backtest is None else backtest.read_bytes()
    with opened(directory) as node:
        change = node.changes.propose(
            Kind(kind),
            rule,
            by=signed_in(node, login),
            valid_from=None if valid_from is None else valid_from.replace(tzinfo=UTC),
            backtest=tried,
        )
        _tell(change, node.registry.view, as_json)


@app.command(no_args_is_help=True)
def end(
    directory: NodePlace,
    subject: Annotated[str, typer.Argument(metavar="OWNER/SEARCHER", help="The agreement that ends.")],
    login: Login,
    as_json: JsonOutput = False,
) -> None:
    """End an agreement, at once and with one custodian."""
    from gatehouse.node.bodies import Kind

    with opened(directory) as node:
        change = node.changes.propose(Kind.AGREEMENT, None, subject=subject, by=signed_in(node, login))
        _tell(change, node.registry.view, as_json)


@app.command(no_args_is_help=True)
def approve(directory: NodePlace, change: ChangeId, login: Login, as_json: JsonOutput = False) -> None:
    """Approve a change as a second custodian."""
    with opened(directory) as node:
        done = node.changes.approve(change, by=signed_in(node, login))
        _tell(done, node.registry.view, as_json)


@app.command(no_args_is_help=True)
def withdraw(directory: NodePlace, change: ChangeId, login: Login, as_json: JsonOutput = False) -> None:
    """End a change that is not in force yet."""
    with opened(directory) as node:
        done = node.changes.withdraw(change, by=signed_in(node, login))
        _tell(done, node.registry.view, as_json)


def _view(directory: Path) -> View:
    """Return the registry as the record has it, whoever has the ledger open."""
    from gatehouse.ledger.settings import Folder
    from gatehouse.node.config import load_config
    from gatehouse.node.record import load_record
    from gatehouse.node.registry import folded

    folder = Folder(load_config(directory).ledger)
    with folder.view() as log:
        return folded(load_record(log, folder.log))[0]


def _document(change: Change, view: View) -> dict[str, Any]:
    from gatehouse.node.bodies import written

    ready = change.ready_at(view.waiting(change.decider))
    return {
        "change": change.id,
        "kind": change.kind.value,
        "subject": change.subject,
        "decided_by": change.decider,
        "state": change.state.value,
        "loosens": change.loosens,
        "after": None if change.after is None else change.after.as_json(),
        "backtest": change.backtest,
        "proposed_by": change.proposed_by,
        "approved_by": change.approved_by,
        "ready_at": None if ready is None else written(ready),
    }


def _tell(change: Change, view: View, as_json: bool) -> None:
    from gatehouse.cli.output import print_json

    if as_json:
        print_json(_document(change, view))
    else:
        _say(change, view)


def _say(change: Change, view: View) -> None:
    ready = change.ready_at(view.waiting(change.decider))
    text = f"{change.id}: {change.kind.value} of {change.subject}, {change.state.value.replace('_', ' ')}"
    if change.state.value == "proposed" and change.loosens:
        text += f"; waits for a second custodian of {change.decider}"
    elif change.state.value in ("proposed", "approved") and ready is not None:
        text += f"; in force from {ready:%Y-%m-%d %H:%M} UTC"
    typer.echo(text)
