"""`gatehouse ledger`: keep a book that cannot be quietly edited, and check anybody's."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gatehouse.cli.ledger_check import fsck, verify
from gatehouse.cli.ledger_witness import witness

if TYPE_CHECKING:
    from gatehouse.ledger.canonical import Json

app = typer.Typer(
    help="Keep a book that cannot be quietly edited, and check anybody's.", no_args_is_help=True
)

JsonOutput = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Place = Annotated[Path, typer.Argument(metavar="DIR", help="The ledger's folder.")]
Index = Annotated[int, typer.Argument(metavar="N", min=0, help="The entry's index, from 0.")]
Output = Annotated[
    Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write it there instead.")
]


@app.command(no_args_is_help=True)
def init(
    directory: Place,
    origin: Annotated[
        str,
        typer.Option(
            "--origin", metavar="NAME", help="The log's name for good, such as ledger.example.org/alder."
        ),
    ],
    signer: Annotated[
        str,
        typer.Option("--signer", metavar="URI", help="Its key: file:PATH (drawn if new) or pkcs11:…."),
    ] = "file:log.pem",
    as_json: JsonOutput = False,
) -> None:
    """Make an empty ledger in a new folder, and print the key that others check it with."""
    from gatehouse.cli.output import print_json
    from gatehouse.ledger.folder import PUBLIC, Ledger

    vkey = Ledger.create(directory, origin=origin, signer=signer)
    if as_json:
        print_json({"origin": origin, "vkey": vkey, "public": str(directory / PUBLIC)})
        return
    typer.echo(f"Ledger {origin} in {directory}. Its key, for everybody who checks it:")
    typer.echo(vkey)


@app.command(no_args_is_help=True)
def append(
    directory: Place,
    entries: Annotated[
        str,
        typer.Argument(metavar="ENTRY.json", help="An event or a list of them; - is standard input."),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="DIR", help="Write entries and receipts into DIR, as N.entry and so on."
        ),
    ] = None,
    as_json: JsonOutput = False,
) -> None:
    """Put events on the record. Each comes back with a receipt once it is durable, signed and witnessed."""
    from gatehouse.cli.output import print_json, progress, results_folder
    from gatehouse.ledger.folder import Ledger

    results_folder(output)
    events = _events(entries)
    done: list[dict[str, Any]] = []
    with Ledger.open(directory) as ledger, progress("Appending", len(events)) as advance:
        for event in events:
            appended = ledger.append(**event)
            done.append(
                {
                    "index": appended.index,
                    "leaf_hash": appended.leaf_hash.hex(),
                    "receipt": appended.receipt.text,
                }
            )
            if output is not None:
                output.mkdir(parents=True, exist_ok=True)
                (output / f"{appended.index}.entry").write_bytes(ledger.log.entry(appended.index))
                (output / f"{appended.index}.tlog-proof").write_text(appended.receipt.text, "utf-8")
            advance(1)
    if as_json:
        print_json({"appended": done})
        return
    for each in done:
        typer.echo(f"{each['index']}  {each['leaf_hash']}")


@app.command(no_args_is_help=True)
def show(directory: Place, index: Index, as_json: JsonOutput = False) -> None:
    """Show an entry as the world sees it: what stands in clear, and what is committed."""
    import json

    from gatehouse.cli.output import print_json
    from gatehouse.ledger.entry import read_entry
    from gatehouse.ledger.folder import Folder
    from gatehouse.ledger.merkle import leaf_hash

    with Folder(directory).view() as view:
        entry = view.entry(index)
    if as_json:
        print_json({"index": index, "leaf_hash": leaf_hash(entry).hex(), "entry": json.loads(entry)})
        return
    leaf = read_entry(entry)
    rows = {
        "index": str(index),
        "event": leaf.event,
        "agency": f"{leaf.agency}, its entry {leaf.sequence}",
        "hour": leaf.hour.isoformat().replace("+00:00", "Z"),
        "rulebook": "-" if leaf.pack is None else leaf.pack.hex(),
        "previous": "-" if leaf.previous is None else leaf.previous.hex(),
        "leaf hash": leaf_hash(entry).hex(),
        "committed": ", ".join(leaf.commitments),
    }
    for name, value in rows.items():
        typer.echo(f"{name:<10}{value}")


@app.command(no_args_is_help=True)
def proof(directory: Place, index: Index, output: Output = None, as_json: JsonOutput = False) -> None:
    """Print an entry's receipt (C2SP tlog-proof), which anybody can check offline."""
    from gatehouse.cli.output import print_json
    from gatehouse.ledger.folder import Folder

    with Folder(directory).view() as view:
        receipt = view.receipt(index)
    if output is not None:
        output.write_text(receipt.text, "utf-8")
    elif as_json:
        print_json({"index": index, "receipt": receipt.text})
    else:
        typer.echo(receipt.text, nl=False)


