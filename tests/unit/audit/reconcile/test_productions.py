"""Two productions of one record: what is missing, what differs, and what is neither."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.audit.document import Cite
from gatehouse.audit.reconcile import CellChange, Change, Kind, Outcome, Pair, reconcile
from gatehouse.model import FieldState, LinkTier
from tests.unit.audit.reconcile.searches import (
    ALDER,
    BIRCH,
    MONTH,
    NETWORK,
    compare,
    outcomes,
    search,
    without,
)
from tests.unit.audit.record_sets import Cell, File, at, record_set


class TestTwoProductions:
    def test_reconcile_equal_files_match_row_by_row(self) -> None:
        comparison = compare(MONTH, MONTH)
        assert comparison.kind is Kind.PRODUCTIONS
        assert comparison.matched == {LinkTier.EXACT: 7}
        assert outcomes(comparison) == ({Outcome.MATCHED: 7}, {Outcome.MATCHED: 7})
        assert (comparison.differing, comparison.cells) == (0, ())

    def test_reconcile_dropped_row_of_a_covered_day_is_missing(self) -> None:
        comparison = compare(MONTH, MONTH[:3] + MONTH[4:])
        assert outcomes(comparison) == ({Outcome.MATCHED: 6, Outcome.MISSING: 1}, {Outcome.MATCHED: 6})
        assert comparison.a.missing == (Cite("a.csv", 5),)

    def test_reconcile_added_row_is_missing_from_the_first(self) -> None:
        comparison = compare(MONTH[:3] + MONTH[4:], MONTH)
        assert comparison.b.missing == (Cite("b.csv", 5),)
        assert comparison.a.missing == ()

    def test_reconcile_dropped_day_is_a_gap_and_no_omission(self) -> None:
        comparison = compare(MONTH, MONTH[:2] + MONTH[5:])
        assert outcomes(comparison) == ({Outcome.MATCHED: 4, Outcome.NOT_COVERED: 3}, {Outcome.MATCHED: 4})
        assert (comparison.coverage.days, comparison.coverage.days_only_a) == (2, 1)

    def test_reconcile_dropped_local_day_is_a_gap_although_its_utc_days_have_rows(self) -> None:
        # 04:00 UTC is 22:00 of the day before in Illinois: both UTC days of the local 2 March keep a row.
        rows = [
            search(1, "01 15:00:00"),
            search(2, "02 04:00:00"),
            search(3, "02 15:00:00"),
            search(4, "03 04:00:00"),
            search(5, "03 15:00:00"),
        ]
        comparison = compare(rows, [rows[0], rows[1], rows[4]])
        assert comparison.coverage.time_zone == "America/Chicago"
        assert comparison.a.outcomes == {Outcome.MATCHED: 3, Outcome.NOT_COVERED: 2}

    def test_reconcile_rows_outside_the_overlap_are_not_covered(self) -> None:
        comparison = compare(MONTH[:5], MONTH[2:])
        assert outcomes(comparison) == (
            {Outcome.MATCHED: 3, Outcome.NOT_COVERED: 2},
            {Outcome.MATCHED: 3, Outcome.NOT_COVERED: 2},
        )
        assert comparison.coverage.start == "2025-03-02T15:00:00Z"
        assert comparison.coverage.end == "2025-03-02T17:00:00Z"

    def test_reconcile_files_without_common_time_cover_nothing(self) -> None:
        comparison = compare(MONTH[:2], MONTH[5:])
        assert outcomes(comparison) == ({Outcome.NOT_COVERED: 2}, {Outcome.NOT_COVERED: 2})
        assert (comparison.coverage.start, comparison.coverage.days) == (None, 0)

    def test_reconcile_masked_cell_is_masked_later_and_not_missing(self) -> None:
        later = [dict(row) for row in MONTH]
        later[3]["reason"] = FieldState.REDACTED_AGENCY
        comparison = compare(MONTH, later)
        assert comparison.matched == {LinkTier.EXACT: 6, LinkTier.ID: 1}
        assert (comparison.differing, comparison.masked_later) == (1, 1)
        assert comparison.cells == (
            CellChange("reason", FieldState.VALUE, FieldState.REDACTED_AGENCY, Change.MASKED, 1),
        )
        assert comparison.evidence == (Pair(Cite("a.csv", 5), Cite("b.csv", 5)),)

    def test_reconcile_each_way_to_differ_is_told_apart(self) -> None:
        masked, empty = FieldState.WITHHELD, FieldState.EMPTY
        cells: list[tuple[Cell, Cell]] = [
            ("one", "two"),
            ("one", masked),
            (masked, "one"),
            (empty, "one"),
            ("one", empty),
            (masked, FieldState.REDACTED_VENDOR),
            (FieldState.PLACEHOLDER, "one"),
            ("one", "one"),
            (empty, empty),
        ]
        a = [search(n, f"02 15:0{n}:00", plate=pair[0]) for n, pair in enumerate(cells)]
        b = [search(n, f"02 15:0{n}:00", plate=pair[1]) for n, pair in enumerate(cells)]
        found = [(cell.before, cell.after, cell.change) for cell in compare(a, b).cells]
        value, placeholder = FieldState.VALUE, FieldState.PLACEHOLDER
        assert sorted(found) == sorted(
            [
                (value, value, Change.VALUE),
                (value, masked, Change.MASKED),
                (masked, value, Change.UNMASKED),
                (empty, value, Change.FILLED),
                (value, empty, Change.EMPTIED),
                (masked, FieldState.REDACTED_VENDOR, Change.MARKER),
                (placeholder, value, Change.VALUE),
            ]
        )

    def test_reconcile_without_ids_the_event_links_and_the_frame_links_better(self) -> None:
        frame: dict[str, Cell] = {
            "frame_from": at("2025-02-01 00:00:00"),
            "frame_to": at("2025-03-01 00:00:00"),
        }
        a = [without(search(1, "02 15:00:00", **frame), "record_id"), without(MONTH[3], "record_id")]
        b = [{**row, "reason": FieldState.WITHHELD} for row in a]
        comparison = compare(a, b)
        assert comparison.matched == {LinkTier.EVENT_FRAME: 1, LinkTier.EVENT: 1}
        assert comparison.masked_later == 2

    def test_reconcile_rows_of_one_second_are_paired_by_reason_first(self) -> None:
        a = [without(search(1, "02 15:00:00", reason=reason, plate="x")) for reason in ("theft", "arson")]
        b = [without({**row, "plate": FieldState.WITHHELD}, "record_id") for row in reversed(a)]
        comparison = compare([without(row, "record_id") for row in a], b)
        assert [cell.field for cell in comparison.cells] == ["plate"]
        assert comparison.evidence == (
            Pair(Cite("a.csv", 2), Cite("b.csv", 3)),
            Pair(Cite("a.csv", 3), Cite("b.csv", 2)),
        )

    def test_reconcile_masked_organization_still_finds_its_partner(self) -> None:
        a = [without(row, "record_id") for row in MONTH]
        b = [{**row, "org": FieldState.REDACTED_VENDOR} for row in a]
        comparison = compare(a, b, NETWORK)
        assert comparison.matched == {LinkTier.SECOND: 7}
        assert comparison.masked_later == 7

    def test_reconcile_two_agencies_at_one_second_never_meet(self) -> None:
        a = [without(MONTH[0], "record_id"), without(MONTH[4], "record_id"), without(MONTH[6], "record_id")]
        b = [a[0], {**a[1], "org": BIRCH}, a[2]]
        comparison = compare(a, b, NETWORK)
        assert outcomes(comparison) == (
            {Outcome.MATCHED: 2, Outcome.MISSING: 1},
            {Outcome.MATCHED: 2, Outcome.MISSING: 1},
        )

    def test_reconcile_two_spellings_of_one_agency_do_not_differ(self) -> None:
        b = [{**row, "org": "IL - Alder Falls PD"} for row in MONTH]
        assert compare(MONTH, b, NETWORK).cells == ()

    def test_reconcile_ids_numbered_anew_in_each_file_do_not_link(self) -> None:
        later = [{**search(n, "02 18:00:00"), "record_id": f"id-{n}"} for n in range(1, 3)]
        comparison = compare(MONTH[:2], later)
        assert comparison.matched == {}

    def test_reconcile_copy_within_a_file_is_a_duplicate_and_not_missing(self) -> None:
        comparison = compare([*MONTH[:4], MONTH[3], *MONTH[4:]], MONTH)
        assert comparison.a.outcomes == {Outcome.MATCHED: 7, Outcome.DUPLICATE: 1}

    def test_reconcile_copies_without_partner_are_missing_once(self) -> None:
        comparison = compare([*MONTH[:4], MONTH[3], *MONTH[4:]], MONTH[:3] + MONTH[4:])
        assert comparison.a.outcomes == {Outcome.MATCHED: 6, Outcome.MISSING: 1, Outcome.DUPLICATE: 1}

    def test_reconcile_differently_masked_copy_within_a_file_is_a_duplicate(self) -> None:
        again = {**MONTH[3], "reason": FieldState.WITHHELD}
        comparison = compare(MONTH, [*MONTH, again])
        assert comparison.b.outcomes == {Outcome.MATCHED: 7, Outcome.DUPLICATE: 1}

    def test_reconcile_row_without_time_is_undated(self) -> None:
        undated = search(9, "02 15:00:00", searched_at=FieldState.WITHHELD)
        comparison = compare([*MONTH, undated], MONTH)
        assert comparison.a.outcomes == {Outcome.MATCHED: 7, Outcome.UNDATED: 1}

    def test_reconcile_dropped_column_is_told_and_not_compared(self) -> None:
        comparison = compare(MONTH, [without(row, "reason") for row in MONTH])
        assert (comparison.not_in_both, comparison.cells) == (("reason",), ())
        assert comparison.matched == {LinkTier.ID: 7}

    def test_reconcile_unknown_owners_are_assumed_to_be_one(self) -> None:
        records = record_set(File("a.csv", NETWORK, MONTH), File("b.csv", NETWORK, MONTH, ALDER))
        [comparison] = reconcile(records).comparisons
        assert (comparison.owner_assumed, comparison.organization) == (True, ALDER)

    @settings(max_examples=60, deadline=None)
    @given(st.data())
    def test_reconcile_any_change_keeps_every_row_in_the_balance(self, data: st.DataObject) -> None:
        numbers = st.lists(st.integers(0, 11), max_size=14)
        rows = [search(n % 8, f"0{1 + n % 3} 1{n % 7}:00:00") for n in range(12)]
        masked = data.draw(st.sets(st.integers(0, 11)))
        a = [rows[n] for n in data.draw(numbers)]
        b = [
            {**rows[n], "reason": FieldState.WITHHELD} if n in masked else rows[n] for n in data.draw(numbers)
        ]
        if not a or not b:
            return
        comparison = compare(a, b)
        assert sum(comparison.a.outcomes.values()) == comparison.a.rows == len(a)
        assert sum(comparison.b.outcomes.values()) == comparison.b.rows == len(b)
        pairs = comparison.pairs
        for column, rows_there in (("row_a", len(a)), ("row_b", len(b))):
            assert pairs[column].drop_nulls().sort().to_list() == list(range(2, rows_there + 2))
        assert pairs.filter(pairs["row_a"].is_not_null() & pairs["row_b"].is_not_null()).height == sum(
            comparison.matched.values()
        )
