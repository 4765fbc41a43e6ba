"""Workbooks are read in a process of their own.

The reader takes a workbook at its word: a damaged size makes it ask for more memory than there is, which ends
the process that asks. Here that is a child, and what it leaves behind is an error about one file.

A message from the child is its kind, its length and its body: `L` the sheets as JSON, `B` a block in Arrow's
stream format with the row numbers as last column, `E` what is wrong, `Z` the number of error cells and one of
them, as the last message. A child that ends without `E` or `Z` has died.
"""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO
from xml.etree.ElementTree import ParseError

import polars as pl
from python_calamine import CalamineError, PasswordError

from gatehouse.model import BadInput
from gatehouse.records.containers.errors import ZIP_DAMAGE
from gatehouse.records.containers.ooxml import TooWide
from gatehouse.records.containers.sheets import Sheet, error_cells, is_protected, list_sheets, sheet_blocks
from gatehouse.records.raw import RawBlock

# A full sheet of 1,048,576 rows and 14 columns takes 1.5 GB; addresses are taken more freely than memory.
MEMORY = 12 << 30

_HEAD = struct.Struct(">cQ")
_DAMAGE = (*ZIP_DAMAGE, CalamineError, ParseError, NotImplementedError, TooWide)

_ROW = "row"


def sheets_of(stream: Callable[[], BinaryIO], *, where: str) -> list[Sheet]:
    """Return the sheets of a workbook that hold a value; `BadInput` if it is damaged or protected."""
    (listing,) = [body for kind, body in _messages(stream, "list", where=where) if kind == b"L"]
    return [Sheet(**sheet) for sheet in json.loads(listing)]


def blocks_of(
    stream: Callable[[], BinaryIO], sheet: str, *, where: str, note: Callable[[str, str], None]
) -> Iterator[RawBlock]:
    """Yield the rows of a sheet; `note` is told what was met on the way."""
    for kind, body in _messages(stream, "read", sheet, where=where):
        if kind == b"B":
            cells = pl.read_ipc_stream(io.BytesIO(body))
            yield RawBlock(cells.drop(_ROW), cells[_ROW])
        elif kind == b"Z":
            count, example = json.loads(body)
            if count:
                note("error_cells", f"{count:,} cells hold an error such as {example} in place of text")


def _messages(stream: Callable[[], BinaryIO], *arguments: str, where: str) -> Iterator[tuple[bytes, bytes]]:
    command = [sys.executable, "-m", __name__, *arguments]
    with (
        _on_disk(stream) as file,
        subprocess.Popen(  # noqa: S603 - the arguments are ours and a sheet's name, and no shell reads them
            command, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as child,
    ):
        assert child.stdout is not None, "it was asked for"
        try:
            kind = b""
            while head := child.stdout.read(_HEAD.size):
                kind, length = _HEAD.unpack(head)
                body = child.stdout.read(length)
                if kind == b"E":
                    raise _error(json.loads(body), where)
                yield kind, body
            if kind != b"Z":
                raise _error("its contents contradict each other", where)
        finally:
            child.kill()


@contextmanager
def _on_disk(stream: Callable[[], BinaryIO]) -> Iterator[IO[bytes]]:
    """Open a workbook as a file that a child can inherit."""
    with stream() as file:
        try:
            file.fileno()
        except OSError:
            with tempfile.TemporaryFile() as copy:
                copy.write(file.read())
                copy.seek(0)
                yield copy
        else:
            yield file


def _error(what: str, where: str) -> BadInput:
    if what == _PROTECTED:
        return BadInput(
            "the workbook is protected by a password",
            where=where,
            expected="a workbook that opens without a password",
            hint="open it with its password and save a copy without one",
        )
    return BadInput(
        "the workbook is damaged or not a workbook",
        where=where,
        expected="a readable XLSX, XLSM, XLSB or XLS file",
        got=what,
        hint="open it in a spreadsheet program and save it again, or ask for the export as CSV",
    )


_PROTECTED = "protected"


def serve(arguments: list[str], file: BinaryIO, out: IO[bytes]) -> None:
    """Answer one request, `list` or `read SHEET`, about the workbook in `file`."""

    def send(kind: bytes, body: bytes) -> None:
        out.write(_HEAD.pack(kind, len(body)) + body)

    try:
        errors: list[str] = []
        if arguments[0] == "list":
            sheets = [{"name": sheet.name, "hidden": sheet.hidden} for sheet in list_sheets(file)]
            send(b"L", json.dumps(sheets).encode())
        else:
            found = error_cells(file, arguments[1])
            errors = sorted(found.values())
            for block in sheet_blocks(file, arguments[1], errors=found):
                body = io.BytesIO()
                block.cells.with_columns(block.rows.alias(_ROW)).write_ipc_stream(body)
                send(b"B", body.getvalue())
        send(b"Z", json.dumps([len(errors), errors[0] if errors else ""]).encode())
    except _DAMAGE as error:
        protected = isinstance(error, PasswordError) or (
            isinstance(error, CalamineError) and is_protected(file)
        )
        send(b"E", json.dumps(_PROTECTED if protected else str(error).split("(")[0].strip()).encode())
    out.flush()


def _bound_memory() -> None:
    try:
        import resource
    except ImportError:  # a system without such limits
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


if __name__ == "__main__":
    _bound_memory()
    serve(sys.argv[1:], sys.stdin.buffer, sys.stdout.buffer)
