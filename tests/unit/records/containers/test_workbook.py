"""Workbooks: sheets, cells, and damage."""

from __future__ import annotations

import datetime as dt
import io
import struct
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.model import BadInput
from gatehouse.records.containers import open_container, sheets
from gatehouse.records.containers.sheets import cell_text, list_sheets, sheet_blocks
from gatehouse.records.raw import Source
from tests.unit.records.containers.office import encrypted_workbook, xls, xlsb

HEADER = ["id", "userId", "searchDate", "networkCount", "reason"]


def save(path: Path, sheets: dict[str, list[list[Any]]], *, hidden: tuple[str, ...] = ()) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        if name in hidden:
            sheet.sheet_state = "hidden"
    book.save(path)
    return path


def sources(path: Path) -> list[Source]:
    found = open_container(str(path))
    assert found is not None
    return found


def table(source: Source) -> tuple[list[tuple[str | None, ...]], list[int]]:
    blocks = list(source.blocks())
    return [row for block in blocks for row in block.cells.rows()], [
        number for block in blocks for number in block.rows.to_list()
    ]


class TestCellText:
    @pytest.mark.parametrize(
        ("cell", "text"),
        [
            (" stolen vehicle ", " stolen vehicle "),
            (True, "TRUE"),
            (False, "FALSE"),
            (7, "7"),
            (840.0, "840"),
            (-1.0, "-1"),
            (45826.00144, "45826.00144"),
            (12345678901234570.0, "12345678901234570"),
            (1e22, "1e+22"),
            (float("nan"), "nan"),
            (dt.datetime(2025, 6, 18, 0, 2, 4, 789000), "2025-06-18 00:02:04.789"),
            (dt.datetime(2025, 6, 18, 0, 2, 4), "2025-06-18 00:02:04"),
            (dt.date(2025, 6, 18), "2025-06-18"),
            (dt.time(1, 2, 3, 500000), "01:02:03.500"),
            (dt.timedelta(hours=30, minutes=5), "30:05:00"),
        ],
    )
    def test_cell_text_by_type_is_what_an_export_shows(self, cell: sheets.Cell, text: str) -> None:
        assert cell_text(cell) == text

    @given(st.datetimes(dt.datetime(1900, 3, 1), dt.datetime(2100, 1, 1)))
    def test_cell_text_of_a_date_time_reads_back_to_the_millisecond(self, moment: dt.datetime) -> None:
        read = dt.datetime.fromisoformat(cell_text(moment))
        assert read == moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    @given(st.integers(-(10**15), 10**15))
    def test_cell_text_of_a_whole_number_has_no_point(self, number: int) -> None:
        assert cell_text(float(number)) == str(number)


