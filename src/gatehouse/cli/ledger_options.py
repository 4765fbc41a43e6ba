"""Arguments and options that several commands of `gatehouse ledger` share."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gatehouse.model import BadInput, BadUse, PartUnavailable

if TYPE_CHECKING:
    from gatehouse.ledger.policy import Policy
    from gatehouse.ledger.source import Source

JsonOutput = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
# Typer would call a folder without permission bad use.
Place = Annotated[Path, typer.Argument(metavar="DIR", readable=False, help="The ledger's folder.")]
Index = Annotated[int, typer.Argument(metavar="N", min=0, max=2**63 - 1, help="The entry's index, from 0.")]
OutputFile = Annotated[
    Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write it there instead.")
]
Wait = Annotated[
    float,
    typer.Option("--wait", metavar="SECONDS", min=0, max=86_400, help="How long to wait for witnesses."),
]
Ordered = Annotated[str, typer.Option("--by", metavar="AGENCY", help="Who orders it; stands in the record.")]
LogPlace = Annotated[str, typer.Argument(metavar="DIR_OR_URL", help="A published log, or a ledger's folder.")]
Keys = Annotated[
    list[str] | None,
    typer.Option(
        "--key", metavar="VKEY", help="Whose signature counts: a vkey or a file of one. Repeatable."
    ),
]
PolicyFile = Annotated[
    Path | None,
    typer.Option("--policy", metavar="FILE", help="Logs, witnesses and quorum (C2SP tlog-policy)."),
]

# A vkey in a file, with room for a name that nobody would choose.
_LARGEST_KEY = 4_096
# The first line of a receipt, whatever its version: C2SP tlog-proof.
_RECEIPT = "c2sp.org/tlog-proof@"


def within(seconds: float) -> timedelta:
    """Return how long to wait; what is no length of time is `BadUse`."""
    if not 0 <= seconds <= 86_400:
        raise BadUse("that is no time to wait", where="--wait", expected="0 to 86400 seconds")
    return timedelta(seconds=seconds)


def trusted(
    folder: Path | None, keys: list[str] | None, policy: Path | None
) -> tuple[list[str], Policy | None]:
    """Return the vkeys and the policy to check with; a ledger's own folder brings its policy.

    A log that is checked with a key from the log itself proves nothing, so there is no other default.
    """
    if not keys and policy is None and folder is None:
        raise BadUse(
            "nobody is trusted yet",
            expected="the log's key with --key, or --policy",
            hint="get the key from the log's operator, not from the place where the log lies",
        )
    found = [_vkey(each) for each in keys or ()]
    if policy is None:
        if found or folder is None:
            return found, None
        from gatehouse.ledger.settings import Folder

        return [], Folder(folder).policy()
    from gatehouse.cli.files import read_text
    from gatehouse.ledger.policy import LARGEST_POLICY, Policy

    return found, Policy.parse(read_text(policy, most=LARGEST_POLICY))


def checkpoint_in(path: Path) -> str:
    """Return the note in a file of a checkpoint or a receipt, unchecked; what is neither is `BadInput`."""
    from gatehouse.cli.files import read_text
    from gatehouse.ledger.encoding import LARGEST_NOTE
    from gatehouse.ledger.errors import InvalidNote, InvalidReceipt
    from gatehouse.ledger.note import split_note
    from gatehouse.ledger.receipt import Receipt

    text = read_text(path, most=LARGEST_NOTE)
    try:
        if text.startswith(_RECEIPT):
            # The blank line after its proof would pass for the one before a note's signatures.
            text = Receipt.parse(text).checkpoint
        split_note(text)
    except (InvalidNote, InvalidReceipt) as error:
        raise BadInput(
            "the file holds no checkpoint",
            where=str(path),
            expected="a signed checkpoint, or a receipt (.tlog-proof)",
            got=error.what,
        ) from error
    return text


def own_folder(target: str) -> Path | None:
    """Return a ledger's own folder; None for a log that somebody has published; else raise."""
    from gatehouse.ledger.settings import SETTINGS

    if target.startswith(("http://", "https://")):
        return None
    path = Path(target)
    if (path / SETTINGS).is_file():
        return path
    if path.is_file():
        raise BadUse(
            "a log is a folder or an address",
            where=target,
            got="a file",
            hint="for a receipt, name its entry too: `gatehouse ledger verify N.tlog-proof --entry N.entry`",
        )
    if not path.is_dir():
        raise PartUnavailable("there is no such folder", where=target, hint="check the path")
    return None


def opened(target: str, folder: Path | None) -> Source:
    """Return a published log; of a ledger's own folder, what it shows the world."""
    from gatehouse.ledger.settings import PUBLIC
    from gatehouse.ledger.source import open_source

    return open_source(target if folder is None else folder / PUBLIC)


def _vkey(given: str) -> str:
    """Return a vkey that is given as it is, or in a file of one; what is neither is `BadInput`."""
    from gatehouse.cli.files import read_text

    path = Path(given)
    try:
        in_file = path.is_file()
    except OSError:  # a name that is too long for a file
        in_file = False
    text = given if "+" in given and not in_file else read_text(path, most=_LARGEST_KEY).strip()
    from gatehouse.ledger.note import VerifierKey

    try:
        return str(VerifierKey.parse(text))
    except BadInput as error:
        error.where = "--key"
        raise
