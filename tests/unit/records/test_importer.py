"""The quirks of real exports, each as a small invented file."""

from __future__ import annotations

import csv
import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gatehouse.model import BadInput, BadUse, FieldState, Layout, Value
from gatehouse.records import ImportOptions, Input, import_files, open_sources
from gatehouse.records.frame import SCHEMA
from tests.unit.records.exports import (
    AUDIT,
    PORTAL,
    audit_row,
    audit_rows,
    codes,
    load,
    portal_row,
    searches,
    states,
    uuid,
    write,
)

AT_9_01 = datetime(2025, 11, 14, 9, 1, 36, tzinfo=UTC)
PORTAL_VARIANTS = [
    ("cameraCount", "reason"),
    ("networkCount", "reason"),
    ("networkCount", "offenseType"),
    ("networkCount", "caseNumber"),
    ("networkCount", "caseNumber", "offenseType"),
    ("networkCount", "reason", "caseNumber"),
    ("networkCount", "reason", "caseNumber", "offenseType"),
    ("networkCount", "reason", "offenseType"),
    ("networkCount",),
]


def export(tmp_path: Path, rows: list[list[str]], **dialect: str) -> str:
    return write(tmp_path / "export.csv", rows, **dialect)  # type: ignore[arg-type]


class TestNormalForm:
    def test_network_audit_row_gives_every_field(self, tmp_path: Path) -> None:
        path = export(tmp_path, [list(AUDIT), *audit_rows(2)])
        record, _ = searches(path)
        assert record.file == path
        assert record.sha256 == hashlib.sha256(Path(path).read_bytes()).hexdigest()
        assert (record.row, record.layout) == (2, Layout.NETWORK_AUDIT)
        assert record.record_id == Value(uuid(1))
        assert record.officer == Value("P. Example")
        assert record.user_id == Value(None, FieldState.NOT_EXPORTED)
        assert record.org == Value("Birch TX PD")
        assert record.searched_at == Value(AT_9_01)
        assert (record.networks, record.devices) == (Value(101), Value(5001))
        assert record.frame_from == Value(datetime(2025, 11, 13, 9, 1, tzinfo=UTC))
        assert record.frame_to == Value(datetime(2025, 11, 14, 9, 1, tzinfo=UTC))
        assert record.plate == Value("TST0001")
        assert record.reason == Value("stolen vehicle")
        assert record.offense == Value(None, FieldState.NOT_EXPORTED)
        assert record.case_number == Value("25-00001")
        assert record.filters == Value(None, FieldState.EMPTY)
        assert record.search_type == Value("lookup")
        assert record.text_prompt == Value(None, FieldState.EMPTY)
        assert record.moderation == Value(None, FieldState.EMPTY)

    def test_frame_has_exactly_the_schema(self, tmp_path: Path) -> None:
        records = load(export(tmp_path, [list(AUDIT), *audit_rows(3)]))
        assert dict(records.frame.collect_schema()) == dict(SCHEMA)
        assert set(records.texts) == {"org", "reason", "offense", "search_type", "text_prompt", "moderation"}
        assert records.texts["reason"]["text"].to_list() == ["stolen vehicle"]

    def test_texts_asked_for_are_kept(self, tmp_path: Path) -> None:
        options = ImportOptions(keep=frozenset({"plate"}))
        records = load(export(tmp_path, [list(AUDIT), *audit_rows(3)]), options=options)
        assert sorted(records.texts["plate"]["text"]) == ["TST0001", "TST0002", "TST0003"]
        assert "officer" not in records.texts

    def test_content_is_equal_for_equal_rows_whatever_the_column_order(self, tmp_path: Path) -> None:
        rows = [list(AUDIT), audit_row(1), audit_row(2), audit_row(1)]
        turned = [list(reversed(row)) for row in rows]
        first = load(write(tmp_path / "a.csv", rows)).frame.collect()["content"].to_list()
        second = load(write(tmp_path / "b.csv", turned)).frame.collect()["content"].to_list()
        assert first == second
        assert first[0] == first[2] != first[1]

    @pytest.mark.parametrize("variant", PORTAL_VARIANTS, ids=" ".join)
    def test_portal_variant_is_recognized(self, tmp_path: Path, variant: tuple[str, ...]) -> None:
        cells = {"reason": "theft", "offenseType": "Robbery", "caseNumber": "26-00001"}
        rest = [cells[label] for label in variant[1:]]
        path = write(
            tmp_path / "search_audit.csv",
            [["id", "userId", "searchDate", *variant], portal_row(1, *rest)],
            quoting=csv.QUOTE_ALL,
        )
        facts = load(path).files[0]
        fields = {"networkCount": "networks", "cameraCount": "devices", "offenseType": "offense"}
        named = {fields.get(label, "case_number" if label == "caseNumber" else label) for label in variant}
        assert facts.layout is Layout.PORTAL
        assert facts.exported == {"record_id", "user_id", "searched_at", *named}
        [record] = searches(path)
        assert record.searched_at == Value(datetime(2026, 3, 10, 4, 1, 52, 901000, tzinfo=UTC))
        assert record.user_id == Value(None, FieldState.REDACTED_VENDOR)
        for label in variant[1:]:
            field = {"offenseType": "offense", "caseNumber": "case_number"}.get(label, label)
            assert getattr(record, field) == Value(cells[label])


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


