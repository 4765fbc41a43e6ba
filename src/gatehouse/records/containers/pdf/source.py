"""A text-layer PDF of a table as a source: pages are read one after another, records come out whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

import polars as pl
import pypdfium2 as pdfium

from gatehouse.model import BadInput
from gatehouse.records.containers.errors import NotAnExport
from gatehouse.records.containers.pdf.cells import join
from gatehouse.records.containers.pdf.header import Header
from gatehouse.records.containers.pdf.layout import TableLayout, learn_layout, read_page
from gatehouse.records.containers.pdf.pages import TablePages
from gatehouse.records.containers.pdf.rows import Fragment, assemble
from gatehouse.records.raw import RawBlock, Source

# Records in a block.
BLOCK_ROWS = 5_000
# Pages looked at before reading, the first ones and some spread over the rest: enough to see how wide columns
# get and what recurs, at a small part of the cost of reading all of them.
_FIRST, _SPREAD = 8, 24
# Pages looked at when another table begins inside the document.
_AHEAD = 6

_NATIVE = "ask for the native export (CSV or XLSX) of the same audit"


@dataclass(slots=True)
class PdfSource:
    """The table of one PDF document; see `records.raw.Source`.

    Records are numbered as rows of the table: the header is row 1, whatever page a record stands on. `notes`
    are complete once `blocks` is exhausted.
    """

    path: str
    sha256: str
    encoding: str | None
    notes: tuple[tuple[str, str], ...]
    layout: TableLayout
    stream: Callable[[], BinaryIO]
    delimiter: str | None = None
    unterminated: bool = False
    consumed: int = 0
    _seen: Counter[str] = field(default_factory=Counter)

    def blocks(self) -> Iterator[RawBlock]:
        """Yield the header and the records in page order; another table's header comes as a record."""
        self._seen.clear()
        cells: list[list[str]] = []
        first = 1
        for row in self._rows():
            if cells and (len(cells) == BLOCK_ROWS or len(row) != len(cells[0])):
                yield _block(cells, first)
                first += len(cells)
                cells = []
            cells.append(row)
        if cells:
            yield _block(cells, first)
        self.notes = _notes(self._seen)

    def _rows(self) -> Iterator[list[str]]:
        document = open_document(self.stream, self.path)
        try:
            layout: TableLayout | None = self.layout
            self._seen["pages_before"] = self.layout.header.page
            while layout is not None:
                yield list(layout.columns.names)
                pages = TablePages(document, layout, where=self.path, seen=self._seen)
                for record in assemble(pages, joins=layout.mark is not None):
                    yield self._record(record, layout, pages.at)
                layout = self._next_layout(document, pages.following) if pages.following else None
        finally:
            document.close()

    def _next_layout(self, document: pdfium.PdfDocument, header: Header) -> TableLayout | None:
        ahead = [
            read_page(document, index, where=self.path)
            for index in range(header.page, min(header.page + _AHEAD, len(document)))
        ]
        return learn_layout(ahead, where=f"{self.path}, page {header.page + 1}", header=header)

    def _record(self, record: Fragment, layout: TableLayout, page: int) -> list[str]:
        for mark in layout.checks:
            if mark.count(record.lines.get(mark.column, ())) > 1:
                raise BadInput(
                    "two records of the table cannot be told apart",
                    where=f"{self.path}, page {page + 1} or the one before",
                    expected=f"one {layout.columns.names[mark.column]} in each record",
                    hint=_NATIVE,
                )
        return [join(record.lines.get(column, ()), fit) for column, fit in enumerate(layout.fit)]


def _block(cells: Sequence[Sequence[str]], first: int) -> RawBlock:
    columns = [
        pl.Series(f"c{index}", column, dtype=pl.String)
        for index, column in enumerate(zip(*cells, strict=True))
    ]
    rows = pl.int_range(first, first + len(cells), dtype=pl.UInt32, eager=True).alias("row")
    return RawBlock(cells=pl.DataFrame(columns), rows=rows)


# What is counted while reading, and how a report says it.
_SAYINGS = {
    "pages_before": "pages before the table: {}",
    "headers": "repeats of the header left out: {}",
    "furniture": "lines outside of the table (titles, page numbers) left out: {}",
    "outside": "lines outside of the ruled area left out: {}",
    "turned": "characters of stamps or watermarks left out: {}",
    "unmapped": "characters that the PDF draws without saying which they are, left out: {}",
    "empty_pages": "pages without a text layer, whose records are missing: {}",
    "tables": "tables with another header: {}",
}


def _notes(seen: Counter[str]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (f"pdf_{code}", saying.format(seen[code])) for code, saying in _SAYINGS.items() if seen[code]
    )


def open_document(stream: Callable[[], BinaryIO], path: str) -> pdfium.PdfDocument:
    """Open a PDF; raises `BadInput` when it is protected by a password or damaged."""
    file = stream()
    try:
        return pdfium.PdfDocument(file, autoclose=True)
    except pdfium.PdfiumError as error:
        file.close()
        protected = "password" in str(error).lower()
        raise BadInput(
            "the PDF is protected by a password" if protected else "the PDF is damaged or not a PDF",
            where=path,
            expected="a PDF that opens without a password",
            hint=f"save a copy without a password, or {_NATIVE}" if protected else _NATIVE,
        ) from error


def open_pdf(path: str, *, stream: Callable[[], BinaryIO], sha256: str) -> Source:
    """Return the source of a PDF's table.

    Raises `BadInput` when the document has no text layer, no table header that is known, or a table whose
    columns or records cannot be told apart.
    """
    document = open_document(stream, path)
    try:
        count = len(document)
        step = max(1, (count - _FIRST) // _SPREAD)
        sample = sorted({*range(min(_FIRST, count)), *range(_FIRST, count, step), count - 1})
        pages = [read_page(document, index, where=path) for index in sample if index >= 0]
    finally:
        document.close()
    if not any(page.runs for page in pages):
        raise NotAnExport(
            "the PDF has no text layer: its pages are pictures",
            where=path,
            expected="a PDF made from the data, in which text can be selected",
            hint=f"{_NATIVE}, else make the text readable with OCR and check the result by hand",
        )
    layout = learn_layout(pages, where=path)
    if layout is None:
        raise NotAnExport(
            "no table of searches was found in the PDF",
            where=path,
            expected="a header with labels such as Org Name, Search Time, Reason",
            hint=_NATIVE,
        )
    return PdfSource(
        path=path,
        sha256=sha256,
        encoding=None,
        notes=(),
        layout=layout,
        stream=stream,
    )