@app.command(no_args_is_help=True)
def disclose(
    directory: Place,
    index: Index,
    field: Annotated[str, typer.Argument(metavar="FIELD", help="The one field to open, such as purpose.")],
    output: Output = None,
    as_json: JsonOutput = False,
) -> None:
    """Open one field of an entry, so that others can check its value; the rest stays shut."""
    from gatehouse.ledger.folder import Folder

    disclosure = Folder(directory).disclose(index, field)
    if output is not None:
        output.write_text(disclosure.text + "\n", "utf-8")
        return
    # The canonical text is the disclosure: reindented it would still say the same, and no longer be it.
    typer.echo(disclosure.text)


@app.command(no_args_is_help=True)
def shred(
    directory: Place,
    agency: Annotated[str, typer.Argument(metavar="AGENCY", help="Whose openings end.")],
    day: Annotated[str, typer.Argument(metavar="DAY", help="Of which UTC day: 2026-11-23.")],
    by: Annotated[str, typer.Option("--by", metavar="AGENCY", help="Who orders it; stands in the record.")],
    as_json: JsonOutput = False,
) -> None:
    """Destroy the key of an agency's day: its openings end, entries, counts and sequence stay verifiable."""
    from gatehouse.cli.output import print_json
    from gatehouse.ledger.folder import Ledger

    with Ledger.open(directory) as ledger:
        appended, closed = ledger.shred(agency, _day(day), by=by)
    if as_json:
        print_json({"index": appended.index, "closed": closed})
        return
    typer.echo(f"{closed} openings of {agency}, {day}, have ended; entry {appended.index} records it.")


@app.command(name="rotate-key", no_args_is_help=True)
def rotate_key(
    directory: Place,
    signer: Annotated[
        str, typer.Option("--signer", metavar="URI", help="The new key: file:PATH (drawn if new) or pkcs11:…")
    ],
    by: Annotated[str, typer.Option("--by", metavar="AGENCY", help="Who orders it; stands in the record.")],
    as_json: JsonOutput = False,
) -> None:
    """Announce a new key in an entry, and sign with it beside the old one from there on."""
    from gatehouse.cli.output import print_json
    from gatehouse.ledger.folder import Folder, Ledger

    with Ledger.open(directory) as ledger:
        appended = ledger.rotate_key(signer, by=by)
    with Folder(directory).view() as view:
        keys = view.keys
    if as_json:
        print_json({"index": appended.index, "vkeys": list(keys)})
        return
    typer.echo(f"Entry {appended.index} announces the new key:")
    typer.echo(keys[-1])


app.command(no_args_is_help=True)(verify)
app.command(no_args_is_help=True)(fsck)
app.command(no_args_is_help=True)(witness)


def _events(given: str) -> list[dict[str, Any]]:
    """Read the events to append; anything that is none is `BadInput` before one of them is on the record."""
    import json

    from gatehouse.model import BadInput

    where = "standard input" if given == "-" else given
    try:
        text = sys.stdin.buffer.read() if given == "-" else Path(given).read_bytes()
    except OSError as error:
        raise BadInput(
            "the events cannot be read",
            where=where,
            got=error.strerror,
            hint="check the path; use - for standard input",
        ) from error
    try:
        document = json.loads(text.decode(), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise BadInput(
            "the events cannot be read", where=where, expected="JSON", got=str(error) or "nesting"
        ) from error
    events = document if isinstance(document, list) else [document]
    return [_event(each, f"{where}, event {number}") for number, each in enumerate(events)]


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _event(document: Any, where: str) -> dict[str, Any]:
    from gatehouse.ledger.entry import draft_entry
    from gatehouse.model import BadInput

    expected = '{"event", "agency", "fields": {…}, "pack": 64 hex digits, left out for the packaged rulebook}'
    if not isinstance(document, dict) or set(document) - {"event", "agency", "fields", "pack"}:
        raise BadInput("an event has other keys", where=where, expected=expected)
    event, agency, fields = document.get("event"), document.get("agency"), document.get("fields", {})
    if not isinstance(event, str) or not isinstance(agency, str) or not isinstance(fields, dict):
        raise BadInput("an event lacks its name, its agency or its fields", where=where, expected=expected)
    draft_entry(event, agency=agency, fields=fields)
    return {"event": event, "agency": agency, "fields": fields, "pack": _pack(event, document, where)}


def _pack(event: str, document: dict[str, Any], where: str) -> bytes | None:
    from gatehouse.model import BadInput

    if event.startswith("log:"):
        return None
    if "pack" not in document:
        from gatehouse.law.pack import Pack

        return bytes.fromhex(Pack.load().id.sha256)
    try:
        pack = bytes.fromhex(document["pack"])
    except (TypeError, ValueError):
        pack = b""
    if len(pack) != 32:
        raise BadInput("the rulebook's hash cannot be read", where=where, expected="64 hex digits")
    return pack


def _day(text: str) -> Any:
    from datetime import date

    from gatehouse.model import BadUse

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadUse("a day cannot be read", where="DAY", expected="2026-11-23", got=repr(text)) from None