class TestRows:
    def test_shifted_one_column_are_moved_back(self, tmp_path: Path) -> None:
        rows = [list(AUDIT), *audit_rows(3), ["", *audit_row(4)], audit_row(5)[1:], audit_row(6)]
        path = export(tmp_path, rows)
        records = load(path)
        assert (records.files[0].rows, records.files[0].repaired, records.rejects) == (6, 2, ())
        found = searches(path)
        assert [record.row for record in found] == [2, 3, 4, 5, 6, 7]
        assert found[3].record_id == Value(uuid(4))
        assert found[4].record_id == Value(None, FieldState.EMPTY)
        assert found[4].reason == Value("stolen vehicle")

    def test_cut_apart_at_an_unquoted_delimiter_are_joined(self, tmp_path: Path) -> None:
        path = tmp_path / "export.csv"
        rows = [list(PORTAL), portal_row(1, "theft"), portal_row(2, "theft, red car, two doors")]
        path.write_text("\n".join(",".join(row) for row in rows), encoding="utf-8")
        assert searches(str(path))[1].reason == Value("theft, red car, two doors")
        assert load(str(path)).files[0].repaired == 1

    def test_that_fit_nowhere_are_rejected_with_a_reason(self, tmp_path: Path) -> None:
        rows = [
            list(AUDIT),
            *audit_rows(5),
            audit_row(6, **{"Search Time": "02/30/2025, 09:00:00 AM UTC"}),
            audit_row(7, **{"Search Time": "soon"}),
            ["see", "note"],
            [*audit_row(8), "one", "more"],
        ]
        records = load(export(tmp_path, rows))
        assert [(reject.row, reject.reason) for reject in records.rejects] == [
            (7, "unreadable_time"),
            (8, "unreadable_time"),
            (9, "missing_cells"),
            (10, "extra_cells"),
        ]
        assert records.files[0].rows == 9

    def test_reject_details_show_shapes_and_no_contents(self, tmp_path: Path) -> None:
        rows = [
            list(AUDIT),
            *audit_rows(3),
            audit_row(4, **{"Search Time": "soon", "Reason": "secret words"}),
        ]
        [reject] = load(export(tmp_path, rows)).rejects
        assert reject.detail == (
            "12 of 14 cells: uuid text text count count frame text text text blank text search_type"
        )

    def test_of_totals_are_no_search(self, tmp_path: Path) -> None:
        records = load(export(tmp_path, [list(AUDIT), *audit_rows(3), ["Total: 3"], ["Total", "3"]]))
        assert (records.files[0].rows, records.files[0].non_search, records.rejects) == (5, 2, ())

    def test_blank_or_of_delimiters_only_do_not_count(self, tmp_path: Path) -> None:
        path = tmp_path / "export.csv"
        write(path, [list(AUDIT), audit_row(1), [""] * 14, audit_row(2)])
        path.write_text(path.read_text(encoding="utf-8") + "\n\n,,,\n", encoding="utf-8")
        assert [record.row for record in searches(str(path))] == [2, 4]
        assert load(str(path)).files[0].rows == 2

    def test_without_a_time_stay_searches(self, tmp_path: Path) -> None:
        rows = [list(AUDIT), *audit_rows(3), audit_row(4, **{"Search Time": ""})]
        path = export(tmp_path, rows)
        assert load(path).rejects == ()
        assert searches(path)[3].searched_at == Value(None, FieldState.EMPTY)

    def test_cut_at_the_end_of_the_file_are_noted(self, tmp_path: Path) -> None:
        path = tmp_path / "export.csv"
        write(path, [list(AUDIT), *audit_rows(3)])
        text = path.read_text(encoding="utf-8")
        path.write_text(text[: text.rindex("25-00003")], encoding="utf-8")
        records = load(str(path))
        assert ("cut_record", "the file ends inside row 4") in records.files[0].notes
        assert records.files[0].rows == 3

    def test_with_two_line_frames_survive_a_quote_that_never_closes(self, tmp_path: Path) -> None:
        path = tmp_path / "export.csv"
        write(path, [list(AUDIT), *audit_rows(6)])
        text = path.read_text(encoding="utf-8").replace('09:03:36 AM UTC"', "09:03:36 AM UTC")
        path.write_text(text, encoding="utf-8")
        records = load(str(path))
        assert records.files[0].rows == 6
        assert [reject.row for reject in records.rejects] in ([], [4])


