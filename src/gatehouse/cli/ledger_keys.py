"""`gatehouse ledger rotate-key | shred | renew-kek`: the log's new key, and the keys of what is sealed."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from gatehouse.cli.ledger_options import JsonOutput, Ordered, Place, Wait, within


def rotate_key(
    directory: Place,
    signer: Annotated[
        str,
        typer.Option("--signer", metavar="URI", help="The new key: file:PATH (drawn if new) or pkcs11:…."),
    ],
    by: Ordered,
    wait: Wait = 60.0,
    as_json: JsonOutput = False,
) -> None:
    """Announce a new key in an entry. From there on it signs beside the old one."""
    from gatehouse.cli.output import done_already, print_json
    from gatehouse.ledger.settings import Folder

    Folder(directory)
    from gatehouse.ledger.folder import Ledger

    with Ledger.open(directory, receipt_wait=within(wait)) as ledger:
        appended = ledger.rotate_key(signer, by=by)
        keys = ledger.log.keys
    announced = f"entry {appended.index} announces the new key"
    with done_already(announced, hint="the policy in the ledger's folder names it"):
        if as_json:
            print_json({"index": appended.index, "vkeys": list(keys)})
            return
        typer.echo(f"{announced.capitalize()}, which signs beside the old one from now on:")
        typer.echo(keys[-1])


def shred(
    directory: Place,
    agency: Annotated[str, typer.Argument(metavar="AGENCY", help="Whose openings end.")],
    day: Annotated[str, typer.Argument(metavar="DAY", help="Of which UTC day: 2026-11-23.")],
    by: Ordered,
    lost_key: Annotated[
        bool, typer.Option("--lost-key", help="The key is lost for good: record that, and go on without it.")
    ] = False,
    wait: Wait = 60.0,
    as_json: JsonOutput = False,
) -> None:
    """Destroy the key of an agency's day. Its openings end; entries, counts and sequence still verify."""
    from gatehouse.cli.output import counted, done_already, print_json
    from gatehouse.ledger.settings import Folder

    Folder(directory)
    which = _day(day)
    from gatehouse.ledger.folder import Ledger

    with Ledger.open(directory, receipt_wait=within(wait)) as ledger:
        done = (ledger.lose if lost_key else ledger.shred)(agency, which, by=by)
    ended = f"the openings of {agency} for {day} {'are given up' if lost_key else 'have ended'}"
    with done_already(ended, hint="nothing is left to do"):
        if as_json:
            print_json(
                {
                    "index": done.index,
                    "agency": agency,
                    "day": day,
                    "closed": done.closed,
                    "unread": done.unread,
                }
            )
            return
        record = "an earlier entry records it" if done.index is None else f"entry {done.index} records it"
        typer.echo(f"{ended.capitalize()} ({counted(done.closed, 'entry', 'entries')}); {record}.")
        if done.unread is not None:
            typer.echo(f"Its key could not be read before: {done.unread}. It was destroyed all the same.")


def renew_kek(directory: Place, as_json: JsonOutput = False) -> None:
    """Draw a new key over the day keys and destroy the old one. Older copies of day-keys/ open no more."""
    from gatehouse.cli.output import counted, print_json
    from gatehouse.ledger.settings import KEK, Folder

    Folder(directory)
    from gatehouse.ledger.folder import Ledger

    with Ledger.open(directory) as ledger:
        keys = ledger.renew_kek()
    if as_json:
        print_json({"day_keys": keys})
        return
    stand = "stands" if keys == 1 else "stand"
    under = f"{counted(keys, 'day key', 'day keys')} {stand} under it"
    typer.echo(f"{KEK} is new, the old one is destroyed, and {under}.")


def _day(text: str) -> date:
    from gatehouse.model import BadUse

    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.isoformat() != text:
        raise BadUse("a day cannot be read", where="DAY", expected="2026-11-23", got=repr(text[:32]))
    return found