class TestSheets:
    def test_workbook_with_one_filled_sheet_keeps_its_path(self, tmp_path: Path) -> None:
        path = save(tmp_path / "book.xlsx", {"Data": [HEADER, ["a1", "u1", "x", 3, "bolo"]], "Empty": []})
        (source,) = sources(path)
        assert (source.path, source.encoding, source.notes) == (str(path), None, ())
        assert table(source) == ([tuple(HEADER), ("a1", "u1", "x", "3", "bolo")], [1, 2])

    def test_workbook_with_two_filled_sheets_names_them(self, tmp_path: Path) -> None:
        path = save(tmp_path / "b.xlsm", {"May": [HEADER], "None": [], "June": [HEADER]}, hidden=("June",))
        found = sources(path)
        assert [source.path for source in found] == [f"{path}!May", f"{path}!June"]
        assert found[1].notes == (("hidden_sheet", "the sheet June is hidden"),)

    def test_rows_are_numbered_as_in_the_sheet(self, tmp_path: Path) -> None:
        book = openpyxl.Workbook()
        sheet = book.worksheets[0]
        for at, column, value in ((3, 2, "id"), (3, 3, "reason"), (6, 2, "a1"), (7, 3, " "), (9, 3, "bolo")):
            sheet.cell(at, column, value)
        book.save(tmp_path / "b.xlsx")
        (source,) = sources(tmp_path / "b.xlsx")
        assert table(source) == ([("id", "reason"), ("a1", ""), ("", "bolo")], [3, 6, 9])

    def test_rows_are_the_same_in_any_block_size(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rows = [[f"a{at}", at, dt.datetime(2025, 6, 18, 0, 0, at)] for at in range(25)]
        path = save(tmp_path / "b.xlsx", {"S": rows})
        (source,) = sources(path)
        monkeypatch.setattr(sheets, "BLOCK_ROWS", 4)
        with path.open("rb") as file:
            blocks = list(sheet_blocks(file, "S", errors={}))
        assert [block.rows.len() for block in blocks] == [4, 4, 4, 4, 4, 4, 1]
        assert pl.concat([block.cells for block in blocks]).rows() == table(source)[0]

    def test_midnight_in_a_column_of_times_shows_its_time(self, tmp_path: Path) -> None:
        midnight, later = dt.datetime(2025, 6, 18), dt.datetime(2025, 6, 18, 0, 2, 4, 789000)
        (source,) = sources(save(tmp_path / "b.xlsx", {"S": [[midnight, midnight], [later, midnight]]}))
        assert table(source)[0] == [
            ("2025-06-18 00:00:00", "2025-06-18"),
            ("2025-06-18 00:02:04.789", "2025-06-18"),
        ]

    def test_a_date_saved_as_a_serial_stays_a_number(self, tmp_path: Path) -> None:
        (source,) = sources(save(tmp_path / "b.xlsx", {"S": [["searchDate"], [45826.00144]]}))
        assert table(source)[0] == [("searchDate",), ("45826.00144",)]

    def test_error_cells_keep_their_error_and_are_noted(self, tmp_path: Path) -> None:
        book = openpyxl.Workbook()
        sheet = book.worksheets[0]
        sheet["B2"], sheet["C2"], sheet["B3"], sheet["C3"] = "id", "reason", "a1", "#NAME?"
        book.save(tmp_path / "b.xlsx")
        (source,) = sources(tmp_path / "b.xlsx")
        assert table(source) == ([("id", "reason"), ("a1", "#NAME?")], [2, 3])
        assert source.notes == (("error_cells", "1 cells hold an error such as #NAME? in place of text"),)

    @given(
        st.lists(st.lists(st.none() | st.text("ab \n,\"'é", max_size=6), min_size=1, max_size=4), max_size=8)
    )
    def test_text_cells_come_back_as_they_were(self, rows: list[list[str | None]]) -> None:
        rows = [["id", "reason", "x", "y"], *rows]
        book = openpyxl.Workbook()
        for row in rows:
            book.worksheets[0].append(row)
        data = io.BytesIO()
        book.save(data)
        assert [sheet.name for sheet in list_sheets(data)] == ["Sheet"]
        blocks = list(sheet_blocks(data, "Sheet", errors={}))
        # The reader gives a cell of nothing but blanks as an empty one.
        texts = [[cell if cell and cell.strip() else "" for cell in (*row, "", "", "")][:4] for row in rows]
        filled = [(number, tuple(row)) for number, row in enumerate(texts, start=1) if any(row)]
        found = [
            pair for block in blocks for pair in zip(block.rows.to_list(), block.cells.rows(), strict=True)
        ]
        assert found == filled


class TestBinaryFormats:
    @pytest.mark.parametrize("make", [xls, xlsb])
    def test_binary_workbook_reads_like_any_other(self, tmp_path: Path, make: Any) -> None:
        path = tmp_path / "book.bin"
        path.write_bytes(make([["id", "searchDate"], ["a1", 45826.00144], ["a2", 12.0]]))
        (source,) = sources(path)
        assert table(source) == ([("id", "searchDate"), ("a1", "45826.00144"), ("a2", "12")], [1, 2, 3])


class TestRefusals:
    def test_protected_workbook_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "book.xlsx"
        path.write_bytes(encrypted_workbook())
        with pytest.raises(BadInput, match="protected by a password"):
            open_container(str(path))

    def test_damaged_workbook_is_refused(self, tmp_path: Path) -> None:
        path = save(tmp_path / "book.xlsx", {"S": [HEADER]})
        path.write_bytes(path.read_bytes()[:2000])
        with pytest.raises(BadInput, match="damaged"):
            open_container(str(path))

    def test_damaged_old_workbook_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "book.xls"
        path.write_bytes(xls([["id"]])[:3000])
        with pytest.raises(BadInput, match="the workbook is damaged"):
            open_container(str(path))

    def test_sheet_too_wide_for_any_export_is_refused(self, tmp_path: Path) -> None:
        book = openpyxl.Workbook()
        book.worksheets[0].append(HEADER)
        book.worksheets[0].cell(1, 703, "far out")
        book.save(tmp_path / "book.xlsx")
        (source,) = sources(tmp_path / "book.xlsx")
        with pytest.raises(BadInput, match="more than 702 columns"):
            list(source.blocks())

    @pytest.mark.parametrize(("make", "place"), [(xls, "last row"), (xlsb, "last column")])
    def test_workbook_that_ends_its_reader_is_refused(self, tmp_path: Path, make: Any, place: str) -> None:
        data = bytearray(make([["id"], ["a1"], ["marked"]]))
        # The cell moves to where holding all cells up to it takes hundreds of gigabytes.
        at = data.index("marked".encode("utf-16-le"))
        if place == "last row":
            struct.pack_into("<HH", data, at - 9, 0xFFFF, 0xFFFF)
        else:
            struct.pack_into("<I", data, at - 12, 0x7FFFFFFF)
        path = tmp_path / "book.bin"
        path.write_bytes(data)
        with pytest.raises(BadInput, match="damaged"):
            for source in sources(path):
                list(source.blocks())

    def test_workbook_without_values_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(BadInput, match="holds no values"):
            open_container(str(save(tmp_path / "book.xlsx", {"A": [], "B": []})))


def test_other_files_are_no_container(tmp_path: Path) -> None:
    path = tmp_path / "export.xlsx"
    path.write_text("id,reason\na1,bolo\n")
    assert open_container(str(path)) is None


@pytest.mark.shared
def test_published_policies_workbook_has_its_sheets(reference: Path) -> None:
    path = reference / "records" / "portal-policies-2025-06-11.xlsx"
    found = sources(path)
    names = [source.path.rsplit("!", 1)[1] for source in found]
    assert names == ["EZ", "master", "Prohib-lookup", "formulas", "Shared org list"]
    assert pl.concat([block.cells for block in found[1].blocks()]).height == 604
