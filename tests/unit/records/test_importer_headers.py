"""Headers as real exports have them: damaged, absent, repeated, shifted, stacked, renamed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gatehouse.model import BadInput, FieldState, Layout, Value
from gatehouse.records.frame import SCHEMA
from tests.unit.records.exports import (
    AUDIT,
    PORTAL,
    PORTAL_VARIANTS,
    audit_row,
    audit_rows,
    codes,
    export,
    load,
    portal_row,
    searches,
    uuid,
)

AT_9_01 = datetime(2025, 11, 14, 9, 1, 36, tzinfo=UTC)


class TestHeader:
    def test_not_on_row_1_leaves_the_titles_out(self, tmp_path: Path) -> None:
        facts = load(
            export(tmp_path, [["Search audit"], [], ["made 2025"], list(AUDIT), *audit_rows(4)])
        ).files[0]
        assert (facts.header_row, facts.rows, facts.non_search) == (4, 4, 0)

    def test_repeated_in_mid_file_is_no_search(self, tmp_path: Path) -> None:
        records = load(export(tmp_path, [list(AUDIT), *audit_rows(4), list(AUDIT), audit_row(9)]))
        assert (records.files[0].rows, records.files[0].non_search) == (6, 1)
        assert records.rejects == ()
        assert ("header_repeated", "1 records") in records.files[0].notes

    def test_stacked_with_other_columns_changes_the_plan(self, tmp_path: Path) -> None:
        order = [10, 0, 7, 2, 3]
        stacked = [[row[at] for at in order] for row in (list(AUDIT), audit_row(7), audit_row(8))]
        path = export(tmp_path, [list(AUDIT), *audit_rows(2), *stacked])
        records = load(path)
        assert (records.files[0].rows, records.files[0].non_search, records.rejects) == (5, 1, ())
        found = searches(path)
        assert [record.row for record in found] == [2, 3, 5, 6]
        assert found[2].record_id == Value(uuid(7))
        assert found[2].plate == Value(None, FieldState.NOT_EXPORTED)
        assert found[2].searched_at.value == datetime(2025, 11, 14, 9, 7, 36, tzinfo=UTC)
        assert "columns_changed" in codes(records)

    def test_glued_to_itself_is_one_header(self, tmp_path: Path) -> None:
        path = tmp_path / "export.csv"
        label = ",".join(f'"{label}"' for label in PORTAL)
        body = ",".join(f'"{cell}"' for cell in portal_row(1, "theft"))
        path.write_text(f"{label}{label}\n{body}\n", encoding="utf-8")
        records = load(str(path))
        assert (records.files[0].rows, records.files[0].non_search) == (1, 0)
        assert searches(str(path))[0].reason == Value("theft")
        assert "header_glued" in codes(records)

    def test_glued_to_the_first_record_loses_no_record(self, tmp_path: Path) -> None:
        path = tmp_path / "export.csv"
        label = ",".join(f'"{label}"' for label in PORTAL)
        bodies = [",".join(f'"{cell}"' for cell in portal_row(number, "theft")) for number in (1, 2)]
        path.write_text(f"{label}{bodies[0]}\n{bodies[1]}\n", encoding="utf-8")
        records = load(str(path))
        assert [record.record_id.value for record in searches(str(path))] == [uuid(1), uuid(2)]
        assert records.files[0].rows == 2

    def test_glued_to_the_last_record_before_it_ends_nothing(self, tmp_path: Path) -> None:
        path = tmp_path / "export.csv"
        lines = [",".join(f'"{cell}"' for cell in row) for row in (PORTAL, portal_row(1, "theft"))]
        path.write_text("\n".join(lines) + "\n".join(lines), encoding="utf-8")
        records = load(str(path))
        assert [record.reason.value for record in searches(str(path))] == ["theft", "theft"]
        assert (records.files[0].rows, records.files[0].non_search) == (3, 1)

    def test_absent_is_recognized_by_the_values(self, tmp_path: Path) -> None:
        path = export(tmp_path, audit_rows(5))
        records = load(path)
        assert (records.files[0].layout, records.files[0].header_row) == (Layout.NETWORK_AUDIT, None)
        assert records.files[0].rows == 5
        assert "header_absent" in codes(records)
        assert searches(path)[0].reason == Value("stolen vehicle")

    def test_absent_from_a_portal_export_is_recognized(self, tmp_path: Path) -> None:
        path = export(tmp_path, [portal_row(number, "theft") for number in range(1, 5)])
        assert load(path).files[0].layout is Layout.PORTAL
        assert searches(path)[3].networks == Value(304)

    @pytest.mark.parametrize("variant", PORTAL_VARIANTS[1:], ids=" ".join)
    def test_absent_from_any_portal_variant_takes_the_columns_for_what_they_hold(
        self, tmp_path: Path, variant: tuple[str, ...]
    ) -> None:
        cells = {
            "reason": "theft from a garage",
            "caseNumber": "26-01234",
            "offenseType": "Drugs/Narcotics, Weapons Offense (Guns/Shots Fired)",
        }
        rest = [cells[label] for label in variant[1:]]
        path = export(tmp_path, [portal_row(number, *rest) for number in range(12)])
        record = searches(path)[0]
        fields = {"reason": record.reason, "caseNumber": record.case_number, "offenseType": record.offense}
        absent: Value[str] = Value(None, FieldState.NOT_EXPORTED)
        assert fields == {label: Value(cells[label]) if label in variant else absent for label in fields}
        assert codes(load(path)) == {"header_absent"}

    @pytest.mark.parametrize(
        ("count", "cells"),
        [(9, ["26-01234"]), (20, ["26-01234", "theft", "26-01235"]), (20, [""]), (20, ["***"])],
        ids=["few cells", "mixed cells", "blank cells", "masked cells"],
    )
    def test_absent_where_the_values_prove_nothing_is_noted(
        self, tmp_path: Path, count: int, cells: list[str]
    ) -> None:
        rows = [portal_row(number, cells[number % len(cells)]) for number in range(count)]
        notes = load(export(tmp_path, rows)).files[0].notes
        assert ("columns_undecided", "the values do not prove which column is reason") in notes

    @pytest.mark.parametrize(
        "header",
        [("Notes", *AUDIT), AUDIT[1:]],
        ids=["label too many", "label missing"],
    )
    def test_shifted_against_the_values_is_moved_back(self, tmp_path: Path, header: tuple[str, ...]) -> None:
        path = export(tmp_path, [list(header), *audit_rows(5)])
        records = load(path)
        assert records.rejects == ()
        assert "header_shifted" in codes(records)
        assert searches(path)[0].org == Value("Birch TX PD")

    def test_aliases_name_the_same_fields(self, tmp_path: Path) -> None:
        renamed = {
            "Reason": "Reason_1",
            "Text Prompt": "Test Prompt",
            "License Plate": "License Plates",
            "Search Time": "Search Date",
            "Case #": "Case Number",
            "Org Name": " Org Name",
            "Total Networks Searched": "Total_Networks_Searched",
        }
        path = export(tmp_path, [[renamed.get(label, label) for label in AUDIT], *audit_rows(2)])
        record = searches(path)[0]
        assert record.reason == Value("stolen vehicle")
        assert record.searched_at == Value(AT_9_01)
        assert record.case_number == Value("25-00001")
        assert record.org == Value("Birch TX PD")
        assert load(path).files[0].notes == ()

    def test_duplicate_column_fills_the_blanks_of_the_first(self, tmp_path: Path) -> None:
        first, second = audit_row(1, Reason=""), audit_row(2)
        rows = [[*AUDIT, "Reason_1"], [*first, "theft"], [*second, "other"]]
        path = export(tmp_path, rows)
        assert [record.reason.value for record in searches(path)] == ["theft", "stolen vehicle"]
        assert "duplicate_column" in codes(load(path))

    def test_unknown_column_is_noted(self, tmp_path: Path) -> None:
        path = export(tmp_path, [[*AUDIT, "Shift"], [*audit_row(1), "B"]])
        assert ("unknown_column", "'Shift'") in load(path).files[0].notes

    def test_without_rows_is_an_empty_export(self, tmp_path: Path) -> None:
        path = tmp_path / "search_audit.csv"
        path.write_text(",".join(f'"{label}"' for label in PORTAL), encoding="utf-8")
        records = load(str(path))
        assert (records.files[0].layout, records.files[0].rows) == (Layout.PORTAL, 0)
        assert dict(records.frame.collect_schema()) == dict(SCHEMA)

    def test_contradicted_by_every_value_is_refused(self, tmp_path: Path) -> None:
        rows = [list(AUDIT), *(["word"] * 14 for _ in range(9))]
        with pytest.raises(BadInput, match="the layout of the file is unknown"):
            load(export(tmp_path, rows))