class TestTimes:
    @pytest.mark.parametrize(
        "text",
        [
            "11/14/2025, 09:01:36 AM UTC",
            "11/14/2025, 9:01:36 AM UTC",
            "11/14/2025, 9:01:36\u202fAM UTC",
            "11/14/2025 9:01:36",
            "2025-11-14T09:01:36Z",
            "2025-11-14T09:01:36.000Z",
            "2025-11-14T09:01:36+00:00",
            "2025-11-14T02:01:36-07:00",
            "2025-11-14 09:01:36",
            " 2025-11-14 09:01:36.000 ",
            "45975.376111111",
        ],
    )
    def test_every_form_reads_alike(self, tmp_path: Path, text: str) -> None:
        path = export(tmp_path, [list(AUDIT), audit_row(1, **{"Search Time": text}), audit_row(2)])
        assert searches(path)[0].searched_at == Value(AT_9_01)

    def test_split_into_date_and_time_columns_are_joined(self, tmp_path: Path) -> None:
        labels = ["ID", "Org Name", "Reason", "Search Date", "Search Time"]
        path = export(tmp_path, [labels, [uuid(1), "Alder IL PD", "theft", "2025-11-14", "09:01:36"]])
        assert searches(path)[0].searched_at == Value(AT_9_01)

    def test_unquoted_with_their_comma_are_joined(self, tmp_path: Path) -> None:
        path = tmp_path / "export.csv"
        lines = ["ID,Org Name,Reason,Search Time,Search Type"]
        lines += [f"{uuid(n)},Alder IL PD,theft,11/14/2025, 09:01:36 AM UTC,lookup" for n in range(1, 5)]
        path.write_text("\n".join(lines), encoding="utf-8")
        assert [record.searched_at for record in searches(str(path))] == [Value(AT_9_01)] * 4

    @pytest.mark.parametrize(
        "frame",
        [
            "11/13/2025, 09:01:00 AM UTC\n11/14/2025, 09:01:00 AM UTC",
            "11/13/2025, 09:01:00 AM UTC\r\n11/14/2025, 09:01:00 AM UTC",
            "11/13/2025, 9:01:00 AM UTC to 11/14/2025, 9:01:00 AM UTC",
        ],
    )
    def test_frames_of_two_lines_or_with_a_word_between_read_alike(self, tmp_path: Path, frame: str) -> None:
        path = export(tmp_path, [list(AUDIT), audit_row(1, **{"Time Frame": frame}), audit_row(2)])
        record = searches(path)[0]
        assert record.frame_from == Value(datetime(2025, 11, 13, 9, 1, tzinfo=UTC))
        assert record.frame_to == Value(datetime(2025, 11, 14, 9, 1, tzinfo=UTC))

    def test_frames_in_two_columns_are_read(self, tmp_path: Path) -> None:
        labels = ["ID", "Org_Name", "Time_Frame_Start", "Time_Frame_End", "Reason", "Search_Time"]
        start, end = "11/13/2025, 09:01:00 AM UTC", "11/14/2025, 09:01:00 AM UTC"
        path = export(
            tmp_path, [labels, [uuid(1), "Alder IL PD", start, end, "theft", "11/14/2025, 09:01:36 AM UTC"]]
        )
        assert searches(path)[0].frame_to == Value(datetime(2025, 11, 14, 9, 1, tzinfo=UTC))

    def test_of_an_unknown_form_throughout_are_refused(self, tmp_path: Path) -> None:
        rows = [audit_row(number, **{"Search Time": "14.11.2025 09:01 Uhr"}) for number in range(20)]
        with pytest.raises(BadInput, match="the times of the file are written in an unknown form") as raised:
            load(export(tmp_path, [list(AUDIT), *rows]))
        assert raised.value.got == "20 times shaped like '99.99.9999 99:99 aaa'"

    def test_frames_that_do_not_read_are_partial(self, tmp_path: Path) -> None:
        rows = [
            list(AUDIT),
            audit_row(1, **{"Time Frame": "last week"}),
            audit_row(2, **{"Time Frame": "***"}),
        ]
        records = load(export(tmp_path, rows))
        assert states(records, "frame_from") == [FieldState.PARTIAL, FieldState.REDACTED_VENDOR]


