"""Workbooks (XLSX, XLSM, XLSB, XLS) as sources: each sheet that holds anything is one table of text cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from gatehouse.records.containers.errors import NotAnExport
from gatehouse.records.containers.sheet_process import blocks_of, sheets_of
from gatehouse.records.raw import RawBlock, Source


@dataclass(slots=True)
class SheetSource:
    """One sheet of a workbook; see `records.raw.Source`."""

    path: str
    sha256: str
    encoding: str | None
    notes: tuple[tuple[str, str], ...]
    sheet: str
    stream: Callable[[], BinaryIO]
    delimiter: str | None = None
    unterminated: bool = False
    consumed: int = 0

    def blocks(self) -> Iterator[RawBlock]:
        """Yield the sheet's rows in order."""
        yield from blocks_of(self.stream, self.sheet, where=self.path, note=self._note)

    def _note(self, code: str, detail: str) -> None:
        if (code, detail) not in self.notes:
            self.notes = (*self.notes, (code, detail))


def open_workbook(path: str, *, stream: Callable[[], BinaryIO], sha256: str) -> list[Source]:
    """Return a source for each sheet that holds a value.

    `path` labels the workbook in errors and evidence; with several such sheets each is `path!Sheet`.
    `stream` opens the workbook's bytes, seekable, from the start, as often as it is called.
    Raises `BadInput` when the workbook is damaged, protected or empty.
    """
    sheets = sheets_of(stream, where=path)
    if not sheets:
        raise NotAnExport("the workbook holds no values", where=path, expected="a sheet with a table")
    return [
        SheetSource(
            path=f"{path}!{sheet.name}" if len(sheets) > 1 else path,
            sha256=sha256,
            encoding=None,
            notes=(("hidden_sheet", f"the sheet {sheet.name} is hidden"),) if sheet.hidden else (),
            sheet=sheet.name,
            stream=stream,
        )
        for sheet in sheets
    ]
