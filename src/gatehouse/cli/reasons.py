"""`gatehouse reasons`: free text to signals."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from gatehouse.cli.output import console, print_json_line, printable
from gatehouse.model import BadInput, BadUse

if TYPE_CHECKING:
    from gatehouse.law.reasons import Lexicon
    from gatehouse.model import SignalMatch

# One reason is a line or a cell; a longer one is a file of another kind.
_LONGEST_CELL = 16 << 20


def classify(
    texts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TEXT...", help='Stated reasons, each in quotes: "asst ICE".', show_default=False
        ),
    ] = None,
    file: Annotated[
        str | None,
        typer.Option("--file", metavar="FILE", help="Read one reason a line, UTF-8; - is standard input."),
    ] = None,
    column: Annotated[
        str | None,
        typer.Option(
            "--column",
            metavar="NAME",
            help="The file is a CSV: read its column of this label, such as reason.",
        ),
    ] = None,
    lexicon: Annotated[
        Path | None,
        typer.Option(
            "--lexicon", metavar="FILE", help="Use this lexicon (TOML) instead of the one built in."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON line per reason, in order.")] = False,
) -> None:
    """Classify stated reasons into signals: what the words suggest, by which rule, and where."""
    from gatehouse.law.reasons import Lexicon

    if texts and file is not None:
        raise BadUse("reasons come as arguments or from a file, not both", hint="leave out one of them")
    if not texts and file is None:
        raise BadUse(
            "no reason was given", expected="TEXT... or --file FILE", hint="gatehouse reasons ICE --json"
        )
    if column is not None and file is None:
        raise BadUse("--column names a column of a CSV file", expected="--file FILE with it")
    rules = Lexicon.load(lexicon)
    reasons = _from_file(file, column) if file is not None else _from_arguments(texts or [])
    if as_json:
        for reason in reasons:
            print_json_line(_document(reason, rules))
    else:
        _print_table(reasons, rules)


def _document(reason: str | None, rules: Lexicon) -> dict[str, Any]:
    return {
        "reason": reason,
        "signals": [
            {"signal": match.signal.value, "rule": match.rule, "span": [match.start, match.end]}
            for match in rules.classify(reason)
        ],
        "lexicon": f"sha256:{rules.sha256}",
    }


def _from_arguments(texts: list[str]) -> Iterator[str]:
    for number, text in enumerate(texts, 1):
        if any("\ud800" <= char <= "\udfff" for char in text):
            raise BadInput("the text is not UTF-8", where=f"argument {number}")
        yield text


def _from_file(name: str, column: str | None) -> Iterator[str | None]:
    with _opened(name) as stream:
        lines = _decoded(stream, name)
        if column is None:
            for line in lines:
                yield line.removesuffix("\n").removesuffix("\r")
        else:
            yield from _cells(lines, name, column)


@contextmanager
def _opened(name: str) -> Iterator[IO[bytes]]:
    if name == "-":
        yield sys.stdin.buffer
        return
    try:
        with Path(name).open("rb") as stream:
            yield stream
    except OSError as error:
        raise BadInput(
            "the file cannot be read",
            where=_shown(name),
            got=error.strerror,
            hint="check the path; use - for standard input",
        ) from error


def _decoded(stream: IO[bytes], name: str) -> Iterator[str]:
    for number, raw in enumerate(stream, 1):
        try:
            line = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise BadInput(
                "a line is not UTF-8",
                where=f"{_shown(name)}, line {number}, byte {error.start + 1}",
                hint="convert it first, for instance: iconv -f cp1252 -t utf-8",
            ) from error
        yield line.removeprefix("\ufeff") if number == 1 else line


def _cells(lines: Iterable[str], name: str, column: str) -> Iterator[str | None]:
    import csv

    csv.field_size_limit(_LONGEST_CELL)
    table = csv.reader(lines)
    try:
        header = next(table, [])
        wanted = [index for index, title in enumerate(header) if title.strip().lower() == column.lower()]
        if len(wanted) != 1:
            raise BadInput(
                "the CSV has no such column" if not wanted else "the CSV has that column more than once",
                where=_shown(name),
                expected=f"one column {column!r}",
                got=f"{len(header)} columns, {len(wanted)} of that name" if header else "an empty file",
            )
        for row in table:
            if row:
                yield row[wanted[0]] if wanted[0] < len(row) else None
    except csv.Error as error:
        raise BadInput(
            "the CSV cannot be read", where=f"{_shown(name)}, line {table.line_num}", got=str(error)
        ) from error


def _shown(name: str) -> str:
    return "standard input" if name == "-" else name


def _print_table(reasons: Iterable[str | None], rules: Lexicon) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("Reason", "Signal", "Words", "Rule"):
        table.add_column(title, overflow="fold")
    for reason in reasons:
        shown = printable(reason) if reason else "(empty)"
        matches: tuple[SignalMatch | None, ...] = rules.classify(reason) or (None,)
        for match in matches:
            if match is None:
                table.add_row(Text(shown), Text("no signal", style="dim"), "", "")
            else:
                words = printable((reason or "")[match.start : match.end])
                table.add_row(
                    Text(shown),
                    match.signal.value,
                    Text(words),
                    Text(f"{match.rule}: {rules.describe(match.rule)}"),
                )
            shown = ""
    printer = console()
    printer.print(table)
    printer.print(Text(f"lexicon {rules.version}, sha256:{rules.sha256}", style="dim"))
