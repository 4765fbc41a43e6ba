"""Whole files through the importer: normal form, layouts, several files, files that nobody can read."""

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
    PORTAL_VARIANTS,
    audit_row,
    audit_rows,
    export,
    load,
    portal_row,
    searches,
    states,
    uuid,
    write,
)

AT_9_01 = datetime(2025, 11, 14, 9, 1, 36, tzinfo=UTC)


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

    def test_texts_of_a_worded_field_are_those_with_a_word_in_them(self, tmp_path: Path) -> None:
        rows = [audit_row(1, **{"Case #": "25-00001"}), audit_row(2, **{"Case #": "ICE 25-00002"})]
        options = ImportOptions(keep=frozenset({"case_number"}), worded=frozenset({"case_number"}))
        records = load(export(tmp_path, [AUDIT, *rows]), options=options)
        assert records.texts["case_number"]["text"].to_list() == ["ICE 25-00002"]
        assert states(records, "case_number") == [FieldState.VALUE] * 2

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

    def test_unknown_below_a_title_names_the_known_columns(self, tmp_path: Path) -> None:
        path = export(tmp_path, [["Log of the town"], ["Colour", "License Plate"], ["red", "round"]])
        with pytest.raises(BadInput) as raised:
            load(path)
        assert raised.value.got == "2 columns, under known labels only 'License Plate'"

    def test_unknown_says_how_many_columns_and_the_way_out(self, tmp_path: Path) -> None:
        path = export(tmp_path, [["Colour", "Shape"], ["red", "round"]])
        with pytest.raises(BadInput) as raised:
            load(path)
        assert raised.value.where == path
        assert raised.value.got == "2 columns, none under a known label"
        assert "--mapping" in (raised.value.hint or "")

    def test_unknown_without_labels_shows_no_values(self, tmp_path: Path) -> None:
        path = export(tmp_path, [["4711", "secret words 12"], ["4712", "more 13"]])
        with pytest.raises(BadInput) as raised:
            load(path)
        assert raised.value.got == "2 columns, none under a known label"


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