class TestStates:
    @pytest.mark.parametrize(
        ("text", "state"),
        [
            ("***", FieldState.REDACTED_VENDOR),
            ("REDACTED", FieldState.REDACTED_AGENCY),
            ("REDACTED ", FieldState.REDACTED_AGENCY),
            (" Redacted", FieldState.REDACTED_AGENCY),
            ("[REDACTED]", FieldState.REDACTED_AGENCY),
            ("###", FieldState.REDACTED_AGENCY),
            ("* * *", FieldState.REDACTED_AGENCY),
            ("7923.600 GC", FieldState.REDACTED_AGENCY),
            ("\u2588\u2588\u2588", FieldState.REDACTED_AGENCY),
            ("REDACTED, drug case", FieldState.PARTIAL),
            ("A. Aaa", FieldState.PARTIAL),
            ("none", FieldState.PLACEHOLDER),
            ("N/A", FieldState.PLACEHOLDER),
            ("--", FieldState.PLACEHOLDER),
            ("xxx", FieldState.PLACEHOLDER),
            (" ", FieldState.EMPTY),
            ("P. Example", FieldState.VALUE),
        ],
    )
    def test_marker_in_a_name_gives_its_state(self, tmp_path: Path, text: str, state: FieldState) -> None:
        path = export(tmp_path, [list(AUDIT), audit_row(1, Name=text), audit_row(2)])
        record = searches(path)[0]
        speaks = state in (FieldState.VALUE, FieldState.PARTIAL, FieldState.PLACEHOLDER)
        assert record.officer == Value(text.strip() if speaks else None, state)

    def test_networks_of_0_are_a_number(self, tmp_path: Path) -> None:
        path = export(tmp_path, [list(AUDIT), audit_row(1, **{"Total Networks Searched": "0"}), audit_row(2)])
        assert searches(path)[0].networks == Value(0)

    @pytest.mark.parametrize("text", ["1,840", "1840.0", " 1840 "])
    def test_counts_of_a_spreadsheet_are_numbers(self, tmp_path: Path, text: str) -> None:
        path = export(tmp_path, [list(AUDIT), audit_row(1, **{"Total Devices Searched": text}), audit_row(2)])
        assert searches(path)[0].devices == Value(1840)

    def test_columns_always_filled_and_all_blank_are_withheld(self, tmp_path: Path) -> None:
        rows = [audit_row(number, **{"Name": "", "License Plate": ""}) for number in range(1, 41)]
        records = load(export(tmp_path, [list(AUDIT), *rows]))
        assert set(states(records, "officer")) == {FieldState.WITHHELD}
        assert set(states(records, "plate")) == {FieldState.WITHHELD}
        assert set(states(records, "filters")) == {FieldState.EMPTY}

    def test_blanks_since_the_vendor_blanks_are_its_redaction(self, tmp_path: Path) -> None:
        late = {"Search Time": "12/18/2025, 09:00:00 AM UTC"}
        blank = late | {"Name": "", "License Plate": ""}
        rows = [
            audit_row(1),
            audit_row(2, Name=""),
            audit_row(3, **blank),
            audit_row(5, **blank),
            audit_row(4, **late),
            audit_row(6, **(late | {"Name": ""})),
        ]
        records = load(export(tmp_path, [list(AUDIT), *rows]))
        vendor, empty, value = FieldState.REDACTED_VENDOR, FieldState.EMPTY, FieldState.VALUE
        assert states(records, "officer") == [value, empty, vendor, vendor, value, empty]
        assert states(records, "plate") == [value, value, vendor, vendor, value, value]
        assert states(records, "filters") == [empty, empty, vendor, vendor, vendor, vendor]


