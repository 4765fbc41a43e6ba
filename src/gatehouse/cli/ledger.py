"""`gatehouse ledger`: keep a book that cannot be quietly edited, and check anybody's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gatehouse.cli.ledger_check import fsck, verify
from gatehouse.cli.ledger_keys import renew_kek, rotate_key, shred
from gatehouse.cli.ledger_monitor import monitor
from gatehouse.cli.ledger_options import Index, JsonOutput, OutputFile, Place, Wait, within
from gatehouse.cli.ledger_witness import witness
from gatehouse.model import Error

if TYPE_CHECKING:
    from gatehouse.cli.ledger_events import Event
    from gatehouse.ledger.folder import Ledger
    from gatehouse.ledger.pending import Pending
    from gatehouse.ledger.settings import Folder
    from gatehouse.ledger.view import LogView

app = typer.Typer(
    help="Keep a book that cannot be quietly edited, and check anybody's.", no_args_is_help=True
)


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
    """Make an empty ledger in a new folder. Prints the key that others check it with."""
    from gatehouse.cli.output import print_json, printable
    from gatehouse.ledger.folder import Ledger
    from gatehouse.ledger.settings import PUBLIC

    vkey = Ledger.create(directory, origin=origin, signer=signer)
    if as_json:
        print_json({"origin": origin, "vkey": vkey, "public": printable(str(directory / PUBLIC))})
        return
    typer.echo(f"Ledger {origin} in {printable(str(directory))}. Its key, for everybody who checks it:")
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
            "-o", "--output", metavar="DIR", help="Write N.entry and N.tlog-proof of each entry into DIR."
        ),
    ] = None,
    wait: Wait = 60.0,
    as_json: JsonOutput = False,
) -> int:
    """Put events on the record. Each comes back with a receipt: durable, signed and witnessed."""
    from gatehouse.cli.ledger_events import read_events
    from gatehouse.cli.output import counted, done_already, print_json, printable, refused, results_folder
    from gatehouse.ledger.settings import Folder

    results_folder(output)
    Folder(directory)
    events = read_events(entries)
    done: list[dict[str, Any]] = []
    try:
        from gatehouse.ledger.folder import Ledger

        with Ledger.open(directory, receipt_wait=within(wait)) as ledger:
            _append(ledger, events, done)
            if output is not None:
                _write(ledger.log, done, output)
    except (Error, OSError) as error:
        # What is on the record stays there, whatever came after: nobody may be left to guess.
        from gatehouse.ledger.committer import ReleasesRefused

        known = bool(done) or isinstance(error, ReleasesRefused)
        if not (as_json and known):
            _tell(done)
            raise
        told = refused(error) if isinstance(error, OSError) else error
        print_json({**told.as_document(), "appended": done})
        return told.exit_code
    first, number = done[0]["index"], counted(len(done), "entry", "entries")
    what = f"{number} from {first} on {'is' if len(done) == 1 else 'are'} on the record"
    with done_already(what, hint="do not append again; `gatehouse ledger proof` gives the receipts"):
        if as_json:
            print_json({"appended": done})
            return 0
        _tell(done)
        if output is not None:
            typer.echo(f"Entries and receipts are in {printable(str(output))}.")
    return 0


@app.command(no_args_is_help=True)
def show(directory: Place, index: Index, as_json: JsonOutput = False) -> None:
    """Show an entry as the world sees it: what stands in clear, and what is committed."""
    import json

    from gatehouse.cli.output import WIDTH, print_json
    from gatehouse.ledger.settings import Folder

    with _published(Folder(directory), index) as view:
        from gatehouse.ledger.entry import SCHEMA, read_entry
        from gatehouse.ledger.merkle import leaf_hash

        entry = view.entry(index)
    if SCHEMA.partition("/")[0].encode() not in entry:
        from gatehouse.ledger.errors import InvalidEntry

        raise InvalidEntry("the entry is no leaf of a Gatehouse ledger", where=f"entry {index}")
    leaf = read_entry(entry)
    if as_json:
        print_json({"index": index, "leaf_hash": leaf_hash(entry).hex(), "entry": json.loads(entry)})
        return
    import textwrap

    rows = {
        "index": str(index),
        "event": leaf.event,
        "agency": f"{leaf.agency}, entry {leaf.sequence} of its own",
        "hour": f"{leaf.hour:%Y-%m-%dT%H:%M:%SZ}, the hour in which it happened",
        "rulebook": "none" if leaf.pack is None else leaf.pack.hex(),
        "previous": "none" if leaf.previous is None else leaf.previous.hex(),
        "leaf hash": leaf_hash(entry).hex(),
        "committed": ", ".join(leaf.commitments),
    }
    for name, value in rows.items():
        typer.echo(textwrap.fill(value, WIDTH, initial_indent=f"{name:<11}", subsequent_indent=" " * 11))


@app.command(no_args_is_help=True)
def proof(directory: Place, index: Index, output: OutputFile = None, as_json: JsonOutput = False) -> None:
    """Print an entry's receipt (C2SP tlog-proof). Anybody can check it offline."""
    from gatehouse.cli.files import write_file
    from gatehouse.cli.output import print_json, printable
    from gatehouse.ledger.settings import Folder

    with _published(Folder(directory), index) as view:
        receipt = view.receipt(index)
    if output is not None:
        write_file(output, receipt.text.encode())
    if as_json:
        print_json({"index": index, "receipt": receipt.text})
    elif output is None:
        typer.echo(receipt.text, nl=False)
    else:
        typer.echo(f"The receipt of entry {index} is in {printable(str(output))}.")


