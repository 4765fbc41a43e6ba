"""The pages of one table: each cut into the records, or parts of records, that stand on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pypdfium2 as pdfium

from gatehouse.records.containers.pdf.header import Header
from gatehouse.records.containers.pdf.layout import TableLayout, read_page
from gatehouse.records.containers.pdf.parts import PageContent, TablePart, table_part
from gatehouse.records.containers.pdf.rows import Fragment


class TablePages:
    """The fragments of a table's pages, from the page of its header on.

    `at` is the page being read. Where another table begins, the pages end and `following` is its header.
    What is left out is counted in `seen`.
    """

    def __init__(
        self, document: pdfium.PdfDocument, layout: TableLayout, *, where: str, seen: Counter[str]
    ) -> None:
        self.at = layout.header.page
        self.following: Header | None = None
        self._document = document
        self._layout = layout
        self._seen = seen
        self._where = where
        self._unfinished = ""

    def __iter__(self) -> Iterator[list[Fragment]]:
        """Yield each page's fragments from the top."""
        header = self._layout.header
        for index in range(header.page, len(self._document)):
            self.at = index
            page = read_page(self._document, index, where=self._where)
            self._count(page)
            if not page.runs:
                continue
            part = table_part(page, header)
            self._seen["headers"] += part.headers - (index == header.page)
            fragments = self._fragments(part)
            if fragments:
                mark = self._layout.mark
                if mark is not None:
                    self._unfinished = mark.unfinished(fragments[-1].lines.get(mark.column, ()))
                yield fragments
            if part.following is not None:
                self.following = part.following
                self._seen["tables"] += 1
                return

    def _count(self, page: PageContent) -> None:
        # The page on which one table ends and the next begins is read for both.
        if page.index < self._seen["pages"]:
            return
        self._seen["pages"] = page.index + 1
        self._seen["turned"] += page.turned
        self._seen["unmapped"] += page.unmapped
        self._seen["empty_pages"] += not page.runs

    def _fragments(self, part: TablePart) -> list[Fragment]:
        layout = self._layout
        runs, lines = layout.furniture.strip(part.runs, top=not part.headed)
        self._seen["furniture"] += lines
        last = part.page.index + 1 == len(self._document)
        fragments, outside = layout.fragments(part.page, runs, before=self._unfinished, last=last)
        self._seen["outside"] += len({round(run.y) for run in outside})
        return fragments