class TestLayout:
    def test_one_organization_is_an_organization_audit(self, tmp_path: Path) -> None:
        rows = [audit_row(1), audit_row(3, **{"Org Name": "TX - Birch PD"})]
        assert load(export(tmp_path, [list(AUDIT), *rows])).files[0].layout is Layout.ORGANIZATION_AUDIT

    def test_many_organizations_are_a_network_audit(self, tmp_path: Path) -> None:
        assert load(export(tmp_path, [list(AUDIT), *audit_rows(2)])).files[0].layout is Layout.NETWORK_AUDIT

    def test_one_organization_that_is_not_the_owner_is_a_network_audit(self, tmp_path: Path) -> None:
        path = export(tmp_path, [list(AUDIT), audit_row(1)])
        assert load(path, owner="Alder IL PD").files[0].layout is Layout.NETWORK_AUDIT
        assert load(path, owner="Birch TX PD").files[0].layout is Layout.ORGANIZATION_AUDIT

    @pytest.mark.parametrize(
        ("labels", "layout"),
        [
            (
                ["Organization Name", "Networks Shared With Me", "Networks I'm Sharing"],
                Layout.SHARED_NETWORKS,
            ),
            (
                ["Timestamp", "User", "Event Type", "Entity Type", "Entity Details", "Event Id"],
                Layout.EVENT_LOG,
            ),
            (["First Name", "Last Name", "Email", "Phone", "Title", "Role", "Last Login"], Layout.USER_LIST),
            (["Agency Name", "State", "Prohibited Uses", "Acceptable Use Policy"], Layout.POLICIES),
        ],
    )
    def test_without_searches_counts_its_records_as_none(
        self, tmp_path: Path, labels: list[str], layout: Layout
    ) -> None:
        rows = [[f"{label} {number}" for label in labels] for number in range(3)]
        facts = load(export(tmp_path, [labels, *rows])).files[0]
        assert (facts.layout, facts.rows, facts.non_search) == (layout, 3, 3)

    def test_unknown_names_the_columns_and_the_way_out(self, tmp_path: Path) -> None:
        path = export(tmp_path, [["Colour", "Shape"], ["red", "round"]])
        with pytest.raises(BadInput) as raised:
            load(path)
        assert raised.value.where == path
        assert raised.value.got == "the columns 'Colour', 'Shape'"
        assert "--mapping" in (raised.value.hint or "")

    def test_unknown_without_labels_shows_no_values(self, tmp_path: Path) -> None:
        path = export(tmp_path, [["4711", "secret words 12"], ["4712", "more 13"]])
        with pytest.raises(BadInput) as raised:
            load(path)
        assert raised.value.got == "2 columns and no line of labels"


