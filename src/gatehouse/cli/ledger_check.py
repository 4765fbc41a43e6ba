"""`gatehouse ledger verify | fsck`: whether a log is what it says it is."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from gatehouse.cli.ledger_options import (
    JsonOutput,
    Keys,
    Place,
    PolicyFile,
    checkpoint_in,
    opened,
    own_folder,
    trusted,
)


def verify(
    target: Annotated[
        str,
        typer.Argument(
            metavar="DIR_OR_URL",
            help="A published log or a ledger's folder; or with --entry a receipt (.tlog-proof).",
        ),
    ],
    key: Keys = None,
    policy: PolicyFile = None,
    since: Annotated[
        Path | None,
        typer.Option(
            "--since", metavar="CHECKPOINT", help="An older checkpoint or receipt: the log must continue it."
        ),
    ] = None,
    entry: Annotated[
        Path | None, typer.Option("--entry", metavar="FILE", help="The entry that a receipt is for.")
    ] = None,
    disclosure: Annotated[
        Path | None,
        typer.Option("--disclosure", metavar="FILE", help="A disclosure of one field of that entry."),
    ] = None,
    as_json: JsonOutput = False,
) -> None:
    """Check a whole log from its entries up, or one receipt offline. Exits 4 on any doubt."""
    from gatehouse.model import BadUse

    if disclosure is not None and entry is None:
        raise BadUse("a disclosure opens an entry", hint="name the entry with --entry and its receipt")
    if entry is not None:
        if since is not None:
            raise BadUse("a receipt has no older checkpoint", hint="give --since with a log")
        _verify_receipt(Path(target), entry, disclosure, key, policy, as_json=as_json)
        return
    _verify_log(target, key, policy, since, as_json=as_json)


def fsck(directory: Place, as_json: JsonOutput = False) -> None:
    """Check a ledger's own store. All that follows from its entries is made anew and compared."""
    from dataclasses import asdict

    from gatehouse.cli.output import counted, print_json, progress
    from gatehouse.ledger.settings import Folder

    folder = Folder(directory)
    from gatehouse.ledger.fsck import fsck as check

    policy = folder.policy()
    # A link that leads nowhere hides what was exported, so it is looked at and refused.
    exported = folder.public if os.path.lexists(folder.public) else None
    with folder.view() as view:
        total = view.size
    with progress("Checking", total) as advance:
        found = check(
            folder.log, keys=policy.log_keys, policy=policy, exported=exported, progress=_steps(advance)
        )
    if as_json:
        print_json({**asdict(found), "root": found.root.hex()})
        return
    typer.echo(
        f"{found.origin} is sound: {counted(found.size, 'entry', 'entries')} of "
        f"{counted(found.agencies, 'agency', 'agencies')}, "
        f"{counted(found.checkpoints, 'checkpoint', 'checkpoints')}, "
        f"{counted(found.tiles, 'full tile', 'full tiles')}."
    )
    if found.unpublished:
        typer.echo(
            f"Of these, {counted(found.unpublished, 'entry is', 'entries are')} not published yet: "
            "`gatehouse ledger publish` asks the witnesses again."
        )


def _verify_log(
    target: str, key: list[str] | None, policy: Path | None, since: Path | None, *, as_json: bool
) -> None:
    from gatehouse.cli.output import counted, print_json, progress

    folder = own_folder(target)
    keys, rules = trusted(folder, key, policy)
    older = None if since is None else checkpoint_in(since)
    from gatehouse.ledger.verify import verify as check

    with opened(target, folder) as source, progress("Verifying", None) as advance:
        found = check(source, keys=keys or None, policy=rules, since=older, progress=_steps(advance))
    if as_json:
        print_json(found.as_document())
        return
    checkpoint = found.checkpoint
    typer.echo(
        f"{checkpoint.origin}: {counted(checkpoint.size, 'entry', 'entries')}, root {checkpoint.root.hex()}"
    )
    typer.echo(
        f"Signed by {', '.join(found.signers)}. Every entry, tile and signature fits, "
        f"and the sequence of {counted(len(found.agencies), 'agency', 'agencies')} has no gap."
    )
    if found.since is not None:
        typer.echo(f"It continues the checkpoint of {counted(found.since, 'entry', 'entries')}.")
    if found.foreign:
        typer.echo(f"Not written by Gatehouse, and not judged: {counted(found.foreign, 'entry', 'entries')}.")


def _verify_receipt(
    receipt: Path,
    entry: Path,
    disclosure: Path | None,
    key: list[str] | None,
    policy: Path | None,
    *,
    as_json: bool,
) -> None:
    import json

    from gatehouse.cli.files import read_file, read_text
    from gatehouse.cli.output import counted, print_json, printable
    from gatehouse.ledger.encoding import LARGEST_NOTE
    from gatehouse.ledger.layout import LARGEST_ENTRY

    data = read_file(entry, most=LARGEST_ENTRY)
    text = read_text(receipt, most=LARGEST_NOTE)
    opening = None if disclosure is None else read_file(disclosure, most=LARGEST_NOTE)
    keys, rules = trusted(None, key, policy)
    from gatehouse.ledger.note import COSIGNATURE, VerifierKey
    from gatehouse.ledger.policy import LogAddress, Policy
    from gatehouse.ledger.receipt import Receipt
    from gatehouse.model import BadUse

    logs = [VerifierKey.parse(each) for each in keys]
    if any(each.kind == COSIGNATURE for each in logs):
        raise BadUse(
            "a witness's key vouches for no entry",
            where="--key",
            expected="the log's key",
            hint="name witnesses in a policy, with --policy",
        )
    if rules is not None and logs:
        raise BadUse("a receipt is checked with --key or with --policy, not both")
    found = Receipt.parse(text)
    checkpoint = found.verify(data, policy=rules or Policy(tuple(map(LogAddress, logs))))
    document: dict[str, Any] = {
        "origin": checkpoint.origin,
        "index": found.index,
        "size": checkpoint.size,
        "root": checkpoint.root.hex(),
    }
    said = ""
    if opening is not None:
        name, value = _opened(opening, data, found.index)
        document["opened"] = {name: value}
        said = f"Its `{name}` is {printable(json.dumps(value, ensure_ascii=False))}."
    if as_json:
        print_json(document)
        return
    typer.echo(
        f"Entry {found.index} is in {checkpoint.origin}, which then had "
        f"{counted(checkpoint.size, 'entry', 'entries')}, root {checkpoint.root.hex()}"
    )
    if said:
        typer.echo(said)


def _opened(disclosure: bytes, entry: bytes, index: int) -> tuple[str, Any]:
    """Return the field that a disclosure opens in an entry, and its value."""
    from gatehouse.ledger.commitment import Disclosure, check
    from gatehouse.ledger.entry import read_entry
    from gatehouse.ledger.errors import InvalidOpening

    shown = Disclosure.parse(disclosure)
    if shown.index != index:
        raise InvalidOpening(
            "the disclosure is of another entry", expected=f"entry {index}", got=f"entry {shown.index}"
        )
    check(read_entry(entry), shown)
    return shown.field, shown.value


def _steps(advance: Callable[[int], None]) -> Callable[[int, int], None]:
    """Turn a count of entries done into steps of a bar."""
    done = 0

    def step(now: int, _total: int) -> None:
        nonlocal done
        advance(now - done)
        done = now

    return step
