"""Workbooks (XLSX, XLSM, XLSB, XLS) as sources: each sheet that holds anything is one table of text cells.

Typed cells become the text that an export of the same data would show, so that what follows need not know
whether a file went through a spreadsheet. Serial numbers in a time column stay numbers: only the layout
knows that the column is a time.
"""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO
from xml.etree.ElementTree import ParseError

import polars as pl
from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from gatehouse.model import BadInput
from gatehouse.records.containers import ooxml
from gatehouse.records.containers.errors import NotAnExport
from gatehouse.records.raw import RawBlock, Source

# Rows in a block: large enough that a block costs little, small enough that its text stays near 20 MB.
BLOCK_ROWS = 50_000

# From here on Python, like a spreadsheet, writes an exponent; an exact 301-digit number helps nobody.
_WHOLE_LIMIT = 1e21

_DAY = dt.timedelta(days=1)

Cell = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta


def _clock(hours: int, minutes: int, seconds: int, microseconds: int) -> str:
    text = f"{hours:02d}:{minutes:02d}:{seconds:02d}"
    return f"{text}.{microseconds // 1000:03d}" if microseconds >= 1000 else text


def cell_text(cell: Cell, *, midnight: bool = False) -> str:
    """Return a typed cell as an export would show it.

    Date-times read `2025-06-18 00:02:04.789` (no zone is added, milliseconds only when there are any), whole
    numbers have no `.0`, booleans are `TRUE` and `FALSE`. With `midnight`, a bare date shows its time.
    """
    match cell:
        case str():
            return cell
        case bool():
            return "TRUE" if cell else "FALSE"
        case int():
            return str(cell)
        case float():
            return str(int(cell)) if cell.is_integer() and abs(cell) < _WHOLE_LIMIT else repr(cell)
        case dt.datetime():
            clock = _clock(cell.hour, cell.minute, cell.second, cell.microsecond)
            return f"{cell.date().isoformat()} {clock}"
        case dt.date():
            return f"{cell.isoformat()} 00:00:00" if midnight else cell.isoformat()
        case dt.time():
            return _clock(cell.hour, cell.minute, cell.second, cell.microsecond)
        case dt.timedelta():
            days, rest = divmod(cell, _DAY)
            minutes, seconds = divmod(rest.seconds, 60)
            return _clock(days * 24 + minutes // 60, minutes % 60, seconds, rest.microseconds)


def _column_text(cells: Sequence[Cell]) -> list[str]:
    """Return a column's cells as text.

    A date-time at midnight is stored like a bare date, so a column that also holds other times of day
    shows midnight as a time.
    """
    kinds = set(map(type, cells))
    if kinds == {str}:
        return list(cells)  # type: ignore[arg-type]
    midnight = dt.datetime in kinds
    return [cell_text(cell, midnight=midnight) for cell in cells]


@dataclass(slots=True)
class SheetSource:
    """One sheet of a workbook; see `records.raw.Source`."""

    path: str
    sha256: str
    encoding: str | None
    notes: tuple[tuple[str, str], ...]
    sheet: str
    part: str | None
    label: str
    stream: Callable[[], BinaryIO]

    def blocks(self) -> Iterator[RawBlock]:
        """Yield the sheet's rows in order, at most `BLOCK_ROWS` a block."""
        errors = ooxml.error_cells(self.stream, self.part) if self.part else {}
        if errors:
            self._note(
                "error_cells",
                f"{len(errors):,} cells hold an error such as {min(errors.values())} in place of text",
            )
        with _open(self.stream, self.label) as book:
            try:
                sheet = book.get_sheet_by_name(self.sheet)
            except CalamineError as error:
                raise _damaged(self.path, error) from error
            cells: list[list[Cell]] = []
            numbers: list[int] = []
            error_rows = {row for row, _ in errors}
            # Rows are told from the sheet's first, columns from the first that is filled.
            left = sheet.start[1] if sheet.start else 0
            for number, row in enumerate(sheet.iter_rows()):
                if number in error_rows:
                    row = [errors.get((number, column), cell) for column, cell in enumerate(row, left)]
                if not any(cell.strip() if isinstance(cell, str) else True for cell in row):
                    continue
                cells.append(row)
                numbers.append(number + 1)
                if len(cells) == BLOCK_ROWS:
                    yield _block(cells, numbers)
                    cells, numbers = [], []
            if cells:
                yield _block(cells, numbers)

    def _note(self, code: str, detail: str) -> None:
        if (code, detail) not in self.notes:
            self.notes = (*self.notes, (code, detail))


def _block(cells: Sequence[Sequence[Cell]], numbers: Sequence[int]) -> RawBlock:
    columns = [
        pl.Series(f"c{index}", _column_text(column), dtype=pl.String)
        for index, column in enumerate(zip(*cells, strict=True))
    ]
    return RawBlock(cells=pl.DataFrame(columns), rows=pl.Series("row", numbers, dtype=pl.UInt32))


def _damaged(path: str, error: Exception) -> BadInput:
    return BadInput(
        "the workbook is damaged or not a workbook",
        where=path,
        expected="a readable XLSX, XLSM, XLSB or XLS file",
        got=str(error).split("(")[0].strip(),
        hint="open it in a spreadsheet program and save it again, or ask for the export as CSV",
    )


@contextmanager
def _open(stream: Callable[[], BinaryIO], path: str) -> Iterator[CalamineWorkbook]:
    with stream() as file, _read(file, stream, path) as book:
        yield book


def _read(file: BinaryIO, stream: Callable[[], BinaryIO], path: str) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_filelike(file)
    except CalamineError as error:
        if not (isinstance(error, PasswordError) or _protected(stream)):
            raise _damaged(path, error) from error
        raise BadInput(
            "the workbook is protected by a password",
            where=path,
            expected="a workbook that opens without a password",
            hint="open it with its password and save a copy without one",
        ) from error


def _protected(stream: Callable[[], BinaryIO]) -> bool:
    """Return whether a workbook that cannot be read is encrypted.

    The reader says so only where a file's name tells it the format.
    """
    for suffix in (".xlsx", ".xls"):
        with stream() as source, tempfile.NamedTemporaryFile(suffix=suffix) as named:
            shutil.copyfileobj(source, named)
            named.flush()
            try:
                CalamineWorkbook.from_path(named.name).close()
            except PasswordError:
                return True
            except CalamineError:
                continue
    return False


def open_workbook(path: str, *, stream: Callable[[], BinaryIO], sha256: str) -> list[Source]:
    """Return a source for each sheet that holds a value.

    `path` labels the workbook in errors and evidence; with several such sheets each is `path!Sheet`.
    `stream` opens the workbook's bytes, seekable, from the start, as often as it is called.
    Raises `BadInput` when the workbook is damaged, protected or empty.
    """
    with _open(stream, path) as book:
        sheets = [sheet for sheet in book.sheets_metadata if sheet.typ is SheetTypeEnum.WorkSheet]
        parts = _parts(stream, path)
        sheets = [sheet for sheet in sheets if _has_values(book, sheet.name, parts, stream, path)]
    if not sheets:
        raise NotAnExport("the workbook holds no values", where=path, expected="a sheet with a table")
    sources: list[Source] = []
    for sheet in sheets:
        hidden = sheet.visible is not SheetVisibleEnum.Visible
        sources.append(
            SheetSource(
                path=f"{path}!{sheet.name}" if len(sheets) > 1 else path,
                sha256=sha256,
                encoding=None,
                notes=(("hidden_sheet", f"the sheet {sheet.name} is hidden"),) if hidden else (),
                sheet=sheet.name,
                part=parts.get(sheet.name),
                label=path,
                stream=stream,
            )
        )
    return sources


def _parts(stream: Callable[[], BinaryIO], path: str) -> dict[str, str]:
    """Return the XML part of each sheet; empty for the binary formats, whose error cells read as empty."""
    with stream() as file:
        if not zipfile.is_zipfile(file):
            return {}
        try:
            with zipfile.ZipFile(file) as archive:
                return dict(ooxml.sheet_parts(archive))
        except (zipfile.BadZipFile, ParseError) as error:
            raise _damaged(path, error) from error


def _has_values(
    book: CalamineWorkbook, name: str, parts: dict[str, str], stream: Callable[[], BinaryIO], path: str
) -> bool:
    if name in parts:
        with stream() as file, zipfile.ZipFile(file) as archive:
            return ooxml.has_values(archive, parts[name])
    try:
        return book.get_sheet_by_name(name).start is not None
    except CalamineError as error:
        raise _damaged(path, error) from error