class TestTells:
    def test_exactly_20000_records_are_noted_as_truncated(self, tmp_path: Path) -> None:
        rows = [portal_row(number, "theft") for number in range(20_000)]
        facts = load(export(tmp_path, [list(PORTAL), *rows])).files[0]
        assert ("truncated", "exactly 20,000 records: a limit seen in other exports") in facts.notes

    def test_a_column_that_ends_is_a_schema_break(self, tmp_path: Path) -> None:
        early = [
            audit_row(n, **{"Search Time": "08/14/2025, 09:00:00 AM UTC", "Moderation": "allow"})
            for n in range(40)
        ]
        late = [audit_row(n, **{"Search Time": "09/14/2025, 09:00:00 AM UTC"}) for n in range(40, 80)]
        facts = load(export(tmp_path, [list(AUDIT), *early, *late])).files[0]
        assert ("schema_break", "moderation is not filled from 2025-09 on") in facts.notes

    def test_reasons_from_a_menu_are_a_schema_break(self, tmp_path: Path) -> None:
        early = [audit_row(n, **{"Search Time": "12/14/2025, 09:00:00 AM UTC"}) for n in range(40)]
        menu = {"Search Time": "01/14/2026, 09:00:00 AM UTC", "Reason": "Motor Vehicle Theft - "}
        late = [audit_row(n, **menu) for n in range(40, 80)]
        facts = load(export(tmp_path, [list(AUDIT), *early, *late])).files[0]
        assert ("schema_break", "reasons are chosen from a menu from 2026-01 on") in facts.notes


class TestFiles:
    def test_stand_in_the_order_given_with_rows_in_file_order(self, tmp_path: Path) -> None:
        first = write(tmp_path / "b.csv", [list(AUDIT), *audit_rows(3)])
        second = write(tmp_path / "a.csv", [list(PORTAL), portal_row(1, "theft")])
        seen: list[int] = []
        records = import_files([Input(first, "Alder IL PD"), Input(second)], progress=seen.append)
        assert [(facts.path, facts.owner) for facts in records.files] == [
            (first, "Alder IL PD"),
            (second, None),
        ]
        assert records.frame.select("file", "row").collect().rows() == [(0, 2), (0, 3), (0, 4), (1, 2)]
        assert sum(seen) == Path(first).stat().st_size + Path(second).stat().st_size

    def test_beyond_the_limit_are_spilled_with_equal_rows(self, tmp_path: Path) -> None:
        paths = [write(tmp_path / f"{name}.csv", [list(AUDIT), *audit_rows(50)]) for name in ("a", "b", "c")]
        inputs = [Input(path) for path in paths]
        held = import_files(inputs)
        spilled = import_files(inputs, ImportOptions(spill=tmp_path / "parts", spill_rows=60))
        assert sorted(part.suffix for part in (tmp_path / "parts").iterdir()) == [".parquet"] * 2
        assert spilled.frame.collect().equals(held.frame.collect())
        assert spilled.files == held.files

    def test_folder_is_bad_use_with_a_hint(self, tmp_path: Path) -> None:
        with pytest.raises(BadUse, match="a folder cannot be read as an export") as raised:
            open_sources(str(tmp_path))
        assert "name the files" in (raised.value.hint or "")

    @pytest.mark.parametrize(
        ("content", "got"),
        [
            (b"", "0 bytes"),
            (b"\x1f\x8b\x08\x00 words", "a gzip archive"),
            (b"\x00\x01\x02\x03\x04\x05\x06" * 99, "a file that starts with the bytes 00 01 02 03"),
            (b"<!DOCTYPE html><html><body>Sign in</body></html>", "HTML or XML"),
            (b"\n\n  \n", "nothing but blank lines"),
        ],
        ids=["empty", "gzip", "binary", "web page", "blank"],
    )
    def test_that_nobody_can_read_are_refused(self, tmp_path: Path, content: bytes, got: str) -> None:
        path = tmp_path / "export.csv"
        path.write_bytes(content)
        with pytest.raises(BadInput) as raised:
            load(str(path))
        assert raised.value.got == got
        assert raised.value.exit_code == 3

    def test_missing_file_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(BadInput, match="the file cannot be opened"):
            load(str(tmp_path / "absent.csv"))

    def test_json_array_is_a_table(self, tmp_path: Path) -> None:
        path = tmp_path / "policies.json"
        path.write_text(
            '[{"crawled_name": "Alder PD", "prohibited_uses": "none", "archived_date": "2026-04-29"}]',
            encoding="utf-8",
        )
        facts = load(str(path)).files[0]
        assert (facts.layout, facts.rows, facts.non_search) == (Layout.POLICIES, 1, 1)
