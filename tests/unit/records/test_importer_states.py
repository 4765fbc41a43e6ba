"""What cells say instead of a value, and what the rows tell about their file."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatehouse.model import FieldState, Value
from tests.unit.records.exports import (
    AUDIT,
    PORTAL,
    audit_row,
    export,
    load,
    portal_row,
    searches,
    states,
)


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
