"""`gatehouse ledger verify | fsck | monitor`: whether a log is what it says it is, now and as it grows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from gatehouse.ledger.policy import Policy
    from gatehouse.ledger.source import Source

JsonOutput = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Keys = Annotated[
    list[str] | None,
    typer.Option("--key", metavar="VKEY", help="Whose signature counts: a vkey or a file of one."),
]
PolicyFile = Annotated[
    Path | None,
    typer.Option("--policy", metavar="FILE", help="Logs, witnesses and quorum (C2SP tlog-policy)."),
]


def verify(
    target: Annotated[
        str,
        typer.Argument(
            metavar="DIR_OR_URL",
            help="A published log, or a receipt (.tlog-proof) together with --entry.",
        ),
    ],
    key: Keys = None,
    policy: PolicyFile = None,
    since: Annotated[
        Path | None,
        typer.Option("--since", metavar="CHECKPOINT", help="An older checkpoint: the log must continue it."),
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


def fsck(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The ledger's folder.")],
    as_json: JsonOutput = False,
) -> None:
    """Check a ledger's own store: everything that can be derived from its entries is, and compared."""
    from dataclasses import asdict

    from gatehouse.cli.output import print_json, progress
    from gatehouse.ledger.folder import Folder
    from gatehouse.ledger.fsck import fsck as check

    folder = Folder(directory)
    exported = folder.public if folder.public.exists() else None
    with folder.view() as view:
        total = view.size
    with progress("Checking", total) as advance:
        found = check(folder.log, keys=folder.policy().log_keys, exported=exported, progress=_steps(advance))
    if as_json:
        print_json({**asdict(found), "root": found.root.hex()})
        return
    typer.echo(
        f"{found.origin}: {found.size:,} entries of {found.agencies:,} agencies, "
        f"{found.checkpoints:,} checkpoints and {found.tiles:,} full tiles are sound."
    )


def trusted(target: str, keys: list[str] | None, policy: Path | None) -> tuple[list[str], Policy | None]:
    """Return the vkeys and the policy to check with; a ledger's own folder brings its policy.

    A log that is checked with a key from the log itself proves nothing, so there is no other default.
    """
    from gatehouse.ledger.folder import SETTINGS, Folder
    from gatehouse.ledger.policy import Policy
    from gatehouse.model import BadUse

    found = [_vkey(each) for each in keys or ()]
    rules = None if policy is None else Policy.parse(_text(policy))
    if not found and rules is None:
        if (Path(target) / SETTINGS).is_file():
            return [], Folder(Path(target)).policy()
        raise BadUse(
            "nobody is trusted yet",
            expected="the log's key with --key, or --policy",
            hint="get the key from the log's operator, not from the place where the log lies",
        )
    return found, rules


def opened(target: str) -> Source:
    """Return a published log; of a ledger's own folder, what it shows the world."""
    from gatehouse.ledger.folder import PUBLIC, SETTINGS
    from gatehouse.ledger.source import open_source

    if (Path(target) / SETTINGS).is_file():
        return open_source(Path(target) / PUBLIC)
    return open_source(target)


def _verify_log(
    target: str, key: list[str] | None, policy: Path | None, since: Path | None, *, as_json: bool
) -> None:
    from gatehouse.cli.output import print_json, progress
    from gatehouse.ledger.verify import verify as check

    keys, rules = trusted(target, key, policy)
    with opened(target) as source, progress("Verifying", None) as advance:
        found = check(
            source,
            keys=keys or None,
            policy=rules,
            since=None if since is None else _text(since),
            progress=_steps(advance),
        )
    if as_json:
        print_json(found.as_document())
        return
    checkpoint = found.checkpoint
    typer.echo(f"{checkpoint.origin}: {checkpoint.size:,} entries, root {checkpoint.root.hex()}")
    typer.echo(f"Signed by {', '.join(found.signers)}. Every entry, tile and agency's sequence fits.")
    if found.since is not None:
        typer.echo(f"It continues the checkpoint of {found.since:,} entries.")
    if found.foreign:
        typer.echo(f"{found.foreign:,} entries are no leaves of a Gatehouse ledger.")


def _verify_receipt(
    receipt: Path,
    entry: Path,
    disclosure: Path | None,
    key: list[str] | None,
    policy: Path | None,
    *,
    as_json: bool,
) -> None:
    from gatehouse.cli.output import print_json
    from gatehouse.ledger.commitment import Disclosure, check
    from gatehouse.ledger.entry import read_entry
    from gatehouse.ledger.errors import InvalidOpening
    from gatehouse.ledger.note import VerifierKey
    from gatehouse.ledger.policy import LogAddress, Policy
    from gatehouse.ledger.receipt import Receipt

    keys, rules = trusted("", key, policy)
    trust = rules or Policy(tuple(LogAddress(VerifierKey.parse(each)) for each in keys))
    data = _bytes(entry)
    found = Receipt.parse(_text(receipt))
    checkpoint = found.verify(data, policy=trust)
    document: dict[str, Any] = {
        "origin": checkpoint.origin,
        "index": found.index,
        "size": checkpoint.size,
        "root": checkpoint.root.hex(),
    }
    said = ""
    if disclosure is not None:
        shown = Disclosure.parse(_bytes(disclosure))
        if shown.index != found.index:
            raise InvalidOpening(
                "the disclosure is of another entry", expected=f"entry {found.index}", got=str(shown.index)
            )
        check(read_entry(data), shown)
        document["opened"] = {shown.field: shown.value}
        said = f" Its `{shown.field}` is as disclosed."
    if as_json:
        print_json(document)
        return
    typer.echo(
        f"Entry {found.index} is in {checkpoint.origin}, of {checkpoint.size:,} entries, "
        f"root {checkpoint.root.hex()}.{said}"
    )


def _vkey(given: str) -> str:
    """Return a vkey that is given as it is, or in a file of one."""
    return given if "+" in given else _text(Path(given)).strip()


def _text(path: Path) -> str:
    from gatehouse.model import BadInput

    try:
        return _bytes(path).decode()
    except UnicodeDecodeError as error:
        raise BadInput("the file is not UTF-8", where=str(path)) from error


def _bytes(path: Path) -> bytes:
    from gatehouse.model import BadInput

    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(
            "the file cannot be read", where=str(path), got=error.strerror, hint="check the path"
        ) from error


def _steps(advance: Any) -> Any:
    """Turn a count of entries done into steps of a bar."""
    done = 0

    def step(now: int, _total: int) -> None:
        nonlocal done
        advance(now - done)
        done = now

    return step