@app.command(no_args_is_help=True)
def disclose(
    directory: Place,
    index: Index,
    field: Annotated[str, typer.Argument(metavar="FIELD", help="The one field to open, such as purpose.")],
    output: OutputFile = None,
    as_json: JsonOutput = False,
) -> None:
    """Open one field of an entry. Others can check its value; the rest stays shut."""
    from gatehouse.cli.files import write_file
    from gatehouse.cli.output import print_text, printable
    from gatehouse.ledger.settings import Folder

    folder = Folder(directory)
    with _published(folder, index):
        disclosure = folder.disclose(index, field)
    if output is not None:
        write_file(output, disclosure.text.encode() + b"\n")
    if as_json or output is None:
        # Its canonical text is the disclosure: reindented it would say the same, and no longer be it.
        print_text(disclosure.text)
    else:
        typer.echo(f"The disclosure of entry {index}, `{field}`, is in {printable(str(output))}.")


@app.command(no_args_is_help=True)
def publish(directory: Place, wait: Wait = 60.0, as_json: JsonOutput = False) -> None:
    """Have the witnesses cosign what waits for them. Then bring public/ up to date."""
    from gatehouse.cli.output import counted, print_json
    from gatehouse.ledger.settings import PUBLIC, Folder

    Folder(directory)
    from gatehouse.ledger.checkpoint import Checkpoint
    from gatehouse.ledger.folder import Ledger
    from gatehouse.ledger.note import split_note

    with Ledger.open(directory, receipt_wait=within(wait)) as ledger:
        note = ledger.log.publish()
    body, lines = split_note(note)
    checkpoint = Checkpoint.parse(body)
    if as_json:
        print_json({"origin": checkpoint.origin, "size": checkpoint.size, "checkpoint": note})
        return
    names = ", ".join(dict.fromkeys(each.name for each in lines))
    typer.echo(f"{PUBLIC}/ has {counted(checkpoint.size, 'entry', 'entries')}. Signed by {names}.")


app.command(name="rotate-key", no_args_is_help=True)(rotate_key)
app.command(no_args_is_help=True)(shred)
app.command(name="renew-kek", no_args_is_help=True)(renew_kek)
app.command(no_args_is_help=True)(verify)
app.command(no_args_is_help=True)(fsck)
app.command(no_args_is_help=True)(monitor)
app.command(no_args_is_help=True)(witness)


def _append(ledger: Ledger, events: list[Event], done: list[dict[str, Any]]) -> None:
    """Put all events on the record at once, and tell in `done` what is there, with receipts if there are."""
    from gatehouse.ledger.committer import ReleasesRefused

    if any(event.draft.releases for event in events):
        # Witnesses may be back since: nothing is released on an old absence, nor refused for one.
        ledger.log.await_releases()
    begun: list[Pending] = []
    refused: ReleasesRefused | None = None
    for event in events:
        try:
            begun.append(ledger.submit(event.draft, pack=event.pack))
        except ReleasesRefused as error:
            refused = error
            break
    failed: Exception | None = refused
    last: Pending | None = None
    for pending in begun:
        try:
            found = pending.wait()
        except Exception as error:  # one event's own; the others of the list are on the record all the same
            failed = failed or error
        else:
            done.append({"index": found.at, "leaf_hash": found.leaf.hex(), "receipt": None})
            last = pending
    if last is not None:
        # Whatever covers the last covers all.
        ledger.log.result(last)
        for each in done:
            each["receipt"] = ledger.log.receipt(each["index"]).text
    if failed is not None:
        raise failed


def _tell(done: list[dict[str, Any]]) -> None:
    for each in done:
        late = "" if each["receipt"] else "  (on the record, no receipt yet)"
        typer.echo(f"entry {each['index']}  leaf {each['leaf_hash']}{late}")


def _write(view: LogView, done: list[dict[str, Any]], output: Path) -> None:
    from gatehouse.cli.files import write_file

    output.mkdir(parents=True, exist_ok=True)
    for each in done:
        write_file(output / f"{each['index']}.entry", view.entry(each["index"]))
        write_file(output / f"{each['index']}.tlog-proof", each["receipt"].encode())


@contextmanager
def _published(folder: Folder, index: int) -> Iterator[LogView]:
    """Give the log for reading an entry; one that still waits for its witnesses is `NotWitnessed`."""
    with folder.view() as view:
        from gatehouse.ledger.checkpoint import Checkpoint
        from gatehouse.ledger.committer import NotWitnessed
        from gatehouse.ledger.note import split_note

        published = Checkpoint.parse(split_note(view.checkpoint())[0]).size
        if published <= index < view.size:
            raise NotWitnessed(
                "the entry is on the record, but too few witnesses have cosigned",
                where=f"entry {index}",
                expected=f"an index below {published}",
                hint="`gatehouse ledger publish` asks the witnesses again",
            )
        yield view
