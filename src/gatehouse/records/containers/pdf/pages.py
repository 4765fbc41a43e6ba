"""The pages of one table: each cut into the records, or parts of records, that stand on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pypdfium2 as pdfium

from gatehouse.records.containers.pdf.header import find_header, may_hold_header
from gatehouse.records.containers.pdf.layout import PageContent, TableLayout, below_headers, read_page
from gatehouse.records.containers.pdf.rows import Fragment
from gatehouse.records.containers.pdf.text import Run


class TablePages:
    """The fragments of a table's pages from the page `start` on.

    `at` is the page being read. Where another table begins, the pages end and `next_table` is its page.
    What is left out is counted in `seen`.
    """

    def __init__(
        self, document: pdfium.PdfDocument, layout: TableLayout, start: int, *, where: str, seen: Counter[str]
    ) -> None:
        self.at = start
        self.next_table: int | None = None
        self._document = document
        self._layout = layout
        self._start = start
        self._seen = seen
        self._where = where
        self._unfinished = ""

    def __iter__(self) -> Iterator[list[Fragment]]:
        """Yield each page's fragments from the top."""
        for index in range(self._start, len(self._document)):
            self.at = index
            content = read_page(self._document, index, where=self._where)
            self._seen["turned"] += content.turned
            self._seen["unmapped"] += content.unmapped
            if not content.runs:
                self._seen["empty_pages"] += 1
                continue
            runs, repeats, headed = below_headers(content, self._layout.header)
            if self.at > self._start:
                if not headed and self._another(content):
                    self._seen["tables"] += 1
                    self.next_table = self.at
                    return
                self._seen["headers"] += repeats
            fragments = self._fragments(content, runs, headed)
            if fragments:
                mark = self._layout.mark
                if mark is not None:
                    self._unfinished = mark.unfinished(fragments[-1].lines.get(mark.column, ()))
                yield fragments

    def _another(self, content: PageContent) -> bool:
        return (
            may_hold_header(content.runs)
            and find_header(content.runs, content.rules, page=content.index) is not None
        )

    def _fragments(self, content: PageContent, runs: list[Run], headed: bool) -> list[Fragment]:
        layout = self._layout
        runs, lines = layout.furniture.strip(runs, top=not headed)
        self._seen["furniture"] += lines
        fragments, outside = layout.fragments(
            content, runs, before=self._unfinished, last=content.index + 1 == len(self._document)
        )
        self._seen["outside"] += len({round(run.y) for run in outside})
        return fragments
