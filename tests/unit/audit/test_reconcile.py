"""Reconciliation of two files on literal rows: what is missing, what differs, and what is neither."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.audit.document import Cite
from gatehouse.audit.reconcile import (
    CellChange,
    Change,
    Comparison,
    Kind,
    NotCompared,
    Outcome,
    Pair,
    reconcile,
    write,
)
from gatehouse.model import FieldState, Layout, LinkTier
from tests.unit.audit.record_sets import Cell, File, Row, at, record_set

AUDIT, NETWORK, PORTAL = Layout.ORGANIZATION_AUDIT, Layout.NETWORK_AUDIT, Layout.PORTAL
ALDER, BIRCH = "Alder Falls PD IL", "Birch County SO IL"


def search(number: int, time: str, **cells: Cell) -> dict[str, Cell]:
    return {
        "record_id": f"id-{number}",
        "org": ALDER,
        "searched_at": at(f"2025-03-{time}"),
        "networks": 100 + number,
        "reason": f"reason {number}",
        **cells,
    }


def without(row: Row, *names: str) -> dict[str, Cell]:
    return {name: cell for name, cell in row.items() if name not in names}


def compare(a: list[dict[str, Cell]], b: list[dict[str, Cell]], layout: Layout = AUDIT) -> Comparison:
    files = (File("a.csv", layout, a, ALDER), File("b.csv", layout, b, ALDER))
    [comparison] = reconcile(record_set(*files)).comparisons
    return comparison


def outcomes(comparison: Comparison) -> tuple[Mapping[Outcome, int], Mapping[Outcome, int]]:
    return comparison.a.outcomes, comparison.b.outcomes


# Three days, so that the middle one is covered whatever happens at the ends.
MONTH = [
    search(1, "01 15:00:00"),
    search(2, "01 16:00:00"),
    search(3, "02 15:00:00"),
    search(4, "02 16:00:00"),
    search(5, "02 17:00:00"),
    search(6, "03 15:00:00"),
    search(7, "03 16:00:00"),
]


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


class TestPortalCopies:
    @staticmethod
    def published(number: int, time: str, reason: str = "theft") -> dict[str, Cell]:
        row = search(number, time, reason=reason, networks=100)
        return without(row, "org")

    def test_reconcile_other_representative_of_an_hour_is_no_omission(self) -> None:
        hours = [self.published(n, f"02 {n:02}:10:00") for n in range(10, 15)]
        swapped = [*hours[:2], self.published(99, "02 12:40:00"), *hours[3:]]
        comparison = compare(hours, swapped, PORTAL)
        assert comparison.matched == {LinkTier.EXACT: 4, LinkTier.PORTAL_HOUR: 1}
        assert (comparison.cells, comparison.differing) == ((), 0)

    def test_reconcile_other_justification_of_the_hour_is_no_omission(self) -> None:
        hours = [self.published(n, f"02 {n:02}:10:00") for n in range(10, 15)]
        swapped = [*hours[:2], self.published(99, "02 12:40:00", "arson"), *hours[3:]]
        assert outcomes(compare(hours, swapped, PORTAL)) == ({Outcome.MATCHED: 5}, {Outcome.MATCHED: 5})

    def test_reconcile_hour_with_fewer_rows_misses_one(self) -> None:
        hours = [self.published(n, f"02 {n:02}:10:00") for n in range(10, 15)]
        comparison = compare([*hours, self.published(99, "02 12:40:00")], hours, PORTAL)
        assert comparison.a.outcomes == {Outcome.MATCHED: 5, Outcome.MISSING: 1}

    def test_reconcile_first_and_last_hour_of_a_rolling_window_are_not_covered(self) -> None:
        hours = [self.published(n, f"02 {n:02}:10:00") for n in range(10, 15)]
        more = [self.published(98, "02 10:05:00"), *hours, self.published(99, "02 14:40:00")]
        assert compare(more, hours, PORTAL).a.outcomes == {Outcome.MATCHED: 5, Outcome.NOT_COVERED: 2}


class TestOwnRecordAndNetworkAudit:
    def compare(
        self, own: list[dict[str, Cell]], network: list[dict[str, Cell]], layout: Layout = AUDIT
    ) -> Comparison:
        records = record_set(File("own.csv", layout, own, ALDER), File("net.csv", NETWORK, network, BIRCH))
        [comparison] = reconcile(records).comparisons
        assert comparison.kind is Kind.OWN_AND_NETWORK
        assert comparison.organization == ALDER
        return comparison

    def test_reconcile_search_that_reached_the_network_and_is_not_in_the_own_record_is_missing(self) -> None:
        other = search(50, "02 15:30:00", org=BIRCH)
        comparison = self.compare(MONTH[:3] + MONTH[4:], [*MONTH, other])
        assert outcomes(comparison) == ({Outcome.MATCHED: 6}, {Outcome.MATCHED: 6, Outcome.MISSING: 1})
        assert comparison.b.missing == (Cite("net.csv", 5),)
        assert comparison.b.rows == 7

    def test_reconcile_own_search_absent_from_the_network_need_not_have_reached_it(self) -> None:
        comparison = self.compare(MONTH, MONTH[:3] + MONTH[4:])
        assert comparison.a.outcomes == {Outcome.MATCHED: 6, Outcome.NOT_REACHED: 1}

    def test_reconcile_days_of_other_agencies_rows_count_as_covered_by_the_network(self) -> None:
        network = [*MONTH[:2], search(50, "02 15:30:00", org=BIRCH), *MONTH[5:]]
        comparison = self.compare(MONTH, network)
        assert comparison.a.outcomes == {Outcome.MATCHED: 4, Outcome.NOT_REACHED: 3}

    def test_reconcile_vendor_masked_cells_of_other_agencies_are_counted_by_field(self) -> None:
        own = [{**row, "officer": "A. Example"} for row in MONTH]
        network = [{**row, "officer": FieldState.REDACTED_VENDOR} for row in MONTH]
        assert self.compare(own, network).cells == (
            CellChange("officer", FieldState.VALUE, FieldState.REDACTED_VENDOR, Change.MASKED, 7),
        )

    def test_reconcile_search_of_a_portals_hour_is_collapsed_and_one_of_no_hour_is_missing(self) -> None:
        portal = [without(search(n, f"02 {n:02}:10:00"), "org", "record_id") for n in (10, 11, 12, 14, 15)]
        network = [without(search(n, f"02 {n:02}:10:00"), "record_id") for n in range(10, 16)]
        network.append(without(search(60, "02 12:50:00"), "record_id"))
        comparison = self.compare(portal, network, PORTAL)
        assert comparison.matched == {LinkTier.EVENT: 5}
        assert comparison.b.outcomes == {
            Outcome.MATCHED: 5,
            Outcome.MISSING: 1,
            Outcome.COLLAPSED: 1,
        }
        assert comparison.b.missing == (Cite("net.csv", 5),)

    def test_reconcile_portal_hour_links_what_only_shares_hour_and_justification(self) -> None:
        portal = [without(search(n, f"02 {n:02}:10:00"), "org", "record_id") for n in (10, 11, 12)]
        network = [without(row) for row in portal]
        network[1] = {**network[1], "searched_at": at("2025-03-02 11:40:00"), "networks": 7}
        comparison = self.compare(portal, [{**row, "org": ALDER} for row in network], PORTAL)
        assert comparison.matched == {LinkTier.EVENT: 2, LinkTier.PORTAL_HOUR: 1}
        assert comparison.differing == 0


class TestPlan:
    def test_reconcile_files_that_cannot_be_compared_say_why(self) -> None:
        records = record_set(
            File("own.csv", AUDIT, MONTH, ALDER),
            File("other.csv", AUDIT, [{**row, "org": BIRCH} for row in MONTH]),
            File("portal.csv", PORTAL, [without(row, "org") for row in MONTH]),
            File("shared.csv", Layout.SHARED_NETWORKS, []),
            File("net.csv", NETWORK, MONTH, BIRCH),
        )
        result = reconcile(records)
        assert [(c.a.path, c.b.path, c.kind) for c in result.comparisons] == [
            ("own.csv", "net.csv", Kind.OWN_AND_NETWORK),
            ("other.csv", "net.csv", Kind.OWN_AND_NETWORK),
        ]
        no_searches = "a shared_networks file lists no searches"
        unknown = "an owner is not known: name it as FILE@OWNER"
        assert result.not_compared == (
            NotCompared("own.csv", "other.csv", "they belong to different owners"),
            NotCompared("own.csv", "portal.csv", unknown),
            NotCompared("own.csv", "shared.csv", no_searches),
            NotCompared("other.csv", "portal.csv", unknown),
            NotCompared("other.csv", "shared.csv", no_searches),
            NotCompared("portal.csv", "shared.csv", no_searches),
            NotCompared(
                "portal.csv",
                "net.csv",
                "whose own record portal.csv is, is not known: name it as FILE@OWNER",
            ),
            NotCompared("shared.csv", "net.csv", no_searches),
        )

    def test_reconcile_portal_and_organization_audit_of_one_owner_are_own_records(self) -> None:
        portal = [without(row, "org") for row in MONTH]
        records = record_set(File("audit.csv", AUDIT, MONTH), File("portal.csv", PORTAL, portal, ALDER))
        [comparison] = reconcile(records).comparisons
        assert comparison.kind is Kind.OWN_RECORDS
        assert comparison.matched == {LinkTier.ID: 7}


class TestOutputs:
    def test_write_every_row_stands_in_the_csv_and_no_text_of_a_cell_does(self, tmp_path: Path) -> None:
        later = [{**MONTH[2], "reason": FieldState.WITHHELD, "networks": 999}, *MONTH[3:]]
        records = record_set(
            File("a.csv", AUDIT, MONTH[:4] + MONTH[5:], ALDER), File("b.csv", AUDIT, MONTH[:2] + later, ALDER)
        )
        reconciliation = reconcile(records)
        paths = write(reconciliation, tmp_path / "out")
        assert [path.name for path in paths] == ["reconcile.json", "reconcile.csv"]
        with paths[1].open(newline="") as stream:
            rows = list(csv.reader(stream))
        assert rows == [
            ["comparison", "kind", "outcome", "tier", "file_a", "row_a", "file_b", "row_b", "differs"],
            ["1", "productions", "matched", "exact", "a.csv", "2", "b.csv", "2", ""],
            ["1", "productions", "matched", "exact", "a.csv", "3", "b.csv", "3", ""],
            [
                *("1", "productions", "matched", "id", "a.csv", "4", "b.csv", "4"),
                "reason: value > withheld; networks: differs",
            ],
            ["1", "productions", "matched", "exact", "a.csv", "5", "b.csv", "5", ""],
            ["1", "productions", "matched", "exact", "a.csv", "6", "b.csv", "7", ""],
            ["1", "productions", "matched", "exact", "a.csv", "7", "b.csv", "8", ""],
            ["1", "productions", "missing", "", "", "", "b.csv", "6", ""],
        ]
        assert json.loads(paths[0].read_text()) == reconciliation.as_document()
        assert "reason 3" not in paths[0].read_text() + paths[1].read_text()

    def test_write_twice_gives_the_same_bytes(self, tmp_path: Path) -> None:
        records = record_set(File("a.csv", AUDIT, MONTH, ALDER), File("b.csv", AUDIT, MONTH[::-1], ALDER))
        first = [path.read_bytes() for path in write(reconcile(records), tmp_path / "1")]
        assert first == [path.read_bytes() for path in write(reconcile(records), tmp_path / "2")]

    def test_as_document_small_comparison_holds_every_key(self) -> None:
        a = [MONTH[0], {**MONTH[4], "reason": "other"}, MONTH[6]]
        b = [MONTH[0], MONTH[3], MONTH[4], MONTH[6]]
        files = (File("a.csv", AUDIT, a, ALDER), File("b.csv", AUDIT, b, ALDER))
        none = {"not_covered": 0, "collapsed": 0, "not_reached": 0, "duplicate": 0, "undated": 0}
        assert reconcile(record_set(*files)).as_document() == {
            "files": [
                {
                    "path": path,
                    "sha256": f"{position:064x}",
                    "owner": ALDER,
                    "layout": "organization_audit",
                    "rows": rows,
                }
                for position, (path, rows) in enumerate((("a.csv", 3), ("b.csv", 4)))
            ],
            "comparisons": [
                {
                    "kind": "productions",
                    "organization": ALDER,
                    "owner_assumed": False,
                    "coverage": {
                        "start": "2025-03-01T15:00:00Z",
                        "end": "2025-03-03T16:00:00Z",
                        "days": 3,
                        "days_only_a": 0,
                        "days_only_b": 0,
                        "time_zone": "America/Chicago",
                    },
                    "a": {
                        "path": "a.csv",
                        "rows": 3,
                        "outcomes": {"matched": 3, "missing": 0, **none},
                        "missing": [],
                    },
                    "b": {
                        "path": "b.csv",
                        "rows": 4,
                        "outcomes": {"matched": 3, "missing": 1, **none},
                        "missing": [{"file": "b.csv", "row": 3}],
                    },
                    "matched": {"id": 1, "exact": 2},
                    "differing": 1,
                    "masked_later": 0,
                    "cells": [
                        {"field": "reason", "before": "value", "after": "value", "change": "value", "n": 1}
                    ],
                    "not_in_both": [],
                    "evidence": [{"a": {"file": "a.csv", "row": 3}, "b": {"file": "b.csv", "row": 4}}],
                }
            ],
            "not_compared": [],
        }
