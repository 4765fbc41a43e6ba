"""Lists as rows: each layout, what is refused and why, and that no line is lost from the count."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.hotlist.errors import ListUnreadable
from gatehouse.hotlist.importing import LARGEST_LIST, read_list, read_mapping
from gatehouse.hotlist.layouts import LAYOUTS, Mapping
from gatehouse.hotlist.rows import ListFile, ListReport, ListRow, RefusedRow, RowRefusal
from gatehouse.model import BadInput, Purpose

AT = datetime(2026, 11, 23, 16, tzinfo=UTC)
HEADER = "Plate,State,Type,Case,Notes,Expires"


def read(text: str, **more: object) -> ListReport:
    return read_list(text.encode(), at=AT, **more)  # type: ignore[arg-type]  # a test's keywords


def refused(text: str, **more: object) -> list[tuple[int, RowRefusal, str | None]]:
    return [(each.line, each.reason, each.column) for each in read(text, **more).refused]


def listed(
    line: int, plate: str, state: str, file: ListFile, said: str, case: str, *, agency: str | None = None
) -> ListRow:
    """Return a row whose plate stands in the list as it is compared."""
    return ListRow(line, plate, plate, state, file, said, case, agency)


class TestLayouts:
    def test_ncic_fixed_columns_are_read(self) -> None:
        report = read(
            "NCIC FILE OF THE DAY\n"
            "V123456789LA057020020261101TEST123   CA2026PC2009YAMACYLMCBLK\n"
            "P987654321LA057020020261101TEST124   0H2026PC\n"
        )
        assert report.layout == "ncic_fixed"
        assert report.passed_over == {"header": 1}
        assert report.rows == (
            listed(2, "TEST123", "CA", ListFile.STOLEN_VEHICLE, "V", "V123456789", agency="LA0570200"),
            listed(3, "TEST124", "OH", ListFile.STOLEN_PLATE, "P", "P987654321", agency="LA0570200"),
        )
        assert report.state_repaired == 1

    def test_ncic_table_keeps_plates_as_they_are_listed(self) -> None:
        report = read("W165399977,0H0671200,20261101,TES7O0,0H,2021,2009,D0DG,CHA,4D,GRY\n")
        assert [(each.text, each.plate, each.state) for each in report.rows] == [("TES7O0", "TES7O0", "OH")]
        assert [each.file for each in report.rows] == [ListFile.WANTED_PERSON]

    def test_clew_table_takes_its_file_and_case_from_the_mapping(self) -> None:
        report = read(
            "TEST123 CA1220261101\nTOTAL RECORD 000001\n", mapping=Mapping(file="SVS", case="CLEW SVS")
        )
        assert (report.layout, report.passed_over) == ("clew", {"footer": 1})
        assert [(each.plate, each.state, each.case) for each in report.rows] == [
            ("TEST123", "CA", "CLEW SVS")
        ]

    def test_florida_table_is_read(self) -> None:
        report = read(
            "STOLEN LICENSE PLATE;FL0123456;TOWN POLICE;11-1234;;P123456789;;;TEST123;2027;FL;PC;11/06/2026\n"
        )
        assert [(each.plate, each.state, each.file, each.case) for each in report.rows] == [
            ("TEST123", "FL", ListFile.STOLEN_PLATE, "11-1234")
        ]

    def test_leads_lines_are_read(self) -> None:
        report = read("TEST66  WIPCSTOLEN VYR/05 VMA/DODG VCO/RED     DOT/110126 LDS/V16A0661\n")
        assert [(each.plate, each.state, each.file, each.case) for each in report.rows] == [
            ("TEST66", "WI", ListFile.STOLEN_VEHICLE, "V16A0661")
        ]

    def test_plates_alone_take_everything_from_the_mapping(self) -> None:
        report = read("TEST1\ntest-2\n\n", mapping=Mapping(file="AMBER ALERT", case="26-0001"))
        assert [(each.plate, each.file) for each in report.rows] == [
            ("TEST1", ListFile.AMBER_ALERT),
            ("TEST2", ListFile.AMBER_ALERT),
        ]
        assert report.passed_over == {"blank": 1}

    def test_a_table_is_read_by_its_header(self) -> None:
        report = read(
            "Case #;License Plate;State/Province;NCIC File;Eye Color\n26-1;TEST1;Ohio;Stolen Vehicle;brown\n"
        )
        assert report.rows == (listed(2, "TEST1", "OH", ListFile.STOLEN_VEHICLE, "Stolen Vehicle", "26-1"),)
        assert report.ignored == ("Eye Color",)

    def test_a_mapping_names_columns_that_the_header_does_not(self) -> None:
        mapping = read_mapping('case = "26-7"\n[columns]\nplate = "Kennzeichen"\nfile = "Art"\n')
        report = read("Kennzeichen,Art\nTEST1,Amber Alert\n", mapping=mapping)
        assert [(each.plate, each.file, each.case) for each in report.rows] == [
            ("TEST1", ListFile.AMBER_ALERT, "26-7")
        ]

    def test_a_header_with_two_columns_for_one_thing_is_no_list(self) -> None:
        with pytest.raises(ListUnreadable, match="two columns"):
            read("Plate,Tag,Type\nTEST1,TEST2,Stolen\n")

    def test_a_file_of_no_layout_is_no_list(self) -> None:
        with pytest.raises(ListUnreadable, match="known layout"):
            read("Dear colleagues, please find attached the list that we spoke about.\n")

    @pytest.mark.parametrize(
        ("text", "mapping"),
        [
            ("TEST1\nTEST2\n", Mapping()),
            ("TEST1\nTEST2\n", Mapping(file="AMBER ALERT")),
            ("TEST1\nTEST2\n", Mapping(case="26-0001")),
            ("milk\neggs\nflour\n", Mapping(file="AMBER ALERT", case="26-0001")),
            ("TEST1\nTEST2\na line of words here\n", Mapping(file="AMBER ALERT", case="26-0001")),
            ("TEST1\nTEST2\n2026-11-23 16.04\n", Mapping(file="AMBER ALERT", case="26-0001")),
        ],
    )
    def test_short_lines_are_not_taken_for_plates_without_more_to_say_so(
        self, text: str, mapping: Mapping
    ) -> None:
        with pytest.raises(ListUnreadable, match="known layout"):
            read(text, mapping=mapping)

    def test_a_file_that_is_too_long_is_no_list(self) -> None:
        with pytest.raises(ListUnreadable, match="too long"):
            read_list(b"x" * (LARGEST_LIST + 1), at=AT)

    def test_a_file_in_latin_1_is_read(self) -> None:
        report = read_list("Plate,Type,Case,Notes\nTEST1,Stolen,26-1,caf\u00e9\n".encode("latin-1"), at=AT)
        assert [each.note for each in report.rows] == ["caf\u00e9"]


class TestRefusals:
    @pytest.mark.parametrize(
        ("row", "reason", "column"),
        [
            ("TEST1,OH,,26-1,,", RowRefusal.FILE_UNKNOWN, "file"),
            ("TEST1,OH,Something else,26-1,,", RowRefusal.FILE_UNKNOWN, "file"),
            ("TEST1,OH,Gang Member,26-1,,", RowRefusal.FILE_NOT_TAKEN, "file"),
            ("TEST1,OH,Sex Offender,26-1,,", RowRefusal.FILE_NOT_TAKEN, "file"),
            (",OH,Stolen,26-1,,", RowRefusal.NO_PLATE, "plate"),
            ("TEST?1,OH,Stolen,26-1,,", RowRefusal.NOT_A_PLATE, "plate"),
            ("TESTTESTTEST,OH,Stolen,26-1,,", RowRefusal.NOT_A_PLATE, "plate"),
            ("TEST1,ZZ,Stolen,26-1,,", RowRefusal.STATE_UNKNOWN, "state"),
            ("TEST1,OH,Stolen,,,", RowRefusal.NO_CASE, "case"),
            ("TEST1,OH,Stolen,26-1,,2026-11-22", RowRefusal.EXPIRED, "expires"),
            ("TEST1,OH,Stolen,26-1,,soon", RowRefusal.DATE_UNREADABLE, "expires"),
            ("TEST1,OH,Stolen,26-1,,2026-12-01T00:00:00", RowRefusal.DATE_UNREADABLE, "expires"),
            ("TEST1,OH,Stolen", RowRefusal.MALFORMED, None),
            (f"TEST1,OH,Stolen,{'2' * 201},,", RowRefusal.MALFORMED, None),
        ],
    )
    def test_a_row_that_cannot_be_taken_is_refused_with_its_reason(
        self, row: str, reason: RowRefusal, column: str | None
    ) -> None:
        assert refused(f"{HEADER}\n{row}\n") == [(2, reason, column)]

    def test_the_same_row_twice_is_a_duplicate(self) -> None:
        row = "TEST1,OH,Stolen,26-1,,"
        assert refused(f"{HEADER}\n{row}\n{row}\n") == [(3, RowRefusal.DUPLICATE, None)]

    def test_an_expiry_is_the_end_of_its_day(self) -> None:
        report = read(
            f"{HEADER}\nTEST1,OH,Stolen,26-1,,11/23/2026\nTEST2,OH,Stolen,26-1,,2026-12-01T06:00:00-06:00\n"
        )
        assert [each.expires for each in report.rows] == ["2026-11-24T00:00:00Z", "2026-12-01T12:00:00Z"]

    def test_a_default_file_that_is_not_taken_is_refused_as_a_whole(self) -> None:
        with pytest.raises(BadInput, match="not taken"):
            read("TEST1\n", mapping=Mapping(file="Immigration Violator", case="1"))

    def test_a_number_of_another_file_than_its_row_says_is_not_believed(self) -> None:
        assert refused("Plate,Type,NIC,Case\nTEST1,Stolen,C123456789,26-1\n") == [
            (2, RowRefusal.FILE_UNKNOWN, "number")
        ]

    def test_reports_count_by_reason_and_by_file(self) -> None:
        report = read(f"{HEADER}\nTEST1,OH,Stolen,26-1,,\nTEST2,OH,IVF,26-1,,\nTEST3,OH,ICE,26-1,,\n")
        assert report.reasons == {RowRefusal.IMMIGRATION: 2}
        assert report.files == {ListFile.STOLEN_VEHICLE: 1}

    def test_nothing_that_is_printed_holds_a_plate(self) -> None:
        report = read(f"{HEADER}\nTEST1,OH,Stolen,26-1,,\nTEST2X?,OH,Stolen,26-1,,\n")
        assert "TEST" not in repr(report)

    def test_every_file_has_a_purpose(self) -> None:
        assert {each.purpose for each in ListFile} < set(Purpose)


class TestMapping:
    @pytest.mark.parametrize(
        "text",
        ["x = 1", "[columns]\ncolor = 'Paint'", "[columns]\nplate = 1", "columns = 3", "file = 1", "]"],
    )
    def test_a_mapping_of_another_form_is_refused(self, text: str) -> None:
        with pytest.raises(BadInput):
            read_mapping(text)

    def test_a_mapping_that_the_header_does_not_answer_is_no_list(self) -> None:
        with pytest.raises(ListUnreadable, match="does not name"):
            read("A,B\n1,2\n", mapping=Mapping({"plate": "C"}))


_TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
_CELL = st.one_of(
    _TEXT,
    st.sampled_from(["TEST1", "OH", "0H", "Stolen", "ICE", "26-1", "V123456789", "2027-01-01", '"', ","]),
)


@given(
    st.lists(st.lists(_CELL, min_size=1, max_size=8).map(",".join), max_size=12),
    st.sampled_from([None, *LAYOUTS]),
)
@settings(max_examples=150, deadline=None)
def test_every_line_is_a_row_or_refused_or_passed_over(lines: list[str], layout: str | None) -> None:
    try:
        report = read("\n".join([HEADER, *lines] if layout is None else lines), layout=layout)
    except ListUnreadable:
        return
    assert report.lines == len(report.rows) + len(report.refused) + report.passed_over.total()
    numbers = Counter([each.line for each in report.rows] + [each.line for each in report.refused])
    assert set(numbers.values()) <= {1}


@given(st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_a_list_or_refused(data: bytes) -> None:
    try:
        report = read_list(data, at=AT)
    except ListUnreadable:
        return
    assert all(isinstance(each, RefusedRow) for each in report.refused)
