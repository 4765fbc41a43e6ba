"""Tables put together again from PDFs with text."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reportlab.pdfgen.canvas import Canvas

from gatehouse.model import BadInput
from gatehouse.records.containers.errors import NotAnExport
from gatehouse.records.containers.pdf import PdfSource, open_pdf
from gatehouse.records.containers.pdf import source as pdf_source
from gatehouse.records.containers.pdf.rows import Alignment
from tests.unit.records.containers.pdf_tables import HEADER, Style, draw, invented_rows, opener

ROWS = invented_rows(45)

STYLES = {
    "ruled": Style(),
    "ruled, header once, title and footer": Style(
        repeat_header=False, title="Organization Audit", footer="Page {page} of 9"
    ),
    "ruled, middle, page number": Style(valign="MIDDLE", footer="{page}"),
    "ruled, bottom, portrait, small": Style(valign="BOTTOM", wide=False, size=6),
    "ruled, rows cut by pages": Style(split_rows=True, repeat_header=False, padding=1),
    "ruled, rows cut by pages, portrait": Style(split_rows=True, wide=False),
    "no lines": Style(grid=False),
    "no lines, header once, title and footer": Style(
        grid=False, repeat_header=False, title="Organization Audit", footer="Page {page} of 9"
    ),
    "no lines, middle": Style(grid=False, valign="MIDDLE", footer="{page} / 9"),
    "no lines, bottom": Style(grid=False, valign="BOTTOM", repeat_header=False),
    "no lines, tiny": Style(grid=False, size=5, padding=1, wide=False, footer="{page}"),
    "no lines, no white between rows": Style(grid=False, size=6, padding=0, repeat_header=False),
    "no lines, rows cut by pages": Style(grid=False, split_rows=True, repeat_header=False),
    "lines between columns": Style(grid=False, columns_only=True, valign="MIDDLE"),
    "lines between rows": Style(grid=False, rows_only=True, valign="MIDDLE"),
    "shaded rows": Style(grid=False, shaded=True, valign="MIDDLE", repeat_header=False),
    "another order": Style(grid=False, order=(6, 1, 5, 2, 3, 7, 4, 8, 0)),
    "no id": Style(grid=False, order=(6, 1, 5, 2, 3, 7, 4, 8)),
    "no search time": Style(grid=False, order=(0, 1, 5, 2, 3, 7, 8), split_rows=True),
    "centered": Style(grid=False, align="CENTER"),
    "flush right": Style(grid=False, align="RIGHT"),
    "turned": Style(turned=True, footer="{page}"),
    "turned, no lines": Style(turned=True, grid=False, footer="Page {page}"),
    "typewriter": Style(grid=False, font="Courier", size=5.5),
    "serif, dated footer": Style(
        grid=False, font="Times-Roman", size=8, footer="Printed 1/15/26, 10:22 AM   {page}/9"
    ),
}


def opened(data: bytes) -> PdfSource:
    source = open_pdf("audit.pdf", stream=opener(data), sha256="0" * 64)
    assert isinstance(source, PdfSource)
    return source


def cells(source: PdfSource) -> list[tuple[str | None, ...]]:
    return [row for block in source.blocks() for row in block.cells.rows()]


def expected(rows: Sequence[Sequence[str]], style: Style) -> list[tuple[str, ...]]:
    return [tuple(row[index] for index in style.order) for row in [HEADER, *rows]]


class TestStyles:
    @pytest.mark.parametrize("style", STYLES.values(), ids=STYLES.keys())
    def test_table_in_any_style_comes_back_cell_by_cell(self, style: Style) -> None:
        assert cells(opened(draw(ROWS, style))) == expected(ROWS, style)

    @pytest.mark.parametrize("count", [1, 2, 3])
    @pytest.mark.parametrize("grid", [True, False])
    def test_short_table_comes_back(self, count: int, grid: bool) -> None:
        style = Style(grid=grid, title="Organization Audit", footer="Page {page} of 1")
        assert cells(opened(draw(ROWS[:count], style))) == expected(ROWS[:count], style)

    def test_table_without_records_is_its_header(self) -> None:
        assert cells(opened(draw([], Style()))) == [HEADER]

    def test_alignment_is_seen_without_lines(self) -> None:
        seen = [
            opened(draw(ROWS, Style(grid=False, valign=name))).layout.alignment
            for name in ("TOP", "MIDDLE", "BOTTOM")
        ]
        assert seen == [Alignment.TOP, Alignment.MIDDLE, Alignment.BOTTOM]

    @settings(max_examples=12, deadline=None)
    @given(st.data())
    def test_reasons_of_any_length_come_back(self, data: st.DataObject) -> None:
        words = st.lists(
            st.sampled_from(["bolo", "stolen", "vehicle", "25-00123", "I-95", "a", "AND"]), max_size=14
        )
        reasons = data.draw(st.lists(words.map(" ".join), min_size=4, max_size=24))
        valign = data.draw(st.sampled_from(["TOP", "MIDDLE"]))
        rows = [(*row[:5], reason, *row[6:]) for row, reason in zip(ROWS, reasons, strict=False)]
        style = Style(grid=data.draw(st.booleans()), valign=valign, split_rows=valign == "TOP")
        assert cells(opened(draw(rows, style))) == expected(rows, style)


class TestSource:
    def test_blocks_number_rows_from_the_header(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pdf_source, "BLOCK_ROWS", 10)
        source = opened(draw(ROWS, Style()))
        blocks = list(source.blocks())
        assert [block.rows.len() for block in blocks] == [10, 10, 10, 10, 6]
        assert [number for block in blocks for number in block.rows] == list(range(1, 47))
        assert cells(source) == expected(ROWS, Style()), "a source may be read again"

    def test_notes_say_what_was_left_out(self) -> None:
        source = opened(draw(ROWS, Style(footer="Page {page} of 9")))
        list(source.blocks())
        pages = len(pdfium.PdfDocument(draw(ROWS, Style())))
        assert source.notes == (
            ("pdf_headers", f"repeats of the header left out: {pages - 1}"),
            ("pdf_furniture", f"lines outside of the table (titles, page numbers) left out: {pages}"),
        )

    def test_second_table_with_other_columns_is_read_too(self) -> None:
        other = Style(order=(6, 1, 5, 2, 3, 7, 4, 8, 0))
        document = pdfium.PdfDocument(draw(ROWS, Style()))
        document.import_pages(pdfium.PdfDocument(draw(ROWS, other)))
        out = io.BytesIO()
        document.save(out)
        source = opened(out.getvalue())
        assert cells(source) == expected(ROWS, Style()) + expected(ROWS, other)
        assert ("pdf_tables", "tables with another header: 1") in source.notes

    @pytest.mark.parametrize("grid", [True, False])
    @pytest.mark.parametrize("place", [5, 24])
    def test_header_in_the_middle_of_a_page_ends_no_record(self, grid: bool, place: int) -> None:
        style = Style(grid=grid, repeat_header=False)
        source = opened(draw([*ROWS[:place], HEADER, *ROWS[place:]], style))
        assert cells(source) == expected(ROWS, style)
        assert ("pdf_headers", "repeats of the header left out: 1") in source.notes

    @pytest.mark.parametrize("grid", [True, False])
    def test_other_header_in_the_middle_of_a_page_begins_another_table(self, grid: bool) -> None:
        swapped = (0, 1, 2, 3, 4, 7, 6, 5, 8)
        lower = [tuple(row[index] for index in swapped) for row in [HEADER, *ROWS[10:]]]
        source = opened(draw([*ROWS[:10], *lower], Style(grid=grid, repeat_header=False)))
        assert cells(source) == [HEADER, *ROWS[:10], *lower]
        assert ("pdf_tables", "tables with another header: 1") in source.notes

    def test_title_of_a_second_document_belongs_to_no_record(self) -> None:
        style = Style(grid=False, title="Organization Audit", order=(6, 1, 5, 2, 3, 7, 4, 8, 0))
        document = pdfium.PdfDocument(draw(ROWS, Style(grid=False)))
        document.import_pages(pdfium.PdfDocument(draw(ROWS, style)))
        out = io.BytesIO()
        document.save(out)
        assert cells(opened(out.getvalue())) == expected(ROWS, Style()) + expected(ROWS, style)

    def test_cover_letter_before_the_table_is_passed_over(self) -> None:
        document = pdfium.PdfDocument(_letter("We searched our records for the time you name."))
        document.import_pages(pdfium.PdfDocument(draw(ROWS, Style())))
        out = io.BytesIO()
        document.save(out)
        source = opened(out.getvalue())
        assert cells(source) == expected(ROWS, Style())
        assert ("pdf_pages_before", "pages before the table: 1") in source.notes

    def test_page_without_text_is_counted(self) -> None:
        document = pdfium.PdfDocument(draw(ROWS, Style()))
        document.import_pages(pdfium.PdfDocument(_letter("")))
        out = io.BytesIO()
        document.save(out)
        source = opened(out.getvalue())
        assert cells(source) == expected(ROWS, Style())
        assert ("pdf_empty_pages", "pages without a text layer, whose records are missing: 1") in source.notes


class TestRefusals:
    def test_pages_that_are_pictures_are_refused(self) -> None:
        with pytest.raises(NotAnExport, match=r"no text layer.*OCR"):
            opened(_letter(""))

    def test_text_without_a_table_is_refused(self) -> None:
        with pytest.raises(NotAnExport, match="no table of searches"):
            opened(_letter("The reason for the search is in your letter."))

    def test_damaged_document_is_refused(self) -> None:
        with pytest.raises(BadInput, match="damaged or not a PDF"):
            opened(b"%PDF-1.7\nnothing follows")

    def test_damaged_document_is_closed(self) -> None:
        stream = io.BytesIO(b"%PDF-1.7\nnothing follows")
        with pytest.raises(BadInput):
            open_pdf("audit.pdf", stream=lambda: stream, sha256="0" * 64)
        assert stream.closed

    def test_protected_document_is_refused(self) -> None:
        out = io.BytesIO()
        canvas = Canvas(out, encrypt="secret")
        canvas.drawString(72, 700, "Search Time")
        canvas.save()
        with pytest.raises(BadInput, match="protected by a password"):
            opened(out.getvalue())

    def test_table_without_marks_or_lines_is_refused(self) -> None:
        style = Style(grid=False, order=(1, 2, 3, 5, 7))
        with pytest.raises(BadInput, match="records of the table cannot be told apart"):
            opened(draw(ROWS, style))

    def test_ruled_table_without_marks_comes_back(self) -> None:
        style = Style(order=(1, 2, 3, 5, 7))
        assert cells(opened(draw(ROWS, style))) == expected(ROWS, style)


def _letter(text: str) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, invariant=1)
    canvas.drawString(72, 700, text)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


@pytest.mark.shared
@pytest.mark.parametrize("style", [Style(footer="Page {page} of 99"), Style(grid=False, valign="MIDDLE")])
def test_rows_of_a_real_audit_come_back(reference: Path, style: Style) -> None:
    path = reference / "records" / "okaloosa-fl-organization-audit.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = [
            (
                row["ID"],
                row["Org_Name"],
                row["Total_Networks_Searched"],
                row["Total_Devices_Searched"],
                f"{row['Time_Frame_Start']}\n{row['Time_Frame_End']}",
                # The paragraphs that are drawn hold no double blanks.
                " ".join(row["Reason"].split()),
                row["Search_Time"],
                row["Search_Type"],
                row["Moderation"],
            )
            for row, _ in zip(csv.DictReader(file), range(300), strict=False)
        ]
    assert len(rows) == 300
    assert cells(opened(draw(rows, style))) == expected(rows, style)
