"""Reading the sheets of a workbook: typed cells become the text that an export of the same data would show.

Serial numbers in a time column stay numbers: only the layout knows that the column is a time. Nothing here
guards against what a damaged workbook does to its reader; `sheet_process` does.
"""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import polars as pl
from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from gatehouse.records.containers import ooxml
from gatehouse.records.raw import RawBlock

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


@dataclass(frozen=True, slots=True)
class Sheet:
    """A worksheet that holds a value."""

    name: str
    hidden: bool


def list_sheets(file: BinaryIO) -> list[Sheet]:
    """Return the worksheets of a workbook that hold a value, in its order."""
    file.seek(0)
    with CalamineWorkbook.from_filelike(file) as book:
        parts = _parts(file)
        return [
            Sheet(sheet.name, sheet.visible is not SheetVisibleEnum.Visible)
            for sheet in book.sheets_metadata
            if sheet.typ is SheetTypeEnum.WorkSheet and _has_values(book, sheet.name, parts, file)
        ]


def error_cells(file: BinaryIO, sheet: str) -> Mapping[tuple[int, int], str]:
    """Return the errors of a sheet by zero-based (row, column); empty for the binary formats."""
    part = _parts(file).get(sheet)
    return ooxml.error_cells(file, part) if part else {}


def sheet_blocks(file: BinaryIO, sheet: str, *, errors: Mapping[tuple[int, int], str]) -> Iterator[RawBlock]:
    """Yield a sheet's rows in order, at most `BLOCK_ROWS` a block; `errors` stand in place of empty cells."""
    file.seek(0)
    with CalamineWorkbook.from_filelike(file) as book:
        content = book.get_sheet_by_name(sheet)
        cells: list[list[Cell]] = []
        numbers: list[int] = []
        error_rows = {row for row, _ in errors}
        # Rows are told from the sheet's first, columns from the first that is filled.
        left = content.start[1] if content.start else 0
        for number, row in enumerate(content.iter_rows()):
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


def _block(cells: Sequence[Sequence[Cell]], numbers: Sequence[int]) -> RawBlock:
    columns = [
        pl.Series(f"c{index}", _column_text(column), dtype=pl.String)
        for index, column in enumerate(zip(*cells, strict=True))
    ]
    return RawBlock(cells=pl.DataFrame(columns), rows=pl.Series("row", numbers, dtype=pl.UInt32))


def is_protected(file: BinaryIO) -> bool:
    """Return whether a workbook that cannot be read is encrypted.

    The reader says so only where a file's name tells it the format.
    """
    for suffix in (".xlsx", ".xls"):
        file.seek(0)
        with tempfile.NamedTemporaryFile(suffix=suffix) as named:
            shutil.copyfileobj(file, named)
            named.flush()
            try:
                CalamineWorkbook.from_path(named.name).close()
            except PasswordError:
                return True
            except CalamineError:
                continue
    return False


def _parts(file: BinaryIO) -> Mapping[str, str]:
    """Return the XML part of each sheet; empty for the binary formats, whose error cells read as empty."""
    if not zipfile.is_zipfile(file):
        return {}
    with zipfile.ZipFile(file) as archive:
        return ooxml.sheet_parts(archive)


def _has_values(book: CalamineWorkbook, name: str, parts: Mapping[str, str], file: BinaryIO) -> bool:
    if name in parts:
        with zipfile.ZipFile(file) as archive:
            return ooxml.has_values(archive, parts[name])
    return book.get_sheet_by_name(name).start is not None
