"""Records and their times as real exports have them: shifted, cut apart, glued, in every form of time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from gatehouse.model import BadInput, FieldState, Value
from tests.unit.records.exports import (
    AUDIT,
    PORTAL,
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


def test_import_short_lines_among_untimed_records_are_rejects(tmp_path: Path) -> None:
    junk = [["x", "y"]] * 120
    records = load(export(tmp_path, [AUDIT, *audit_rows(40), *junk]), owner="Alder IL PD")
    assert records.frame.select(pl.len()).collect().item() == 40
    assert len(records.rejects) == 120


def test_import_headers_that_alternate_after_every_record_keep_every_record(tmp_path: Path) -> None:
    turned = list(reversed(AUDIT))
    rows: list[Sequence[str]] = []
    for number in range(1, 13):
        rows += [AUDIT, audit_row(number), turned, list(reversed(audit_row(100 + number)))]
    records = load(export(tmp_path, rows), owner="Alder IL PD")
    assert records.frame.select(pl.len()).collect().item() == 24
    assert records.rejects == ()
