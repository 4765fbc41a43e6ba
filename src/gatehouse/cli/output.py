"""What commands print: JSON on stdout and nothing else, or words for people; progress on stderr."""

from __future__ import annotations

import errno
import json
import os
import sys
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gatehouse.model import BadUse, Error, PartUnavailable

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 100


def wants_json(argv: Sequence[str]) -> bool:
    """Return whether the command line asks for JSON, also when it could not be parsed."""
    return "--json" in argv


def print_json(document: Any) -> None:
    """Write one document to stdout, keys in the order given."""
    _write_utf8(json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1))


def print_json_line(document: Any) -> None:
    """Write one JSON line to stdout."""
    _write_utf8(json.dumps(document, ensure_ascii=False, allow_nan=False))


def print_text(text: str) -> None:
    """Write a text that is a document already to stdout."""
    _write_utf8(text)


def _write_utf8(text: str) -> None:
    """Write a line to stdout as UTF-8 in any locale; what a broken file name brought stays visible."""
    if not isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.write(text + "\n")
        return
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.stdout.write(text + "\n")


@contextmanager
def done_already(what: str, *, hint: str) -> Iterator[None]:
    """Say `what` was done when the block cannot tell of it: stdout may be a full disk."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise PartUnavailable(
            f"{what}, but standard output cannot be written to",
            got=error.strerror or type(error).__name__,
            hint=hint,
        ) from error


def results_folder(path: Path | None) -> Path | None:
    """Return the folder to write into, refusing what cannot be one before any work is done."""
    if path is None:
        return None
    if not _is_utf8(str(path)):
        raise BadUse("the name of the folder is not UTF-8", where="-o", hint="choose another name")
    place = next(each for each in (path, *path.absolute().parents) if each.exists() or each.is_symlink())
    if not place.is_dir():
        raise BadUse(
            "results cannot be written there",
            where=str(path),
            expected="a folder, or a name that is free",
            got=f"{place} is no folder",
            hint="name a folder with -o DIR",
        )
    if not os.access(place, os.W_OK | os.X_OK):
        raise BadUse(
            "results cannot be written there",
            where=str(path),
            expected="a folder that may be written to",
            got=f"no permission to write to {place}",
            hint="name another folder with -o DIR",
        )
    return path


def _is_utf8(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)


def printable(text: str) -> str:
    """Return `text` with whatever could steer a terminal replaced: strangers typed it."""
    if text.isprintable():
        return text
    return "".join("\ufffd" if unicodedata.category(char).startswith("C") else char for char in text)


def counted(number: int, one: str, many: str) -> str:
    """Return a number with its noun: 1 entry, 2,000 entries."""
    return f"{number:,} {one if number == 1 else many}"


def plain(text: str) -> str:
    """Return `text` as Rich prints it letter by letter: printable, and no markup."""
    from rich.markup import escape

    return escape(printable(text))


def console(*, stderr: bool = False) -> Console:
    """Return a console of at most 100 columns; of just 100 where there is no terminal to ask."""
    from rich.console import Console

    probe = Console(stderr=stderr)
    width = min(probe.width, WIDTH) if probe.is_terminal else WIDTH
    return Console(stderr=stderr, width=width, highlight=False)


def report_error(error: Error, *, as_json: bool) -> None:
    """Tell a person (stderr) or a program (stdout, with `--json`) what went wrong and what to do."""
    if as_json:
        print_json(error.as_document())
        return
    lines = [f"error: {error.what}"]
    lines += [
        f"  {label:<9}{printable(text)}"
        for label, text in (
            ("where", error.where),
            ("expected", error.expected),
            ("got", error.got),
            ("next", error.hint),
        )
        if text
    ]
    # Where stderr takes nothing either, the exit code has to say it all.
    with suppress(OSError):
        sys.stderr.write("\n".join(lines) + "\n")


def refused(error: OSError | MemoryError) -> Error:
    """Say what the system refused; readers of exports tell what is wrong with a file themselves."""
    if isinstance(error, MemoryError):
        return PartUnavailable("the memory does not suffice", hint="give fewer files at a time")
    where = None if error.filename is None else str(error.filename)
    got = error.strerror or str(error) or type(error).__name__
    if error.errno == errno.ENOSPC or "No space left" in got:
        return PartUnavailable(
            "there is no space left to write to",
            where=where,
            got=got,
            hint="free some, or choose another place: -o for results, TMPDIR for what is kept for a while",
        )
    return PartUnavailable(
        "the system refused to read or write", where=where, got=got, hint="check the path and its permissions"
    )


Advance = Callable[[int], None]


@contextmanager
def progress(label: str, total: int | None) -> Iterator[Advance]:
    """Show a progress bar on stderr while the block runs; silent when stderr is no terminal."""
    if not sys.stderr.isatty():
        yield lambda _amount: None
        return
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda amount: bar.update(task, advance=amount)
